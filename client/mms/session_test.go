package mms

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/asf"
	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// over opens a link of the test with one fake server.
func over(t *testing.T, l link, cfg Config) *Session {
	t.Helper()
	s, err := openFake(t, "mmst://host/film", cfg, func(route) (link, error) { return l, nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openFake(t *testing.T, link_ string, cfg Config, dial func(route) (link, error)) (*Session, error) {
	t.Helper()
	a, err := address.Parse(link_)
	if err != nil {
		t.Fatal(err)
	}
	return open(t.Context(), a, cfg, func(_ context.Context, r route, _ address.Address, _ *Config, _ *trace.Tracer) (link, error) {
		return dial(r)
	})
}

// checker reads chunks and checks what must hold of all of them.
type checker struct {
	t    testing.TB
	s    *Session
	last media.Chunk
	any  bool
	size int
	all  []media.Chunk // without their data
}

func (c *checker) next(ctx context.Context) (media.Chunk, error) {
	c.t.Helper()
	m, err := c.s.Next(ctx)
	if err != nil {
		return m, err
	}
	if m.Init != nil {
		h, err := asf.Parse(m.Init)
		if err != nil {
			c.t.Fatalf("the header of a chunk: %v", err)
		}
		c.size = h.PacketSize
	}
	switch {
	case !c.any && (m.Init == nil || !m.Key):
		c.t.Fatalf("the first chunk: header %v, key %v", m.Init != nil, m.Key)
	case c.any && m.Seek != c.last.Seek && (m.Init == nil || !m.Key || m.Seek != c.last.Seek+1):
		c.t.Fatalf("after a seek: header %v, key %v, seeks %d, %d", m.Init != nil, m.Key, c.last.Seek, m.Seek)
	case m.Init != nil && !m.Key:
		c.t.Fatal("a header where no decoder can start")
	case len(m.Data) == 0 || len(m.Data)%c.size != 0 || len(m.Data) > max(maxChunk, c.size):
		c.t.Fatalf("%d bytes in packets of %d", len(m.Data), c.size)
	case c.any && m.Init == nil && m.Origin != c.last.Origin:
		c.t.Fatalf("another origin without a header: %v, %v", c.last.Origin, m.Origin)
	case c.any && m.Seek == c.last.Seek && m.Time < c.last.Time:
		c.t.Fatalf("back in time: %v, %v", c.last.Time, m.Time)
	}
	c.any, c.last = true, m
	m.Data = slices.Clone(m.Data)
	c.all = append(c.all, m)
	return m, nil
}

// until reads chunks up to the first of at least a time.
func (c *checker) until(at time.Duration) media.Chunk {
	c.t.Helper()
	for {
		m, err := c.next(c.t.Context())
		if err != nil {
			c.t.Fatalf("before %v: %v", at, err)
		}
		if m.Time >= at {
			return m
		}
	}
}

// first is the first packet of a chunk: its send time, and the streams in it. Its
// presentation times are of a file whose preroll is quick.
func first(t *testing.T, m media.Chunk) (time.Duration, []int) {
	t.Helper()
	var p asf.Packet
	if err := p.Parse(m.Data[:testSize], testSize); err != nil {
		t.Fatal(err)
	}
	var streams []int
	for pl := (asf.Payload{}); p.Next(&pl); {
		streams = append(streams, pl.Stream)
		if pl.Time != p.Send()+uint32(quick/time.Millisecond) {
			t.Errorf("sent at %d, shown at %d", p.Send(), pl.Time)
		}
	}
	return time.Duration(p.Send()) * time.Millisecond, streams
}

func TestFilm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{title: "A film", length: 4 * time.Second})
		s := over(t, l, Config{})
		i := s.Info()
		if i.Protocol != "mms" || i.Transport != "tcp" || i.Title != "A film" || i.Live || i.Duration != 4*time.Second ||
			i.ContentType != "video/x-ms-asf" || len(i.Tracks) != 2 || i.Can.NoSeek != "" || i.Can.NoPause != "" || i.Can.NoScale == "" {
			t.Errorf("%+v", i)
		}
		c := &checker{t: t, s: s}
		m, err := c.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h, err := asf.Parse(m.Init)
		if err != nil || h.Preroll != quick || m.Time != 0 || m.Origin != 0 {
			t.Fatalf("%v, preroll %v, time %v, origin %v", err, h.Preroll, m.Time, m.Origin)
		}
		if at, streams := first(t, m); at != m.Time || !slices.Equal(streams, []int{audioStream, highStream}) {
			t.Errorf("at %v, streams %v", at, streams)
		}
		packets, keys := len(m.Data)/testSize, 1
		for {
			m, err := c.next(t.Context())
			if err != nil {
				if err != io.EOF {
					t.Fatal(err)
				}
				break
			}
			packets += len(m.Data) / testSize
			if m.Key {
				keys++
				if m.Time%time.Second != 0 {
					t.Errorf("a key point at %v", m.Time)
				}
			}
		}
		if packets != 100 || keys != 4 {
			t.Errorf("%d packets, %d key points", packets, keys)
		}
		if _, err := s.Next(t.Context()); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
		if len(l.plays) != 1 || len(l.plays[0].streams) != 2 {
			t.Errorf("played %+v", l.plays)
		}
	})
}

func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true})
		l.first = 1<<32*time.Millisecond - 5*time.Second // an encoder that runs for 49 days
		l.packet = func(i int, send time.Duration, on *[128]bool) []byte {
			return filmPacket(i+10, send, on) // joined between two key pictures
		}
		s := over(t, l, Config{Start: time.Minute})
		i := s.Info()
		if !i.Live || i.Duration != 0 || i.Can.NoSeek != isLive || i.Can.NoPause != isLive {
			t.Errorf("%+v", i)
		}
		for _, err := range []error{s.Pause(t.Context()), s.Resume(t.Context()), func() error { _, err := s.Seek(t.Context(), 0); return err }()} {
			if !errors.Is(err, media.ErrCannot) {
				t.Errorf("%v", err)
			}
		}
		c := &checker{t: t, s: s}
		m, err := c.next(t.Context())
		if err != nil || m.Time != time.Minute {
			t.Fatalf("%v at %v", err, m.Time)
		}
		for range 200 { // beyond where the server's own clock begins anew
			m = c.until(m.Time + testStep)
			if at, _ := first(t, m); m.Init != nil || at != m.Time || m.Origin != 0 {
				t.Fatalf("at %v, time %v, origin %v, header %v", at, m.Time, m.Origin, m.Init != nil)
			}
		}
	})
}

// A programme that runs for weeks begins anew before the player's clock does.
func TestWeeks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true})
		s := over(t, l, Config{Start: maxRun - 3*time.Second})
		c := &checker{t: t, s: s}
		c.until(maxRun - 100*time.Millisecond)
		if c.last.Origin != 0 {
			t.Errorf("origin %v", c.last.Origin)
		}
		m := c.until(maxRun + 2*time.Second)
		if at, _ := first(t, m); m.Origin > -maxRun || at != m.Time+m.Origin || at > 3*time.Second {
			t.Errorf("at %v, origin %v", m.Time, m.Origin)
		}
	})
}

func TestSeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{length: time.Minute})
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(time.Second)
		at, err := s.Seek(t.Context(), 30500*time.Millisecond) // nobody reads meanwhile
		if err != nil || at != 30*time.Second {
			t.Fatalf("%v, %v", at, err)
		}
		m, err := c.next(t.Context())
		if err != nil || m.Seek != 1 || m.Time != 30*time.Second || m.Init == nil {
			t.Fatalf("%v: %+v", err, m.Time)
		}
		if at, _ := first(t, m); at != m.Time+m.Origin {
			t.Errorf("at %v, origin %v", at, m.Origin)
		}

		// And while somebody does.
		got := make(chan media.Chunk, 1)
		go func() {
			for {
				m, err := c.next(t.Context())
				if err != nil || m.Seek == 2 {
					got <- m
					return
				}
			}
		}()
		time.Sleep(3 * time.Second)
		if at, err = s.Seek(t.Context(), 10*time.Second); err != nil || at != 10*time.Second {
			t.Fatalf("%v, %v", at, err)
		}
		if m := <-got; m.Time != 10*time.Second {
			t.Errorf("goes on at %v", m.Time)
		}

		// Beyond the end, and after it.
		if _, err = s.Seek(t.Context(), time.Hour); err == nil {
			c.any = false
			c.until(59 * time.Second)
		}
		for err == nil {
			_, err = c.next(t.Context())
		}
		if at, err = s.Seek(t.Context(), 5*time.Second); err != nil || at != 5*time.Second {
			t.Fatalf("after the end: %v, %v", at, err)
		}
		c.until(6 * time.Second)
	})
}

func TestSeekRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{length: time.Minute})
		l.refuse = func(n int, r request) error {
			if n == 2 {
				return &ServerError{"play", 0x80070057}
			}
			return nil
		}
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		at := c.until(time.Second).Time
		if _, err := s.Seek(t.Context(), 20*time.Second); err == nil || err.Error() != "mms: play: the server did not like a parameter" {
			t.Fatalf("%v", err)
		}
		m, err := c.next(t.Context())
		if err != nil || m.Seek != 0 || m.Init != nil || m.Time != at+testStep {
			t.Errorf("it does not go on: %v, %+v", err, m.Time)
		}
	})
}

// A seek that nobody waits for any more leaves the link in an unknown state.
func TestSeekAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{length: time.Minute})
		s := over(t, l, Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		l.refuse = func(int, request) error {
			cancel(errors.New("enough"))
			return context.Cause(ctx)
		}
		if _, err := s.Seek(ctx, 20*time.Second); err == nil {
			t.Fatal("it seeks")
		}
		c := &checker{t: t, s: s}
		var err error
		for err == nil {
			_, err = c.next(t.Context())
		}
		if err.Error() != "enough" {
			t.Error(err)
		}
	})
}

func TestSeekSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{length: time.Minute})
		s := over(t, l, Config{})
		l.mu.Lock()
		l.delay = time.Hour
		l.mu.Unlock()
		if _, err := s.Seek(t.Context(), 20*time.Second); !errors.Is(err, ErrSilent) {
			t.Fatalf("%v", err)
		}
		c := &checker{t: t, s: s}
		var err error
		for err == nil {
			_, err = c.next(t.Context())
		}
		if !errors.Is(err, ErrSilent) {
			t.Errorf("%v", err)
		}
	})
}
