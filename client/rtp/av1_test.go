package rtp

import (
	"bytes"
	"testing"

	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// A sequence header as libaom writes it for 320x180, and frames as short as
// they can be: without their sizes, and as they come out.
const (
	av1Seq   = "08 | 00 00 00 04 3c fe cc da f9 00 40"
	av1Key   = "30 | 10 01 02 03"
	av1Inter = "30 | 30 04 05"
	av1Tiles = "20 | 06 07"

	av1SeqOut   = "0a 0b | 00 00 00 04 3c fe cc da f9 00 40"
	av1KeyOut   = "32 04 | 10 01 02 03"
	av1InterOut = "32 03 | 30 04 05"
	av1TilesOut = "22 02 | 06 07"
)

var av1Cases = []depackCase{
	{
		name: "W tells how many: 1, 2 and 3",
		in: []step{
			{ts: 1, marker: true, payload: hx("28 | 0c" + av1Seq + av1Key)},
			{ts: 2, marker: true, payload: hx("10 |" + av1Inter)},
			{ts: 3, marker: true, payload: hx("30 | 04" + av1Inter + "| 03" + av1Tiles + av1Tiles)},
		},
		want: []wantUnit{
			{1, true, hx(av1SeqOut + av1KeyOut)},
			{2, false, hx(av1InterOut)},
			{3, false, hx(av1InterOut + av1TilesOut + av1TilesOut)},
		},
	},
	{
		name: "W 0: each has a length",
		in:   []step{{ts: 1, marker: true, payload: hx("08 | 0c" + av1Seq + "| 05" + av1Key + "| 00")}},
		want: []wantUnit{{1, true, hx(av1SeqOut + av1KeyOut)}},
	},
	{
		name: "in parts: Y and Z",
		in: []step{
			{ts: 1, payload: hx("68 | 0c" + av1Seq + "| 30 10")},
			{ts: 1, payload: hx("d0 | 01")},
			{ts: 1, payload: hx("90 | 02 03")},
			{ts: 1, payload: hx("50 | 20")},
			{ts: 1, marker: true, payload: hx("a0 | 02 06 07 |" + av1Tiles)},
		},
		want: []wantUnit{{1, true, hx(av1SeqOut + av1KeyOut + av1TilesOut + av1TilesOut)}},
	},
	{
		name: "sizes in the OBUs, an extension, bytes behind",
		in: []step{
			{ts: 1, marker: true, payload: hx("20 | 0d" + av1SeqOut + av1KeyOut)},
			{ts: 2, marker: true, payload: hx("10 | 34 20 30 04 05")},
			{ts: 3, marker: true, payload: hx("10 | 32 03 30 04 05 ff ff")},
		},
		want: []wantUnit{
			{1, true, hx(av1SeqOut + av1KeyOut)},
			{2, false, hx("36 20 03 30 04 05")},
			{3, false, hx(av1InterOut)},
		},
	},
	{
		name: "left out: temporal delimiters, whatever size they claim, tile lists, padding",
		in: []step{
			{ts: 1, payload: hx("00 | 02 12 00 | 06 10 ff ff ff ff ff | 02 40 00 | 03 78 00 00")},
			{ts: 1, marker: true, payload: hx("10 |" + av1Inter)},
			{ts: 2, marker: true, payload: hx("10 | 12 ff")}, // more than there is
			{ts: 3, marker: true, payload: hx("10 | 12 00")},
		},
		want: []wantUnit{{1, false, hx(av1InterOut)}},
		err:  ErrMalformed,
	},
	{
		name: "a key frame without a sequence header is given the last one",
		in: []step{
			{ts: 1, marker: true, payload: hx("10 |" + av1Key)}, // there was none
			{ts: 2, marker: true, payload: hx("20 | 0c" + av1Seq + av1Key)},
			{ts: 3, marker: true, payload: hx("10 |" + av1Key)},
		},
		want: []wantUnit{
			{1, false, hx(av1KeyOut)},
			{2, true, hx(av1SeqOut + av1KeyOut)},
			{3, true, hx(av1SeqOut + av1KeyOut)},
		},
	},
	{
		name: "no marker: the timestamp ends the unit",
		in: []step{
			{ts: 1, payload: hx("10 | 18 30")}, // a frame header
			{ts: 1, payload: hx("10 |" + av1Tiles)},
			{ts: 2, payload: hx("10 |" + av1Inter)},
			{ts: 3, payload: hx("10 |" + av1Inter)},
		},
		want: []wantUnit{{1, false, hx("1a 01 30" + av1TilesOut)}, {2, false, hx(av1InterOut)}},
	},
	{
		name: "loss: of the beginning, of the middle, of the end",
		in: []step{
			{ts: 1, lost: true, marker: true, payload: hx("90 | 02 03")},
			{ts: 2, payload: hx("50 | 30 30")},
			{ts: 2, lost: true, payload: hx("10 |" + av1Tiles)},
			{ts: 2, marker: true, payload: hx("10 |" + av1Tiles)},
			{ts: 3, payload: hx("50 | 30 30")},
			{ts: 4, lost: true, marker: true, payload: hx("10 |" + av1Tiles)}, // no frame
			{ts: 5, payload: hx("50 | 30 30")},
			{ts: 6, marker: true, payload: hx("10 |" + av1Inter)}, // its end never came
		},
		want: []wantUnit{{6, false, hx(av1InterOut)}},
	},
	{
		name: "joined in the middle of a unit: none of it is passed on",
		in: []step{
			{ts: 1, payload: hx("90 | 02 03")},
			{ts: 1, marker: true, payload: hx("10 |" + av1Inter)}, // of another layer
			{ts: 2, marker: true, payload: hx("10 |" + av1Inter)},
		},
		want: []wantUnit{{2, false, hx(av1InterOut)}},
	},
	{
		name: "Z without a beginning: that OBU is left out",
		in: []step{
			{ts: 1, payload: hx("10 |" + av1Inter)},
			{ts: 1, payload: hx("a0 | 01 ff |" + av1Tiles)},
			{ts: 1, payload: hx("50 | 20")}, // and one without an end
			{ts: 1, marker: true, payload: hx("10 |" + av1Tiles)},
		},
		want: []wantUnit{{1, false, hx(av1InterOut + av1TilesOut + av1TilesOut)}},
	},
	{name: "nothing", in: []step{{}}, err: ErrMalformed},
	{name: "a length of ten bytes", in: []step{{payload: hx("00 | 80 80 80 80 80 80 80 80 80 01 | 30")}}, err: ErrMalformed},
	{name: "a length above 32 bits", in: []step{{payload: hx("00 | ff ff ff ff 1f | 30")}}, err: ErrMalformed},
	{name: "a length that an int of 32 bits has no room for", in: []step{{payload: hx("00 | 80 80 80 80 08 | 30")}}, err: ErrMalformed},
	{name: "a length beyond the packet", in: []step{{payload: hx("20 | 7f | 30 10")}}, err: ErrMalformed},
	{name: "a size beyond the OBU", in: []step{{payload: hx("10 | 32 7f 10")}}, err: ErrMalformed},
	{name: "an extension that is cut off", in: []step{{payload: hx("10 | 34")}}, err: ErrMalformed},
	{name: "the forbidden bit", in: []step{{payload: hx("10 | b0 10")}}, err: ErrMalformed},
	{
		name: "what a broken packet leaves is dropped",
		in: []step{
			{ts: 1, payload: hx("10 |" + av1Inter)},
			{ts: 1, payload: hx("20 | 7f | 30 10")},
			{ts: 1, marker: true, payload: hx("10 |" + av1Tiles)},
			{ts: 2, marker: true, payload: hx("10 |" + av1Inter)},
		},
		want: []wantUnit{{2, false, hx(av1InterOut)}},
		err:  ErrMalformed,
	},
}

func init() { setEncoding(av1Cases, "AV1") }

func TestAV1(t *testing.T) { testDepacketizer(t, av1Cases) }

func FuzzAV1(f *testing.F) {
	fuzzDepacketizer(f, av1Cases, func(t *testing.T, u wantUnit) {
		checkVideo(t, u)
		for b := u.data; len(b) > 0; {
			header := 1
			if b[0]&4 != 0 {
				header = 2
			}
			if b[0]&0x82 != 2 || len(b) < header || b[0]>>3&15 == av1Delimiter {
				t.Fatalf("% x", u.data)
			}
			n, rest, ok := leb128(b[header:])
			if !ok || n > len(rest) {
				t.Fatalf("a size of %d in % x", n, u.data)
			}
			b = rest[n:]
		}
	})
}

// The records that ffmpeg makes of what libaom and SVT-AV1 write.
var av1Records = []struct {
	name          string
	record        string
	width, height int
}{
	{"4:2:0, libaom", "81 00 0c 00 | 0a 0b 00 00 00 04 3c fe cc da f9 00 40", 320, 180},
	{"4:2:0, 10 bits, SVT-AV1", "81 01 4c 00 | 0a 0b 00 00 00 0c c4 ff 67 00 be 10 10", 640, 360},
	{"4:4:4, 10 bits", "81 20 40 00 | 0a 0a 20 00 00 04 3c ff bc da f9 42", 320, 240},
	{"4:2:2, 12 bits", "81 40 68 00 | 0a 0b 40 00 00 04 3c ff bc da f9 62 20", 320, 240},
	{"RGB", "81 20 00 00 | 0a 0d 20 00 00 02 af ff 9b 5f 24 04 34 00 80", 64, 64},
	{"with a frame rate", "81 00 0c 00 | 0a 13 04 00 00 00 04 00 00 00 67 00 00 00 87 9f d9 9b 5f 20 08", 320, 180},
	{"grey", "81 00 1c 00 | 0a 0a 00 00 00 02 af ff 9b 5f 25 40", 64, 64},
}

func TestAV1ConfigurationLikeFFmpeg(t *testing.T) {
	for _, c := range av1Records {
		t.Run(c.name, func(t *testing.T) {
			record := hx(c.record)
			s, ok := parseAV1Sequence(record[6:])
			if !ok || s.width != c.width || s.height != c.height {
				t.Errorf("%dx%d, %v", s.width, s.height, ok)
			}
			if fast := c.name == "with a frame rate"; fast != (s.frameRate == 25) {
				t.Errorf("%v pictures a second", s.frameRate)
			}
			if got := s.av1C(record[4:]); !bytes.Equal(got, record) {
				t.Errorf("% x\nwant % x", got, record)
			}
		})
	}
}

func FuzzAV1Sequence(f *testing.F) {
	for _, c := range av1Records {
		f.Add(hx(c.record)[6:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := parseAV1Sequence(b); ok && (s.width <= 0 || s.height <= 0 || s.frameRate > nal.MaxFrameRate) {
			t.Fatalf("%+v", s)
		}
	})
}

func TestAV1Track(t *testing.T) {
	testTrack(t, Format{Encoding: "av1"}, media.AV1, &trackStep{}, []trackStep{
		{hx("10 |" + av1Inter), false, 0, 0, ""},
		{hx("20 | 0c" + av1Seq + av1Key), true, 320, 180, av1Records[0].record},
		{hx("20 | 0b 08 00 00 00 02 af ff 9b 5f 25 40" + av1Key), true, 64, 64, av1Records[6].record},
		{hx("20 | 03 08 00 00" + av1Key), true, 64, 64, av1Records[6].record}, // cut off
	})
}

func TestAV1Limits(t *testing.T) {
	testPictureLimits(t, Format{Encoding: "AV1"}, hx("50 | 30 30"), hx("d0"), hx("10 |"+av1Inter))
}
