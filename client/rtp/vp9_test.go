package rtp

import (
	"testing"

	"tapedeck/client/media"
)

// Frames as short as they can be: a key frame of 320x240 and others.
const (
	vp9Key   = "82 | 49 83 42 | 40 13 f0 0e f0 | 01 02"
	vp9Inter = "86 | 04 05"
	vp9Layer = "86 | 06 07 08"
)

var vp9Cases = []depackCase{
	{
		name: "one packet a picture, nothing but the flags",
		in: []step{
			{ts: 1, marker: true, payload: hx("0c |" + vp9Key)},
			{ts: 2, marker: true, payload: hx("4c |" + vp9Inter)},
		},
		want: []wantUnit{{1, true, hx(vp9Key)}, {2, false, hx(vp9Inter)}},
	},
	{
		name: "every field of the descriptor",
		in: []step{
			// I, L, B, E, V; picture id of 15 bits; layer; TL0PICIDX; structure: one
			// layer, Y, G: two pictures, with one and no reference
			{ts: 1, marker: true, payload: hx("ae | 8123 | 00 | 05 | 18 | 0140 00f0 | 02 | 04 01 | 20 |" + vp9Key)},
			// I, P, F, B, E; picture id of 7 bits; three references
			{ts: 2, marker: true, payload: hx("dc | 24 | 03 05 06 |" + vp9Inter)},
			// I, P, L, F, B, E: no TL0PICIDX
			{ts: 3, marker: true, payload: hx("fc | 25 | 20 | 02 |" + vp9Inter)},
			// F without P: no references
			{ts: 4, marker: true, payload: hx("9c | 26 |" + vp9Inter)},
			// V without Y and G
			{ts: 5, marker: true, payload: hx("4e | 00 |" + vp9Inter)},
		},
		want: []wantUnit{{1, true, hx(vp9Key)}, {2, false, hx(vp9Inter)}, {3, false, hx(vp9Inter)}, {4, false, hx(vp9Inter)}, {5, false, hx(vp9Inter)}},
	},
	{
		name: "in parts, no marker",
		in: []step{
			{ts: 1, payload: hx("08 | 82 49 83 42 40")},
			{ts: 1, payload: hx("00 | 13 f0 0e f0 01")},
			{ts: 1, payload: hx("04 | 02")},
			{ts: 2, payload: hx("4c |" + vp9Inter)},
			{ts: 2, payload: hx("4c |" + vp9Inter)}, // another of that time
			{ts: 3, payload: hx("4c |" + vp9Inter)},
		},
		want: []wantUnit{{1, true, hx(vp9Key)}, {2, false, hx(vp9Inter)}, {2, false, hx(vp9Inter)}},
	},
	{
		name: "layers become a superframe",
		in: []step{
			{ts: 1, payload: hx("a8 | 01 | 00 | 05 | 82 49 83 42")},          // SID 0 begins
			{ts: 1, payload: hx("a4 | 01 | 00 | 05 | 40 13 f0 0e f0 01 02")}, // and ends
			{ts: 1, payload: hx("ac | 01 | 03 | 05 |" + vp9Layer)},           // SID 1, D
			{ts: 1, marker: true, payload: hx("ac | 01 | 04 | 05 |" + vp9Inter)},
			{ts: 2, marker: true, payload: hx("ec | 02 | 00 | 05 |" + vp9Inter)},
		},
		want: []wantUnit{
			{1, true, hx(vp9Key + vp9Layer + vp9Inter + "da | 0b000000 04000000 03000000 | da")},
			{2, false, hx(vp9Inter)},
		},
	},
	{
		name: "joined at a layer that needs the one below; one that does not will do",
		in: []step{
			{ts: 1, marker: true, payload: hx("ac | 01 | 03 | 05 |" + vp9Layer)},
			{ts: 2, marker: true, payload: hx("ec | 02 | 02 | 05 |" + vp9Inter)},
		},
		want: []wantUnit{{2, false, hx(vp9Inter)}},
	},
	{
		name: "loss: of the beginning, of the middle, of a layer",
		in: []step{
			{ts: 1, lost: true, marker: true, payload: hx("04 | 02 03")},
			{ts: 2, payload: hx("48 | 86")},
			{ts: 2, lost: true, marker: true, payload: hx("44 | 05")},
			{ts: 3, payload: hx("ac | 01 | 00 | 05 |" + vp9Key)},
			{ts: 3, lost: true, marker: true, payload: hx("ac | 01 | 05 | 05 |" + vp9Inter)},
			{ts: 4, lost: true, marker: true, payload: hx("4c |" + vp9Inter)},
		},
		want: []wantUnit{{4, false, hx(vp9Inter)}},
	},
	{
		name: "nine layers are more than a superframe has room for",
		in: func() (in []step) {
			for i := range byte(9) {
				in = append(in, step{ts: 1, marker: i == 8, payload: append([]byte{0x2c, min(i, 7)<<1 | 1, 5}, hx(vp9Inter)...)})
			}
			return append(in, step{ts: 2, marker: true, payload: hx("4c |" + vp9Inter)})
		}(),
		want: []wantUnit{{2, false, hx(vp9Inter)}},
	},
	{
		name: "frames that show an old one, of other profiles",
		in: []step{
			{ts: 1, marker: true, payload: hx("0c | 88")},
			{ts: 2, marker: true, payload: hx("0c | a2 49 83 42 | e0 13 f0 0e f0")}, // profile 1, sRGB
			{ts: 3, marker: true, payload: hx("0c | 92 49 83 42 | 20 09 f8 07 78")}, // profile 2
			{ts: 4, marker: true, payload: hx("0c | 82 49 83 43 | 40 13 f0 0e f0")}, // no sync code
			{ts: 5, marker: true, payload: hx("0c | 02")},
		},
		want: []wantUnit{
			{1, false, hx("88")},
			{2, true, hx("a2 49 83 42 | e0 13 f0 0e f0")},
			{3, true, hx("92 49 83 42 | 20 09 f8 07 78")},
			{4, false, hx("82 49 83 43 | 40 13 f0 0e f0")},
			{5, false, hx("02")},
		},
	},
	{name: "no descriptor", in: []step{{}}, err: ErrMalformed},
	{name: "cut off in the picture id", in: []step{{payload: hx("8c 80")}}, err: ErrMalformed},
	{name: "cut off in the layer", in: []step{{payload: hx("2c 00")}}, err: ErrMalformed},
	{name: "cut off in the references", in: []step{{payload: hx("5c 03 03")}}, err: ErrMalformed},
	{name: "cut off in the structure", in: []step{{payload: hx("0e 18 0140")}}, err: ErrMalformed},
	{name: "255 pictures in the structure, and no bytes", in: []step{{payload: hx("0e 08 ff 0c")}}, err: ErrMalformed},
}

func init() { setEncoding(vp9Cases, "VP9") }

func TestVP9(t *testing.T) { testDepacketizer(t, vp9Cases) }
func FuzzVP9(f *testing.F) { fuzzDepacketizer(f, vp9Cases, checkVideo) }

func TestVP9Track(t *testing.T) {
	testTrack(t, Format{Encoding: "vp9"}, media.VP9, &trackStep{}, []trackStep{
		{hx("4c |" + vp9Inter), false, 0, 0, ""},
		{hx("0c |" + vp9Key), true, 320, 240, ""},
		{hx("0e | 30 | 00a0 0078 | 0280 01e0 |" + vp9Key), true, 640, 480, ""}, // of the largest layer
		{hx("0c |" + vp9Key), true, 640, 480, ""},
	})
}

func TestVP9Limits(t *testing.T) {
	testPictureLimits(t, Format{Encoding: "VP9"}, hx("08 |"+vp9Key), hx("00"), hx("4c |"+vp9Inter))
}
