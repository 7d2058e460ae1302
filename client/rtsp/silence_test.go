package rtsp

import (
	"errors"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtsp/rtsptest"
)

// TestPictureDoesNotCome has a router that lets the sound through and not the
// picture, of which the sender reports tell.
func TestPictureDoesNotCome(t *testing.T) {
	t.Parallel()
	srv := rtsptest.NewServer(rtsptest.Config{LosePicture: true, ReportEvery: 50 * time.Millisecond})
	defer srv.Close()
	cfg := Config{Memory: new(Memory), Timeouts: Timeouts{Partial: 600 * time.Millisecond}}
	began := time.Now()
	s, ev := start(t, srv.URL("/live"), cfg)
	if s.Info().Transport != "tcp" || !ev.has("udp: no video came in 600ms, though it is sent, trying tcp") {
		t.Errorf("after %v\n%s", time.Since(began), ev)
	}
	s.Close()
	s, ev = start(t, srv.URL("/live"), cfg)
	if s.Info().Transport != "tcp" || ev.has("udp") {
		t.Errorf("the second visit\n%s", ev)
	}
	s.Close()

	// Where nothing else may be tried it plays, and ends with a word.
	s, _ = start(t, over("rtspu", srv.URL("/live")), cfg)
	n, err := readToEnd(t, s)
	rung, ok := errors.AsType[*media.RungError](err)
	if n == 0 || !ok || rung.Rung != media.RungTransport || err.Error() != "rtsp: over udp no video came in 600ms, though it is sent" {
		t.Errorf("%d chunks, then %v", n, err)
	}
}

// TestWholeNALs describes H.264 without fragments: TCP is better, if there is
// TCP.
func TestWholeNALs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, scheme, transport string
		refuse                  bool
		conns                   int
	}{
		{"TCP", "rtsp", "tcp", false, 1},
		{"UDP by force", "rtspu", "udp", false, 1},
		{"UDP only", "rtsp", "udp", true, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := rtsptest.NewServer(rtsptest.Config{WholeNALs: true, RefuseTCP: c.refuse})
			defer srv.Close()
			s, ev := start(t, over(c.scheme, srv.URL("/live")), Config{})
			if i := s.Info(); i.Transport != c.transport || srv.Connections() != c.conns {
				t.Errorf("%s over %d connections\n%s", i.Transport, srv.Connections(), ev)
			}
			if c.refuse && !ev.has("tcp: setup: 461 Unsupported Transport, trying udp all the same") {
				t.Error(ev)
			}
			record(t, s, 0, 200*time.Millisecond)
		})
	}
	for mode, want := range map[string]bool{"": true, "0": true, "1": false, "2": false} {
		params := map[string]string{}
		if mode != "" {
			params["packetization-mode"] = mode
		}
		tr := &track{kind: media.Video}
		tr.format.Encoding, tr.format.Params = "h264", params
		if got := unfit([]*track{tr}); got != want {
			t.Errorf("packetization-mode %q: %v", mode, got)
		}
		tr.format.Encoding = "H265"
		if unfit([]*track{tr}) {
			t.Error("H.265 has no such mode")
		}
	}
}
