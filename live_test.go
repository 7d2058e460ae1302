package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
	"tapedeck/client/web/cut"
	"tapedeck/client/web/webtest"
	"tapedeck/player/playback"
)

// late is how far the senders' own clocks are on when they begin.
const late = "1000"

// sent is a channel of what ffmpeg sends: the clip from its beginning, so that
// position and tone agree although the container's clock is far on. After a cut
// the clip begins anew.
func sent(t *testing.T, name, contentType, format string, codecs []string, args ...string) channel {
	all := append([]string{"-re", "-i", clipFile(t)}, args...)
	s := webtest.NewSender(t, contentType, append(all, "-output_ts_offset", late, "-flush_packets", "1", "-f", format)...)
	return channel{name: name, url: s.URL, protocol: "http", transport: "http/1.1", codecs: codecs, live: true,
		sound: place, cut: func(*testing.T) { s.CutConnections() }}
}

// realLiveFilms are endless responses that have pictures.
func realLiveFilms(t *testing.T) {
	fragments := []string{"-c", "copy", "-movflags", "frag_keyframe+empty_moov+default_base_moof"}
	vp8 := []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-b:v", "300k", "-c:a", "libopus", "-cluster_time_limit", "500"}
	watchAll(t, []channel{
		sent(t, "FLV", "video/x-flv", "flv", film, "-c", "copy"),
		sent(t, "WebM", "video/webm", "webm", []string{"VP8", "Opus"}, vp8...),
		sent(t, "fragmented MP4", "video/mp4", "mp4", film, fragments...),
		sent(t, "MPEG-TS", "video/mp2t", "mpegts", film, "-c", "copy"),
	})
}

// realLiveSound are endless responses of sound, an ASF, and a camera.
func realLiveSound(t *testing.T) {
	ffmpeg := peers.Find(t, "ffmpeg")
	shots, err := exec.Command(ffmpeg, "-v", "error", "-i", clipFile(t), "-r", "5", "-f", "mjpeg", "pipe:1").Output()
	if err != nil {
		t.Fatal(err)
	}
	camera := webtest.NewCamera(pictures(shots), webtest.CameraOptions{})
	t.Cleanup(camera.Close)
	asf := []string{"-c:v", "msmpeg4v3", "-b:v", "500k", "-g", "25", "-c:a", "wmav2"}
	r := watchAll(t, []channel{
		sent(t, "FLAC", "audio/flac", "flac", []string{"FLAC"}, "-vn", "-c:a", "flac"),
		sent(t, "Vorbis", "application/ogg", "ogg", []string{"Vorbis"}, "-vn", "-c:a", "libvorbis", "-page_duration", "200000"),
		sent(t, "ASF", "video/x-ms-asf", "asf", []string{"MP43", "WMA2"}, asf...),
	})
	t.Run("a camera", func(t *testing.T) {
		r.play(t, camera.URL)
		shown := func() { // pictures are shown and the clock goes on
			now, at := r.look().Counts.Displayed, r.look().Position
			r.until(t, "pictures", func() bool { return r.look().Counts.Displayed > now+5 && r.look().Position > at })
		}
		opened := await[playback.OpenedEvent](t, r, nil)
		if len(opened.Tracks) != 1 || opened.Tracks[0].Codec != "JPEG" || opened.Tracks[0].Width != clip.Width || !opened.Live {
			t.Errorf("%+v", opened)
		}
		await[playback.PlayingEvent](t, r, nil)
		shown()
		r.until(t, "a tape of four seconds", func() bool { return r.look().TapeTo > 4*time.Second })
		r.deck.Do(playback.SeekTo{To: time.Second})
		if p := await[playback.PlayingEvent](t, r, nil); p.Position < 0.5 || p.Position > 3 {
			t.Errorf("from 1 s on it plays at %v", p.Position)
		}
		shown()
		camera.CutConnections()
		await(t, r, func(n playback.NoteEvent) bool { return strings.Contains(n.Message, "is back after") })
		shown()
	})
}

// pictures splits pictures that lie one behind the other.
func pictures(b []byte) (all [][]byte) {
	p := cut.NewPictures("")
	for len(b) > 0 {
		n := copy(p.Room(), b)
		p.Filled(n)
		b = b[n:]
		for picture, ok := p.Next(); ok; picture, ok = p.Next() {
			all = append(all, bytes.Clone(picture))
		}
	}
	return all
}

// checkRewind goes back on the tape to a place that the player has not begun at.
func (c channel) checkRewind(t *testing.T, r *rig) {
	t.Helper()
	const to = 3 * time.Second
	r.until(t, "enough tape to go back on", func() bool { return r.look().TapeTo > to+3*time.Second })
	r.deck.Do(playback.SeekTo{To: to})
	await[playback.SeekingEvent](t, r, nil)
	playing := await[playback.PlayingEvent](t, r, nil)
	if playing.Position < to.Seconds()-2 || playing.Position > to.Seconds()+5 {
		t.Errorf("from %v on it plays at %v", to, playing.Position)
	}
	c.checkGoesOn(t, r)
	c.checkSound(t, r)
}

// checkCut has the connection cut: the stream comes back by itself, and is heard
// on the same clock.
func (c channel) checkCut(t *testing.T, r *rig) {
	t.Helper()
	r.deck.Do(playback.GoLive{})
	await[playback.PlayingEvent](t, r, nil)
	before := r.look().Position
	c.cut(t)
	await(t, r, func(n playback.NoteEvent) bool { return strings.Contains(n.Message, "is back after") })
	again := r.look().TapeTo
	await(t, r, func(p playback.PositionEvent) bool {
		return p.Position > again.Seconds()+0.5 && p.Position > before.Seconds()
	})
	c.checkGoesOn(t, r)
	if c.sound == place {
		c.sound = climbs // the clip begins anew
	}
	c.checkSound(t, r)
}
