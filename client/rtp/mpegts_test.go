package rtp

import (
	"bytes"
	"testing"
)

// tsPackets is transport packets that begin with the given hex and are filled
// up to 188 bytes.
func tsPackets(heads ...string) []byte {
	var out []byte
	for i, h := range heads {
		p := bytes.Repeat([]byte{byte(0x10 + i)}, tsPacket)
		copy(p, hx(h))
		out = append(out, p...)
	}
	return out
}

const (
	tsPAT    = "47 4000 10 00"          // unit start, PID 0
	tsPlain  = "47 0100 10"             // PID 256
	tsStarts = "47 4100 10"             // PID 256, unit start
	tsRandom = "47 4100 30 07 50"       // ... with random access
	tsLate   = "47 0100 30 07 50"       // random access without unit start
	tsEmpty  = "47 4100 30 00 ff"       // an adaptation field of no size
	tsOther  = "47 4101 30 07 10 00 00" // unit start and a clock reference
)

var tsThree = tsPackets(tsPlain, tsPAT, tsStarts)

var mpegtsCases = []depackCase{
	{
		name: "as it is",
		in: []step{
			{ts: 1, payload: tsPackets(tsPlain, tsStarts, tsOther)},
			{ts: 2, payload: tsThree},
			{ts: 3, payload: tsPackets(tsRandom)},
			{ts: 4, payload: tsPackets(tsLate, tsEmpty)},
			{ts: 5},
		},
		want: []wantUnit{
			{1, false, tsPackets(tsPlain, tsStarts, tsOther)},
			{2, true, tsThree},
			{3, true, tsPackets(tsRandom)},
			{4, false, tsPackets(tsLate, tsEmpty)},
		},
	},
	{
		name: "cut anywhere",
		in: []step{
			{ts: 1, payload: tsThree[:200]},
			{ts: 2, payload: tsThree[200:300]},
			{ts: 3, payload: tsThree[300:]},
		},
		want: []wantUnit{{1, false, tsThree[:188]}, {3, true, tsThree[188:]}},
	},
	{
		name: "cut anywhere, a piece lost",
		in: []step{
			{ts: 1, payload: tsThree[:200]},
			{ts: 3, lost: true, payload: tsThree[300:]},
			{ts: 4, payload: tsThree},
		},
		want: []wantUnit{{1, false, tsThree[:188]}, {3, false, tsThree[376:]}, {4, true, tsThree}},
		err:  ErrMalformed,
	},
	{
		name: "noise in front and behind",
		in: []step{
			{ts: 1, payload: append(hx("00 47 00"), tsThree...)},
			{ts: 2, payload: append(bytes.Clone(tsThree), 1, 2, 3)},
			{ts: 3, payload: tsThree},
		},
		want: []wantUnit{{1, true, tsThree}, {2, true, tsThree}, {3, true, tsThree}},
		err:  ErrMalformed,
	},
	{
		name: "noise",
		in:   []step{{ts: 1, payload: bytes.Repeat([]byte{1}, 400)}, {ts: 2, payload: hx("47")}, {ts: 3, payload: tsThree}},
		want: []wantUnit{{3, true, tsThree}},
		err:  ErrMalformed,
	},
}

func init() {
	for i := range mpegtsCases {
		mpegtsCases[i].format.PayloadType = 33
	}
}

func TestMPEGTS(t *testing.T) { testDepacketizer(t, mpegtsCases) }

func FuzzMPEGTS(f *testing.F) {
	fuzzDepacketizer(f, mpegtsCases, func(t *testing.T, u wantUnit) {
		if len(u.data) == 0 || len(u.data)%tsPacket != 0 {
			t.Fatalf("a unit of %d bytes", len(u.data))
		}
		for i := 0; i < len(u.data); i += tsPacket {
			if u.data[i] != tsSync {
				t.Fatalf("no sync byte at %d", i)
			}
		}
	})
}
