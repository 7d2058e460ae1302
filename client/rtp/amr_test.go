package rtp

import "testing"

func amrFormat(pairs ...string) Format {
	f := Format{Encoding: "AMR", ClockRate: 8000, Channels: 1, Params: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		f.Params[pairs[i]] = pairs[i+1]
	}
	return f
}

// In these frames of comfort noise, type 8, have 39 bits, all ones or all zeros.
var amrCases = []depackCase{
	{
		name:   "bandwidth-efficient, one frame",
		format: amrFormat(),
		// 1111 | 0 1000 1 | 39 ones | 7 of padding
		in:   []step{{ts: 160, payload: hx("f4 7f ff ff ff ff 80")}},
		want: []wantUnit{{160, true, hx("44 ff ff ff ff fe")}},
	},
	{
		name:   "bandwidth-efficient, two frames: the second begins at bit 39",
		format: amrFormat("octet-align", "0"),
		// 1111 | 1 1000 1 | 0 1000 0 | 39 ones | 39 zeros | 2 of padding
		in:   []step{{ts: 160, payload: hx("fc 50 ff ff ff ff fe 00 00 00 00 00")}},
		want: []wantUnit{{160, true, hx("44 ff ff ff ff fe")}, {320, true, hx("40 00 00 00 00 00")}},
	},
	{
		name:   "octet-aligned, with a frame that is not there between",
		format: amrFormat("octet-align", "1"),
		in:     []step{{ts: 0, payload: hx("f0 | c4 fc 44 | 0102030405 | 060708090a")}},
		want:   []wantUnit{{0, true, hx("44 0102030405")}, {320, true, hx("44 060708090a")}},
	},
	{
		name:   "octet-aligned, told without a value; no CRC, no sorting",
		format: amrFormat("octet-align", "", "crc", "0", "robust-sorting", "0", "interleaving", "0"),
		in:     []step{{ts: 0, payload: hx("f0 | c4 44 | 0102030405 | 060708090a")}},
		want:   []wantUnit{{0, true, hx("44 0102030405")}, {160, true, hx("44 060708090a")}},
	},
	{
		name:   "octet-aligned with CRCs of the frames that are there",
		format: amrFormat("octet-align", "1", "crc", "1"),
		in:     []step{{ts: 0, payload: hx("f0 | c4 fc 44 | aa bb | 0102030405 | 060708090a")}},
		want:   []wantUnit{{0, true, hx("44 0102030405")}, {320, true, hx("44 060708090a")}},
	},
	{
		name:   "robust sorting: first bytes first; types 8 and 4, of 148 bits",
		format: amrFormat("robust-sorting", "1"),
		in:     []step{{ts: 0, payload: hx("f0 | c4 24 | 01 f1 02 f2 03 f3 04 f4 05 f5 f6 f7 f8 f9 fa fb fc fd fe ff e0 e1 e2 e3")}},
		want: []wantUnit{{0, true, hx("44 0102030405")},
			{160, true, hx("24 f1 f2 f3 f4 f5 f6 f7 f8 f9 fa fb fc fd fe ff e0 e1 e2 e3")}},
	},
	{
		name:   "interleaved: ILL 1, ILP 0 and 1",
		format: amrFormat("interleaving", "30"),
		in: []step{
			{ts: 0, payload: hx("f0 10 | c4 44 | 0000000000 | 0000000002")},
			{ts: 160, payload: hx("f0 11 | c4 44 | 0000000001 | 0000000003")},
			{ts: 640, payload: hx("f0 10 | 44 | 0000000004")},
		},
		want: []wantUnit{{0, true, hx("44 0000000000")}, {160, true, hx("44 0000000001")}, {320, true, hx("44 0000000002")},
			{480, true, hx("44 0000000003")}, {640, true, hx("44 0000000004")}},
	},
	{
		name:   "interleaved, a packet is lost",
		format: amrFormat("interleaving", "30"),
		in: []step{
			{ts: 0, payload: hx("f0 10 | c4 44 | 0000000000 | 0000000002")},
			{ts: 640, lost: true, payload: hx("f0 10 | 44 | 0000000004")},
		},
		want: []wantUnit{{0, true, hx("44 0000000000")}, {320, true, hx("44 0000000002")}, {640, true, hx("44 0000000004")}},
	},
	{
		name:   "stereo: two frames are 20 ms, and one that lacks its other half nothing",
		format: Format{Encoding: "AMR", ClockRate: 8000, Channels: 2, Params: map[string]string{"octet-align": "1"}},
		in:     []step{{ts: 0, payload: hx("f0 | c4 fc c4 c4 44 | 0102030405 | 060708090a | 0b0c0d0e0f | 1112131415")}},
		want:   []wantUnit{{0, true, hx("44 0102030405 7c")}, {160, true, hx("44 060708090a 44 0b0c0d0e0f")}},
	},
	{
		name:   "wide band, 40 bits of noise and a frame lost on the way",
		format: Format{Encoding: "AMR-WB", ClockRate: 16000, Params: map[string]string{"octet-align": "1"}},
		in:     []step{{ts: 0, payload: hx("f0 | f4 4c | 0102030405")}},
		want:   []wantUnit{{320, true, hx("4c 0102030405")}},
	},
	{
		name:   "octet-aligned with CRCs, interleaved and sorted at once",
		format: amrFormat("octet-align", "1", "crc", "1", "robust-sorting", "1", "interleaving", "4"),
		in: []step{
			{ts: 0, payload: hx("f0 10 | c4 44 | aa bb | 01 02 01 02 01 02 01 02 01 02")},
			{ts: 160, payload: hx("f0 11 | 44 | cc | 0303030303")},
			{ts: 640, payload: hx("f0 10 | 44 | dd | 0404040404")},
		},
		want: []wantUnit{{0, true, hx("44 0101010101")}, {160, true, hx("44 0303030303")}, {320, true, hx("44 0202020202")}, {640, true, hx("44 0404040404")}},
	},
	{name: "a table of contents without frames", format: amrFormat("octet-align", "1"), in: []step{{payload: hx("f0 | 44")}}, err: ErrMalformed},
	{name: "a table of contents without an end", format: amrFormat("octet-align", "1"), in: []step{{payload: hx("f0 | c4 c4 c4")}}, err: ErrMalformed},
	{name: "a type that there is not", format: amrFormat("octet-align", "1"), in: []step{{payload: hx("f0 | 64 00 00 00 00 00 00")}}, err: ErrMalformed},
	{name: "too few bits", format: amrFormat(), in: []step{{payload: hx("f4 7f ff ff ff ff")}}, err: ErrMalformed},
	{name: "entries and no end", format: amrFormat(), in: []step{{payload: hx("fc 71 c7")}}, err: ErrMalformed},
	{name: "the third of two", format: amrFormat("interleaving", "1"), in: []step{{payload: hx("f0 12 44 0000000000")}}, err: ErrMalformed},
	{name: "nothing", format: amrFormat("octet-align", "1"), in: []step{{}}, err: ErrMalformed},
	{name: "nothing, bandwidth-efficient", format: amrFormat(), in: []step{{}}, err: ErrMalformed},
}

func TestAMR(t *testing.T) { testDepacketizer(t, amrCases) }
func FuzzAMR(f *testing.F) { fuzzDepacketizer(f, amrCases, checkAudio) }
