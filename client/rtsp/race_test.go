package rtsp

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"tapedeck/client/rtsp/rtsptest"
)

// TestUDPDropped has a firewall drop UDP without a word: TCP, tried beside it,
// brings the first picture less than a second later than alone.
func TestUDPDropped(t *testing.T) {
	t.Parallel()
	srv := rtsptest.NewServer(rtsptest.Config{SilentUDP: true})
	defer srv.Close()
	took := map[string]time.Duration{}
	memory := new(Memory)
	for _, visit := range []string{"tcp alone", "first", "second"} {
		link := srv.URL("/live")
		if visit == "tcp alone" {
			link = over("rtspt", link)
		}
		begin := time.Now()
		s, ev := start(t, link, Config{Memory: memory})
		took[visit] = time.Since(begin)
		if s.Info().Transport != "tcp" {
			t.Errorf("%s: over %s\n%s", visit, s.Info().Transport, ev)
		}
		s.Close()
	}
	if more := took["first"] - took["tcp alone"]; more > time.Second {
		t.Errorf("%v more than TCP alone", more)
	}
	if took["second"] > took["first"]-500*time.Millisecond {
		t.Errorf("the second visit took %v, the first %v", took["second"], took["first"])
	}
}

// TestOneClientAtATime has a server that lets nobody in beside the first
// connection: TCP has its turn when UDP is given up.
func TestOneClientAtATime(t *testing.T) {
	t.Parallel()
	srv := rtsptest.NewServer(rtsptest.Config{SilentUDP: true})
	defer srv.Close()
	var dials atomic.Int32
	cfg := Config{Timeouts: Timeouts{Hurry: 50 * time.Millisecond, SilentUDP: 400 * time.Millisecond}}
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials.Add(1) == 2 {
			return nil, errors.New("one at a time")
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	s, ev := start(t, srv.URL("/live"), cfg)
	if s.Info().Transport != "tcp" || dials.Load() != 3 || !ev.has("udp: nothing came in 400ms, trying tcp") {
		t.Errorf("%d connections\n%s", dials.Load(), ev)
	}
}

// TestUDPWinsLate has media over UDP come while TCP is being tried.
func TestUDPWinsLate(t *testing.T) {
	t.Parallel()
	srv := rtsptest.NewServer(rtsptest.Config{})
	defer srv.Close()
	var dials atomic.Int32
	cfg := Config{Timeouts: Timeouts{Hurry: time.Nanosecond}}
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials.Add(1) == 2 {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	s, ev := start(t, srv.URL("/live"), cfg)
	if s.Info().Transport != "udp" {
		t.Errorf("%s", ev)
	}
	s.Close()
	if dials.Load() == 2 && !ev.has("faster") {
		t.Errorf("%s", ev)
	}
}
