package rtp

import (
	"math/rand/v2"
	"sort"
	"testing"
	"time"
)

func TestOrder(t *testing.T) {
	udp := Options{Reorder: true}
	for _, c := range []struct {
		name                       string
		opt                        Options
		in, want                   []uint16
		lost, reordered, duplicate uint64
	}{
		{"in order over the wrap", udp, seqs(65534, 65535, 0, 1), seqs(65534, 65535, 0, 1), 0, 0, 0},
		{"two swapped", udp, seqs(1, 3, 2, 4), seqs(1, 2, 3, 4), 0, 1, 0},
		{"one that waits for two", udp, seqs(1, 4, 3, 2, 5), seqs(1, 2, 3, 4, 5), 0, 2, 0},
		{"duplicates: passed, held", udp, seqs(1, 1, 3, 3, 2, 2, 3), seqs(1, 2, 3), 0, 1, 4},
		{"a gap holds what follows", udp, seqs(1, 3, 4), seqs(1), 0, 0, 0},
		{"older than the first", udp, seqs(10, 9, 11), seqs(10, 11), 0, 1, 0},
		{"a stray", udp, seqs(1, 2, 9000, 3, 4), seqs(1, 2, 3, 4), 0, 0, 0},
		{"two strays in a row that do not follow", udp, seqs(1, 2, 9000, 9002, 3), seqs(1, 2, 3), 0, 0, 0},
		{"a new beginning ahead", udp, seqs(1, 2, 9000, 9001, 9002), seqs(1, 2, 9000, 9001, 9002), 0, 0, 0},
		{"a new beginning behind", udp, seqs(9000, 9001, 1, 2), seqs(9000, 9001, 1, 2), 0, 0, 0},
		{"a new beginning passes on what was held", udp, seqs(1, 3, 9000, 9001), seqs(1, 3, 9000, 9001), 1, 0, 0},

		{"TCP: a gap is a loss at once", Options{}, seqs(1, 4, 5), seqs(1, 4, 5), 2, 0, 0},
		{"TCP: back into the gap", Options{}, seqs(1, 4, 3, 5), seqs(1, 4, 5), 2, 1, 0},
		{"TCP: far back", Options{}, seqs(60000, 60001, 20, 21, 22), seqs(60000, 60001, 20, 21, 22), 0, 0, 0},
		{"TCP: twice", Options{}, seqs(5, 5, 6), seqs(5, 6), 0, 0, 1},
		{"TCP: 3000 are a loss, more a new beginning", Options{}, seqs(0, 3001, 6002, 9100, 9101), seqs(0, 3001, 6002, 9100, 9101), 6000, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.opt)
			r.sendSeqs(c.in...)
			r.came(c.want, c.lost, c.reordered, c.duplicate)
			if n := r.Stats().Packets; n != uint64(len(c.want)) {
				t.Errorf("%d packets are counted, want %d", n, len(c.want))
			}
		})
	}
}

func TestReorderTime(t *testing.T) {
	r := newRig(t, Options{Reorder: true, MaxWait: 100 * time.Millisecond})
	if !r.Deadline().IsZero() {
		t.Error("a deadline with nothing held")
	}
	r.sendSeqs(1)    // at 0 ms
	r.sendSeqs(3, 6) // at 1 and 2 ms
	if want := epoch.Add(101 * time.Millisecond); r.Deadline() != want {
		t.Errorf("deadline %v, want %v", r.Deadline(), want)
	}
	r.Poll(epoch.Add(100*time.Millisecond), r.emitted)
	r.came(seqs(1), 0, 0, 0)
	r.Poll(epoch.Add(101*time.Millisecond), r.emitted)
	r.came(seqs(3), 1, 0, 0)
	if want := epoch.Add(102 * time.Millisecond); r.Deadline() != want {
		t.Errorf("deadline %v, want %v", r.Deadline(), want)
	}
	r.Poll(epoch.Add(time.Second), r.emitted)
	r.came(seqs(6), 3, 0, 0)
	r.sendSeqs(4) // too late
	r.came(nil, 3, 1, 0)
	if !r.Deadline().IsZero() {
		t.Error("a deadline with nothing held")
	}

	r.sendSeqs(9)
	r.now = r.now.Add(time.Second)
	r.sendSeqs(8) // after a stall what is missing may come next: only Poll gives it up
	r.came(nil, 3, 2, 0)
	r.Poll(r.now, r.emitted)
	r.came(seqs(8, 9), 4, 2, 0)
}

func TestReorderRoom(t *testing.T) {
	r := newRig(t, Options{Reorder: true, MaxReorder: 4})
	r.sendSeqs(1, 3, 4, 5) // held: 3 4 5
	r.came(seqs(1), 0, 0, 0)
	r.sendSeqs(6) // beyond the room: 2 is given up
	r.came(seqs(3, 4, 5, 6), 1, 0, 0)
	r.sendSeqs(100) // a long burst is lost: only the last few may still come
	r.came(nil, 91, 0, 0)
	r.sendSeqs(98, 97, 99)
	r.came(seqs(97, 98, 99, 100), 91, 3, 0)
}

// A sender that begins anew a little behind is heard again after a while.
func TestOldPackets(t *testing.T) {
	r := newRig(t, Options{Reorder: true})
	r.sendSeqs(200)
	r.seqs = nil
	for range maxOld {
		r.sendSeqs(100)
	}
	r.sendSeqs(101)
	r.came(seqs(100, 101), 0, maxOld, 0)
}

// Patterns of loss, duplicates and reordering, with every counter exact.
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		name             string
		drop, twice, far float64 // shares of packets dropped, doubled, and moved back
		moved            int     // by up to so many places
	}{
		{"loss", 0.05, 0, 0, 0},
		{"duplicates", 0, 0.1, 0.05, 40},
		{"reordering", 0, 0, 0.3, 20},
		{"all", 0.02, 0.02, 0.2, 60},
		{"heavy", 0.4, 0.3, 0.5, 90},
	} {
		t.Run(c.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			const count, first = 20_000, 65_000 // over the wrap
			type arrival struct{ at, n int }
			var list []arrival
			dropped := 0
			for n := range count {
				inside := n > 0 && n < count-1
				if inside && rnd.Float64() < c.drop {
					dropped++
					continue
				}
				copies := 1
				if rnd.Float64() < c.twice {
					copies = 2
				}
				for range copies {
					at := 2 * n
					if inside && rnd.Float64() < c.far {
						at += 2*rnd.IntN(c.moved) + 1
					}
					list = append(list, arrival{at, n})
				}
			}
			sortArrivals(list, func(a arrival) int { return a.at })

			var want []uint16
			var reordered, duplicates uint64
			came, top := map[int]bool{}, -1
			for _, a := range list {
				switch {
				case came[a.n]:
					duplicates++
				case a.n < top:
					reordered++
				}
				came[a.n] = true
				top = max(top, a.n)
			}
			for n := range count {
				if came[n] {
					want = append(want, uint16(first+n))
				}
			}
			r := newRig(t, Options{Reorder: true, MaxWait: time.Hour})
			for _, a := range list {
				r.sendSeqs(uint16(first + a.n))
			}
			r.Poll(r.now.Add(2*time.Hour), r.emitted)
			r.came(want, uint64(dropped), reordered, duplicates)
			if n := r.Stats().Packets; n != uint64(len(want)) {
				t.Errorf("%d packets are counted, want %d", n, len(want))
			}
		})
	}
}

// At 50 Mbit/s a third of the packets is late by up to 100 ms, while hundreds
// of others come, and the reader stands still now and then: nothing is lost.
func TestLatePackets(t *testing.T) {
	const count, gap, late = 20_000, 224 * time.Microsecond, 100 * time.Millisecond
	rnd := rand.New(rand.NewPCG(11, 12))
	type arrival struct {
		at time.Duration
		n  int
	}
	var list []arrival
	var want []uint16
	for n := range count {
		at := time.Duration(n) * gap
		if n > 0 && rnd.IntN(3) == 0 {
			at += time.Duration(rnd.Int64N(int64(late)))
		}
		list = append(list, arrival{at, n})
		want = append(want, uint16(n))
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].at < list[j].at })
	var reordered uint64
	for i, top := 0, -1; i < count; i++ {
		if list[i].n < top {
			reordered++
		}
		top = max(top, list[i].n)
	}
	r := newRig(t, Options{Reorder: true})
	stall := 300 * time.Millisecond
	for i, read := 0, time.Duration(0); i < count; {
		for read = max(read, list[i].at); i < count && list[i].at <= read; i++ {
			r.now = epoch.Add(read)
			r.sendSeqs(uint16(list[i].n))
		}
		r.Poll(epoch.Add(read), r.emitted)
		if i%5000 < 5 {
			read += stall
		}
	}
	r.came(want, 0, reordered, 0)
}

// sortArrivals is a stable insertion sort: the list is nearly in order.
func sortArrivals[T any](list []T, key func(T) int) {
	for i := 1; i < len(list); i++ {
		for j := i; j > 0 && key(list[j-1]) > key(list[j]); j-- {
			list[j-1], list[j] = list[j], list[j-1]
		}
	}
}
