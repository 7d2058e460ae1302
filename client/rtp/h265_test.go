package rtp

import (
	"bytes"
	"testing"

	"tapedeck/client/nal"
)

// Parameter sets as x265 writes them, and slices as short as they can be.
const (
	vps265   = "40 01 0c 01 ff ff 01 60 00 00 03 00 90 00 00 03 00 00 03 00 78 95 98 09"
	sps265   = "42 01 01 01 60 00 00 03 00 90 00 00 03 00 00 03 00 78 a0 03 c0 80 10 e5 96 56 69 24 ca f0 16 80 80 00 00 03 00 80 00 00 0c 84"
	spsDepth = "42 01 01 04 08 00 00 03 00 9d 08 00 00 03 00 00 3c b0 0d 08 0f 13 65 95 9a 49 32 bc 05 a0 20 00 00 03 00 20 00 00 03 03 21"
	pps265   = "44 01 c1 72 b4 62 40"

	idr265     = "26 01 af 1d" // IDR_W_RADL, first slice
	idrRest265 = "26 01 2f 1d"
	cra265     = "2a 01 af 1e"
	trail265   = "02 01 d0 09" // first slice
	rest265    = "02 01 50 09"
	sei265     = "50 01 84 80" // of the picture before
)

var h265Cases = []depackCase{
	{
		name: "single NAL units",
		in: []step{
			{ts: 1, payload: hx(vps265)},
			{ts: 1, payload: hx(sps265)},
			{ts: 1, payload: hx(pps265)},
			{ts: 1, payload: hx(idr265)},
			{ts: 1, marker: true, payload: hx(idrRest265)},
			{ts: 2, marker: true, payload: hx(trail265)},
			{ts: 3, marker: true, payload: hx(cra265)},
		},
		want: []wantUnit{
			{1, true, nals(vps265, sps265, pps265, idr265, idrRest265)},
			{2, false, nals(trail265)},
			{3, true, nals(cra265)},
		},
	},
	{
		name: "places to start: BLA, IDR, CRA, a recovery point",
		in: []step{
			{ts: 1, marker: true, payload: hx("20 01 af 1d")}, // BLA_W_LP
			{ts: 2, marker: true, payload: hx("24 01 af 1d")}, // BLA_N_LP
			{ts: 3, marker: true, payload: hx("28 01 af 1d")}, // IDR_N_LP
			{ts: 4, marker: true, payload: hx(cra265)},
			{ts: 5, marker: true, payload: hx(trail265)},
			{ts: 6, payload: hx("4e 01 06 02 01 40 80")}, // 3 pictures from here on all is refreshed
			{ts: 6, marker: true, payload: hx(trail265)},
			{ts: 7, payload: hx("4e 01 05 02 01 40 80")}, // somebody's data
			{ts: 7, marker: true, payload: hx(trail265)},
		},
		want: []wantUnit{
			{1, true, nals("20 01 af 1d")},
			{2, true, nals("24 01 af 1d")},
			{3, true, nals("28 01 af 1d")},
			{4, true, nals(cra265)},
			{5, false, nals(trail265)},
			{6, true, nals("4e 01 06 02 01 40 80", trail265)},
			{7, false, nals("4e 01 05 02 01 40 80", trail265)},
		},
	},
	{
		name: "I-pictures are places to start where there are no others",
		in: []step{
			{ts: 1, marker: true, payload: hx("02 01 d8 09")},
			{ts: 2, marker: true, payload: hx(trail265)},
			{ts: 3, payload: hx("44 01 c5 72 b4 62 40")}, // two bits more in slice headers
			{ts: 3, marker: true, payload: hx("02 01 c6 09")},
			{ts: 4, marker: true, payload: hx("02 01 c4 09")},
			{ts: 5, payload: hx("02 01 c6 09")},
			{ts: 5, marker: true, payload: hx(rest265)},
			{ts: 6, marker: true, payload: hx(cra265)},
			{ts: 7, marker: true, payload: hx("02 01 c6 09")},
		},
		want: []wantUnit{
			{1, true, nals("02 01 d8 09")},
			{2, false, nals(trail265)},
			{3, true, nals("44 01 c5 72 b4 62 40", "02 01 c6 09")},
			{4, false, nals("02 01 c4 09")},
			{5, false, nals("02 01 c6 09", rest265)},
			{6, true, nals(cra265)},
			{7, false, nals("02 01 c6 09")},
		},
	},
	{
		name: "AP",
		in:   []step{{ts: 1, marker: true, payload: hx("60 01 | 0007" + pps265 + "| 0004" + idr265 + "| 0000")}},
		want: []wantUnit{{1, true, nals(pps265, idr265)}},
	},
	{
		name: "FU",
		in: []step{
			{ts: 1, payload: hx("62 01 93 | af 1d")},
			{ts: 1, payload: hx("62 01 13 | 01 02")},
			{ts: 1, payload: hx("62 01 13")},
			{ts: 1, marker: true, payload: hx("62 01 53 | 03")},
		},
		want: []wantUnit{{1, true, nals("26 01 af 1d 01 02 03")}},
	},
	{
		name: "FU with start and end in one (OpenIPC)",
		in:   []step{{ts: 1, marker: true, payload: hx("62 01 d3 | af 1d 05")}},
		want: []wantUnit{{1, true, nals("26 01 af 1d 05")}},
	},
	{
		name:   "interleaved: single, FU, AP with decoding order numbers",
		format: Format{Params: map[string]string{"sprop-max-don-diff": "2"}},
		in: []step{
			{ts: 1, payload: hx("26 01 | 0001 | af 1d")},                                                 // 1
			{ts: 2, payload: hx("02 01 | 0003 | d0 09")},                                                 // 3
			{ts: 1, marker: true, payload: hx("60 01 | 0002 | 0004" + idrRest265)},                       // 2
			{ts: 3, payload: hx("62 01 81 | 0006 | d0")},                                                 // 6
			{ts: 3, payload: hx("62 01 41 | 07")},                                                        // goes on
			{ts: 2, marker: true, payload: hx("60 01 | 0004 | 0004" + rest265 + "| 00 | 0004" + sei265)}, // 4, 5
			{ts: 4, marker: true, payload: hx("02 01 | 0007 | d0 09")},
			{ts: 5, marker: true, payload: hx("02 01 | 000a | d0 09")},
		},
		want: []wantUnit{
			{1, true, nals(idr265, idrRest265)},
			{2, false, nals(trail265, rest265, sei265)},
			{3, false, nals("02 01 d0 07")},
		},
	},
	{
		name:   "numbers as in the drafts: with sprop-depack-buf-nalus alone",
		format: Format{Params: map[string]string{"sprop-depack-buf-nalus": "1"}},
		in: []step{
			{ts: 2, payload: hx("02 01 | 0002 | d0 09")},
			{ts: 1, payload: hx("26 01 | 0001 | af 1d")},
			{ts: 3, payload: hx("02 01 | 0003 | d0 09")},
			{ts: 4, payload: hx("02 01 | 0004 | d0 09")},
		},
		want: []wantUnit{{1, true, nals(idr265)}, {2, false, nals(trail265)}},
	},
	{
		name: "PACI: a unit, a fragment, one in another",
		in: []step{
			{ts: 1, payload: hx("64 01 | 4c 30 | aaaaaa | af 1d")}, // type 38, 3 bytes about it
			{ts: 1, payload: hx("64 01 | 26 00 | af 1d")},          // type 19
			{ts: 1, payload: hx("64 01 | 62 00 | 93 2f")},          // type 49
			{ts: 1, payload: hx("64 01 | 62 00 | 53 1d")},
			{ts: 1, payload: hx("64 01 | 64 00 | 26 01 af")},
			{ts: 1, payload: hx("64 01 | 27 f0")},
			{ts: 2, marker: true, payload: hx(trail265)},
		},
		want: []wantUnit{{1, true, nals(idr265, "26 01 2f 1d")}, {2, false, nals(trail265)}},
		err:  ErrMalformed,
	},
	{
		name: "loss drops the picture",
		in: []step{
			{ts: 1, payload: hx("62 01 93 | af 1d")},
			{ts: 1, lost: true, marker: true, payload: hx("62 01 53 | 03")},
			{ts: 2, lost: true, marker: true, payload: hx(rest265)},
			{ts: 3, marker: true, payload: hx(trail265)},
		},
		want: []wantUnit{{3, false, nals(trail265)}},
	},
	{
		name: "start codes, filler, an AP in an AP",
		in: []step{
			{ts: 1, payload: hx("4c 01 ff 80")},
			{ts: 1, payload: hx("60 01 | 0007 | 60 01 | 0003 26 01 af")},
			{ts: 1, marker: true, payload: hx("00000001" + pps265 + "000001" + idr265)},
		},
		want: []wantUnit{{1, true, nals(pps265, idr265)}},
	},
	{
		name: "start codes in front of what is in the fragments",
		in: []step{
			{ts: 1, payload: hx("62 01 93 | 00000001" + pps265 + "000001 26 01")},
			{ts: 1, marker: true, payload: hx("62 01 53 | af 1d")},
		},
		want: []wantUnit{{1, true, nals(pps265, idr265)}},
	},
	{
		name: "marker on parameter sets and SEI, on every slice; the type changes on the way; no end bit",
		in: []step{
			{ts: 1, marker: true, payload: hx(vps265)},
			{ts: 1, marker: true, payload: hx(sei265)},
			{ts: 1, marker: true, payload: hx(idr265)},
			{ts: 1, marker: true, payload: hx(idrRest265)},
			{ts: 2, payload: hx("62 01 81 | d0")},
			{ts: 2, marker: true, payload: hx("62 01 13 | 09")},
			{ts: 3, marker: true, payload: hx(trail265)},
		},
		want: []wantUnit{
			{1, true, nals(vps265, sei265, idr265)},
			{1, true, nals(idrRest265)},
			{2, false, nals("02 01 d0 09")},
		},
	},
	{
		name: "a place to start at that is no IRAP picture: a recovery point",
		in: []step{
			{ts: 1, marker: true, payload: hx(trail265)},
			{ts: 2, payload: hx("4e 01 | 01 01 aa | 06 01 d0 | 80")}, // behind a picture's timing
			{ts: 2, marker: true, payload: hx(trail265)},
			{ts: 3, payload: hx("4e 01 | 01 09 06 01 | 80")}, // a size beyond the end
			{ts: 3, marker: true, payload: hx(trail265)},
			{ts: 4, payload: hx("4e 01")},
			{ts: 4, marker: true, payload: hx(trail265)},
		},
		want: []wantUnit{
			{1, false, nals(trail265)},
			{2, true, nals("4e 01 01 01 aa 06 01 d0 80", trail265)},
			{3, false, nals("4e 01 01 09 06 01 80", trail265)},
			{4, false, nals("4e 01", trail265)},
		},
	},
	{
		name: "AP with entries of size zero and zeros behind",
		in:   []step{{ts: 1, marker: true, payload: hx("60 01 | 0000 | 0004" + idr265 + "| 0000 00")}},
		want: []wantUnit{{1, true, nals(idr265)}},
	},
	{
		name: "no marker, parameter sets before their picture",
		in: []step{
			{ts: 1, marker: true, payload: hx(sps265)},
			{ts: 2, payload: hx(idr265)},
			{ts: 3, payload: hx(trail265)},
		},
		want: []wantUnit{{2, true, nals(sps265, idr265)}},
	},
	{name: "one byte", in: []step{{payload: hx("26")}}, err: ErrMalformed},
	{name: "truncated AP", in: []step{{payload: hx("60 01 0009 26")}}, err: ErrMalformed},
	{name: "truncated FU", in: []step{{payload: hx("62 01")}}, err: ErrMalformed},
	{
		name:   "truncated numbers",
		format: Format{Params: map[string]string{"sprop-max-don-diff": "1"}},
		in:     []step{{payload: hx("26 01 00")}, {payload: hx("62 01 93 00")}},
		err:    ErrMalformed,
	},
}

func init() {
	for i := range h265Cases {
		h265Cases[i].format.Encoding = "H265"
	}
}

func TestH265(t *testing.T) { testDepacketizer(t, h265Cases) }
func FuzzH265(f *testing.F) { fuzzDepacketizer(f, h265Cases, checkNALs) }

func TestH265Track(t *testing.T) {
	const arrays = "03 | 20 0001 0018" + vps265 + "| 21 0001 002a" + sps265 + "| 22 0001 0007" + pps265
	const hvc = "01 | 01 60000000 900000000000 78 | f000 fc fd f8 f8 0000 0f" + arrays
	for _, c := range []struct {
		name          string
		params        map[string]string
		in            []string
		private       string
		width, height int
	}{
		{"from the description", map[string]string{"sprop-vps": b64(vps265), "sprop-sps": b64(sps265), "sprop-pps": b64(pps265)}, nil, hvc, 1920, 1080},
		{"under one another's keys (Reolink)", map[string]string{"sprop-vps": b64(pps265, sps265), "sprop-sps": b64(vps265, "4201")}, nil, hvc, 1920, 1080},
		{"in lists", map[string]string{"sprop-vps": b64(vps265, sps265), "sprop-pps": "AAAA," + b64(pps265)}, nil, hvc, 1920, 1080},
		{"partial", map[string]string{"sprop-sps": b64(sps265)}, []string{pps265}, "", 1920, 1080},
		{"in-band", nil, []string{vps265, sps265, pps265}, hvc, 1920, 1080},
		{"in-band replaces", map[string]string{"sprop-sps": b64(spsDepth)}, []string{vps265, sps265, pps265}, hvc, 1920, 1080},
		{"4:2:2, 10 bits", map[string]string{"sprop-sps": b64(spsDepth)}, nil, "", 416, 240},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := NewDepacketizer(Format{Encoding: "h265", Params: c.params})
			if err != nil {
				t.Fatal(err)
			}
			d.Track()
			for _, nal := range c.in {
				feed(d, []step{{payload: hx(nal)}})
			}
			got, ready := d.Track()
			if ready != (c.private != "") || !bytes.Equal(got.Private, hx(c.private)) {
				t.Errorf("ready %v, private % x,\nwant % x", ready, got.Private, hx(c.private))
			}
			if got.Width != c.width || got.Height != c.height {
				t.Errorf("%dx%d, want %dx%d", got.Width, got.Height, c.width, c.height)
			}
		})
	}
	s, ok := nal.ParseSPS265(hx(spsDepth))
	if !ok || s.Chroma != 2 || s.LumaDepth != 2 || s.ChromaDepth != 2 {
		t.Errorf("4:2:2 with 10 bits is read as %+v, %v", s, ok)
	}
}
