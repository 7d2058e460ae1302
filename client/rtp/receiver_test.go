package rtp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"tapedeck/client/media"
)

// packet is an RTP packet; the tests' streams have the payload type 0 (PCMU)
// unless they need another.
type packet struct {
	pt      uint8
	marker  bool
	seq     uint16
	ts      uint32
	ssrc    uint32
	payload []byte
}

func (p packet) raw() []byte {
	b := []byte{version << 6, p.pt}
	if p.marker {
		b[1] |= 0x80
	}
	b = binary.BigEndian.AppendUint16(b, p.seq)
	b = binary.BigEndian.AppendUint32(b, p.ts)
	b = binary.BigEndian.AppendUint32(b, p.ssrc)
	return append(b, p.payload...)
}

// epoch is when the tests' streams begin.
var epoch = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// rig is a receiver of PCMU whose packets carry their own sequence number.
type rig struct {
	t *testing.T
	*Receiver
	now   time.Time
	seqs  []uint16
	times []time.Duration
}

func newRig(t *testing.T, opt Options) *rig {
	f := Format{PayloadType: 0}
	d, err := NewDepacketizer(f)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, Receiver: NewReceiver(3, f, d, opt), now: epoch}
}

func (r *rig) emitted(p media.Packet) {
	if p.Track != 3 || !p.Key {
		r.t.Errorf("track %d, key %v", p.Track, p.Key)
	}
	r.seqs = append(r.seqs, binary.BigEndian.Uint16(p.Data))
	r.times = append(r.times, p.Time)
}

// send hands packets to the receiver, one a millisecond; their timestamps are
// 8 ticks (1 ms) apart unless they have one.
func (r *rig) send(list ...packet) {
	r.t.Helper()
	for _, p := range list {
		if p.ts == 0 {
			p.ts = uint32(p.seq) * 8
		}
		if p.payload == nil {
			p.payload = binary.BigEndian.AppendUint16(nil, p.seq)
		}
		raw := p.raw()
		if err := r.RTP(raw, r.now, r.emitted); err != nil {
			r.t.Errorf("packet %d: %v", p.seq, err)
		}
		for i := range raw { // the caller's buffer is its own
			raw[i] = 0xee
		}
		r.now = r.now.Add(time.Millisecond)
	}
}

func (r *rig) sendSeqs(list ...uint16) {
	r.t.Helper()
	for _, s := range list {
		r.send(packet{seq: s})
	}
}

// came checks the sequence numbers that came out since the last call, and the
// counters.
func (r *rig) came(want []uint16, lost, reordered, duplicates uint64) {
	r.t.Helper()
	if len(r.seqs) != len(want) {
		r.t.Errorf("%d came out, want %d: %v, %v", len(r.seqs), len(want), r.seqs, want)
	} else {
		for i := range want {
			if r.seqs[i] != want[i] {
				r.t.Errorf("came out %v, want %v", r.seqs, want)
				break
			}
		}
	}
	r.seqs = nil
	s := r.Stats()
	if s.Lost != lost || s.Reordered != reordered || s.Duplicates != duplicates {
		r.t.Errorf("lost %d, reordered %d, duplicates %d; want %d, %d, %d",
			s.Lost, s.Reordered, s.Duplicates, lost, reordered, duplicates)
	}
}

func seqs(list ...uint16) []uint16 { return list }

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
	r.sendSeqs(10) // traffic does what Poll does
	r.came(seqs(9, 10), 5, 1, 0)
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

// sortArrivals is a stable insertion sort: the list is nearly in order.
func sortArrivals[T any](list []T, key func(T) int) {
	for i := 1; i < len(list); i++ {
		for j := i; j > 0 && key(list[j-1]) > key(list[j]); j-- {
			list[j-1], list[j] = list[j], list[j-1]
		}
	}
}

func TestHeaders(t *testing.T) {
	payload := "0102 | 0304 0506"
	for _, c := range []struct {
		name, raw, want string
		err             error
	}{
		{"plain", "80 00 0001 00000000 00000000" + payload, payload, nil},
		{"sources", "82 00 0001 00000000 00000000 | 11111111 22222222" + payload, payload, nil},
		{"extension", "90 00 0001 00000000 00000000 | abcd 0001 00000000" + payload, payload, nil},
		{"one-byte extension", "90 00 0001 00000000 00000000 | bede 0001 10aa0000" + payload, payload, nil},
		{"one-byte extension, broken inside", "90 00 0001 00000000 00000000 | bede 0001 1faa0000" + payload, payload, nil},
		{"two-byte extension, broken inside", "90 00 0001 00000000 00000000 | 1000 0001 01090000" + payload, payload, nil},
		{"padding", "a0 00 0001 00000000 00000000" + payload + "000003", payload, nil},
		{"padding of none", "a0 00 0001 00000000 00000000 0102 0300", "0102 0300", nil},
		{"padding beyond the payload", "a0 00 0001 00000000 00000000 0102 03ff", "0102 03ff", nil},
		{"padding only", "a0 00 0001 00000000 00000000 0000 0004", "", nil},
		{"padding of an empty packet", "a0 00 0001 00000000 00000000", "", nil},
		{"another type", "80 0d 0001 00000000 00000000" + payload, "", nil},

		{"empty", "", "", ErrMalformed},
		{"short", "80 00 0001 00000000 000000", "", ErrMalformed},
		{"version 0", "00 00 0001 00000000 00000000", "", ErrMalformed},
		{"version 1", "40 00 0001 00000000 00000000", "", ErrMalformed},
		{"version 3", "c0 00 0001 00000000 00000000", "", ErrMalformed},
		{"sources beyond the end", "8f 00 0001 00000000 00000000 11111111", "", ErrMalformed},
		{"extension beyond the end", "90 00 0001 00000000 00000000 | abcd ffff 00000000", "", ErrMalformed},
		{"extension without a length", "90 00 0001 00000000 00000000 | abcd", "", ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Format{}
			d, _ := NewDepacketizer(f)
			r := NewReceiver(0, f, d, Options{})
			var got []byte
			err := r.RTP(hx(c.raw), epoch, func(p media.Packet) { got = bytes.Clone(p.Data) })
			if err != c.err || !bytes.Equal(got, hx(c.want)) {
				t.Errorf("got % x, %v; want % x, %v", got, err, hx(c.want), c.err)
			}
		})
	}
}

// A packet that cannot be read is a hole in the unit that it belongs to.
func TestUnreadablePacketDropsItsUnit(t *testing.T) {
	f := Format{PayloadType: 96, Encoding: "H264"}
	d, _ := NewDepacketizer(f)
	r := NewReceiver(0, f, d, Options{})
	var got []wantUnit
	emit := func(p media.Packet) { got = append(got, wantUnit{0, p.Key, bytes.Clone(p.Data)}) }
	r.RTP(packet{pt: 96, seq: 1, ts: 1, payload: hx("7c 85 88 84")}.raw(), epoch, emit)
	broken := packet{pt: 96, seq: 2, ts: 1}.raw()
	broken[0] |= 0x0f
	if err := r.RTP(broken, epoch, emit); err != ErrMalformed {
		t.Errorf("error %v", err)
	}
	r.RTP(packet{pt: 96, seq: 3, ts: 1, marker: true, payload: hx("7c 45 03")}.raw(), epoch, emit)
	r.RTP(packet{pt: 96, seq: 4, ts: 2, marker: true, payload: hx(slice)}.raw(), epoch, emit)
	compareUnits(t, got, []wantUnit{{0, false, nals(slice)}})
}

func TestSources(t *testing.T) {
	const a, b = 0xaaaa, 0xbbbb
	t.Run("a stranger is not heard", func(t *testing.T) {
		r := newRig(t, Options{})
		for i := range uint16(10) {
			r.send(packet{ssrc: a, seq: i}, packet{ssrc: b, seq: 500 + i})
		}
		r.came(seqs(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 0, 0, 0)
	})
	t.Run("an encoder restarts", func(t *testing.T) {
		r := newRig(t, Options{Reorder: true})
		r.send(packet{ssrc: a, seq: 1}, packet{ssrc: a, seq: 3}) // 3 waits
		r.now = r.now.Add(ssrcSilence)
		for i := range uint16(4) {
			r.send(packet{ssrc: b, seq: 7000 + i, ts: 1 << 30})
		}
		r.came(seqs(1, 3, 7001, 7002, 7003), 1, 0, 0)
		want := []time.Duration{0, 2 * time.Millisecond}
		for i, d := range want {
			if r.times[i] != d {
				t.Errorf("time %d is %v, want %v", i, r.times[i], d)
			}
		}
		if d := r.times[2] - r.times[1]; d < time.Millisecond || d > time.Second {
			t.Errorf("%v pass over the restart", d)
		}
	})
	t.Run("BYE shortens the wait", func(t *testing.T) {
		r := newRig(t, Options{})
		r.send(packet{ssrc: a, seq: 1})
		if bye, err := r.RTCP(hx("81 cb 0001 0000aaaa"), r.now); !bye || err != nil {
			t.Errorf("bye %v, %v", bye, err)
		}
		r.send(packet{ssrc: b, seq: 50}, packet{ssrc: b, seq: 51})
		r.came(seqs(1, 51), 0, 0, 0)
	})
	t.Run("the announced one wins", func(t *testing.T) {
		announced := uint32(b)
		r := newRig(t, Options{SSRC: &announced})
		r.send(packet{ssrc: a, seq: 1}, packet{ssrc: b, seq: 50}, packet{ssrc: a, seq: 2}, packet{ssrc: b, seq: 51})
		r.came(seqs(1, 50, 51), 0, 0, 0)
	})
	t.Run("a new one for each packet", func(t *testing.T) {
		r := newRig(t, Options{})
		r.send(packet{ssrc: a, seq: 1})
		for i := range uint16(1000) {
			r.send(packet{ssrc: 1000 + uint32(i), seq: i})
		}
		r.came(seqs(1), 0, 0, 0)
	})
}

func TestRebaseDropsTheOldRange(t *testing.T) {
	hint := uint16(1000)
	r := newRig(t, Options{Reorder: true})
	r.sendSeqs(990, 992)
	r.came(seqs(990), 0, 0, 0)
	r.Rebase(time.Minute, &hint, nil)
	r.sendSeqs(993, 994, 1000, 995, 1001)
	r.came(seqs(1000, 1001), 0, 0, 0)
	if n := r.times[1]; n != time.Minute {
		t.Errorf("the range begins at %v", n)
	}

	t.Run("not for ever", func(t *testing.T) {
		bogus := uint16(1)
		r := newRig(t, Options{})
		r.Rebase(0, &bogus, nil)
		r.sendSeqs(65000)
		r.now = r.now.Add(staleTime)
		r.sendSeqs(65001)
		r.came(seqs(65001), 0, 0, 0)
	})
	t.Run("without a hint nothing", func(t *testing.T) {
		r := newRig(t, Options{})
		r.sendSeqs(1000)
		r.Rebase(0, nil, nil)
		r.sendSeqs(999, 1000)
		r.came(seqs(1000, 999, 1000), 0, 0, 0)
	})
	t.Run("far from the hint nothing", func(t *testing.T) {
		bogus := uint16(1)
		r := newRig(t, Options{})
		r.Rebase(0, &bogus, nil)
		r.sendSeqs(40000, 40001)
		r.came(seqs(40000, 40001), 0, 0, 0)
	})
}

func TestTransportStreamWithoutRTP(t *testing.T) {
	f := Format{PayloadType: 33}
	d, _ := NewDepacketizer(f)
	r := NewReceiver(0, f, d, Options{})
	var times []time.Duration
	for i := range 3 {
		at := epoch.Add(time.Duration(i) * 20 * time.Millisecond)
		err := r.RTP(tsPackets(tsPAT), at, func(p media.Packet) {
			times = append(times, p.Time.Round(time.Millisecond))
			if !p.Key || len(p.Data) != tsPacket {
				t.Errorf("key %v, %d bytes", p.Key, len(p.Data))
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	if len(times) != 3 || times[0] != 0 || times[2] != 40*time.Millisecond {
		t.Errorf("times %v", times)
	}
}
