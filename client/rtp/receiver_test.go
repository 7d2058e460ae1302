package rtp

import (
	"bytes"
	"encoding/binary"
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
		r.came(seqs(1, 3, 7000, 7001, 7002, 7003), 1, 0, 0) // the first as well: a key picture may begin with it
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
		r.came(seqs(1, 50, 51), 0, 0, 0)
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
