package rtp

import (
	"bytes"
	"errors"
	"testing"
)

// hbr is the usual description of AAC: 44100 Hz, stereo.
func hbr() Format {
	return Format{Encoding: "mpeg4-generic", ClockRate: 44100, Channels: 2, Params: map[string]string{
		"mode": "AAC-hbr", "config": "1210", "sizelength": "13", "indexlength": "3", "indexdeltalength": "3",
	}}
}

func lbr() Format {
	return Format{Encoding: "MPEG4-GENERIC", ClockRate: 8000, Channels: 1, Params: map[string]string{
		"mode": "AAC-lbr", "config": "1588",
	}}
}

// withParams is hbr with some of its parameters changed; "-" removes one.
func withParams(pairs ...string) Format {
	f := hbr()
	for i := 0; i < len(pairs); i += 2 {
		if f.Params[pairs[i]] = pairs[i+1]; pairs[i+1] == "-" {
			delete(f.Params, pairs[i])
		}
	}
	return f
}

// adts is a frame of three bytes behind a header of seven: 44100 Hz, stereo.
const adts = "ff f1 50 80 01 5f fc | aa bb cc"

var aacCases = []depackCase{
	{
		name:   "one access unit",
		format: hbr(),
		// 16 bits of headers: size 3 (13 bits), index 0 (3 bits)
		in:   []step{{ts: 7, marker: true, payload: hx("0010 | 0018 | 01 02 03")}},
		want: []wantUnit{{7, true, hx("01 02 03")}},
	},
	{
		name:   "three, each 1024 ticks after the other",
		format: hbr(),
		in:     []step{{ts: 7, marker: true, payload: hx("0030 | 0010 0008 0018 | 01 02 | 03 | 04 05 06")}},
		want:   []wantUnit{{7, true, hx("01 02")}, {7 + 1024, true, hx("03")}, {7 + 2048, true, hx("04 05 06")}},
	},
	{
		name:   "interleaved: the index's delta counts units that come in other packets",
		format: hbr(),
		in: []step{ // one byte each, deltas 2: 0 3 6, 1 4 7, 2 5 8, and 9
			{ts: 0, marker: true, payload: hx("0030 | 0008 000a 000a | 00 03 06")},
			{ts: 1024, marker: true, payload: hx("0030 | 0008 000a 000a | 01 04 07")},
			{ts: 2048, marker: true, payload: hx("0030 | 0008 000a 000a | 02 05 08")},
			{ts: 9216, marker: true, payload: hx("0030 | 0008 000a 000a | 09 0c 0f")},
		},
		want: []wantUnit{{0, true, hx("00")}, {1024, true, hx("01")}, {2048, true, hx("02")}, {3072, true, hx("03")},
			{4096, true, hx("04")}, {5120, true, hx("05")}, {6144, true, hx("06")}, {7168, true, hx("07")},
			{8192, true, hx("08")}, {9216, true, hx("09")}},
	},
	{
		name:   "interleaved, one packet lost",
		format: hbr(),
		in: []step{
			{ts: 0, marker: true, payload: hx("0030 | 0008 000a 000a | 00 03 06")},
			{ts: 2048, lost: true, marker: true, payload: hx("0030 | 0008 000a 000a | 02 05 08")},
			{ts: 9216, marker: true, payload: hx("0010 | 0008 | 09")},
		},
		want: []wantUnit{{0, true, hx("00")}, {2048, true, hx("02")}, {3072, true, hx("03")}, {5120, true, hx("05")},
			{6144, true, hx("06")}, {8192, true, hx("08")}, {9216, true, hx("09")}},
	},
	{
		name:   "interleaved by more than their index can tell: constantDuration",
		format: withParams("constantduration", "2048"),
		in: []step{
			{ts: 0, marker: true, payload: hx("0020 | 0008 0009 | 00 02")},
			{ts: 2048, marker: true, payload: hx("0020 | 0008 0009 | 01 03")},
			{ts: 8192, marker: true, payload: hx("0010 | 0008 | 04")},
		},
		want: []wantUnit{{0, true, hx("00")}, {2048, true, hx("01")}, {4096, true, hx("02")}, {6144, true, hx("03")}, {8192, true, hx("04")}},
	},
	{
		name:   "constantSize with headers that have the index only",
		format: Format{Encoding: "mpeg4-generic", ClockRate: 44100, Params: map[string]string{"config": "1210", "constantsize": "2", "indexlength": "4", "indexdeltalength": "4"}},
		in:     []step{{ts: 1, payload: hx("0008 | 00 | 01 02 03 04")}},
		want:   []wantUnit{{1, true, hx("01 02")}, {1025, true, hx("03 04")}},
	},
	{
		name:   "low bit rate, an auxiliary section of 12 bits and padding to a byte",
		format: Format{Encoding: "mpeg4-generic", ClockRate: 8000, Params: map[string]string{"mode": "AAC-lbr", "config": "1588", "sizelength": "6", "indexlength": "2", "indexdeltalength": "2", "auxiliarydatasizelength": "8"}},
		in:     []step{{ts: 1, payload: hx("0010 | 08 04 | 0c abc 0 | 01 02 | 03")}},
		want:   []wantUnit{{1, true, hx("01 02")}, {1025, true, hx("03")}},
	},
	{
		name:   "in parts",
		format: hbr(),
		in: []step{
			{ts: 1, payload: hx("0010 | 0028 | 01 02")},
			{ts: 1, payload: hx("0010 | 0028 | 03 04")},
			{ts: 1, marker: true, payload: hx("0010 | 0028 | 05")},
			{ts: 2, marker: true, payload: hx("0010 | 0008 | 06")},
		},
		want: []wantUnit{{1, true, hx("01 02 03 04 05")}, {2, true, hx("06")}},
	},
	{
		name:   "in parts, the middle one lost",
		format: hbr(),
		in: []step{
			{ts: 1, payload: hx("0010 | 0028 | 01 02")},
			{ts: 1, lost: true, marker: true, payload: hx("0010 | 0028 | 05")},
			{ts: 2, marker: true, payload: hx("0010 | 0008 | 06")},
		},
		want: []wantUnit{{2, true, hx("06")}},
		err:  ErrMalformed,
	},
	{
		name:   "in parts, never ended",
		format: hbr(),
		in: []step{
			{ts: 1, payload: hx("0010 | 0028 | 01 02")},
			{ts: 2, marker: true, payload: hx("0010 | 0008 | 06")},
		},
		want: []wantUnit{{2, true, hx("06")}},
	},
	{
		name:   "low bit rate: 6 and 2 bits",
		format: lbr(),
		in:     []step{{ts: 1, marker: true, payload: hx("0010 | 08 04 | 01 02 | 03")}}, // sizes 2 and 1
		want:   []wantUnit{{1, true, hx("01 02")}, {1 + 1024, true, hx("03")}},
	},
	{
		name:   "no mode and no lengths: as high bit rate",
		format: Format{Encoding: "mpeg4-generic", ClockRate: 48000, Channels: 2, Params: map[string]string{"config": "1190"}},
		in:     []step{{ts: 1, marker: true, payload: hx("0010 | 0008 | 01")}},
		want:   []wantUnit{{1, true, hx("01")}},
	},
	{
		name:   "every optional field",
		format: withParams("ctsdeltalength", "4", "dtsdeltalength", "4", "randomaccessindication", "1", "streamstateindication", "3", "auxiliarydatasizelength", "4"),
		// 1: size 1, index 0, CTS 0, DTS 0, RAP 1, state 5 | 2: size 2, delta 0,
		// CTS 1 and 9, DTS 1 and 6, RAP 0, state 0: 22 + 30 bits
		in: []step{{ts: 1, marker: true, payload: hx("0034" +
			// 0000000000001 000 0 0 1 101 0000000000010 000 1 1001 1 0110 0 000 + 4 of padding
			"0008 34 00 43 36 00 | 3a | 01 | 02 03")}}, // auxiliary: 3 bits of data
		want: []wantUnit{{1, true, hx("01")}, {1025, true, hx("02 03")}},
	},
	{
		name:   "units of constant size, without headers",
		format: Format{Encoding: "mpeg4-generic", ClockRate: 44100, Params: map[string]string{"config": "1210", "constantsize": "2", "constantduration": "100"}},
		in:     []step{{ts: 1, payload: hx("01 02 | 03 04 | 05")}},
		want:   []wantUnit{{1, true, hx("01 02")}, {101, true, hx("03 04")}},
	},
	{
		name:   "no headers: the payload is the unit",
		format: withParams("sizelength", "0", "indexlength", "0", "indexdeltalength", "0"),
		in:     []step{{ts: 1, payload: hx("01 02 03")}},
		want:   []wantUnit{{1, true, hx("01 02 03")}},
	},
	{
		name:   "headers without a size: what follows is the unit",
		format: withParams("sizelength", "0"),
		in:     []step{{ts: 1, payload: hx("0003 | 00 | 01 02 03")}},
		want:   []wantUnit{{1, true, hx("01 02 03")}},
	},
	{
		name:   "ADTS in the units",
		format: hbr(),
		in:     []step{{ts: 1, payload: hx("0020 | 0050 0050 |" + adts + "|" + adts)}},
		want:   []wantUnit{{1, true, hx("aa bb cc")}, {1025, true, hx("aa bb cc")}},
	},
	{
		name:   "ADTS and nothing else (Hikvision)",
		format: hbr(),
		in:     []step{{ts: 1, payload: hx(adts + "|" + adts)}},
		want:   []wantUnit{{1, true, hx("aa bb cc")}, {1025, true, hx("aa bb cc")}},
	},
	{
		name:   "what only looks like ADTS",
		format: hbr(),
		in:     []step{{ts: 1, payload: hx("0010 | 0048 |" + "ff f1 50 80 01 5f fc aa bb")}},
		want:   []wantUnit{{1, true, hx("ff f1 50 80 01 5f fc aa bb")}},
	},
	{
		name:   "SBR: the clock counts what comes out",
		format: withParams("config", "139056e5a0"), // core 22050
		in:     []step{{ts: 0, payload: hx("0020 | 0008 0008 | 01 | 02")}},
		want:   []wantUnit{{0, true, hx("01")}, {2048, true, hx("02")}},
	},
	{
		name:   "a clock of 90 kHz, another than the sound's: by the configuration",
		format: Format{Encoding: "mpeg4-generic", ClockRate: 90000, Params: map[string]string{"mode": "AAC-hbr", "streamtype": "4", "config": "1188"}}, // 48000 Hz
		in:     []step{{ts: 0, payload: hx("0030 | 0008 0008 0008 | 01 | 02 | 03")}},
		want:   []wantUnit{{0, true, hx("01")}, {1920, true, hx("02")}, {3840, true, hx("03")}},
	},
	{
		name:   "a clock that is half of what the configuration says",
		format: Format{Encoding: "mpeg4-generic", ClockRate: 8000, Params: map[string]string{"config": "1408"}}, // 16000 Hz
		in:     []step{{ts: 0, payload: hx("0020 | 0008 0008 | 01 | 02")}},
		want:   []wantUnit{{0, true, hx("01")}, {512, true, hx("02")}},
	},
	{
		name:   "frames of 960",
		format: withParams("config", "1214"),
		in:     []step{{ts: 0, payload: hx("0020 | 0008 0008 | 01 | 02")}},
		want:   []wantUnit{{0, true, hx("01")}, {960, true, hx("02")}},
	},
	{
		name:   "frames of 512 (LD)",
		format: withParams("config", "ba1000"), // type 23
		in:     []step{{ts: 0, payload: hx("0020 | 0008 0008 | 01 | 02")}},
		want:   []wantUnit{{0, true, hx("01")}, {512, true, hx("02")}},
	},
	{
		name:   "ADTS with a CRC, by a clock of 90 kHz that tells nothing",
		format: Format{Encoding: "mpeg4-generic", ClockRate: 90000},
		in:     []step{{ts: 0, payload: hx("ff f0 4c 80 01 9f fc | 1234 | aa bb cc | ff f1 4c 80 01 5f fc | dd ee ff")}}, // 48000 Hz
		want:   []wantUnit{{0, true, hx("aa bb cc")}, {1920, true, hx("dd ee ff")}},
	},
	{
		name:   "units of no size, header bits left over",
		format: hbr(),
		in:     []step{{ts: 0, payload: hx("0023 | 0000 0008 e0 | 01")}},
		want:   []wantUnit{{1024, true, hx("01")}},
	},
	{name: "nothing", format: hbr(), in: []step{{}}, err: ErrMalformed},
	{name: "headers of 65535 bits", format: hbr(), in: []step{{payload: hx("ffff 0018 01")}}, err: ErrMalformed},
	{name: "units beyond the end", format: hbr(), in: []step{{payload: hx("0020 | 0008 0018 | 01 02")}}, want: []wantUnit{{0, true, hx("01")}}, err: ErrMalformed},
	{
		name:   "a unit of 4 GiB",
		format: withParams("sizelength", "32", "indexlength", "0"),
		in:     []step{{payload: hx("0020 | ffffffff | 01")}},
		err:    ErrTooLarge,
	},
}

func TestAAC(t *testing.T) { testDepacketizer(t, aacCases) }
func FuzzAAC(f *testing.F) { fuzzDepacketizer(f, aacCases, checkAudio) }

func TestAACTrack(t *testing.T) {
	for _, c := range []struct {
		name     string
		format   Format
		in       string
		private  string // empty: not ready
		rate, ch int
	}{
		{"as described", hbr(), "", "1210", 44100, 2},
		{"the description's rate is the decoder's", Format{Encoding: "mpeg4-generic", ClockRate: 90000, Params: map[string]string{"config": "1210"}}, "", "1210", 44100, 2},
		{"explicit SBR", withParams("config", "2b11880000"), "", "2b11880000", 48000, 2},
		{"explicit rate", withParams("config", "1780abc410"), "", "1780abc410", 0x15788, 2},
		{"no configuration: guessed", withParams("config", "-"), "", "1210", 44100, 2},
		{"half a byte too many", withParams("config", "12100"), "", "1210", 44100, 2},
		{"nonsense in it: guessed", withParams("config", "zz"), "", "1210", 44100, 2},
		{"8000 Hz, mono", lbr(), "", "1588", 8000, 1},
		{"nothing to guess by", Format{Encoding: "mpeg4-generic", ClockRate: 90000}, "", "", 90000, 0},
		{"ADTS tells", Format{Encoding: "mpeg4-generic", ClockRate: 90000}, adts, "1210", 44100, 2},
		{"ADTS tells better than a guess", Format{Encoding: "mpeg4-generic", ClockRate: 8000, Channels: 1}, adts, "1210", 44100, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := NewDepacketizer(c.format)
			if err != nil {
				t.Fatal(err)
			}
			feed(d, []step{{payload: hx(c.in)}})
			got, ready := d.Track()
			if ready != (c.private != "") || !bytes.Equal(got.Private, hx(c.private)) {
				t.Errorf("ready %v, private %x, want %s", ready, got.Private, c.private)
			}
			if got.SampleRate != c.rate || got.Channels != c.ch {
				t.Errorf("%d Hz, %d channels; want %d, %d", got.SampleRate, got.Channels, c.rate, c.ch)
			}
		})
	}
}

func TestCELPIsRefused(t *testing.T) {
	_, err := NewDepacketizer(withParams("mode", "CELP-cbr"))
	var u *UnsupportedError
	if !errors.As(err, &u) {
		t.Errorf("got %v", err)
	}
}
