package rtp

import "testing"

var g726Cases = []depackCase{
	{
		name:   "16: samples 0 1 2 3",
		format: audio("G726-16", 8000, 1),
		in:     []step{{ts: 5, payload: hx("e4")}}, // 3<<6 | 2<<4 | 1<<2 | 0
		want:   []wantUnit{{5, true, hx("1b")}},
	},
	{
		name:   "24: samples 1 2 3 4 5 6 7 0",
		format: audio("G726-24", 8000, 1),
		in:     []step{{ts: 5, payload: hx("d1 58 1f")}}, // |11 010 001|0 101 100 0|000 111 11| from the end
		want:   []wantUnit{{5, true, hx("29 cb b8")}},    // 001 010 011 100 101 110 111 000
	},
	{
		name:   "32: samples 1 2 3 4, as the static type 2",
		format: Format{PayloadType: 2},
		in:     []step{{ts: 5, payload: hx("21 43")}},
		want:   []wantUnit{{5, true, hx("12 34")}},
	},
	{
		name:   "40: samples 1 to 8",
		format: audio("G726-40", 8000, 1),
		in:     []step{{ts: 5, payload: hx("41 0c 52 cc 41")}},
		want:   []wantUnit{{5, true, hx("08 86 42 98 e8")}}, // 00001 00010 00011 00100 00101 00110 00111 01000
	},
	{
		name:   "32 as in AAL2",
		format: audio("AAL2-G726-32", 8000, 1),
		in:     []step{{ts: 5, payload: hx("12 34")}, {ts: 9}, {ts: 10, lost: true, payload: hx("56")}},
		want:   []wantUnit{{5, true, hx("12 34")}, {10, true, hx("56")}},
	},
	{
		name:   "24: a sample is cut off",
		format: audio("G726-24", 8000, 1),
		in:     []step{{ts: 5, payload: hx("d1 58")}},
		want:   []wantUnit{{5, true, hx("29")}},
	},
}

func TestG726(t *testing.T) { testDepacketizer(t, g726Cases) }
func FuzzG726(f *testing.F) { fuzzDepacketizer(f, g726Cases, checkAudio) }
