package rtp

import (
	"errors"
	"math"
	"testing"
)

// popAll returns the numbers that q passes on, of 16 bits.
func popAll(q *donOrder) (list []uint16) {
	for {
		u, _, ok := q.pop()
		if !ok {
			return list
		}
		list = append(list, uint16(u.number))
	}
}

func TestDONOrderIsBounded(t *testing.T) {
	t.Run("units", func(t *testing.T) {
		q := newDONOrder(math.MaxInt, math.MaxInt)
		passed := 0
		for i := range 10 * maxDONUnits {
			if err := q.add(uint16(i), 0, true, []byte{1}); err != nil {
				t.Fatal(err)
			}
			passed += len(popAll(q))
		}
		if n := len(q.waiting); n > maxDONUnits || n+passed != 10*maxDONUnits {
			t.Errorf("%d wait, %d have been passed on", n, passed)
		}
	})
	t.Run("units of one packet", func(t *testing.T) {
		q := newDONOrder(8, 0)
		for i := range 2 * maxDONOver { // the lowest last, so that each goes before all others
			err := q.add(uint16(-i), 0, true, []byte{1})
			if full := i >= maxDONOver; full != errors.Is(err, ErrTooLarge) {
				t.Fatalf("unit %d: %v", i, err)
			}
		}
		if n := len(q.waiting); n != maxDONOver {
			t.Errorf("%d wait", n)
		}
	})
	t.Run("bytes", func(t *testing.T) {
		q := newDONOrder(maxDONUnits, 0)
		for i := range 40 {
			if err := q.add(uint16(i), 0, true, make([]byte, 1<<20)); err != nil {
				t.Fatal(err)
			}
			popAll(q)
			if q.bytes > maxDONBytes {
				t.Fatalf("%d bytes wait", q.bytes)
			}
		}
		if len(q.free) > 0 {
			t.Errorf("%d buffers of 1 MiB are kept", len(q.free))
		}
		if err := q.add(1, 0, true, make([]byte, maxDONBytes+1)); err != ErrTooLarge {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a fragment", func(t *testing.T) {
		q := newDONOrder(4, 0)
		q.start(0, 0, true, []byte{1})
		var err error
		for range maxDONBytes>>20 + 1 {
			if err = q.fragment(make([]byte, 1<<20), false); err != nil {
				break
			}
		}
		if err != ErrTooLarge || q.open {
			t.Errorf("error %v, open %v", err, q.open)
		}
	})
}
