package rtp

import (
	"encoding/base64"
	"strings"
	"testing"

	"tapedeck/client/nal"
)

// Parameter sets as x264 writes them, and slices as short as they can be.
const (
	sps640  = "67 64 00 1e ac d9 40 a0 2f f9 70 11 00 00 03 00 01 00 00 03 00 32 0f 16 2d 96"
	sps1080 = "67 42 c0 28 d9 00 78 02 27 e5 c0 44 00 00 0f a4 00 03 a9 80 3c 60 c9 20"
	sps444  = "67 f4 00 15 91 9b 28 28 21 f8 9c 04 40 00 00 03 00 40 00 00 0c 87 c5 0a 65 80"
	pps264  = "68 eb e3 cb 22 c0"

	idr     = "65 88 84 11" // first slice, I
	idrRest = "65 42 04 22" // a later slice, I
	slice   = "41 9a 22 33" // first slice, P
	rest    = "41 46 22 44" // a later slice, P
	intra   = "41 88 84 55" // first slice, I, not IDR
	recover = "06 06 01 c4 80"
)

func b64(list ...string) string {
	for i, s := range list {
		list[i] = base64.StdEncoding.EncodeToString(hx(s))
	}
	return strings.Join(list, ",")
}

var h264Cases = []depackCase{
	{
		name: "single NAL units",
		in: []step{
			{ts: 1, payload: hx(sps640)},
			{ts: 1, payload: hx(pps264)},
			{ts: 1, payload: hx(idr)},
			{ts: 1, marker: true, payload: hx(idrRest)},
			{ts: 2, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{
			{1, true, nals(sps640, pps264, idr, idrRest)},
			{2, false, nals(slice)},
		},
	},
	{
		name: "STAP-A, with entries of size zero and zeros behind",
		in:   []step{{ts: 1, marker: true, payload: hx("18 | 0006" + pps264 + "| 0000 | 0004" + idr + "| 0000 00")}},
		want: []wantUnit{
			{1, true, nals(pps264, idr)},
		},
	},
	{
		name: "STAP-B, MTAP16, MTAP24",
		in: []step{
			{ts: 1, marker: true, payload: hx("19 | 0001 | 0004" + idr)},
			{ts: 2, marker: true, payload: hx("1a | 0002 | 0004 00 0000" + slice + "| 0004 01 0003" + slice)},
			{ts: 9, marker: true, payload: hx("1b | 0002 | 0004 00 000001" + slice)},
		},
		want: []wantUnit{
			{1, true, nals(idr)},
			{2, false, nals(slice)},
			{5, false, nals(slice)},
			{10, false, nals(slice)},
		},
	},
	{
		name: "FU-A",
		in: []step{
			{ts: 1, payload: hx("7c 85 | 88 84")}, // S, type 5
			{ts: 1, payload: hx("7c 05 | 01 02")},
			{ts: 1, marker: true, payload: hx("7c 45 | 03")}, // E
		},
		want: []wantUnit{{1, true, nals("65 88 84 01 02 03")}},
	},
	{
		name: "FU-B, then FU-A",
		in: []step{
			{ts: 1, payload: hx("7d 85 | 0000 | 88 84")},
			{ts: 1, marker: true, payload: hx("7c 45 | 03")},
		},
		want: []wantUnit{{1, true, nals("65 88 84 03")}},
	},
	{
		name: "FU-A with start and end in one (CostarHD), an empty one between",
		in: []step{
			{ts: 1, payload: hx("7c c5 | 88 84 07")},
			{ts: 1, payload: hx("7c 05")},
			{ts: 1, marker: true, payload: hx("7c c5 | 42 84 08")},
		},
		want: []wantUnit{{1, true, nals("65 88 84 07", "65 42 84 08")}},
	},
	{
		name: "FU-A whose type changes (Tiandy): the first counts",
		in: []step{
			{ts: 1, payload: hx("7c 85 | 88 84")},
			{ts: 1, marker: true, payload: hx("7c 41 | 03")},
		},
		want: []wantUnit{{1, true, nals("65 88 84 03")}},
	},
	{
		name: "FU-A that never sets the end bit",
		in: []step{
			{ts: 1, payload: hx("7c 85 | 88 84")},
			{ts: 1, payload: hx("7c 05 | 03")},
			{ts: 2, payload: hx("5c 81 | 9a 22")},
			{ts: 2, payload: hx("5c 01 | 04")},
			{ts: 3, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{
			{1, true, nals("65 88 84 03")},
			{2, false, nals("41 9a 22 04")},
			{3, false, nals(slice)},
		},
	},
	{
		name: "FU-A that never sets the end bit, slices of one picture",
		in: []step{
			{ts: 1, payload: hx("7c 85 | 88 84")},
			{ts: 1, payload: hx("7c 05 | 03")},
			{ts: 1, payload: hx("7c 85 | 42 84")},
			{ts: 1, marker: true, payload: hx("7c 05 | 04")},
			{ts: 2, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{{1, true, nals("65 88 84 03", "65 42 84 04")}, {2, false, nals(slice)}},
	},
	{
		name: "FU-A without its end, then another, with a loss between",
		in: []step{
			{ts: 1, payload: hx("7c 85 | 88 84")},
			{ts: 1, lost: true, payload: hx("7c 85 | 42 84")},
			{ts: 1, marker: true, payload: hx("7c 45 | 04")},
			{ts: 2, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{{2, false, nals(slice)}},
	},
	{
		name: "joined in the middle of a fragmented picture",
		in: []step{
			{ts: 1, payload: hx("7c 05 | 01 02")},
			{ts: 1, marker: true, payload: hx("7c 45 | 03")},
			{ts: 2, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{{2, false, nals(slice)}},
		err:  ErrMalformed,
	},
	{
		name: "joined at a later slice",
		in: []step{
			{ts: 1, marker: true, payload: hx(rest)},
			{ts: 2, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{{2, false, nals(slice)}},
	},
	{
		name: "loss inside a picture drops it, its parameter sets are learned",
		in: []step{
			{ts: 1, payload: hx("7c 85 | 88 84")},
			{ts: 1, lost: true, marker: true, payload: hx("7c 45 | 03")},
			{ts: 2, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{{2, false, nals(slice)}},
	},
	{
		name: "loss of a picture's end and of the next one's beginning",
		in: []step{
			{ts: 1, payload: hx(idr)},
			{ts: 2, lost: true, payload: hx(rest)},
			{ts: 2, marker: true, payload: hx(rest)},
			{ts: 3, payload: hx(slice)},
			{ts: 4, lost: true, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{{4, false, nals(slice)}},
	},
	{
		name: "loss between pictures costs none",
		in: []step{
			{ts: 1, marker: true, payload: hx(idr)},
			{ts: 3, lost: true, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{{1, true, nals(idr)}, {3, false, nals(slice)}},
	},
	{
		name: "no marker at all (FLIR): units end with the timestamp",
		in: []step{
			{ts: 1, payload: hx(idr)},
			{ts: 1, payload: hx(idrRest)},
			{ts: 2, payload: hx(slice)},
			{ts: 3, payload: hx(slice)},
		},
		want: []wantUnit{{1, true, nals(idr, idrRest)}, {2, false, nals(slice)}},
	},
	{
		name: "marker on parameter sets and SEI (Reolink, TC70), with times of their own",
		in: []step{
			{ts: 1, marker: true, payload: hx("09 f0")},
			{ts: 2, marker: true, payload: hx(sps640)},
			{ts: 2, marker: true, payload: hx(pps264)},
			{ts: 3, marker: true, payload: hx(idr)},
		},
		want: []wantUnit{{3, true, nals("09 f0", sps640, pps264, idr)}},
	},
	{
		name: "marker on every slice: it stops to count",
		in: []step{
			{ts: 1, marker: true, payload: hx(idr)},
			{ts: 1, marker: true, payload: hx(idrRest)},
			{ts: 2, marker: true, payload: hx(slice)},
			{ts: 2, marker: true, payload: hx(rest)},
			{ts: 3, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{
			{1, true, nals(idr)},
			{1, true, nals(idrRest)},
			{2, false, nals(slice, rest)},
		},
	},
	{
		name: "two pictures of one time",
		in: []step{
			{ts: 1, marker: true, payload: hx(idr)},
			{ts: 1, marker: true, payload: hx(slice)},
			{ts: 2, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{{1, true, nals(idr)}, {1, false, nals(slice)}, {2, false, nals(slice)}},
	},
	{
		name: "start codes in front and between (V380)",
		in: []step{
			{ts: 1, marker: true, payload: hx("00000001" + sps640 + "00000001" + pps264 + "000001" + idr)},
			{ts: 2, marker: true, payload: hx(slice + "000001" + rest)},
		},
		want: []wantUnit{
			{1, true, nals(sps640, pps264, idr)},
			{2, false, nals(slice, rest)},
		},
	},
	{
		name: "start codes in front of what is in the fragments",
		in: []step{
			{ts: 1, payload: hx("7c 85 | 00000001" + pps264 + "00000001 65 88")},
			{ts: 1, marker: true, payload: hx("7c 45 | 84 11")},
			{ts: 2, marker: true, payload: hx("5c c1 | 000001" + slice)},
		},
		want: []wantUnit{{1, true, nals(pps264, idr)}, {2, false, nals(slice)}},
	},
	{
		name: "start codes behind a parameter set, in a fragment",
		in: []step{
			{ts: 1, payload: hx("7c 88 | eb e3 cb 22 c0 00 00")}, // type 8
			{ts: 1, payload: hx("7c 08 | 00 01" + idr)},
			{ts: 1, marker: true, payload: hx("7c 48 | 66 00 00")},
		},
		want: []wantUnit{{1, true, nals(pps264, idr+"66")}},
	},
	{
		name: "zeros behind, filler, types that are not assigned, nothing",
		in: []step{
			{ts: 1, payload: hx("0c ff ff 80")},
			{ts: 1, payload: hx("1f 00")},
			{ts: 1},
			{ts: 1, marker: true, payload: hx(idr + "00 00 00 00")},
		},
		want: []wantUnit{{1, true, nals(idr)}},
	},
	{
		name: "key pictures without IDR",
		in: []step{
			{ts: 1, payload: hx(sps640)},
			{ts: 1, marker: true, payload: hx(intra)},
			{ts: 2, marker: true, payload: hx(intra)},
			{ts: 3, payload: hx(recover)},
			{ts: 3, marker: true, payload: hx(slice)},
			{ts: 4, payload: hx(sps640)},
			{ts: 4, marker: true, payload: hx(slice)},
		},
		want: []wantUnit{
			{1, true, nals(sps640, intra)},
			{2, false, nals(intra)},
			{3, true, nals(recover, slice)},
			{4, false, nals(sps640, slice)},
		},
	},
	{
		name: "I-pictures are places to start where there are no others",
		in: []step{
			{ts: 1, marker: true, payload: hx(intra)},
			{ts: 2, marker: true, payload: hx(slice)},
			{ts: 3, marker: true, payload: hx(intra)},
			{ts: 4, marker: true, payload: hx(idr)},
			{ts: 5, marker: true, payload: hx(intra)},
			{ts: 4 + nal.RareKeys, marker: true, payload: hx(intra)},
			{ts: 5 + nal.RareKeys, marker: true, payload: hx(intra)}, // the usual kind has not come for too long
			{ts: 6 + nal.RareKeys, payload: hx(intra)},
			{ts: 6 + nal.RareKeys, marker: true, payload: hx(rest)}, // of P
		},
		want: []wantUnit{
			{1, true, nals(intra)},
			{2, false, nals(slice)},
			{3, true, nals(intra)},
			{4, true, nals(idr)},
			{5, false, nals(intra)},
			{4 + nal.RareKeys, false, nals(intra)},
			{5 + nal.RareKeys, true, nals(intra)},
			{6 + nal.RareKeys, false, nals(intra, rest)},
		},
	},
	{
		name:   "interleaved: STAP-B, MTAP16, MTAP24, FU-B and FU-A by their numbers",
		format: interleaved("2"),
		in: []step{
			{ts: 10, payload: hx("19 | 0000 | 0006" + pps264 + "| 0004" + idr)},                             // 0, 1
			{ts: 12, payload: hx("1a | 0003 | 0004 00 0000" + slice + "| 0004 02 0001" + slice)},            // 3 at 12, 5 at 13
			{ts: 10, marker: true, payload: hx("1b | 0002 | 0004 00 000000" + idrRest)},                     // 2
			{ts: 14, payload: hx("5d 81 | 0006 | 9a 22")},                                                   // 6...
			{ts: 14, payload: hx("5c 01 | 33")},                                                             // ...goes on
			{ts: 14, payload: hx("5c 41 | 44")},                                                             // ...to its end
			{ts: 12, marker: true, payload: hx("19 | 0004 | 0004" + rest)},                                  // 4
			{ts: 15, payload: hx("1a | 0007 | 0004 00 0000" + slice + "| 0004 01 0001" + slice)},            // 7, 8
			{ts: 17, payload: hx("1a | 0009 | 0004 00 0000" + slice + "| 0004 01 0001" + slice + "| 0000")}, // 9, 10
		},
		want: []wantUnit{
			{10, true, nals(pps264, idr, idrRest)},
			{12, false, nals(slice, rest)},
			{13, false, nals(slice)},
			{14, false, nals("41 9a 22 33 44")},
			{15, false, nals(slice)},
		},
	},
	{
		name:   "interleaved, over the wrap of the numbers, by their distance",
		format: Format{Params: map[string]string{"packetization-mode": "2", "sprop-max-don-diff": "1"}},
		in: []step{
			{ts: 2, payload: hx("19 | ffff | 0004" + slice)},
			{ts: 1, payload: hx("19 | fffe | 0004" + idr)},
			{ts: 4, payload: hx("19 | 0001 | 0004" + slice)},
			{ts: 3, payload: hx("19 | 0000 | 0004" + slice)},
			{ts: 6, payload: hx("19 | 0002 | 0004" + slice)},
			{ts: 7, payload: hx("19 | 0004 | 0004" + slice)},
		},
		want: []wantUnit{{1, true, nals(idr)}, {2, false, nals(slice)}, {3, false, nals(slice)}, {4, false, nals(slice)}},
	},
	{
		name:   "interleaved, loss: the picture with the hole is dropped",
		format: interleaved("1"),
		in: []step{
			{ts: 1, payload: hx("19 | 0000 | 0004" + idr)},
			{ts: 2, payload: hx("19 | 0002 | 0004" + slice)},
			{ts: 3, lost: true, payload: hx("19 | 0004 | 0004" + slice)}, // 1 was lost
			{ts: 2, payload: hx("19 | 0003 | 0004" + rest)},
			{ts: 4, payload: hx("19 | 0005 | 0004" + slice)},
			{ts: 5, payload: hx("19 | 0006 | 0004" + slice)},
			{ts: 6, payload: hx("19 | 0007 | 0004" + slice)},
		},
		want: []wantUnit{{2, false, nals(slice, rest)}, {3, false, nals(slice)}, {4, false, nals(slice)}},
	},
	{
		name:   "interleaved, loss of a fragment",
		format: interleaved("1"),
		in: []step{
			{ts: 1, payload: hx("19 | 0000 | 0004" + idr)},
			{ts: 1, payload: hx("7d 85 | 0001 | 42 84")},
			{ts: 1, lost: true, payload: hx("7c 45 | 22")},
			{ts: 2, payload: hx("19 | 0002 | 0004" + slice)},
			{ts: 3, payload: hx("19 | 0003 | 0004" + slice)},
			{ts: 4, payload: hx("19 | 0004 | 0004" + slice)},
		},
		want: []wantUnit{{2, false, nals(slice)}},
		err:  ErrMalformed,
	},
	{
		name:   "interleaved, as announced; the sender numbers nothing",
		format: Format{Params: map[string]string{"packetization-mode": "2", "sprop-interleaving-depth": "1"}},
		in: []step{
			{ts: 1, payload: hx("18 | 0006" + pps264 + "| 0004" + idr)},
			{ts: 2, payload: hx(slice)},
			{ts: 3, payload: hx("5c c1 | 9a 22 33")},
			{ts: 4, payload: hx(slice)},
		},
		want: []wantUnit{{1, true, nals(pps264, idr)}, {2, false, nals(slice)}},
	},
	{
		name:   "packetization-mode 2 without interleaving: the marker counts",
		format: interleaved("0"),
		in:     []step{{ts: 1, marker: true, payload: hx("19 | 0000 | 0004" + idr)}},
		want:   []wantUnit{{1, true, nals(idr)}},
	},
	{
		name: "a STAP-A in a STAP-A, a type that only packets have in a fragment",
		in: []step{
			{ts: 1, payload: hx("18 | 0007 | 18 0004" + idr + "| 0002 | 1c 85")},
			{ts: 1, payload: hx("7c d8 | 0004" + idr)},
			{ts: 1, marker: true, payload: hx(idr)},
		},
		want: []wantUnit{{1, true, nals(idr)}},
	},
	{name: "interleaved, truncated", format: interleaved("1"), in: []step{{payload: hx("1a 0000 ffff 00 0000 65")}, {payload: hx("1d 85 00")}}, err: ErrMalformed},
	{name: "truncated STAP-A", in: []step{{payload: hx("18 0009 65")}}, err: ErrMalformed},
	{name: "truncated STAP-B", in: []step{{payload: hx("19 00")}}, err: ErrMalformed},
	{name: "truncated MTAP16", in: []step{{payload: hx("1a 0000 ffff 00 0000 65")}}, err: ErrMalformed},
	{name: "truncated MTAP24", in: []step{{payload: hx("1b 00")}}, err: ErrMalformed},
	{name: "truncated FU-A", in: []step{{payload: hx("1c")}}, err: ErrMalformed},
	{name: "truncated FU-B", in: []step{{payload: hx("1d 85 00")}}, err: ErrMalformed},
}

// interleaved is packetization-mode 2 with that depth.
func interleaved(depth string) Format {
	return Format{Params: map[string]string{"packetization-mode": "2", "sprop-interleaving-depth": depth}}
}

func init() {
	for i := range h264Cases {
		h264Cases[i].format.Encoding = "H264"
	}
}

func TestH264(t *testing.T) { testDepacketizer(t, h264Cases) }
func FuzzH264(f *testing.F) { fuzzDepacketizer(f, h264Cases, checkNALs) }
