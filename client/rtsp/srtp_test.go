package rtsp

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtsp/rtsptest"
)

// TestGStreamerSRTP plays encrypted streams of GStreamer's server, whose keys are
// in its description, over UDP and within the connection. Over TLS our keys for
// the reports go to it too, and what it refuses within the connection comes by
// UDP, since it is encrypted.
func TestGStreamerSRTP(t *testing.T) {
	t.Parallel()
	base := rtsptest.StartGStreamer(t)
	secured, pool, _ := gstTLS(t)
	for _, c := range []struct {
		link, over string
		inClear    bool
	}{
		{over("rtspu", base) + "/live-srtp", "udp", true},
		{over("rtspt", base) + "/live-srtp", "tcp", true},
		{over("rtsps", secured) + "/live-srtp", "tcp", false},
		{over("rtsps", secured) + "/udponly-srtp", "udp", false},
		{over("rtspsu", secured) + "/live-srtp", "udp", false},
	} {
		s, ev := start(t, c.link, Config{RootCAs: pool})
		if i := s.Info(); i.Transport != c.over || i.Tracks[0].Codec != media.H264 {
			t.Errorf("%s: %+v", c.link, i)
		}
		if ev.has("protects nothing") != c.inClear {
			t.Errorf("%s: who is told that the keys can be read?\n%s", c.link, ev)
		}
		data, _ := record(t, s, 0, 1200*time.Millisecond)
		f := decode(t, data)
		if len(f.pictures) < 10 || strings.Contains(f.words, "rror") {
			t.Errorf("%s: %d pictures; %s", c.link, len(f.pictures), f.words)
		}
		if !slices.Contains(f.sound, 4) { // 440 Hz is the clip's second 4
			t.Errorf("%s: the tone is not heard: %v", c.link, f.sound)
		}
		if n := s.Stats(); n.Lost != 0 || n.Packets == 0 {
			t.Errorf("%s: %+v", c.link, n)
		}
		s.Close()
	}
	// What is not encrypted by itself stays within the connection.
	ev := &events{}
	if _, err := Open(t.Context(), parse(t, over("rtsps", secured)+"/udponly"), Config{RootCAs: pool, Trace: ev.trace}); status(err) != 461 || ev.has("{udp") {
		t.Errorf("in the clear: %v\n%s", err, ev)
	}
}
