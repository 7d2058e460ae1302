package rtsp

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"tapedeck/client/rtsp/rtsptest"
)

// needIPv6 skips the test unless this machine has ::1.
func needIPv6(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("missing: IPv6 on the loopback interface")
	}
	l.Close()
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	needIPv6(t)
	srv := rtsptest.NewServer(rtsptest.Config{Listen: "[::1]:0"})
	defer srv.Close()
	_, port, _ := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(srv.URL("/"), "rtsp://"), "/"))
	for _, link := range []string{over("rtspu", srv.URL("/live")), over("rtspt", srv.URL("/live")), fmt.Sprintf("rtspt://[::1%%25lo]:%s/live", port)} {
		s, ev := start(t, link, Config{})
		record(t, s, 0, 500*time.Millisecond)
		s.Close()
		if n := s.Stats(); n.Lost != 0 || n.Packets == 0 || !ev.has("[::1") {
			t.Errorf("%s: %+v\n%s", link, n, ev)
		}
	}
	for _, r := range srv.Requests() {
		if !strings.HasPrefix(r.URL, fmt.Sprintf("rtsp://[::1]:%s/live", port)) {
			t.Error(r.Method, r.URL)
		}
	}
}

func TestGStreamerIPv6(t *testing.T) {
	t.Parallel()
	needIPv6(t)
	base := strings.Replace(rtsptest.StartGStreamer(t, "--address", "::1"), "127.0.0.1", "[::1]", 1)
	for scheme, transport := range map[string]string{"rtspu": "udp", "rtspt": "tcp", "rtsph": "http tunnel"} {
		s, _ := start(t, over(scheme, base)+"/live", Config{})
		if i := s.Info(); i.Transport != transport {
			t.Errorf("%+v", i)
		}
		watched(t, s)
		s.Close()
	}
}
