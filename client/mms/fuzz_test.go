package mms

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"
)

// script is a link that gives what a fuzzer wrote, and never waits.
type script struct {
	fakeLink
	b []byte
}

var errOver = errors.New("the script is over")

// next reads one item off the script:
//
//	op(1)  0-3 a packet of the film   number(1) streams(1) send time(4, ms)
//	       4   bytes as a packet      play(1) length(2) bytes
//	       5   a header               shape(1)
//	       6   bytes as a header      length(2) bytes
//	       7   the end
//	       8   an error
//	       9   a packet of the film   as 0, with a number of play(1)
func (l *script) next(context.Context) (item, error) {
	l.mu.Lock()
	it := item{play: l.number}
	l.mu.Unlock()
	switch op := l.byte() % 10; op {
	case 4:
		it.play = int(l.byte())
		it.packet = l.bytes(int(l.byte()) | int(l.byte())<<8)
	case 5:
		it.header, it.chose = entryOf(shapeOf(l.byte())), l.byte()&1 != 0
	case 6:
		it.header = &programme{header: l.bytes(int(l.byte()) | int(l.byte())<<8)}
	case 7:
		if len(l.b) == 0 {
			return it, errOver
		}
		return it, io.EOF
	case 8:
		return it, errOver
	case 9:
		it.play = int(l.byte() % 4)
		fallthrough
	default:
		i, bits := int(l.byte()), l.byte()
		var send [4]byte
		copy(send[:], l.bytes(4))
		on := [128]bool{audioStream: bits&1 != 0, highStream: bits&2 != 0, lowStream: bits&4 != 0}
		it.id, it.packet = uint32(i), filmPacket(i, time.Duration(binary.LittleEndian.Uint32(send[:]))*time.Millisecond, &on)
	}
	if len(l.b) == 0 {
		return it, errOver
	}
	return it, nil
}

func shapeOf(b byte) shape {
	sh := shape{live: b&1 != 0, length: time.Duration(b&2) * time.Second, silent: b&4 != 0, secret: b&8 != 0}
	if b&16 != 0 {
		sh.videos = []int{800_000, 300_000}
	}
	if b&32 != 0 {
		sh.videos = []int{}
	}
	return sh
}

func (l *script) byte() byte {
	if b := l.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 7 // the end
}

func (l *script) bytes(n int) []byte {
	n = min(n, len(l.b))
	b := l.b[:n:n]
	l.b = l.b[n:]
	return b
}

// FuzzSession: whatever a link gives, and in whatever order, a chunk is one that
// the tape can keep.
func FuzzSession(f *testing.F) {
	film := func(sends ...uint32) (b []byte) {
		for i, s := range sends {
			b = append(b, 0, byte(i*testGOP), 7)
			b = binary.LittleEndian.AppendUint32(b, s)
		}
		return b
	}
	f.Add(byte(0), film(0, 40, 80, 120))
	f.Add(byte(1), film(1<<32-100, 1<<32-60, 1<<32-20, 20, 60))
	f.Add(byte(17), append(film(0, 5000, 20, 4_000_000_000), 5, 17, 0))
	f.Add(byte(2), append(film(0, 40), append([]byte{5, 0, 1}, film(0, 40, 80)...)...))
	f.Add(byte(33), append(film(0, 40), 4, 1, 3, 0, 0x82, 0, 0, 6, 2, 0, 1, 2, 7))
	f.Add(byte(16), []byte{9, 2, 0, 7, 0, 0, 0, 0, 4, 1, 255, 255, 1, 2, 3})
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		l := &script{fakeLink: *newFake(shapeOf(kind)), b: b}
		s := newSession(t.Context(), l, &Config{Timeouts: Timeouts{Attempt: time.Second}.withDefaults()}, nil)
		defer s.Close()
		if s.start(t.Context()) != nil {
			return
		}
		c := &checker{t: t, s: s}
		for range 4 {
			for {
				if _, err := c.next(t.Context()); err != nil {
					break
				}
			}
			if _, err := s.Seek(t.Context(), time.Second); err != nil {
				break
			}
		}
	})
}
