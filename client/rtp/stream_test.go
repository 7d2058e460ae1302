package rtp

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/pion/rtp"
)

// A case of a depacketizer's table: packets in, units out. The same cases are
// the seeds of its fuzz target.
type depackCase struct {
	name   string
	format Format
	in     []step
	want   []wantUnit
	err    error // of any packet
}

// step is one packet as a Depacketizer sees it.
type step struct {
	ts      uint32
	marker  bool
	lost    bool
	payload []byte
}

type wantUnit struct {
	ts   uint32
	key  bool
	data []byte
}

// hx reads hex with blanks and '|' between the bytes.
func hx(s string) []byte {
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "", "\n", "", "\t", "").Replace(s))
	if err != nil {
		panic(err)
	}
	return b
}

// nals is an access unit of NAL units in hex.
func nals(list ...string) []byte {
	var out []byte
	for _, s := range list {
		out = binary.BigEndian.AppendUint32(out, uint32(len(hx(s))))
		out = append(out, hx(s)...)
	}
	return out
}

// feed hands steps to d and returns copies of what comes out, and the first
// error.
func feed(d Depacketizer, in []step) (out []wantUnit, err error) {
	for i, s := range in {
		h := rtp.Header{SequenceNumber: uint16(i), Timestamp: s.ts, Marker: s.marker}
		payload := bytes.Clone(s.payload)
		e := d.Depacketize(&h, payload, s.lost, func(u Unit) {
			out = append(out, wantUnit{u.Timestamp, u.Key, bytes.Clone(u.Data)})
		})
		if err == nil {
			err = e
		}
		for j := range payload { // what is kept must have been copied
			payload[j] = 0xee
		}
	}
	return out, err
}

func testDepacketizer(t *testing.T, cases []depackCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := NewDepacketizer(c.format)
			if err != nil {
				t.Fatal(err)
			}
			got, err := feed(d, c.in)
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			compareUnits(t, got, c.want)
		})
	}
}

func compareUnits(t *testing.T, got, want []wantUnit) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d units, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		if g.ts != w.ts || g.key != w.key || !bytes.Equal(g.data, w.data) {
			t.Errorf("unit %d:\ngot  ts %d key %v % x\nwant ts %d key %v % x", i, g.ts, g.key, g.data, w.ts, w.key, w.data)
		}
	}
}

// A fuzz input is a run of packets:
//
//	| flags8: marker, lost, timestamp step | size16 | payload |...
func packSteps(in []step) []byte {
	var out []byte
	last := uint32(0)
	for _, s := range in {
		var flags byte
		if s.marker {
			flags |= 1
		}
		if s.lost {
			flags |= 2
		}
		flags |= byte(min(s.ts-last, 63)) << 2
		last = s.ts
		out = append(out, flags)
		out = binary.BigEndian.AppendUint16(out, uint16(len(s.payload)))
		out = append(out, s.payload...)
	}
	return out
}

func unpackSteps(b []byte) (out []step) {
	ts := uint32(0)
	for len(b) >= 3 {
		ts += uint32(b[0] >> 2)
		size := min(int(binary.BigEndian.Uint16(b[1:])), len(b)-3)
		out = append(out, step{ts: ts, marker: b[0]&1 != 0, lost: b[0]&2 != 0, payload: b[3 : 3+size]})
		b = b[3+size:]
	}
	return out
}

// maxSeed is what a seed has at most: larger ones keep the fuzzer from trying
// others.
const maxSeed = 4 << 10

// fuzzDepacketizer runs any packets through the formats of the cases and checks
// what holds for all of them.
func fuzzDepacketizer(f *testing.F, cases []depackCase, check func(t *testing.T, u wantUnit)) {
	formats := make([]Format, len(cases))
	for i, c := range cases {
		formats[i] = c.format
		if seed := packSteps(c.in); len(seed) <= maxSeed {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		d, err := NewDepacketizer(formats[int(which)%len(formats)])
		if err != nil {
			t.Fatal(err)
		}
		in := unpackSteps(b)
		total := 0
		for _, s := range in {
			total += len(s.payload)
		}
		out, _ := feed(d, in)
		d.Track()
		got := 0
		for _, u := range out {
			got += len(u.data)
			check(t, u)
		}
		// A start code of three bytes becomes a length of four, a header in
		// fragments comes from two; nothing grows more than that, but for the
		// headers that JPEG and AV1 pictures are given.
		if got > 5*total+1024*len(in) {
			t.Fatalf("%d bytes out of %d", got, total)
		}
		d.Reset()
	})
}

// checkNALs is what holds for every unit of H.264 and H.265.
func checkNALs(t *testing.T, u wantUnit) {
	b := u.data
	if len(b) == 0 || len(b) > maxVideoUnit {
		t.Fatalf("a unit of %d bytes", len(b))
	}
	for len(b) > 0 {
		if len(b) < 5 {
			t.Fatalf("% x stands at the end of % x", b, u.data)
		}
		n := binary.BigEndian.Uint32(b)
		if n == 0 || uint64(n) > uint64(len(b)-4) {
			t.Fatalf("a length of %d in % x", n, u.data)
		}
		if b[4+n-1] == 0 {
			t.Fatalf("a NAL unit ends in zero: % x", u.data)
		}
		b = b[4+n:]
	}
}

// checkAudio is what holds for every unit of sound.
func checkAudio(t *testing.T, u wantUnit) {
	if !u.key || len(u.data) == 0 || len(u.data) > maxAudioUnit {
		t.Fatalf("key %v, %d bytes", u.key, len(u.data))
	}
}
