package mms

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
)

// heard keeps the notes of a session.
func heard(notes *[]string) func(media.Event) {
	return func(e media.Event) {
		if n, ok := e.(media.Note); ok {
			*notes = append(*notes, n.Text)
		}
	}
}

func TestChoice(t *testing.T) {
	h, err := asf.Parse(headerOf(shape{videos: []int{800_000, 300_000}}))
	if err != nil {
		t.Fatal(err)
	}
	high, err := choose(h, 0)
	if err != nil || !slices.Equal(high.streams, []int{audioStream, highStream}) || high.key != highStream || high.rate != 864_000 {
		t.Fatalf("%v: %+v", err, high)
	}
	low := high.lower()
	if low == nil || low.key != lowStream || low.lower() != nil || high.higher(0) != nil {
		t.Fatalf("lower: %+v", low)
	}
	if up := low.higher(0); up == nil || up.key != highStream {
		t.Errorf("higher: %+v", up)
	}
	if up := low.higher(500_000); up != nil {
		t.Errorf("beyond the limit: %+v", up)
	}
	want := []decision{{audioStream, 0, sendAll}, {highStream, 0, sendNone}, {lowStream, 0, sendAll}}
	if got := low.all(); !slices.Equal(got, want) {
		t.Errorf("all: %+v", got)
	}
	if got := low.since(high); !slices.Equal(got, []decision{{lowStream, highStream, sendAll}}) {
		t.Errorf("since: %+v", got)
	}
	if first, err := choose(h, 500_000); err != nil || first.key != lowStream {
		t.Errorf("limited: %v, %+v", err, first)
	}
	var seen [maxStream + 1]bool
	seen[audioStream], seen[lowStream] = true, true
	if f := high.found(&seen); f.key != lowStream || f.on[highStream] {
		t.Errorf("found: %+v", f)
	}
	seen[lowStream] = false
	if f := high.found(&seen); f.key != 0 || !f.on[audioStream] {
		t.Errorf("found: %+v", f)
	}
}

func TestNothingToChoose(t *testing.T) {
	h, err := asf.Parse(headerOf(shape{secret: true}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := choose(h, 0); !errors.Is(err, ErrProtected) || !final(err) {
		t.Error(err)
	}
	if h, err = asf.Parse(headerOf(shape{silent: true, videos: []int{}})); err != nil {
		t.Fatal(err)
	}
	if _, err := choose(h, 0); !errors.Is(err, ErrNoStream) {
		t.Error(err)
	}
}

// video is the picture's stream of a chunk.
func video(t *testing.T, m media.Chunk) int {
	_, streams := first(t, m)
	return streams[len(streams)-1]
}

// A link that carries the high stream at 70 % of its pace, until it has room.
func TestAdapt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notes []string
		l := newFake(shape{live: true, videos: []int{800_000, 300_000}})
		narrow := true
		l.slow = func(on *[128]bool) float64 {
			if on[highStream] && narrow {
				return 1.4
			}
			return 1
		}
		s := over(t, l, Config{Trace: heard(&notes)})
		began := time.Now()
		c := &checker{t: t, s: s}
		m, _ := c.next(t.Context())
		if video(t, m) != highStream {
			t.Fatal("it does not begin with the best")
		}
		until := func(stream int) {
			for video(t, m) != stream {
				was := m.Time
				m = c.until(was)
				if video(t, m) == stream && (m.Init == nil || !m.Key) {
					t.Errorf("another stream at %v: header %v, key %v", m.Time, m.Init != nil, m.Key)
				}
				if time.Since(began) > time.Hour {
					t.Fatalf("never: %v, %q", l.changes, notes)
				}
			}
		}
		until(lowStream)
		if took := time.Since(began); took < 2*window || took > 12*time.Second {
			t.Errorf("lower after %v", took)
		}
		if tracks := s.Info().Tracks; s.Info().BitRate != 364_000 || len(tracks) < 2 {
			t.Errorf("%+v", s.Info())
		}
		if want := []decision{{lowStream, highStream, sendAll}}; len(l.changes) != 1 || !slices.Equal(l.changes[0], want) {
			t.Fatalf("asked for %+v", l.changes)
		}

		// More is tried, in vain, and then less often.
		raised := time.Now()
		until(highStream)
		first := time.Since(raised)
		until(lowStream)
		raised = time.Now()
		until(highStream)
		if second := time.Since(raised); first < healthy || first > 40*time.Second || second < 2*healthy || second > 75*time.Second {
			t.Errorf("up after %v, then %v", first, second)
		}
		narrow = false
		asked := len(l.changes)
		c.until(m.Time + 5*time.Minute)
		if len(l.changes) != asked {
			t.Errorf("changes on a good link: %q", notes)
		}
		want := "the link does not carry 864 kbit/s: 364 kbit/s from here on; the link carries more again: 864 kbit/s from here on"
		if got := strings.Join(notes[:2], "; "); got != want {
			t.Errorf("told %q", notes)
		}
	})
}

// Who reads late is no sign of a slow link, nor is one pause of it.
func TestNoAdapt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true, videos: []int{800_000, 300_000}})
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		for range 20 {
			c.until(c.last.Time + 500*time.Millisecond)
			time.Sleep(2 * time.Second)
		}
		l.mu.Lock()
		l.due = time.Now().Add(5 * time.Second)
		l.mu.Unlock()
		c.until(c.last.Time + 30*time.Second)
		if len(l.changes) != 0 {
			t.Errorf("%v", l.changes)
		}
	})
}

func TestAdaptToLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true, videos: []int{800_000, 300_000}})
		inner := l.packet
		l.packet = func(i int, send time.Duration, on *[128]bool) []byte {
			if i%10 == 0 { // the lock is held: give counts
				l.counted.Lost++
			}
			return inner(i, send, on)
		}
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(15 * time.Second)
		if len(l.changes) != 1 {
			t.Errorf("%v", l.changes)
		}
	})
}

func TestAdaptRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notes []string
		l := newFake(shape{live: true, videos: []int{800_000, 300_000}})
		l.slow = func(*[128]bool) float64 { return 2 }
		l.refuses = &ServerError{"switch", 0xC00D002B}
		s := over(t, l, Config{Trace: heard(&notes)})
		c := &checker{t: t, s: s}
		c.until(time.Minute)
		if len(l.changes) != 1 || len(notes) != 1 || notes[0] != "the server does not change to other streams: switch: the server did not expect that now" {
			t.Errorf("%v, %q", l.changes, notes)
		}
	})
}

// A server that agrees and goes on as before is not asked forever.
func TestAdaptIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notes []string
		l := newFake(shape{live: true, videos: []int{800_000, 300_000}})
		l.slow = func(*[128]bool) float64 { return 2 }
		l.packet = func(i int, send time.Duration, _ *[128]bool) []byte {
			return filmPacket(i, send, &[128]bool{audioStream: true, highStream: true})
		}
		s := over(t, l, Config{Trace: heard(&notes)})
		c := &checker{t: t, s: s}
		c.until(time.Minute)
		if len(l.changes) != 1 || len(notes) != 1 || !strings.HasSuffix(notes[0], "nothing of them came") {
			t.Errorf("%v, %q", l.changes, notes)
		}
	})
}

// A seek while the server has been asked for another stream lands in that one.
func TestSeekWhileChanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{length: 10 * time.Minute, videos: []int{800_000, 300_000}})
		l.slow = func(on *[128]bool) float64 {
			if on[highStream] {
				return 1.5
			}
			return 1
		}
		l.packet = func(i int, send time.Duration, on *[128]bool) []byte {
			if on[lowStream] && i < 1000 {
				on = &[128]bool{audioStream: true, highStream: true} // no key picture of it yet
			}
			return filmPacket(i, send, on)
		}
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		for len(l.changes) == 0 {
			c.until(c.last.Time)
		}
		at, err := s.Seek(t.Context(), time.Minute)
		if err != nil || at != time.Minute {
			t.Fatal(at, err)
		}
		m := c.until(time.Minute)
		if m.Seek != 1 || video(t, m) != lowStream {
			t.Errorf("seek %d, stream %d", m.Seek, video(t, m))
		}
		if d := l.plays[1].streams; !slices.Equal(d, []decision{{audioStream, 0, sendAll}, {highStream, 0, sendNone}, {lowStream, 0, sendAll}}) {
			t.Errorf("%+v", d)
		}
	})
}
