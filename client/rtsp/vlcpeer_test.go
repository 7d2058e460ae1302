package rtsp

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtsp/rtsptest"
)

// realTime is how many real servers' streams are tested at the same time: each
// waits for its clock more than for the machine.
const realTime = 4

// sideBySide runs tests at the same time, more of them than -parallel allows.
func sideBySide(t *testing.T, tests map[string]func(*testing.T)) {
	slots := make(chan struct{}, realTime)
	var all sync.WaitGroup
	for name, test := range tests {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(name, test)
		})
	}
	all.Wait()
}

// TestVLCPeer plays all that VLC's own RTSP server sends: each of its
// payloads comes out as pictures and sound of the same second.
func TestVLCPeer(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T){}
	for _, c := range []struct {
		out    rtsptest.VLCOutput
		codecs []media.Codec
	}{
		{rtsptest.VLCOutput{}, []media.Codec{media.AAC, media.H264}},
		{rtsptest.VLCOutput{RTP: "mp4a-latm"}, []media.Codec{media.AAC, media.H264}},
		{rtsptest.VLCOutput{RTP: "mux=ts"}, []media.Codec{media.MPEGTS}},
		// Which layer MPA is of, its first frame tells; until then it is named MP3.
		{rtsptest.VLCOutput{Transcode: "vcodec=mpgv,vb=800,acodec=mpga,ab=128"}, []media.Codec{media.MP3, media.MPEG2Video}},
		{rtsptest.VLCOutput{Transcode: "vcodec=mp4v,vb=800,acodec=mp3,ab=128"}, []media.Codec{media.MP3, media.MPEG4Video}},
		// Its key pictures are ten seconds apart if nothing is said.
		{rtsptest.VLCOutput{Transcode: "vcodec=VP80,venc=avcodec{keyint=25},vb=800,acodec=opus,ab=96"}, []media.Codec{media.Opus, media.VP8}},
		{rtsptest.VLCOutput{Transcode: "vcodec=theo,vb=800,acodec=vorb,ab=128"}, []media.Codec{media.Theora, media.Vorbis}},
		// x265 wants a height that eight divides, H.263 one of five sizes.
		{rtsptest.VLCOutput{Transcode: "vcodec=hevc,width=320,height=176,vb=800,acodec=alaw,samplerate=8000,channels=1"}, []media.Codec{media.H265, media.PCMA}},
		{rtsptest.VLCOutput{Transcode: "vcodec=h263,width=352,height=288,vb=800,acodec=ulaw,samplerate=8000,channels=1"}, []media.Codec{media.H263, media.PCMU}},
		// Other Huffman tables than the usual ones RFC 2435 cannot tell, but VLC sends them if it is let.
		{rtsptest.VLCOutput{Transcode: "vcodec=mjpg,venc=avcodec{strict=-2,options={huffman=default}},vb=2000,acodec=a52,ab=128"}, []media.Codec{media.AC3, media.JPEG}},
		{rtsptest.VLCOutput{Transcode: "acodec=s16b"}, []media.Codec{media.H264, media.L16}},
		{rtsptest.VLCOutput{Transcode: "acodec=s24b"}, []media.Codec{media.H264, media.L24}},
		{rtsptest.VLCOutput{Transcode: "acodec=u8"}, []media.Codec{media.H264, media.L8}},
	} {
		var names []string
		for _, codec := range c.codecs {
			names = append(names, string(codec))
		}
		name := strings.Join(append(names, c.out.RTP), ", ")
		tests[name] = func(t *testing.T) { playVLCPeer(t, rtsptest.StartVLC(t, c.out), c.codecs) }
	}
	sideBySide(t, tests)
}

func playVLCPeer(t *testing.T, url string, codecs []media.Codec) {
	s, ev := start(t, url, Config{})
	i := s.Info()
	var got []media.Codec
	for _, track := range i.Tracks { // their order is chance
		if track.Codec == media.MP2 { // it may be, where sound came before the pictures
			track.Codec = media.MP3
		}
		got = append(got, track.Codec)
		if track.Problem != "" {
			t.Errorf("%s: %s", track.Codec, track.Problem)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, codecs) {
		t.Errorf("the tracks are %v, want %v", got, codecs)
	}
	if i.Transport != "udp" || !i.Live || i.Can.NoSeek == "" || i.Can.NoPause == "" || !strings.HasPrefix(i.Server, "VLC/") || ev.has("left out") {
		t.Errorf("%+v", i)
	}
	data, _ := record(t, s, 0, 2*time.Second)
	f := decode(t, data)
	if len(f.pictures) < 25 || len(f.sound) < 4 { // Theora's encoder leaves some out
		t.Fatalf("%d pictures, %d tones: %s", len(f.pictures), len(f.sound), f.words)
	}
	if slices.Equal(codecs, []media.Codec{media.MPEGTS}) {
		f.words = "" // a chunk ends in the middle of a unit
	}
	f.goesOn(t)
	for _, ends := range [][2]int{{f.pictures[0], f.sound[0]}, {f.pictures[len(f.pictures)-1], f.sound[len(f.sound)-1]}} {
		if d := (ends[0] - ends[1] + 60) % 60; d != 0 && d != 1 && d != 59 {
			t.Errorf("pictures of second %d with sound of %d", ends[0], ends[1])
		}
	}
	if n := s.Stats(); n.Lost+n.Reordered+n.Duplicates != 0 {
		t.Errorf("%+v", n)
	}
}

// TestVLCPeerHasUDPOnly: a link that forces TCP is refused in so many words.
func TestVLCPeerHasUDPOnly(t *testing.T) {
	t.Parallel()
	url := rtsptest.StartVLC(t, rtsptest.VLCOutput{})
	_, err := Open(t.Context(), parse(t, over("rtspt", url)), Config{})
	if !errors.Is(err, ErrTransport) || status(err) != 461 {
		t.Error(err)
	}
	// After a host's fallback to TCP, UDP is still found.
	memory := new(Memory)
	memory.set(hostPort(parse(t, url)), overTCP)
	s, ev := start(t, url, Config{Memory: memory})
	if s.Info().Transport != "udp" || !ev.has("461") {
		t.Errorf("%+v\n%s", s.Info(), ev)
	}
}
