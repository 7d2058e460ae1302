package main

import (
	"fmt"
	"math"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/web/webtest"
	"tapedeck/player/playback"
)

// tells is how a channel's sound tells that it is right.
type tells int

const (
	place  tells = iota // the clip: the tone is that of the position
	climbs              // the clip in a loop, joined anywhere: the tone goes up
	steady              // 440 Hz
)

// A channel is one stream of one server, and what is to be seen of it.
type channel struct {
	name      string
	url       string
	protocol  string // as the opened event says it
	transport string
	codecs    []string
	sound     tells
	live      bool
	seeks     []time.Duration // empty: it cannot
	note      string          // part of a note that comes before the first picture
	titles    func(t *testing.T, r *rig)
	cut       func(t *testing.T) // ends the connection; nil: it is neither rewound nor cut
}

var (
	film      = []string{"H.264", "AAC"}
	backAndOn = []time.Duration{40 * time.Second, 5 * time.Second}
	justOn    = []time.Duration{30 * time.Second}
)

// over is a link with another scheme in place of rtsp.
func over(scheme, url string) string { return strings.Replace(url, "rtsp://", scheme+"://", 1) }

// watchAll runs the channels one after another through one deck with one VLC.
func watchAll(t *testing.T, channels []channel) *rig {
	return watchOn(t, newRig(t), channels)
}

func watchOn(t *testing.T, r *rig, channels []channel) *rig {
	for _, c := range channels {
		t.Run(c.name, func(t *testing.T) { c.check(t, r) })
	}
	return r
}

// check plays, pauses, resumes and seeks.
func (c channel) check(t *testing.T, r *rig) {
	r.play(t, c.url)
	if c.note != "" {
		await(t, r, func(n playback.NoteEvent) bool { return strings.Contains(n.Message, c.note) })
	}
	c.checkOpened(t, await[playback.OpenedEvent](t, r, nil))
	c.checkPlays(t, r, 0)
	if c.titles != nil {
		c.titles(t, r)
	}
	c.checkPause(t, r)
	for _, to := range c.seeks {
		r.deck.Do(playback.SeekTo{To: to})
		if s := await[playback.SeekingEvent](t, r, nil); s.To != to.Seconds() {
			t.Errorf("it seeks to %v, not %v", s.To, to)
		}
		c.checkPlays(t, r, to)
	}
	if len(c.seeks) == 0 {
		c.checkNoSeek(t, r)
	}
	if c.cut != nil {
		c.checkRewind(t, r)
		c.checkCut(t, r)
	}
	// What the decoder knows comes later.
	r.until(t, "the size of the picture", func() bool {
		return !slices.ContainsFunc(r.look().Tracks, func(track playback.Track) bool {
			return track.Kind == media.Video && (track.Width != clip.Width || track.Height != clip.Height)
		})
	})
	c.checkCounts(t, r.look())
}

func (c channel) checkOpened(t *testing.T, o playback.OpenedEvent) {
	t.Helper()
	var codecs []string
	for _, track := range o.Tracks {
		codecs = append(codecs, track.Codec)
		if track.Problem != "" {
			t.Errorf("%s: %s", track.Codec, track.Problem)
		}
	}
	slices.Sort(codecs)
	want := slices.Sorted(slices.Values(c.codecs))
	if o.Protocol != c.protocol || o.Transport != c.transport || o.Live != c.live ||
		o.Seekable != (len(c.seeks) > 0) || o.Seekable != (o.NoSeek == "") || !slices.Equal(codecs, want) {
		t.Errorf("opened is %+v; want %s over %s, live %v, %v", o, c.protocol, c.transport, c.live, want)
	}
	if known := o.Duration > 59 && o.Duration < 61; len(c.seeks) > 0 && !c.live && !known || o.Live && o.Duration != 0 {
		t.Errorf("it lasts %v s", o.Duration)
	}
}

// checkPlays sees to it that pictures are shown and sound is heard: the sound
// of the place that the position tells, which is at or soon after from.
func (c channel) checkPlays(t *testing.T, r *rig, from time.Duration) {
	t.Helper()
	await[playback.PlayingEvent](t, r, nil)
	c.checkGoesOn(t, r)
	const late = 25 // a loaded machine takes its time
	if at := c.checkSound(t, r); len(c.seeks) > 0 && (from > 0 || !c.live) && (at < from.Seconds()-1.5 || at > from.Seconds()+late) {
		t.Errorf("it plays at %v s, from %v on", at, from)
	}
}

// checkGoesOn waits for more pictures and more sound than there are now.
func (c channel) checkGoesOn(t *testing.T, r *rig) {
	t.Helper()
	now, written := r.look().Counts, r.written()
	await(t, r, func(s playback.StatsEvent) bool {
		return (s.Displayed > now.Displayed || !c.hasPicture()) && s.DecodedAudio > now.DecodedAudio && r.written() > written
	})
}

func (c channel) hasPicture() bool {
	return slices.ContainsFunc(c.codecs, func(codec string) bool { return strings.HasPrefix(codec, "H.26") || strings.HasPrefix(codec, "WMV") })
}

// checkSound listens until the sound is right. What is heard at a wrong place
// never becomes right, as position and sound go on at the same pace. It returns
// the position.
func (c channel) checkSound(t *testing.T, r *rig) float64 {
	t.Helper()
	var before int
	var wrong []string
	at := await(t, r, func(p playback.PositionEvent) bool {
		sound := r.listen()
		second, ok := sound.second()
		if len(wrong) == tries {
			t.Fatalf("the sound is wrong: %s", strings.Join(wrong, "; "))
		}
		wrong = append(wrong, fmt.Sprintf("at %.2f s the tone of second %d (%v)", p.Position, second, ok))
		switch c.sound {
		case steady:
			hz := sound.tone(sound.length() - 2*toneLength)
			return hz > 438 && hz < 442
		case place:
			// VLC's clock counts whole seconds, and it writes sound before it is due.
			d := float64(second) + 0.5 - math.Mod(p.Position, clip.Duration.Seconds())
			return ok && d > -2.5 && d < 2.5
		case climbs:
			if up := (second - before + 60) % 60; len(wrong) > 1 && ok && up > 0 && up < 10 {
				return true
			}
			before = second
		}
		return false
	})
	if r.eye != nil {
		c.checkPicture(t, r)
	}
	return at.Position
}

// checkPicture looks until the clock in the picture is right.
func (c channel) checkPicture(t *testing.T, r *rig) {
	t.Helper()
	r.eye.forget()
	before := -1
	r.eye.see(t, time.Now(), func(second int) bool {
		if second < 0 {
			return false
		}
		first := before < 0
		up := (second - before + 60) % 60
		before = second
		if c.sound == place {
			d := float64(second) + 0.5 - math.Mod(r.look().Position.Seconds(), clip.Duration.Seconds())
			return d > -2.5 && d < 2.5
		}
		return !first && up > 0 && up < 10
	})
}

// tries is how often a sound may be wrong before it is: on a loaded machine
// position and sound are not told at the same time.
const tries = 15

// checkPause sees to it that nothing is shown and nothing is heard in a pause.
// VLC brings its counts up to date once a second, so the first that come in the
// pause may be old: two that are the same after them are a standstill.
func (c channel) checkPause(t *testing.T, r *rig) {
	t.Helper()
	r.deck.Do(playback.Pause{})
	paused := await[playback.PausedEvent](t, r, nil)
	still, written := await[playback.StatsEvent](t, r, nil), int64(0)
	await(t, r, func(s playback.StatsEvent) bool {
		same := s.Displayed == still.Displayed && s.DecodedAudio == still.DecodedAudio && r.written() == written
		still, written = s, r.written()
		return same
	})
	if phase := r.look().Phase; phase != playback.Paused {
		t.Errorf("it is %v", phase)
	}
	r.deck.Do(playback.Resume{})
	playing := await[playback.PlayingEvent](t, r, nil)
	// What the event says of the pause may be old on a loaded machine.
	if d := playing.Position - paused.Position; d < -0.5 || d > 15 {
		t.Errorf("paused at %v it goes on at %v", paused.Position, playing.Position)
	}
	c.checkGoesOn(t, r)
	c.checkSound(t, r)
}

// checkNoSeek asks for what cannot be done, and goes on playing.
func (c channel) checkNoSeek(t *testing.T, r *rig) {
	t.Helper()
	if c.live {
		return // the tape may have it
	}
	r.deck.Do(playback.SeekTo{To: 30 * time.Second})
	if refused := await[playback.RefusedEvent](t, r, nil); !strings.Contains(refused.Message, "cannot seek") {
		t.Errorf("refused: %q", refused.Message)
	}
	await[playback.PositionEvent](t, r, nil)
}

func (c channel) checkCounts(t *testing.T, s playback.State) {
	t.Helper()
	n := s.Counts
	if n.Bytes == 0 || (n.Packets > 0) != (c.protocol == "rtsp" || c.protocol == "mms") {
		t.Errorf("the counts are %+v", n)
	}
	// A server may leave out what it had queued before a seek, and a loaded
	// machine a datagram.
	if n.Lost > 0 && (c.transport == "tcp" && len(c.seeks) == 0 || n.Lost*50 > n.Packets) {
		t.Errorf("lost on the way: %+v", n)
	}
}

// TestReal plays every kind of stream that there is, from servers of the
// project's own and from those that others wrote. The groups run at the same
// time: each waits for clocks more than for the machine.
func TestReal(t *testing.T) {
	t.Parallel()
	concurrently(t, map[string]func(*testing.T){
		"files":              realFiles,
		"radio":              realRadio,
		"Icecast":            realIcecast,
		"live films":         realLiveFilms,
		"live sound":         realLiveSound,
		"RTSP on demand":     realOnDemand,
		"RTSP live":          realLive,
		"GStreamer over UDP": realGStreamerUDP,
		"GStreamer over TCP": realGStreamerTCP,
		"VLC's server":       realVLCServer,
		"HLS":                realHLS,
		"MMS on demand":      realMMSOnDemand,
		"MMS live":           realMMSLive,
	})
}

// concurrently runs subtests at the same time, more of them than -parallel
// allows.
func concurrently(t *testing.T, tests map[string]func(*testing.T)) {
	var all sync.WaitGroup
	for name, test := range tests {
		all.Go(func() { t.Run(name, test) })
	}
	all.Wait()
}

func serveFile(t *testing.T, name, contentType string, data []byte, o webtest.FileOptions) string {
	s := webtest.NewFile(name, contentType, data, o)
	t.Cleanup(s.Close)
	return s.URL
}

func serveRadio(t *testing.T, o webtest.RadioOptions) *webtest.Radio {
	s := webtest.NewRadio(clip.MP3(), []string{"First"}, o)
	t.Cleanup(s.Close)
	return s
}

func serveRTSP(t *testing.T, cfg rtsptest.Config) *rtsptest.Server {
	s := rtsptest.NewServer(cfg)
	t.Cleanup(s.Close)
	return s
}

func realFiles(t *testing.T) {
	nginx := webtest.StartNginx(t, filepath.Dir(clipFile(t)), `location = /moved { return 302 /clip.mp4; }`)
	noRanges := webtest.FileOptions{NoRanges: true}
	file := func(name, url string, seeks ...time.Duration) channel {
		return channel{name: name, url: url, protocol: "http", transport: "http/1.1", codecs: film, seeks: seeks}
	}
	sound := file("MP3 without ranges", serveFile(t, "tone.mp3", "audio/mpeg", clip.MP3(), noRanges))
	sound.codecs = []string{"MP3"}
	watchAll(t, []channel{
		file("MP4 with ranges", serveFile(t, "clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{}), backAndOn...),
		file("MKV with ranges", serveFile(t, "clip.mkv", "video/x-matroska", clipAs(t, "mkv"), webtest.FileOptions{}), backAndOn...),
		file("nginx, by a redirect", nginx+"/moved", justOn...),
		file("TS without ranges", serveFile(t, "clip.ts", "video/mp2t", clipAs(t, "ts"), noRanges)),
		sound,
	})
}

func realRadio(t *testing.T) {
	plain, shout := serveRadio(t, webtest.RadioOptions{}), serveRadio(t, webtest.RadioOptions{ICYStatusLine: true})
	icecast := webtest.StartIcecast(t)
	tone := icecast.Mount(t, "mp3")
	station := func(name, url string, sound tells, titles func(*testing.T, *rig)) channel {
		return channel{name: name, url: url, protocol: "icy", transport: "http/1.0", codecs: []string{"MP3"},
			live: true, sound: sound, titles: titles}
	}
	watchAll(t, []channel{
		station("ours", plain.URL, place, newTitles("Second", plain.SetTitle)),
		station("ours, ICY 200 OK", shout.URL, place, newTitles("Zweites Stück", shout.SetTitle)),
		station("Icecast", tone, steady, newTitles("Ænima – 40", func(title string) { icecast.SetTitle(tone, title) })),
	})
}

// realIcecast are Icecast's other mounts, gone back on and cut off.
func realIcecast(t *testing.T) {
	icecast := webtest.StartIcecast(t)
	mount := func(form, codec string) channel {
		url := icecast.Mount(t, form)
		c := channel{name: form, url: url, protocol: "icy", transport: "http/1.0", codecs: []string{codec}, live: true, sound: steady}
		c.cut = func(t *testing.T) {
			icecast.Stop(url)
			icecast.Mount(t, form)
		}
		return c
	}
	aac, vorbis := mount("aac", "AAC"), mount("vorbis", "Vorbis")
	for _, c := range []*channel{&aac, &vorbis} {
		c.titles = newTitles("Björk - Jóga", func(title string) { icecast.SetTitle(c.url, title) })
	}
	watchAll(t, []channel{aac, vorbis, mount("opus", "Opus"), mount("flac", "FLAC")})
}

// newTitles sets titles and waits for them.
func newTitles(title string, set func(string)) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		for _, words := range []string{title, title + " again"} {
			set(words)
			await(t, r, func(e playback.TitleEvent) bool { return e.Title == words })
			r.until(t, "the title", func() bool { return r.look().Title == words })
		}
	}
}

// ours is a stream of rtsptest.
func ours(name, transport, url string) channel {
	c := channel{name: name, url: url, protocol: "rtsp", transport: transport, codecs: film}
	if c.live = strings.HasSuffix(url, "/live"); c.live {
		c.sound = climbs
	} else {
		c.seeks = backAndOn
	}
	return c
}

// noted is c with a note before its first picture.
func (c channel) noted(note string) channel {
	c.note = note
	return c
}

func realOnDemand(t *testing.T) {
	s, refuses := serveRTSP(t, rtsptest.Config{}), serveRTSP(t, rtsptest.Config{RefuseUDP: true})
	watchAll(t, []channel{
		ours("over UDP", "udp", s.URL("/vod")),
		ours("UDP forced", "udp", over("rtspu", s.URL("/vod"))),
		ours("TCP forced", "tcp", over("rtspt", s.URL("/vod"))),
		ours("UDP refused", "tcp", refuses.URL("/vod")).noted("461"),
	})
	if !slices.ContainsFunc(refuses.Requests(), func(r rtsptest.Request) bool { return r.Status == 461 }) {
		t.Error("UDP was not refused")
	}
}

func realLive(t *testing.T) {
	s, silent := serveRTSP(t, rtsptest.Config{}), serveRTSP(t, rtsptest.Config{SilentUDP: true})
	watchAll(t, []channel{
		ours("over UDP", "udp", s.URL("/live")),
		ours("UDP forced", "udp", over("rtspu", s.URL("/live"))),
		ours("TCP forced", "tcp", over("rtspt", s.URL("/live"))),
		ours("UDP silent", "tcp", silent.URL("/live")).noted("nothing came"),
	})
}

// gst is a stream of GStreamer's server: live but for the file.
func gst(url, path, transport string, codecs ...string) channel {
	c := channel{name: path[1:], url: url + path, protocol: "rtsp", transport: transport, codecs: codecs}
	if path == "/vod" {
		c.seeks = justOn
	} else {
		c.sound, c.live = steady, true
	}
	return c
}

func realGStreamerUDP(t *testing.T) {
	url := rtsptest.StartGStreamer(t, "--file", clipFile(t))
	digest := gst(url, "/digest", "udp", film...)
	digest.url = with(digest.url, "alice", "p%40ss%3Aword")
	r := watchAll(t, []channel{
		gst(url, "/live", "udp", film...),
		gst(url, "/vod", "udp", film...),
		digest,
		gst(url, "/udponly", "udp", film...),
		gst(url, "/ts", "udp", film...),
		gst(url, "/live-h265", "udp", "H.265", "AAC"),
		gst(url, "/live-opus", "udp", "H.264", "Opus"),
	})
	t.Run("a wrong password", func(t *testing.T) {
		r.play(t, with(url+"/digest", "alice", "s3cr3t-w0rd"))
		failed := await[playback.ErrorEvent](t, r, nil)
		if failed.Rung != "reply" || !strings.Contains(failed.Message, "refuses this user name and password") || failed.Hint == "" {
			t.Errorf("%+v", failed)
		}
		if story := r.story(); strings.Contains(story, "s3cr3t") {
			t.Errorf("the password is told: %s", story)
		}
	})
}

func realGStreamerTCP(t *testing.T) {
	url := rtsptest.StartGStreamer(t, "--file", clipFile(t))
	forced := over("rtspt", url)
	watchAll(t, []channel{
		gst(url, "/tcponly", "tcp", film...).noted("461"),
		gst(forced, "/live", "tcp", film...),
		gst(forced, "/vod", "tcp", film...),
		gst(forced, "/ts", "tcp", film...),
		gst(forced, "/live-pcmu", "tcp", "H.264", "PCMU"),
		gst(forced, "/live-pcma", "tcp", "H.264", "PCMA"),
	})
}

// realVLCServer plays what another VLC sends. It has UDP only, and VLC as a
// player cannot open it.
func realVLCServer(t *testing.T) {
	sends := func(name string, out rtsptest.VLCOutput) channel {
		return channel{name: name, url: rtsptest.StartVLC(t, out), protocol: "rtsp", transport: "udp", codecs: film, sound: climbs, live: true}
	}
	watchAll(t, []channel{
		sends("as it is", rtsptest.VLCOutput{}),
		sends("in a transport stream", rtsptest.VLCOutput{RTP: "mux=ts"}),
	})
}

// TestOneConnection records what plays: the server sees one viewer, and the
// file is whole.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	concurrently(t, map[string]func(*testing.T){
		"RTSP": func(t *testing.T) {
			s := serveRTSP(t, rtsptest.Config{})
			r := newRig(t)
			for i, scheme := range []string{"rtspu", "rtspt"} {
				recordWhilePlaying(t, r, over(scheme, s.URL("/live")), "mkv", "aac", "h264")
				if n := s.Connections(); n != i+1 {
					t.Errorf("%s: the server has seen %d connections", scheme, n)
				}
			}
		},
		"HTTP": func(t *testing.T) {
			s := serveRadio(t, webtest.RadioOptions{})
			r := newRig(t)
			recordWhilePlaying(t, r, s.URL, "mp3", "mp3")
			if n := s.Connections(); n != 1 {
				t.Errorf("the radio saw %d connections", n)
			}
			ts := webtest.NewFile("clip.ts", "video/mp2t", clipAs(t, "ts"), webtest.FileOptions{NoRanges: true})
			defer ts.Close()
			recordWhilePlaying(t, r, ts.URL, "ts", "aac", "h264")
			if n := ts.Connections(); n != 1 {
				t.Errorf("the file server saw %d connections", n)
			}
		},
	})
}

// recordWhilePlaying records some seconds of url, or all of what has an end,
// while it plays, and looks at the file.
func recordWhilePlaying(t *testing.T, r *rig, url, ext string, codecs ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recording."+ext)
	r.play(t, url)
	await[playback.PlayingEvent](t, r, nil)
	r.deck.Do(playback.Record{Path: path})
	if e := await[playback.RecordingEvent](t, r, nil); e.Path != path {
		t.Errorf("it records to %s", e.Path)
	}
	if r.look().Live {
		r.until(t, "three seconds of recording", func() bool {
			rec := r.look().Recording
			return rec != nil && rec.For > 3*time.Second && rec.Bytes > 0
		})
		r.deck.Do(playback.StopRecord{})
	}
	recorded := await[playback.RecordedEvent](t, r, nil)
	// It plays on.
	channel{codecs: []string{"AAC"}}.checkGoesOn(t, r)
	if s := r.look(); s.Phase != playback.Playing || s.Recording != nil {
		t.Errorf("after the recording it is %v, recording %v", s.Phase, s.Recording)
	}
	seconds := recorded.Duration
	if !r.look().Live {
		seconds = clip.Duration.Seconds() // the bytes came all at once; when they are due nobody has said
	}
	openRecording(t, path, strings.HasPrefix(url, "rtspu")).check(t, codecs, recorded.Bytes, seconds)
}

// TestVLCKilled: the deck starts VLC again and goes on where it was, with the
// connection that it has.
func TestVLCKilled(t *testing.T) {
	t.Parallel()
	rtsp, radio := serveRTSP(t, rtsptest.Config{}), serveRadio(t, webtest.RadioOptions{})
	clipURL := serveFile(t, "clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{})
	r := newRig(t)
	for _, c := range []channel{
		{name: "RTSP", url: over("rtspt", rtsp.URL("/vod")), codecs: film, seeks: justOn},
		{name: "radio", url: radio.URL, codecs: []string{"MP3"}},
		{name: "file", url: clipURL, codecs: film, seeks: justOn},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.play(t, c.url)
			c.checkPlays(t, r, 0)
			for _, to := range c.seeks {
				r.deck.Do(playback.SeekTo{To: to})
				await[playback.SeekingEvent](t, r, nil)
				c.checkPlays(t, r, to)
			}
			before, vlc := r.look().Position.Seconds(), r.player()
			if err := syscall.Kill(vlc.PID(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			await(t, r, func(n playback.NoteEvent) bool { return strings.Contains(n.Message, "started again") })
			playing := await[playback.PlayingEvent](t, r, nil)
			if d := playing.Position - before; d < -3 || d > 10 {
				t.Errorf("at %.2f s VLC was killed, at %.2f s it goes on", before, playing.Position)
			}
			if r.player() == vlc {
				t.Error("the same VLC")
			}
			c.checkGoesOn(t, r)
			c.checkSound(t, r)
		})
	}
	if rtsp.Connections() != 1 || radio.Connections() != 1 {
		t.Errorf("%d and %d connections", rtsp.Connections(), radio.Connections())
	}
}

// TestVLCHangs: a VLC that answers nothing any more is ended, and the stream
// goes on with another.
func TestVLCHangs(t *testing.T) {
	t.Parallel()
	s := serveRTSP(t, rtsptest.Config{})
	r := newRig(t)
	c := ours("", "tcp", over("rtspt", s.URL("/vod")))
	r.play(t, c.url)
	c.checkPlays(t, r, 0)
	r.deck.Do(playback.Pause{})
	paused := await[playback.PausedEvent](t, r, nil).Position
	vlc := r.player()
	if err := syscall.Kill(vlc.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r.deck.Do(playback.Resume{})
	await(t, r, func(n playback.NoteEvent) bool { return strings.Contains(n.Message, "does not answer") })
	playing := await[playback.PlayingEvent](t, r, nil)
	if d := playing.Position - paused; d < -3 || d > 15 || r.player() == vlc {
		t.Errorf("paused at %.2f s it goes on at %.2f s", paused, playing.Position)
	}
	c.checkGoesOn(t, r)
	c.checkSound(t, r)
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// TestProgramKilled: whatever kills the program ends its VLC.
func TestProgramKilled(t *testing.T) {
	t.Parallel()
	s := serveRTSP(t, rtsptest.Config{})
	p := startProgram(t, nil, "play", "--json", s.URL("/live"))
	p.await("playing", nil)
	p.vlcPID()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.exited
	p.gone()
}

// TestReserved: a link for Flash players is refused and nothing is dialled.
func TestReserved(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dialled := make(chan struct{})
	go func() {
		defer close(dialled)
		if conn, err := listener.Accept(); err == nil {
			conn.Close()
			t.Error("it was dialled")
		}
	}()
	addr := listener.Addr().String()
	for _, link := range []string{
		"rtmp://$OPT:rtmp-raw=rtmp://" + addr + "/app playpath=x swfUrl=http://" + addr + "/x.swf",
		"RTMP://$OPT:rtmp-raw=http://" + addr + "/x.mp4",
		" rtmp://" + addr + "/$OPT:rtmp-raw=x ",
	} {
		for _, args := range [][]string{{"play"}, {"play", "--no-vlc"}, {"probe"}, {"record", "-o", filepath.Join(t.TempDir(), "x.mkv")}} {
			p := startProgram(t, nil, append(args, "--json", link)...)
			p.wait(exitReserved)
			objects := p.objects()
			if len(objects) == 0 {
				t.Fatalf("%v says nothing", args)
			}
			last := objects[len(objects)-1]
			if e := last.text("event"); e != "error" && e != "verdict" || last.text("rung") != "address" ||
				!strings.Contains(last.text("message"), "reserved for Flash players") || last.text("hint") == "" {
				t.Errorf("%v: %v", args, last)
			}
		}
	}
	listener.Close()
	<-dialled
}
