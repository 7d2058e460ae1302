package rtp

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

// tick is a timestamp of the tests' 8 kHz clock; the receiver starts anywhere.
func tick(start uint32, d time.Duration) uint32 { return start + uint32(int64(d/ms)*8) }

// senderReport is an SR of source 0 that says that at wall the timestamp is ts.
func senderReport(wall time.Time, ts uint32) []byte {
	const unix = 2_208_988_800 // seconds from 1900 to 1970
	b := hx("80c8 0006 00000000")
	b = binary.BigEndian.AppendUint32(b, uint32(wall.Unix()+unix))
	b = binary.BigEndian.AppendUint32(b, uint32(uint64(wall.Nanosecond())<<32/1e9))
	b = binary.BigEndian.AppendUint32(b, ts)
	return append(b, make([]byte, 8)...)
}

// at sends one packet with a timestamp at a moment and returns its media time.
func (r *rig) at(now time.Time, seq uint16, ts uint32) time.Duration {
	r.t.Helper()
	r.times = nil
	raw := packet{seq: seq, ts: ts, payload: []byte{byte(seq >> 8), byte(seq)}}.raw()
	if err := r.RTP(raw, now, r.emitted); err != nil || len(r.times) != 1 {
		r.t.Fatalf("%d packets, %v", len(r.times), err)
	}
	return r.times[0]
}

func TestTimestamps(t *testing.T) {
	type sample struct {
		arrival time.Duration
		ts      time.Duration // on the sender's clock
		want    time.Duration
	}
	for _, c := range []struct {
		name  string
		start uint32
		in    []sample
	}{
		{"over the wrap", math.MaxUint32 - 100, []sample{{0, 0, 0}, {20 * ms, 20 * ms, 20 * ms}, {40 * ms, 40 * ms, 40 * ms}}},
		{"bursts come in one moment", 0, []sample{{0, 0, 0}, {0, 20 * ms, 20 * ms}, {0, 40 * ms, 40 * ms}}},
		{"B-frames go back a little", 7, []sample{{0, 0, 0}, {40 * ms, 160 * ms, 160 * ms}, {80 * ms, 80 * ms, 80 * ms}, {120 * ms, 40 * ms, 40 * ms}, {160 * ms, 120 * ms, 120 * ms}, {200 * ms, 320 * ms, 320 * ms}}},
		{"never below zero", 7, []sample{{0, 0, 0}, {40 * ms, -80 * ms, 0}, {80 * ms, 40 * ms, 40 * ms}}},
		{"a jump ahead goes on by the arrival", 0, []sample{{0, 0, 0}, {20 * ms, time.Hour, 20 * ms}, {40 * ms, time.Hour + 20*ms, 40 * ms}}},
		{"a jump back too", 1 << 31, []sample{{0, 0, 0}, {time.Second, time.Second, time.Second}, {1020 * ms, -5 * time.Second, 1020 * ms}, {1040 * ms, -4980 * ms, 1040 * ms}}},
		{"after silence it is none", 0, []sample{{0, 0, 0}, {time.Minute, time.Minute, time.Minute}}},
		{"a jump after a stall of hours", 0, []sample{{0, 0, 0}, {time.Hour, time.Second * 20, 10 * time.Second}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, Options{})
			for i, s := range c.in {
				got := r.at(epoch.Add(s.arrival), uint16(i), tick(c.start, s.ts))
				if got != s.want {
					t.Errorf("packet %d: %v, want %v", i, got, s.want)
				}
			}
		})
	}
}

// Random timestamps must not run away with the clock.
func TestRandomTimestamps(t *testing.T) {
	r := newRig(t, Options{})
	rnd := rand.New(rand.NewPCG(3, 4))
	last := time.Duration(0)
	for i := range 10_000 {
		last = r.at(epoch.Add(time.Duration(i)*20*ms), uint16(i), rnd.Uint32())
	}
	if last > 10_000*20*ms+time.Minute || last < 100*time.Second {
		t.Errorf("after 200 s the time is %v", last)
	}
}

// 30 hours of 90 kHz, which wrap more than twice, end at 30 hours.
func TestLongStream(t *testing.T) {
	line := timeline{rate: 90000, member: new(Clock).join()}
	line.begin(12345, 0, epoch)
	var got time.Duration
	const step = 9 * time.Second
	for d := time.Duration(0); d <= 30*time.Hour; d += step {
		got = line.at(12345+uint32(int64(d/time.Second)*90000), epoch.Add(d))
	}
	if got != 30*time.Hour {
		t.Errorf("ends at %v", got)
	}
}

// two makes a session of two streams, the second of which starts later on a
// clock of its own.
func two(t *testing.T) (a, b *rig) {
	clock := new(Clock)
	return newRig(t, Options{Clock: clock}), newRig(t, Options{Clock: clock})
}

func TestArrivalAligns(t *testing.T) {
	a, b := two(t)
	if d := a.at(epoch, 1, 1000); d != 0 {
		t.Errorf("the first is at %v", d)
	}
	if d := b.at(epoch.Add(30*ms), 1, 77777); d != 30*ms {
		t.Errorf("the second is at %v", d)
	}
}

func TestSenderReportsAlign(t *testing.T) {
	wall := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		at   time.Duration // when the second report comes
		real time.Duration // b's first sample, on a's clock
		// what happens to the streams when 100 s more have passed
		moveA, moveB time.Duration
		soonA, soonB time.Duration // and at once
	}{
		{"too little to matter", 0, 30 * ms, 0, 0, 0, 0},
		{"b is late", 0, 300 * ms, 0, 300 * ms, 0, 300 * ms},
		{"b is early: a is moved", 0, -300 * ms, 300 * ms, 0, 300 * ms, 0},
		{"later it is done bit by bit", 5 * time.Second, 300 * ms, 0, 300 * ms, 0, 0},
		{"later, a", 5 * time.Second, -300 * ms, 300 * ms, 0, 0, 0},
		{"later and far", 5 * time.Second, 900 * ms, 0, 900 * ms, 0, 900 * ms},
		{"nonsense", 0, time.Hour, 0, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := two(t)
			a.at(epoch, 1, 5000)
			b.at(epoch, 1, 90000)
			now := epoch.Add(c.at)
			a.at(now, 2, tick(5000, c.at))
			b.at(now, 2, tick(90000, c.at))
			// Reports of one moment, a second from now.
			d := c.at + time.Second
			a.RTCP(senderReport(wall.Add(d), tick(5000, d)), now)
			b.RTCP(senderReport(wall.Add(d), tick(90000, d-c.real)), now)
			check := func(when string, d, moveA, moveB time.Duration, n uint16) {
				t.Helper()
				if got := a.at(epoch.Add(d), n, tick(5000, d)) - d; (got - moveA).Abs() > 2*ms {
					t.Errorf("%s: a moved by %v, want %v", when, got, moveA)
				}
				if got := b.at(epoch.Add(d), n, tick(90000, d)) - d; (got - moveB).Abs() > 2*ms {
					t.Errorf("%s: b moved by %v, want %v", when, got, moveB)
				}
			}
			check("at once", c.at+20*ms, c.soonA, c.soonB, 3)
			last := [2]time.Duration{}
			for i := range 100 {
				d := c.at + time.Duration(i+1)*time.Second
				for j, r := range []*rig{a, b} {
					got := r.at(epoch.Add(d), uint16(i+4), tick([]uint32{5000, 90000}[j], d))
					if got <= last[j] {
						t.Fatalf("time goes back: %v after %v", got, last[j])
					}
					if step := got - last[j]; i > 0 && step > 1006*ms {
						t.Fatalf("a second took %v", step)
					}
					last[j] = got
				}
			}
			check("in the end", c.at+101*time.Second, c.moveA, c.moveB, 200)
		})
	}
}

// A report that comes before the first packet, and ones that say nothing.
func TestSenderReportsThatDoNotCount(t *testing.T) {
	wall := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	t.Run("early", func(t *testing.T) {
		a, b := two(t)
		a.RTCP(senderReport(wall, 5000), epoch)
		a.at(epoch, 1, 5000)
		b.RTCP(senderReport(wall.Add(200*ms), 90000), epoch)
		if d := b.at(epoch, 1, 90000); (d - 200*ms).Abs() > time.Microsecond {
			t.Errorf("b begins at %v", d)
		}
	})
	t.Run("time zero, another source, a timestamp of nowhere", func(t *testing.T) {
		a, b := two(t)
		a.at(epoch, 1, 5000)
		b.at(epoch, 1, 90000)
		a.RTCP(senderReport(wall, 5000), epoch)
		zero := senderReport(wall, 0)
		copy(zero[8:], make([]byte, 8))
		b.RTCP(zero, epoch)
		other := senderReport(wall.Add(time.Second), 90000)
		other[7] = 9
		b.RTCP(other, epoch)
		b.RTCP(senderReport(wall.Add(time.Second), 1<<31), epoch)
		if d := b.at(epoch.Add(20*ms), 2, tick(90000, 20*ms)); d != 20*ms {
			t.Errorf("b is at %v", d)
		}
	})
}

func TestRTPInfo(t *testing.T) {
	p := func(v uint32) *uint32 { return &v }
	for _, c := range []struct {
		name    string
		rtptime *uint32
		at      time.Duration
		want    time.Duration // of a first packet that comes 500 ms after the session's first
	}{
		{"none: by the arrival", nil, time.Minute, time.Minute + 500*ms},
		{"exact", p(tick(9000, 0)), time.Minute, time.Minute},
		{"the first packet is later", p(tick(9000, -200*ms)), time.Minute, time.Minute + 200*ms},
		{"the first packet is earlier", p(tick(9000, 200*ms)), time.Minute, time.Minute - 200*ms},
		{"earlier than the beginning", p(tick(9000, 200*ms)), 0, 500 * ms},
		{"zero", p(0x80000000), time.Minute, time.Minute + 500*ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := two(t)
			for _, r := range []*rig{a, b} {
				r.at(epoch, 1, 1) // an old range
			}
			a.Rebase(c.at, nil, nil)
			b.Rebase(c.at, nil, c.rtptime)
			start := epoch.Add(time.Hour)
			if d := a.at(start, 700, 33); d != c.at {
				t.Errorf("a begins at %v", d)
			}
			if d := b.at(start.Add(500*ms), 800, 9000); d != c.want {
				t.Errorf("b begins at %v, want %v", d, c.want)
			}
		})
	}
	t.Run("wins over sender reports", func(t *testing.T) {
		a, b := two(t)
		a.Rebase(0, nil, p(5000))
		b.Rebase(0, nil, p(90000))
		a.at(epoch, 1, 5000)
		b.at(epoch, 1, 90000)
		a.RTCP(senderReport(epoch, 5000), epoch)
		b.RTCP(senderReport(epoch.Add(time.Second), 90000), epoch)
		if d := b.at(epoch, 2, 90000); d != 0 {
			t.Errorf("b is moved to %v", d)
		}
	})
}
