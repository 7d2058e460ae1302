package mms

import (
	"context"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
)

// tape is a link that has always something at hand: the same second over and over.
type tape struct {
	fakeLink
	packets [][]byte
	i       int
	burst   int                       // packets at hand at a time; 0: always more
	late    func(i int) time.Duration // how long after its time packet i is sent; nil: not
}

func newTape(sh shape, on ...int) *tape {
	l := &tape{fakeLink: *newFake(sh)}
	var set [128]bool
	for _, n := range on {
		set[n] = true
	}
	for i := range testGOP {
		l.packets = append(l.packets, filmPacket(i, time.Duration(i)*testStep, &set))
	}
	return l
}

func (l *tape) more() bool { return l.i%l.burst != 0 }

func (l *tape) next(context.Context) (item, error) {
	p := l.packets[l.i%testGOP]
	send := uint32(l.i) * uint32(testStep/time.Millisecond)
	copy(p[7:], []byte{byte(send), byte(send >> 8), byte(send >> 16), byte(send >> 24)})
	if l.late != nil {
		var set [128]bool
		set[audioStream], set[highStream] = true, true
		p = filmPacket(l.i, time.Duration(l.i)*testStep, &set)
		asf.Shift(p, len(p), 0, uint32(l.late(l.i)/time.Millisecond))
	}
	l.i++
	return item{play: 1, packet: p, id: uint32(l.i)}, nil
}

func TestHotPath(t *testing.T) {
	for _, c := range []struct {
		name string
		on   []int
	}{
		{"restored", []int{audioStream, highStream}},
		{"filtered", []int{audioStream, highStream, lowStream}},
	} {
		l := newTape(shape{live: true, videos: []int{800_000, 300_000}}, c.on...)
		l.burst = 2
		s := over(t, l, Config{})
		var size int
		for range 200 { // the buffers grow
			if _, err := s.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		allocs := testing.AllocsPerRun(2000, func() {
			m, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			size = max(size, len(m.Data))
		})
		if allocs > 0 || size != 2*testSize {
			t.Errorf("%s: %v allocations for each chunk of at most %d bytes", c.name, allocs, size)
		}
	}
}

// What is at hand goes together, within bounds.
func TestGather(t *testing.T) {
	l := newTape(shape{live: true}, audioStream, highStream)
	l.burst = 1 << 30
	s := over(t, l, Config{})
	for range 100 {
		m, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		limit := maxSpan
		if m.Init != nil {
			limit = firstSpan
		}
		if n := time.Duration(len(m.Data)/testSize-1) * testStep; n > limit+testStep {
			t.Fatalf("a chunk of %v", n)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	l := newTape(shape{live: true}, audioStream, highStream)
	l.burst = 4
	s := newSession(b.Context(), l, &Config{Timeouts: Timeouts{}.withDefaults()}, nil)
	defer s.Close()
	if err := s.start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(testSize)
	b.ReportAllocs()
	var m media.Chunk
	for n := 0; n < b.N; n += len(m.Data) / testSize {
		m, _ = s.Next(b.Context())
	}
}
