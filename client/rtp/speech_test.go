package rtp

import (
	"bytes"
	"testing"
)

var dvi4Cases = []depackCase{
	{
		name:   "from silence: the step grows",
		format: audio("DVI4", 8000, 1),
		// predicted 0, index 0, reserved | 7: +11, index 8; f: step 16, -30,
		// index 16; 0: step 34, +4, index 15; 8: step 31, -3, index 14
		in:   []step{{ts: 160, payload: hx("0000 00 00 | 7f 08")}},
		want: []wantUnit{{160, true, hx("0b00 edff f1ff eeff")}}, // 11 -19 -15 -18
	},
	{
		name: "by the static type, from a state",
		// predicted 32000, index 88: step 32767; 7 goes beyond the range, f back
		in:   []step{{ts: 1, payload: hx("7d00 58 00 | 7f")}, {ts: 3, lost: true, payload: hx("8000 00 00 | 80")}},
		want: []wantUnit{{1, true, hx("ff7f 0390")}, {3, true, hx("0080 0080")}},
	},
	{name: "an index beyond the table", format: audio("DVI4", 8000, 1), in: []step{{payload: hx("0000 59 00 | 00")}}, err: ErrMalformed},
	{name: "half a header", format: audio("DVI4", 8000, 1), in: []step{{payload: hx("0000 00")}}, err: ErrMalformed},
	{name: "a header alone", format: audio("DVI4", 8000, 1), in: []step{{payload: hx("0000 00 00")}}},
	{name: "too large", format: audio("DVI4", 8000, 1), in: []step{{payload: make([]byte, maxDVI4+1)}}, err: ErrTooLarge},
}

func init() { dvi4Cases[1].format.PayloadType = 17 }

func TestDVI4(t *testing.T) { testDepacketizer(t, dvi4Cases) }
func FuzzDVI4(f *testing.F) { fuzzDepacketizer(f, dvi4Cases, checkAudio) }

// gsmFrameOf is a frame of 06.10 with that second byte.
func gsmFrameOf(b byte) []byte {
	return append([]byte{0xd5, b}, make([]byte, gsmFrame-2)...)
}

var gsmCases = []depackCase{
	{
		name:   "two frames, 20 ms each",
		format: Format{PayloadType: 3},
		in:     []step{{ts: 320, payload: append(gsmFrameOf(1), gsmFrameOf(2)...)}, {ts: 960, lost: true, payload: gsmFrameOf(3)}},
		want:   []wantUnit{{320, true, gsmFrameOf(1)}, {480, true, gsmFrameOf(2)}, {960, true, gsmFrameOf(3)}},
	},
	{
		name:   "a frame and a half",
		format: audio("GSM", 8000, 1),
		in:     []step{{ts: 0, payload: append(gsmFrameOf(1), gsmFrameOf(2)[:20]...)}},
		want:   []wantUnit{{0, true, gsmFrameOf(1)}},
		err:    ErrMalformed,
	},
	{name: "without the magic bits", format: audio("GSM", 8000, 1), in: []step{{payload: make([]byte, gsmFrame)}}, err: ErrMalformed},
}

func TestGSM(t *testing.T) { testDepacketizer(t, gsmCases) }
func FuzzGSM(f *testing.F) { fuzzDepacketizer(f, gsmCases, checkAudio) }

// sized is n bytes with that first one.
func sized(first byte, n int) []byte { return append([]byte{first}, make([]byte, n-1)...) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

var g723Cases = []depackCase{
	{
		name:   "6.3 kbit/s, 5.3 kbit/s, noise, none: 30 ms each",
		format: Format{PayloadType: 4},
		in:     []step{{ts: 240, payload: join(sized(0xf0, 24), sized(0xf1, 20), sized(0xf2, 4), sized(0xf3, 1))}},
		want:   []wantUnit{{240, true, sized(0xf0, 24)}, {480, true, sized(0xf1, 20)}, {720, true, sized(0xf2, 4)}, {960, true, hx("f3")}},
	},
	{
		name:   "cut off",
		format: audio("G723", 8000, 1),
		in:     []step{{ts: 0, payload: join(sized(1, 20), sized(0, 23))}},
		want:   []wantUnit{{0, true, sized(1, 20)}},
		err:    ErrMalformed,
	},
	{name: "nothing, after a loss", format: audio("G723", 8000, 1), in: []step{{lost: true}}},
}

func TestG723(t *testing.T) { testDepacketizer(t, g723Cases) }
func FuzzG723(f *testing.F) { fuzzDepacketizer(f, g723Cases, checkAudio) }

var qcelpCases = []depackCase{
	{
		name:   "frames of the rates 1, 1/2, 1/4, 1/8, blank and erasure",
		format: Format{PayloadType: 12},
		in:     []step{{ts: 0, payload: join(hx("00"), sized(4, 35), sized(3, 17), sized(2, 8), sized(1, 4), hx("00 0e"))}},
		want: []wantUnit{{0, true, sized(4, 35)}, {160, true, sized(3, 17)}, {320, true, sized(2, 8)},
			{480, true, sized(1, 4)}, {640, true, hx("00")}, {800, true, hx("0e")}},
	},
	{
		name:   "a group of two packets, interleaved: LLL 1, NNN 0 and 1",
		format: audio("QCELP", 8000, 1),
		in: []step{
			{ts: 0, payload: hx("08 | 01 000000 | 01 000002")},
			{ts: 160, payload: hx("09 | 01 000001 | 01 000003")},
			{ts: 640, payload: hx("08 | 01 000004")},
		},
		want: []wantUnit{{0, true, hx("01 000000")}, {160, true, hx("01 000001")}, {320, true, hx("01 000002")},
			{480, true, hx("01 000003")}, {640, true, hx("01 000004")}},
	},
	{
		name:   "the second packet of the group is lost",
		format: audio("QCELP", 8000, 1),
		in: []step{
			{ts: 0, payload: hx("08 | 01 000000 | 01 000002")},
			{ts: 640, lost: true, payload: hx("08 | 01 000004")},
		},
		want: []wantUnit{{0, true, hx("01 000000")}, {320, true, hx("01 000002")}, {640, true, hx("01 000004")}},
	},
	{name: "an interleave of 6", format: audio("QCELP", 8000, 1), in: []step{{payload: hx("30 01 000000")}}, err: ErrMalformed},
	{name: "the third of two", format: audio("QCELP", 8000, 1), in: []step{{payload: hx("0a 01 000000")}}, err: ErrMalformed},
	{name: "a rate that there is not", format: audio("QCELP", 8000, 1), in: []step{{payload: hx("00 05 000000")}}, err: ErrMalformed},
	{name: "cut off", format: audio("QCELP", 8000, 1), in: []step{{payload: hx("00 04 00")}}, err: ErrMalformed},
	{
		name:   "frames without end",
		format: audio("QCELP", 8000, 1),
		in:     []step{{ts: 0, payload: append(hx("08"), make([]byte, 60000)...)}, {ts: 160, payload: hx("09 00")}},
		want:   []wantUnit{{0, true, hx("00")}, {160, true, hx("00")}},
		err:    ErrTooLarge,
	},
	{name: "no frame", format: audio("QCELP", 8000, 1), in: []step{{payload: hx("00")}}, err: ErrMalformed},
}

func TestQCELP(t *testing.T) { testDepacketizer(t, qcelpCases) }
func FuzzQCELP(f *testing.F) { fuzzDepacketizer(f, qcelpCases, checkAudio) }

func TestDeinterleaverIsBounded(t *testing.T) {
	var q deinterleaver
	var out []uint32
	emit := func(u Unit) { out = append(out, u.Timestamp) }
	for i := range uint32(maxHeldUnits + 3) {
		q.add(1000-i, make([]byte, 10), emit)
	}
	if len(out) != 3 || q.n != maxHeldUnits || q.size != 10*maxHeldUnits {
		t.Errorf("%v came out, %d units and %d bytes are held", out, q.n, q.size)
	}
	big := make([]byte, maxAudioUnit)
	for i := range uint32(100) {
		q.add(2000+i, big, emit)
	}
	if q.size > maxHeldBytes {
		t.Errorf("%d bytes are held", q.size)
	}
	q.release(5000, emit)
	if q.n != 0 || q.size != 0 || len(out) != maxHeldUnits+103 {
		t.Errorf("%d units and %d bytes are left, %d came out", q.n, q.size, len(out))
	}
	for _, u := range q.held {
		if cap(u.data) > maxSpare {
			t.Fatalf("a spare buffer of %d bytes", cap(u.data))
		}
	}
}
