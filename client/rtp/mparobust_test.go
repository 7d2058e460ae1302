package rtp

import (
	"testing"
)

// aduOf is an ADU of mp3Frame's kind: 13 bytes of head, of which the fifth says
// how far back the data begins, and data. A frame has 11 bytes of room.
func aduOf(back byte, data string) []byte {
	return join(hx("ff f3 14 c0"), []byte{back}, make([]byte, 8), hx(data))
}

// placed is an ADU with its place in a cycle instead of the sync.
func placed(place, cycle byte, adu []byte) []byte {
	return join([]byte{place, cycle<<5 | adu[1]&0x1f}, adu[2:])
}

// described puts a descriptor of one byte in front.
func described(adu []byte) []byte { return join([]byte{byte(len(adu))}, adu) }

// frameOf is the frame that comes out: an ADU's head and the room.
func frameOf(back byte, room string) []byte {
	return join(aduOf(back, ""), hx(room))
}

// dummy is a frame without sound and without data of its own.
func dummy(room string) []byte { return frameOf(0, room) }

// flat is an ADU whose data fills its own frame.
func flat(n byte) []byte {
	return aduOf(0, "0102030405060708090a 0"+string(rune('0'+n)))
}

var mpaRobustCases = []depackCase{
	{
		name:   "data that begins in frames before",
		format: audio("mpa-robust", 90000, 0),
		// the stream: a1-a5 at 0, b1-ba at 5, c1-d2 at 15; rooms end at 11, 22, 33
		in: []step{
			{ts: 0, payload: described(aduOf(0, "a1a2a3a4a5"))},
			{ts: 2160, payload: described(aduOf(6, "b1b2b3b4b5b6b7b8b9ba"))},
			{ts: 4320, payload: described(aduOf(7, "c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2"))},
			{ts: 6480, payload: described(aduOf(0, ""))},
		},
		want: []wantUnit{
			{0, true, frameOf(0, "a1a2a3a4a5 b1b2b3b4b5b6")},
			{2160, true, frameOf(6, "b7b8b9ba c1c2c3c4c5c6c7")},
			{4320, true, frameOf(7, "c8c9cacbcccdcecfd0d1d2")},
		},
	},
	{
		name:   "several in a packet, 24 ms each; a size of 14 bits",
		format: audio("X-MP3-draft-00", 90000, 0),
		in:     []step{{ts: 90, payload: join(described(flat(1)), hx("40 18"), flat(2))}},
		want:   []wantUnit{{90, true, flat(1)}, {90 + 2160, true, flat(2)}},
	},
	{
		name:   "in parts",
		format: audio("MPA-ROBUST", 90000, 0),
		in: []step{
			{ts: 90, payload: join(hx("18"), flat(1)[:10])},
			{ts: 90, payload: join(hx("98"), flat(1)[10:15])},
			{ts: 90, payload: join(hx("98"), flat(1)[15:])},
			{ts: 2250, payload: described(flat(2))},
		},
		want: []wantUnit{{90, true, flat(1)}, {2250, true, flat(2)}},
	},
	{
		name:   "in parts, the middle one lost",
		format: audio("MPA-ROBUST", 90000, 0),
		in: []step{
			{ts: 90, payload: join(hx("18"), flat(1)[:10])},
			{ts: 90, lost: true, payload: join(hx("98"), flat(1)[15:])},
			{ts: 2250, payload: described(flat(2))},
		},
		want: []wantUnit{{2250, true, flat(2)}},
	},
	{
		name:   "it begins in the middle of a stream: an empty frame has room for what is before",
		format: audio("mpa-robust", 90000, 0),
		in: []step{
			{ts: 9000, payload: described(aduOf(6, "b1b2b3b4b5b6b7b8b9ba"))},
			{ts: 11160, payload: described(aduOf(0, "0102030405060708090a0b"))},
		},
		want: []wantUnit{
			{9000 - 2160, true, dummy("0000000000 b1b2b3b4b5b6")},
			{9000, true, frameOf(6, "b7b8b9ba 00000000000000")},
			{11160, true, frameOf(0, "0102030405060708090a0b")},
		},
	},
	{
		name:   "one is lost: an empty frame in its place, and nothing of the others",
		format: audio("mpa-robust", 90000, 0),
		in: []step{
			{ts: 0, payload: described(aduOf(0, "a1a2a3a4a5"))},
			{ts: 4320, lost: true, payload: described(aduOf(7, "c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2"))},
		},
		want: []wantUnit{
			{0, true, frameOf(0, "a1a2a3a4a5 000000000000")},
			{2160, true, dummy("00000000 c1c2c3c4c5c6c7")},
			{4320, true, frameOf(7, "c8c9cacbcccdcecfd0d1d2")},
		},
	},
	{
		name:   "interleaved in cycles of four",
		format: audio("mpa-robust", 90000, 0),
		in: []step{
			{ts: 2160, payload: join(described(placed(1, 0, flat(1))), described(placed(3, 0, flat(3))))},
			{ts: 0, payload: join(described(placed(0, 0, flat(0))), described(placed(2, 0, flat(2))))},
			{ts: 8640, payload: described(placed(0, 1, flat(4)))},
			{ts: 10800, payload: described(flat(5))}, // no more
		},
		want: []wantUnit{{0, true, flat(0)}, {2160, true, flat(1)}, {4320, true, flat(2)}, {6480, true, flat(3)},
			{8640, true, flat(4)}, {10800, true, flat(5)}},
	},
	{
		name:   "interleaved, one packet of the cycle lost",
		format: audio("mpa-robust", 90000, 0),
		in: []step{
			{ts: 2160, payload: join(described(placed(1, 7, flat(1))), described(placed(3, 7, flat(3))))},
			{ts: 8640, lost: true, payload: described(placed(0, 0, flat(4)))},
			{ts: 17280, payload: described(placed(0, 1, flat(8)))},
		},
		want: []wantUnit{{2160, true, flat(1)}, {6480, true, flat(3)}, {8640, true, flat(4)}},
	},
	{
		name:   "layer II has no reservoir",
		format: audio("mpa-robust", 90000, 0),
		in:     []step{{ts: 90, payload: join(hx("40 60"), mp2Frame(7))}},
		want:   []wantUnit{{90, true, mp2Frame(7)}},
	},
	{name: "no descriptor", format: audio("mpa-robust", 90000, 0), in: []step{{payload: hx("40")}}, err: ErrMalformed},
	{name: "less than a header", format: audio("mpa-robust", 90000, 0), in: []step{{payload: hx("03 ff f3 14")}}, err: ErrMalformed},
	{name: "no header", format: audio("mpa-robust", 90000, 0), in: []step{{payload: hx("04 00 00 00 00")}}, err: ErrMalformed},
	{name: "free format", format: audio("mpa-robust", 90000, 0), in: []step{{payload: described(join(hx("ff f3 04 c0"), make([]byte, 20)))}}, err: ErrMalformed},
	{name: "less than the side information", format: audio("mpa-robust", 90000, 0), in: []step{{payload: described(aduOf(0, "")[:12])}}, err: ErrMalformed},
	{name: "too large", format: audio("mpa-robust", 90000, 0), in: []step{{payload: hx("7f ff ff f3 14 c0")}}, err: ErrTooLarge},
	{
		name:   "parts of another size",
		format: audio("mpa-robust", 90000, 0),
		in:     []step{{payload: join(hx("18"), flat(1)[:10])}, {payload: join(hx("99"), flat(1)[10:])}},
		err:    ErrMalformed,
	},
}

func TestMPARobust(t *testing.T) { testDepacketizer(t, mpaRobustCases) }

// FuzzMPARobust has bounds of its own: a few bytes can make a frame, and one
// frame may make empty ones before it.
func FuzzMPARobust(f *testing.F) {
	for _, c := range mpaRobustCases {
		f.Add(packSteps(c.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := NewDepacketizer(audio("mpa-robust", 90000, 0))
		if err != nil {
			t.Fatal(err)
		}
		const largest = 2881 // a frame of layer II: 144 * 384000 / 24000, and padding
		for _, s := range unpackSteps(b) {
			out, _ := feed(d, []step{s})
			if most := (len(s.payload)/mpaHeader + 1 + aduSlots) * (maxDummies + 1); len(out) > most+maxADUs {
				t.Fatalf("%d frames out of %d bytes", len(out), len(s.payload))
			}
			for _, u := range out {
				if _, ok := parseMPA(u.data); !ok || len(u.data) > max(largest, len(s.payload), maxADU) {
					t.Fatalf("% x", u.data)
				}
			}
		}
		q := &d.(*mpaRobust).queue
		if q.n > maxADUs || len(q.held) > maxADUs {
			t.Fatalf("%d frames wait", q.n)
		}
		d.Reset()
	})
}
