package rtp

import (
	"testing"

	"tapedeck/client/media"
)

// Pictures as short as they can be: of H.263, QCIF; and with the longer header
// of version 2, 320x180.
const (
	h263I     = "00 00 80 06 08 aa bb cc"
	h263P     = "00 00 80 0a 0a dd ee"
	h263PlusI = "00 00 80 06 1c e0 01 00 10 93 e2 d0 aa"
	h263PlusP = "00 00 80 0a 1c 10 40 bb" // without what stays as it was
	h263Group = "00 00 84 ff"
)

var h263Cases = []depackCase{
	{
		name: "one packet a picture: P, the zeros are put in front",
		in: []step{
			{ts: 1, marker: true, payload: hx("04 00 | 80 06 08 aa bb cc")},
			{ts: 2, marker: true, payload: hx("04 00 | 80 0a 0a dd ee")},
			{ts: 3, marker: true, payload: hx("04 00 | 80 06 1c e0 01 00 10 93 e2 d0 aa")},
			{ts: 4, marker: true, payload: hx("04 00 | 80 0a 1c 10 40 bb")},
		},
		want: []wantUnit{{1, true, hx(h263I)}, {2, false, hx(h263P)}, {3, true, hx(h263PlusI)}, {4, false, hx(h263PlusP)}},
	},
	{
		name: "in parts: going on, with a group, with V and a picture header again, with the end of a sequence",
		in: []step{
			{ts: 1, payload: hx("04 00 | 80 06 08")},
			{ts: 1, payload: hx("00 00 | aa bb cc")},
			{ts: 1, payload: hx("04 00 | 84 ff")},
			{ts: 1, payload: hx("06 18 | 55 | 80 06 08 | 84 ff")}, // V, PLEN 3
			{ts: 1, marker: true, payload: hx("04 00 | fc")},
		},
		want: []wantUnit{{1, true, hx(h263I + h263Group + h263Group + "00 00 fc")}},
	},
	{
		name: "no marker; another picture of that time",
		in: []step{
			{ts: 1, payload: hx("04 00 | 80 06 08 aa bb cc")},
			{ts: 2, payload: hx("04 00 | 80 0a 0a dd ee")},
			{ts: 2, payload: hx("04 00 | 80 0a 0a dd ee")},
			{ts: 3, payload: hx("04 00 | 80 0a 0a dd ee")},
		},
		want: []wantUnit{{1, true, hx(h263I)}, {2, false, hx(h263P)}, {2, false, hx(h263P)}},
	},
	{
		name: "loss: of the beginning, of the middle, of the end",
		in: []step{
			{ts: 1, lost: true, marker: true, payload: hx("00 00 | aa bb")},
			{ts: 2, payload: hx("04 00 | 80 06 08")},
			{ts: 2, lost: true, marker: true, payload: hx("04 00 | 84 ff")},
			{ts: 3, payload: hx("04 00 | 80 06 08")},
			{ts: 4, lost: true, marker: true, payload: hx("04 00 | 80 0a 0a dd ee")},
		},
		want: []wantUnit{{4, false, hx(h263P)}},
	},
	{
		name: "a picture that ends in its header",
		in:   []step{{ts: 1, marker: true, payload: hx("04 00 | 80 06 1c e0")}},
	},
	{name: "one byte", in: []step{{payload: hx("04")}}, err: ErrMalformed},
	{name: "V without its byte", in: []step{{payload: hx("06 00")}}, err: ErrMalformed},
	{name: "PLEN beyond the packet", in: []step{{payload: hx("05 f8 80 06")}}, err: ErrMalformed},

	{
		name:   "RFC 2190: modes A, B and C",
		format: Format{PayloadType: 34},
		in: []step{
			{ts: 1, payload: hx("00 40 00 01 |" + h263I)},                    // A
			{ts: 1, payload: hx("80 00 00 00 00 00 00 00 | 11 22")},          // B
			{ts: 1, payload: hx("c0 00 00 00 00 00 00 00 00 00 00 00 | 33")}, // C
			{ts: 1, marker: true, payload: hx("00 40 00 01 |" + h263Group)},
			{ts: 2, marker: true, payload: hx("00 50 00 02 |" + h263P)},
		},
		want: []wantUnit{{1, true, hx(h263I + "11 22 33" + h263Group)}, {2, false, hx(h263P)}},
	},
	{
		name:   "RFC 2190: bits are joined where a byte was cut, and where not",
		format: Format{PayloadType: 34},
		in: []step{
			{ts: 1, payload: hx("03 40 00 01 |" + h263I)},              // EBIT 3: 11001|100
			{ts: 1, payload: hx("a9 00 00 00 00 00 00 00 | ec 22 55")}, // SBIT 5, EBIT 1
			{ts: 1, payload: hx("b8 00 00 00 00 00 00 00 | 01 22")},    // SBIT 7
			{ts: 1, marker: true, payload: hx("80 00 00 00 00 00 00 00 | 77")},
			{ts: 2, payload: hx("04 50 00 02 |" + h263P)},                      // EBIT 4: e|e
			{ts: 2, marker: true, payload: hx("84 00 00 00 00 00 00 00 | 5f")}, // SBIT 0, EBIT 4
			{ts: 3, payload: hx("04 50 00 02 |" + h263P)},
			{ts: 3, marker: true, payload: hx("90 00 00 00 00 00 00 00 | d1 23")}, // SBIT 2
		},
		want: []wantUnit{
			{1, true, hx("00 00 80 06 08 aa bb cc 22 55 22 77")},
			{2, false, hx("00 00 80 0a 0a dd e5")},
			{3, false, hx("00 00 80 0a 0a dd e4 48 c0")},
		},
	},
	{
		name:   "type 34 with the framing of RFC 4629",
		format: Format{PayloadType: 34},
		in: []step{
			{ts: 1, payload: hx("04 00 | 80 06 08")},
			{ts: 1, marker: true, payload: hx("00 00 | aa bb cc")},
			{ts: 2, marker: true, payload: hx("04 00 | 80 0a 0a dd ee")},
			{ts: 3, marker: true, payload: hx("00 50 00 02 |" + h263P)}, // and back
		},
		want: []wantUnit{{1, true, hx(h263I)}, {2, false, hx(h263P)}, {3, false, hx(h263P)}},
	},
	{
		name:   "RFC 2190: loss",
		format: Format{PayloadType: 34},
		in: []step{
			{ts: 1, payload: hx("00 40 00 01 |" + h263I)},
			{ts: 1, lost: true, marker: true, payload: hx("80 00 00 00 00 00 00 00 | 11")},
			{ts: 2, marker: true, payload: hx("00 50 00 02 |" + h263P)},
		},
		want: []wantUnit{{2, false, hx(h263P)}},
	},
	{name: "RFC 2190: nothing", format: Format{PayloadType: 34}, in: []step{{}}, err: ErrMalformed},
	{name: "RFC 2190: mode B that is cut off", format: Format{PayloadType: 34}, in: []step{{payload: hx("80 00 00 00 00")}}, err: ErrMalformed},
	{name: "RFC 2190: mode C that is cut off", format: Format{PayloadType: 34}, in: []step{{payload: hx("c0 00 00 00 00 00 00 00 00")}}, err: ErrMalformed},
	{
		name:   "RFC 2190: SBIT and EBIT are more than there is",
		format: Format{PayloadType: 34},
		in:     []step{{payload: hx("00 40 00 01 |" + h263I)}, {marker: true, payload: hx("bf 00 00 00 00 00 00 00 | 11")}},
		err:    ErrMalformed,
	},
}

func init() {
	for i := range h263Cases {
		if f := &h263Cases[i].format; f.PayloadType == 0 {
			f.Encoding = "H263-1998"
		}
	}
}

func TestH263(t *testing.T) { testDepacketizer(t, h263Cases) }
func FuzzH263(f *testing.F) { fuzzDepacketizer(f, h263Cases, checkVideo) }

func TestH263Track(t *testing.T) {
	testTrack(t, Format{Encoding: "h263-2000"}, media.H263, &trackStep{}, []trackStep{
		{hx("04 00 | 80 06 1c 10 40 bb"), false, 0, 0, ""}, // it does not say how large
		{hx("04 00 | 80 06 04 aa"), true, 128, 96, ""},
		{hx("04 00 | 80 06 08 aa"), true, 176, 144, ""},
		{hx("04 00 | 80 06 0c aa"), true, 352, 288, ""},
		{hx("04 00 | 80 06 10 aa"), true, 704, 576, ""},
		{hx("04 00 | 80 06 14 aa"), true, 1408, 1152, ""},
		{hx("04 00 | 80 06 18 aa"), true, 1408, 1152, ""}, // reserved
		{hx("04 00 | 80 06 1c e0 01 00 10 93 e2 d0 aa"), true, 320, 180, ""},
		{hx("04 00 | 80 06 1c a0 01 00 10 aa"), true, 176, 144, ""},          // version 2, QCIF
		{hx("04 00 | 80 06 1c e0 01 00 18 24 f8 b4 aa"), true, 320, 180, ""}, // with CPM
	})
}

func TestH263Limits(t *testing.T) {
	testPictureLimits(t, Format{Encoding: "H263-1998"}, hx("04 00 | 80 06 08 aa"), hx("00 00"), hx("04 00 | 80 06 08 aa"))
	testPictureLimits(t, Format{PayloadType: 34}, hx("00 40 00 01"+h263I), hx("80 00 00 00 00 00 00 00"), hx("00 40 00 01"+h263I))
}
