package rtsp

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/rtsp/rtsptest"
)

// start opens link with real sockets and closes it at the end of the test.
func start(t *testing.T, link string, cfg Config) (*Session, *events) {
	t.Helper()
	ev := &events{}
	cfg.Trace = ev.trace
	s, err := Open(t.Context(), parse(t, link), cfg)
	if err != nil {
		t.Fatalf("%s: %v\n%s", link, err, ev)
	}
	t.Cleanup(func() {
		s.Close()
		if t.Failed() {
			t.Logf("%s", ev)
		}
	})
	return s, ev
}

// over puts the scheme that forces a transport in the place of rtsp.
func over(scheme, url string) string { return scheme + strings.TrimPrefix(url, "rtsp") }

func TestServerLive(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"rtsp", "rtspt", "rtspu"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			srv := rtsptest.NewServer(rtsptest.Config{User: "alice", Password: "p@ss:word", Digest: scheme != "rtspt"})
			defer srv.Close()
			link := strings.Replace(over(scheme, srv.URL("/live")), "://", "://alice:p%40ss%3Aword@", 1)
			s, _ := start(t, link, Config{})
			i := s.Info()
			if want := map[bool]string{true: "tcp", false: "udp"}[scheme == "rtspt"]; i.Transport != want || !i.Live || len(i.Tracks) != 2 {
				t.Errorf("%+v", i)
			}
			data, _ := record(t, s, 0, 2*time.Second)
			f := decode(t, data)
			if len(f.pictures) == 0 {
				t.Fatalf("no picture: %s", f.words)
			}
			f.check(t, f.pictures[0], (f.pictures[0]+1)%60, 45)
			if n := s.Stats(); n.Lost+n.Reordered+n.Duplicates != 0 || n.Packets == 0 || n.Bytes < 10000 {
				t.Errorf("%+v", n)
			}
			s.Close()
			if m := srv.Methods(); m[len(m)-1] != "TEARDOWN" {
				t.Errorf("%q", m)
			}
		})
	}
}

func TestServerOnDemand(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"rtsp", "rtspt"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			srv := rtsptest.NewServer(rtsptest.Config{})
			defer srv.Close()
			s, _ := start(t, over(scheme, srv.URL("/vod")), Config{Timeouts: endByBYE})
			if i := s.Info(); i.Live || i.Duration.Round(time.Second) != clip.Duration || i.Can != (media.Capabilities{}) {
				t.Errorf("%+v", i)
			}
			onDemand(t, s, 0)
			toTheEnd(t, s, 3)
		})
	}
}

// second is the one that is heard from d on; AAC frames begin a little early.
func second(d time.Duration) int { return int((d + 50*time.Millisecond) / time.Second) }

// onDemand plays, pauses, resumes and seeks a server that has the clip. In each
// pause it may leave out so many packets.
func onDemand(t *testing.T, s *Session, leavesOut uint64) {
	t.Helper()
	data, begin := record(t, s, 0, 1300*time.Millisecond)
	if begin != 0 {
		t.Errorf("it begins at %v", begin)
	}
	if err := s.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	// What was on its way comes still, then nothing.
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		c, err := s.Next(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, c.Data...)
	}
	if err := s.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	for {
		c, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if c.Seek != 0 || c.Init != nil || c.Time > 4*time.Second {
			t.Errorf("after the pause: %v", c.Time)
		}
		data = append(data, c.Data...)
		if c.Time >= 2500*time.Millisecond {
			break
		}
	}
	f := decode(t, data)
	lost := s.Stats().Lost
	if lost > 0 && lost <= leavesOut {
		f.words = "" // the rest of that second leans on it
	}
	f.check(t, 0, 2, 55)
	if n := len(slices.DeleteFunc(f.pictures, func(s int) bool { return s != 1 })); n != clip.FrameRate && lost == 0 {
		t.Errorf("%d pictures of second 1", n)
	}

	got, err := s.Seek(t.Context(), 30500*time.Millisecond)
	if err != nil || got > 30500*time.Millisecond || got < 29500*time.Millisecond {
		t.Fatalf("%v, %v", got, err)
	}
	data, begin = record(t, s, 1, 1500*time.Millisecond)
	if d := begin - got; d < 0 || d > 200*time.Millisecond {
		t.Errorf("the server starts at %v, the media at %v", got, begin)
	}
	decode(t, data).check(t, second(got), second(got)+1, 30)

	// Back, out of a pause.
	if err := s.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Seek(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	data, _ = record(t, s, 2, 1500*time.Millisecond)
	decode(t, data).check(t, second(got), second(got)+1, 30)
	if n := s.Stats(); n.Lost > 2*leavesOut {
		t.Errorf("%+v", n)
	}
}

func TestServerFallback(t *testing.T) {
	t.Parallel()
	for _, silent := range []bool{false, true} {
		srv := rtsptest.NewServer(rtsptest.Config{RefuseUDP: !silent, SilentUDP: silent})
		defer srv.Close()
		cfg := Config{Memory: new(Memory), Timeouts: Timeouts{SilentUDP: 200 * time.Millisecond, FirstTCP: 300 * time.Millisecond}}
		s, ev := start(t, srv.URL("/live"), cfg)
		note := map[bool]string{true: "udp: nothing came in 200ms, trying tcp", false: "udp: setup: 461 Unsupported Transport, trying tcp"}[silent]
		if s.Info().Transport != "tcp" || !ev.has(note) || srv.Connections() != 2 {
			t.Errorf("over %d connections\n%s", srv.Connections(), ev)
		}
		record(t, s, 0, 200*time.Millisecond)
		s.Close()
		// The second visit does not try UDP.
		s, ev = start(t, srv.URL("/live"), cfg)
		if s.Info().Transport != "tcp" || ev.has("udp") || srv.Connections() != 3 {
			t.Errorf("over %d connections\n%s", srv.Connections(), ev)
		}
		s.Close()
		_, err := Open(t.Context(), parse(t, over("rtspu", srv.URL("/live"))), cfg)
		if want := map[bool]error{true: ErrSilent, false: ErrTransport}[silent]; !errors.Is(err, want) {
			t.Error(err)
		}
	}
}

func TestServerFaults(t *testing.T) {
	t.Parallel()
	srv := rtsptest.NewServer(rtsptest.Config{Drop: 0.02, Duplicate: 0.02, Reorder: 0.05, Seed: 7})
	defer srv.Close()
	s, _ := start(t, over("rtspu", srv.URL("/bench?mbit=4&seconds=3")), Config{})
	for {
		if _, err := s.Next(t.Context()); err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
	}
	sent, got := srv.Sent(), s.Stats()
	// Packets dropped at the very end are missed by nobody.
	if got.Packets != sent.Packets || got.Lost > sent.Dropped || got.Lost+3 < sent.Dropped || got.Duplicates != sent.Duplicated {
		t.Errorf("sent %+v, got %+v", sent, got)
	}
	if got.Reordered == 0 || got.Reordered > sent.Reordered*3 {
		t.Errorf("sent %+v, got %+v", sent, got)
	}
}

func TestServerCutsOff(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"rtspu", "rtspt"} {
		srv := rtsptest.NewServer(rtsptest.Config{CloseAfter: 50})
		defer srv.Close()
		s, _ := start(t, over(scheme, srv.URL("/live")), Config{})
		_, err := readToEnd(t, s)
		if rung, ok := errors.AsType[*media.RungError](err); !ok || rung.Rung != media.RungTransport || !errors.Is(err, ErrConnection) {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}
