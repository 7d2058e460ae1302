package rtp

import "testing"

// ac3FrameOf is AC-3 at 48 kHz, 32 kbit/s, stereo: 128 bytes, 1536 samples.
func ac3FrameOf(fill byte) []byte {
	b := hx("0b77 0000 00 40 40")
	for len(b) < 128 {
		b = append(b, fill)
	}
	return b
}

// eac3FrameOf is E-AC-3 at 48 kHz, stereo, one block of 256 samples, ten bytes.
// kind is its stream type and substream, 0 or 0x40 for one that depends.
func eac3FrameOf(kind, fill byte) []byte {
	return join(hx("0b77"), []byte{kind, 4}, hx("04 80 00"), []byte{fill, fill, fill})
}

var ac3Cases = []depackCase{
	{
		name:   "two frames, 32 ms each",
		format: audio("ac3", 48000, 2),
		in:     []step{{ts: 10, marker: true, payload: join(hx("00 02"), ac3FrameOf(1), ac3FrameOf(2))}},
		want:   []wantUnit{{10, true, ac3FrameOf(1)}, {10 + 1536, true, ac3FrameOf(2)}},
	},
	{
		name:   "a clock of 90 kHz",
		format: audio("AC3", 90000, 0),
		in:     []step{{ts: 10, marker: true, payload: join(hx("00 02"), ac3FrameOf(1), ac3FrameOf(2))}},
		want:   []wantUnit{{10, true, ac3FrameOf(1)}, {10 + 2880, true, ac3FrameOf(2)}},
	},
	{
		name:   "in three parts",
		format: audio("ac3", 48000, 2),
		in: []step{
			{ts: 10, payload: join(hx("01 03"), ac3FrameOf(1)[:80])},
			{ts: 10, payload: join(hx("03 03"), ac3FrameOf(1)[80:100])},
			{ts: 10, marker: true, payload: join(hx("03 03"), ac3FrameOf(1)[100:])},
		},
		want: []wantUnit{{10, true, ac3FrameOf(1)}},
	},
	{
		name:   "in two parts, without a marker",
		format: audio("ac3", 48000, 2),
		in: []step{
			{ts: 10, payload: join(hx("02 02"), ac3FrameOf(1)[:60])},
			{ts: 10, payload: join(hx("03 02"), ac3FrameOf(1)[60:])},
			{ts: 1546, marker: true, payload: join(hx("00 01"), ac3FrameOf(2))},
		},
		want: []wantUnit{{10, true, ac3FrameOf(1)}, {1546, true, ac3FrameOf(2)}},
	},
	{
		name:   "in parts, the first lost",
		format: audio("ac3", 48000, 2),
		in: []step{
			{ts: 10, lost: true, marker: true, payload: join(hx("03 02"), ac3FrameOf(1)[60:])},
			{ts: 1546, marker: true, payload: join(hx("00 01"), ac3FrameOf(2))},
		},
		want: []wantUnit{{1546, true, ac3FrameOf(2)}},
	},
	{
		name:   "in parts, the middle lost",
		format: audio("ac3", 48000, 2),
		in: []step{
			{ts: 10, payload: join(hx("01 03"), ac3FrameOf(1)[:80])},
			{ts: 10, lost: true, marker: true, payload: join(hx("03 03"), ac3FrameOf(1)[100:])},
			{ts: 1546, marker: true, payload: join(hx("00 01"), ac3FrameOf(2))},
		},
		want: []wantUnit{{1546, true, ac3FrameOf(2)}},
	},
	{
		name:   "cut off",
		format: audio("ac3", 48000, 2),
		in:     []step{{ts: 10, marker: true, payload: join(hx("00 02"), ac3FrameOf(1), ac3FrameOf(2)[:90])}},
		want:   []wantUnit{{10, true, ac3FrameOf(1)}},
		err:    ErrMalformed,
	},
	{
		name:   "E-AC-3: a frame and what depends on it are one unit",
		format: audio("eac3", 48000, 6),
		in: []step{{ts: 10, marker: true, payload: join(hx("00 02"), eac3FrameOf(0, 1), eac3FrameOf(0x40, 2),
			eac3FrameOf(0, 3), eac3FrameOf(0x08, 4))}},
		want: []wantUnit{{10, true, join(eac3FrameOf(0, 1), eac3FrameOf(0x40, 2))},
			{266, true, join(eac3FrameOf(0, 3), eac3FrameOf(0x08, 4))}},
	},
	{
		name:   "E-AC-3 in parts",
		format: audio("EAC3", 48000, 2),
		in: []step{
			{ts: 10, payload: join(hx("01 02"), eac3FrameOf(0, 1)[:8])},
			{ts: 10, marker: true, payload: join(hx("01 02"), eac3FrameOf(0, 1)[8:])},
			{ts: 266, marker: true, payload: join(hx("00 01"), eac3FrameOf(0, 2))},
		},
		want: []wantUnit{{10, true, eac3FrameOf(0, 1)}, {266, true, eac3FrameOf(0, 2)}},
	},
	{
		name:   "E-AC-3 in parts, the first lost",
		format: audio("EAC3", 48000, 2),
		in: []step{
			{ts: 10, lost: true, marker: true, payload: join(hx("01 02"), eac3FrameOf(0, 1)[8:])},
			{ts: 266, marker: true, payload: join(hx("00 01"), eac3FrameOf(0, 2))},
		},
		want: []wantUnit{{266, true, eac3FrameOf(0, 2)}},
	},
	{
		name:   "E-AC-3: something that depends on nothing",
		format: audio("EAC3", 90000, 0),
		in:     []step{{ts: 10, marker: true, payload: join(hx("00 02"), eac3FrameOf(0x40, 1), eac3FrameOf(0, 2))}},
		want:   []wantUnit{{10, true, eac3FrameOf(0x40, 1)}, {10, true, eac3FrameOf(0, 2)}},
	},
	{name: "half a header", format: audio("ac3", 48000, 2), in: []step{{payload: hx("00")}}, err: ErrMalformed},
	{name: "no sync", format: audio("ac3", 48000, 2), in: []step{{payload: hx("00 01 00 00 00 00 00 00 00 00")}}, err: ErrMalformed},
	{
		name:   "parts without end",
		format: audio("ac3", 48000, 2),
		in:     []step{{payload: join(hx("01 ff"), ac3FrameOf(1), make([]byte, 40000))}, {payload: join(hx("03 ff"), make([]byte, 40000))}},
		err:    ErrTooLarge,
	},
}

func TestAC3(t *testing.T) { testDepacketizer(t, ac3Cases) }
func FuzzAC3(f *testing.F) { fuzzDepacketizer(f, ac3Cases, checkAudio) }
