package rtp

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// sentNAL is a NAL unit with its place in decoding order.
type sentNAL struct {
	don uint16
	ts  uint32
	nal []byte
}

// interleavedStream makes access units and an order to send them in, in which
// no NAL unit is moved by more than depth. It returns them with the depth and
// the distance of numbers that a sender would announce.
func interleavedStream(r *rand.Rand, move int) (units []wantUnit, order []sentNAL, depth, span int) {
	don := uint16(r.Uint32())
	var list []sentNAL
	for i := range 60 {
		u := wantUnit{ts: 3000 * uint32(i), key: i%10 == 0}
		for j := range 1 + r.IntN(4) {
			header, first := byte(0x41), byte(0x9a)
			if u.key {
				header, first = 0x65, 0x88
			}
			if j > 0 {
				first = 0x42
			}
			nal := append([]byte{header, first}, fill(1+r.IntN(1500))...)
			u.data = binary.BigEndian.AppendUint32(u.data, uint32(len(nal)))
			u.data = append(u.data, nal...)
			list = append(list, sentNAL{don, u.ts, nal})
			don++
		}
		units = append(units, u)
	}
	// Each is moved back by up to move places.
	keys := make([]float64, len(list))
	place := make([]int, len(list))
	for i := range list {
		keys[i], place[i] = float64(i)+r.Float64()*float64(move), i
	}
	slices.SortFunc(place, func(a, b int) int {
		if keys[a] < keys[b] {
			return -1
		}
		return 1
	})
	for at, i := range place {
		order = append(order, list[i])
		before := 0 // those that are sent before it and decoded after it
		for _, j := range place[:at] {
			if j > i {
				before++
				span = max(span, j-i)
			}
		}
		depth = max(depth, before)
	}
	return units, order, depth, span
}

// packInterleaved puts NAL units into STAP-B, MTAP16, MTAP24, FU-B and FU-A, as
// chance has it.
func packInterleaved(r *rand.Rand, order []sentNAL) (out []step) {
	be16 := binary.BigEndian.AppendUint16
	for i := 0; i < len(order); {
		n := order[i]
		if len(n.nal) > 400 && r.IntN(2) == 0 {
			cut := 1 + r.IntN(len(n.nal)-2)
			kind, ind := n.nal[0]&0x1f, n.nal[0]&0xe0
			out = append(out,
				step{ts: n.ts, payload: append(be16([]byte{ind | 29, 0x80 | kind}, n.don), n.nal[1:cut+1]...)},
				step{ts: n.ts, marker: true, payload: append([]byte{ind | 28, 0x40 | kind}, n.nal[cut+1:]...)})
			i++
			continue
		}
		// A run that one packet has room for.
		end := i + 1
		for end < len(order) && end < i+1+r.IntN(4) {
			end++
		}
		run := order[i:end]
		stap := true
		low, early := run[0], run[0].ts
		for j, m := range run {
			stap = stap && m.ts == n.ts && m.don == n.don+uint16(j)
			if int16(m.don-low.don) < 0 {
				low = m
			}
			early = min(early, m.ts)
		}
		var b []byte
		switch wide := r.IntN(2) == 0; {
		case stap:
			b = be16([]byte{25}, n.don)
			for _, m := range run {
				b = append(be16(b, uint16(len(m.nal))), m.nal...)
			}
		default:
			b = be16([]byte{26}, low.don)
			if wide {
				b[0]++
			}
			for _, m := range run {
				b = append(be16(b, uint16(len(m.nal))), byte(m.don-low.don))
				if wide {
					b = append(b, byte((m.ts-early)>>16))
				}
				b = append(be16(b, uint16(m.ts-early)), m.nal...)
			}
		}
		out = append(out, step{ts: early, marker: r.IntN(2) == 0, payload: b})
		i = end
	}
	return out
}

// TestInterleavedLikeSent: whatever the order and the packets, the access units
// come out as they were, with either of the two announcements.
func TestInterleavedLikeSent(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 200 {
		units, order, depth, span := interleavedStream(r, 1+r.IntN(20))
		params := map[string]string{"packetization-mode": "2"}
		if round%2 == 0 {
			params["sprop-interleaving-depth"] = fmt.Sprint(depth)
		} else {
			params["sprop-max-don-diff"] = fmt.Sprint(span)
		}
		if depth == 0 {
			continue // by chance nothing was moved
		}
		in := packInterleaved(r, order)
		last := order[0].don
		for _, n := range order {
			if int16(n.don-last) > 0 {
				last = n.don
			}
		}
		// What waits at the end is driven out by more of them.
		for i := range uint16(100) {
			in = append(in, step{ts: 1 << 30, payload: append(binary.BigEndian.AppendUint16([]byte{25}, last+1+i), hx("0004"+rest)...)})
		}
		d, err := NewDepacketizer(Format{Encoding: "H264", Params: params})
		if err != nil {
			t.Fatal(err)
		}
		got, err := feed(d, in)
		if err != nil {
			t.Fatal(err)
		}
		compareUnits(t, got, units)
		if t.Failed() {
			t.Fatalf("round %d, depth %d, span %d", round, depth, span)
		}
	}
}

// TestInterleavedLoss: of a stream with losses only whole access units come out.
func TestInterleavedLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	came, all := 0, 0
	for range 200 {
		units, order, depth, _ := interleavedStream(r, 1+r.IntN(10))
		if depth == 0 {
			continue
		}
		var in []step
		lost := false
		for _, s := range packInterleaved(r, order) {
			if r.IntN(40) == 0 {
				lost = true
				continue
			}
			s.lost, lost = lost, false
			in = append(in, s)
		}
		d, _ := NewDepacketizer(Format{Encoding: "H264", Params: map[string]string{"packetization-mode": "2", "sprop-interleaving-depth": fmt.Sprint(depth)}})
		got, _ := feed(d, in)
		whole := map[uint32][]byte{}
		for _, u := range units {
			whole[u.ts] = u.data
		}
		for _, g := range got {
			if string(whole[g.ts]) != string(g.data) {
				t.Fatalf("the unit at %d has %d bytes, not %d", g.ts, len(g.data), len(whole[g.ts]))
			}
		}
		came, all = came+len(got), all+len(units)
	}
	if came < all/2 {
		t.Errorf("%d units of %d came", came, all)
	}
}
