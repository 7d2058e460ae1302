package cut

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// seen is what a cutter makes of a stream.
type seen struct {
	keys   []string // of each key unit: its time, the origin, its header, its title
	media  []byte
	junk   int
	init   []byte // the newest header
	last   time.Duration
	key    time.Duration // of the newest key unit
	points []int         // offsets in media of the key units
}

// watch has c cut stream, of which it sees step bytes more at a time.
func watch(t testing.TB, c Cutter, stream []byte, step int) (s seen) {
	t.Helper()
	for at, have := 0, 0; at < len(stream); {
		have = min(max(have, at+1), len(stream), at+Window)
		u := c.Cut(stream[at:have])
		if u.Size == 0 {
			if have-at >= Window {
				t.Fatalf("it wants more than a window at %d", at)
			}
			if have == len(stream) {
				break
			}
			have += step
			continue
		}
		if u.Size < 0 || u.Size > have-at {
			t.Fatalf("a unit of %d bytes of %d at %d", u.Size, have-at, at)
		}
		s.take(t, c, u, stream[at:at+u.Size])
		at += u.Size
	}
	return s
}

func (s *seen) take(t testing.TB, c Cutter, u Unit, b []byte) {
	t.Helper()
	switch {
	case u.Role == Junk:
		s.junk += len(b)
		return
	case u.Role == Header:
		return
	case u.Init != nil && !u.Key || u.Tagged && u.Init == nil || len(u.Init) > maxInit+Window:
		t.Fatalf("%+v", u)
	case u.Timed && u.Time < s.last:
		t.Fatalf("the time goes back from %v to %v", s.last, u.Time)
	}
	if u.Timed {
		s.last = u.Time
	}
	if u.Init != nil {
		s.init = u.Init
	}
	if u.Key && (u.Init != nil || len(s.points) == 0 || u.Time > s.key) {
		s.key = u.Time
		line := u.Time.Round(time.Millisecond).String()
		if o := c.Origin().Round(time.Millisecond); o != 0 {
			line += fmt.Sprintf(" from %v", o)
		}
		if u.Init != nil {
			line += fmt.Sprintf(" header %d", len(u.Init))
		}
		if u.Tagged {
			line += fmt.Sprintf(" %q", u.Title)
		}
		s.keys = append(s.keys, line)
		s.points = append(s.points, len(s.media))
	}
	s.media = append(s.media, b...)
}

// sample is a small stream, written by hand.
type sample struct {
	name      string
	container string
	stream    []byte
	keys      []string
	junk      int
}

func samples() []sample {
	return slices.Concat(flvSamples(), matroskaSamples(), oggSamples(), flacSamples(), mp4Samples(), asfSamples(), tsSamples())
}

// TestSamples: what a cutter says depends in no way on how the bytes come.
func TestSamples(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.container+" "+s.name, func(t *testing.T) {
			whole := watch(t, New(s.container, 0), s.stream, Window)
			if !slices.Equal(whole.keys, s.keys) || whole.junk != s.junk {
				t.Errorf("keys\n%s\nwant\n%s\njunk %d, want %d", strings.Join(whole.keys, "\n"), strings.Join(s.keys, "\n"), whole.junk, s.junk)
			}
			for _, step := range []int{1, 7, 100} {
				if got := watch(t, New(s.container, 0), s.stream, step); !slices.Equal(got.keys, whole.keys) || !bytes.HasPrefix(whole.media, got.media) || !bytes.Equal(got.init, whole.init) {
					t.Errorf("%d bytes at a time: keys\n%s\n%d of %d bytes of media", step, strings.Join(got.keys, "\n"), len(got.media), len(whole.media))
				}
			}
			later := watch(t, New(s.container, time.Hour), s.stream, Window)
			if len(later.keys) > 0 && s.container != "MP4" && !strings.HasPrefix(later.keys[0], "1h0m") {
				t.Errorf("one that begins at an hour begins at %s", later.keys[0])
			}
		})
	}
}

// TestNoAllocations: of a stream under way.
func TestNoAllocations(t *testing.T) {
	for _, s := range samples() {
		if s.junk > 0 || !strings.HasPrefix(s.name, "plain") {
			continue
		}
		c := New(s.container, 0)
		cut := func() {
			for b := s.stream; len(b) > 0; {
				u := c.Cut(b)
				if u.Size == 0 {
					return
				}
				b = b[u.Size:]
			}
		}
		cut()
		// What is allocated is for the header, which comes again here.
		if n := testing.AllocsPerRun(20, cut); n > 25 {
			t.Errorf("%s: %v allocations", s.container, n)
		}
	}
}

func fuzz(f *testing.F, container string) {
	for _, s := range samples() {
		if s.container == container {
			f.Add(s.stream, uint16(13))
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, step uint16) {
		s := watch(t, New(container, 0), stream, int(step)+1)
		if len(s.media)+s.junk > len(stream) || len(s.init) > len(stream)+64 {
			t.Errorf("%d bytes of media, %d of junk, a header of %d, of %d", len(s.media), s.junk, len(s.init), len(stream))
		}
	})
}

func FuzzFLV(f *testing.F)      { fuzz(f, "FLV") }
func FuzzMatroska(f *testing.F) { fuzz(f, "Matroska") }
func FuzzOgg(f *testing.F)      { fuzz(f, "Ogg") }
func FuzzFLAC(f *testing.F)     { fuzz(f, "FLAC") }
func FuzzMP4(f *testing.F)      { fuzz(f, "MP4") }
func FuzzASF(f *testing.F)      { fuzz(f, "ASF") }
func FuzzTS(f *testing.F)       { fuzz(f, "MPEG-TS") }

func TestUnknownContainer(t *testing.T) {
	if c := New("AVI", 0); c != nil {
		t.Errorf("a %T", c)
	}
}

// TestTimeline: what becomes of clocks that jump.
func TestTimeline(t *testing.T) {
	line := timeline{out: time.Minute}
	for _, c := range []struct {
		raw, want time.Duration
		jumped    bool
	}{
		{time.Hour, time.Minute, false},
		{time.Hour + time.Second, time.Minute + time.Second, false},
		{time.Hour + time.Second/2, time.Minute + time.Second, false},   // out of step
		{time.Hour + 2*time.Second, time.Minute + 2*time.Second, false}, //
		{0, time.Minute + 2*time.Second, true},                          // a new encoder
		{time.Second, time.Minute + 3*time.Second, true},                //
		{time.Hour, time.Minute + 3*time.Second, true},                  // its clock was set
		{1 << 62, time.Minute + 3*time.Second, true},                    // nonsense
		{-1 << 63, time.Minute + 3*time.Second, true},                   //
		{-1<<61 + time.Second, time.Minute + 4*time.Second, true},       //
	} {
		if got := line.at(c.raw); got != c.want || line.jumped != c.jumped {
			t.Errorf("%v: %v, %v; want %v, %v", c.raw, got, line.jumped, c.want, c.jumped)
		}
	}
}

// TestHeaderBounded: a header that never ends is not kept without end.
func TestHeaderBounded(t *testing.T) {
	for _, part := range [][]byte{open(segmentID), el(infoID)} {
		m := &matroska{}
		b := join(el(ebmlID), bytes.Repeat(part, 2*maxInit/len(part)))
		for len(b) > 0 {
			u := m.Cut(b)
			if u.Size == 0 {
				break
			}
			b = b[u.Size:]
		}
		if len(m.init) > maxInit {
			t.Errorf("%x: %d bytes are kept", part, len(m.init))
		}
	}
}
