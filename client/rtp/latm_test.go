package rtp

import (
	"encoding/hex"
	"testing"

	"tapedeck/client/media"
)

// The parts of a StreamMuxConfig in bits: AAC-LC, 44100 Hz, stereo, 1024 samples.
const (
	latmV0  = "0 1 000000 0000 000"               // version 0, same timing, one subframe, program and layer
	latmASC = "00010 0100 0010 0 0 0"             // AudioSpecificConfig
	latmEnd = "000 11111111 0 0"                  // counted lengths, fullness, no other data, no CRC
	latmV1  = "1 0 00 00000000 1 000000 0000 000" // version 1 A, fullness of one byte
)

func latmFormat(cpresent, config string) Format {
	f := Format{Encoding: "MP4A-LATM", ClockRate: 90000, Channels: 2, Params: map[string]string{}}
	if cpresent != "" {
		f.Params["cpresent"] = cpresent
	}
	if config != "" {
		f.Params["config"] = hex.EncodeToString(bs(config))
	}
	return f
}

// latmStep is 1024 samples of 44100 in ticks of 90000.
const latmStep = 2089

var latmCases = []depackCase{
	{
		name:   "cpresent=0: a length and a frame",
		format: latmFormat("0", latmV0+latmASC+latmEnd),
		in:     []step{{ts: 7, marker: true, payload: hx("03 | 0a0b0c")}},
		want:   []wantUnit{{7, true, hx("0a0b0c")}},
	},
	{
		name:   "a length of 255 + 1 in parts, without cpresent",
		format: latmFormat("", latmV0+latmASC+latmEnd),
		in: []step{
			{ts: 7, payload: join(hx("ff 01"), make([]byte, 100))},
			{ts: 7, payload: make([]byte, 100)},
			{ts: 7, marker: true, payload: make([]byte, 56)},
			{ts: 9, marker: true, payload: hx("02 0a0b")},
		},
		want: []wantUnit{{7, true, make([]byte, 256)}, {9, true, hx("0a0b")}},
	},
	{
		name:   "three subframes, and other data behind: 20 bits in version 0",
		format: latmFormat("0", "0 1 000010 0000 000"+latmASC+"000 11111111 1 0 00010100 0"),
		in:     []step{{ts: 7, marker: true, payload: hx("01 0a | 02 0b0c | 00 | fffff0")}},
		want:   []wantUnit{{7, true, hx("0a")}, {7 + latmStep, true, hx("0b0c")}},
	},
	{
		name:   "several elements in a packet, and a byte of padding",
		format: latmFormat("0", latmV0+latmASC+latmEnd),
		in:     []step{{ts: 7, marker: true, payload: hx("01 0a | 02 0b0c | 09")}},
		want:   []wantUnit{{7, true, hx("0a")}, {7 + latmStep, true, hx("0b0c")}},
	},
	{
		name:   "cpresent=1: the configuration is in the stream, and all is off the bytes",
		format: latmFormat("1", ""),
		in: []step{
			{ts: 5, marker: true, payload: bs("1 00000001 10101010 0000000")}, // same as what?
			{ts: 6, marker: true, payload: bs("0" + latmV0 + latmASC + latmEnd + "00000010 00001010 00001011 00000")},
			{ts: 7, marker: true, payload: bs("1 00000001 10101010 0000000")},
			{ts: 8, marker: true, payload: bs("0" + latmV0 + latmASC + latmEnd + "00000001 00001100 00000")},
		},
		want: []wantUnit{{6, true, hx("0a0b")}, {7, true, hx("aa")}, {8, true, hx("0c")}},
	},
	{
		name:   "cpresent is not told and there is a configuration: the stream shows it",
		format: latmFormat("", latmV0+latmASC+latmEnd),
		in: []step{
			{ts: 7, marker: true, payload: bs("1 00000001 10101010 0000000")},
			{ts: 8, marker: true, payload: bs("1 00000001 11101010 0000000")},
		},
		want: []wantUnit{{7, true, hx("aa")}, {8, true, hx("ea")}},
	},
	{
		name: "version 1: a length of the AudioSpecificConfig with a bit to fill, other data of 3 bits, CRC",
		// 17 bits: 16 of AAC-LC and one to fill
		format: latmFormat("0", latmV1+"00 00010001"+latmASC+"0"+"000 11111111 1 00 00000011 1 10101010"),
		in:     []step{{ts: 7, marker: true, payload: hx("02 0a0b | e0")}, {ts: 8, marker: true, payload: hx("01 0c | e0")}},
		want:   []wantUnit{{7, true, hx("0a0b")}, {8, true, hx("0c")}},
	},
	{
		name:   "cpresent=1, version 0 with 8 bits of other data and a CRC, then version 1 with two subframes",
		format: latmFormat("1", ""),
		in: []step{
			{ts: 6, marker: true, payload: bs("0" + latmV0 + latmASC + "000 11111111 1 0 00001000 1 10101010" + "00000001 00001100 11111111")},
			{ts: 7, marker: true, payload: bs("1 00000001 00001101 11111111 0000000")},
			{ts: 8, marker: true, payload: bs("0" + "1 0 00 00000000 1 000001 0000 000" + "00 00010000" + latmASC + latmEnd + "00000001 00001110 00000001 00001111")},
		},
		want: []wantUnit{{6, true, hx("0c")}, {7, true, hx("0d")}, {8, true, hx("0e")}, {8 + latmStep, true, hx("0f")}},
	},
	{
		name:   "frames of one length: 1 + 20 bytes",
		format: latmFormat("0", latmV0+latmASC+"001 000000001 0 0"),
		in:     []step{{ts: 7, marker: true, payload: make([]byte, 21)}},
		want:   []wantUnit{{7, true, make([]byte, 21)}},
	},
	{
		name:   "no marker: the timestamp shows the end",
		format: latmFormat("0", latmV0+latmASC+latmEnd),
		in:     []step{{ts: 7, payload: hx("02 0a")}, {ts: 7, payload: hx("0b")}, {ts: 8, payload: hx("01 0c")}, {ts: 9}},
		want:   []wantUnit{{7, true, hx("0a0b")}, {8, true, hx("0c")}},
	},
	{
		name:   "in parts, the middle one lost",
		format: latmFormat("0", latmV0+latmASC+latmEnd),
		in: []step{
			{ts: 7, payload: hx("03 0a")},
			{ts: 7, lost: true, marker: true, payload: hx("0c")},
			{ts: 8, marker: true, payload: hx("01 0d")},
		},
		want: []wantUnit{{8, true, hx("0d")}},
		err:  ErrMalformed,
	},
	{
		name:   "a program config element, aligned by the beginning of the AudioSpecificConfig",
		format: latmFormat("0", latmV0+"00010 0100 0000 000 "+latmPCE+latmEnd),
		in:     []step{{ts: 7, marker: true, payload: hx("01 0a")}},
		want:   []wantUnit{{7, true, hx("0a")}},
	},
	{name: "a length beyond the end", format: latmFormat("0", latmV0+latmASC+latmEnd), in: []step{{marker: true, payload: hx("03 0a0b")}}, err: ErrMalformed},
	{name: "a length without end", format: latmFormat("0", latmV0+latmASC+latmEnd), in: []step{{marker: true, payload: hx("ffffff")}}, err: ErrMalformed},
	{name: "half a configuration", format: latmFormat("1", ""), in: []step{{marker: true, payload: bs("0 0 1 00000")}}, err: ErrMalformed},
	{name: "speech in-band", format: latmFormat("1", ""), in: []step{{marker: true, payload: bs("0" + latmV0 + "01000 0100 0010 000" + latmEnd)}}, err: ErrMalformed},
	{
		name:   "parts without end",
		format: latmFormat("0", latmV0+latmASC+latmEnd),
		in:     []step{{payload: make([]byte, 40000)}, {payload: make([]byte, 40000)}},
		err:    ErrTooLarge,
	},
}

// latmPCE is a program_config_element of two front channels: tag 0, LC, 44100,
// one pair in front, no mixdowns, the pair, one bit to the byte (46 bits are
// behind the beginning of the AudioSpecificConfig), and a comment of one byte.
const latmPCE = "0000 01 0100 0001 0000 0000 00 000 0000 0 0 0 1 0000 000000 00000001 01010101"

func TestLATM(t *testing.T) { testDepacketizer(t, latmCases) }
func FuzzLATM(f *testing.F) { fuzzDepacketizer(f, latmCases, checkAudio) }

func TestLATMTrack(t *testing.T) {
	for _, c := range []struct {
		name     string
		format   Format
		in       []byte
		private  string // empty: not ready
		rate, ch int
	}{
		{"as described", latmFormat("0", latmV0+latmASC+latmEnd), nil, "1210", 44100, 2},
		{"by GStreamer", Format{Encoding: "MP4A-LATM", ClockRate: 44100, Params: map[string]string{"config": "40002420adca00", "cpresent": "0"}}, nil, "121056e500", 44100, 2},
		{"by GStreamer, without an extension", Format{Encoding: "MP4A-LATM", ClockRate: 44100, Params: map[string]string{"config": "40002420"}}, nil, "1210", 44100, 2},
		{"SBR and PS behind it", latmFormat("0", latmV0+latmASC+"01010110111 00101 1 0011 10101001000 1"+latmEnd), nil, "121056e59d4880", 44100, 2},
		{"a digit too many", Format{Encoding: "MP4A-LATM", ClockRate: 44100, Params: map[string]string{"config": "400024203fc00"}}, nil, "1210", 44100, 2},
		{"explicit SBR, 24000 and 48000", latmFormat("0", latmV0+"00101 0110 0010 0011 00010 0 0 0"+latmEnd), nil, "2b118800", 48000, 2},
		{"mono, 16000, explicit rate", latmFormat("0", latmV0+"00010 1111 000000000011111010000000 0001 0 0 0"+latmEnd), nil, "17801f4008", 16000, 1},
		{"nothing yet", latmFormat("1", ""), nil, "", 90000, 2},
		{"in-band", latmFormat("", ""), bs("0" + latmV0 + latmASC + latmEnd + "00000001 00001100 00000"), "1210", 44100, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := NewDepacketizer(c.format)
			if err != nil {
				t.Fatal(err)
			}
			if c.in != nil {
				feed(d, []step{{marker: true, payload: c.in}})
			}
			got, ready := d.Track()
			if ready != (c.private != "") || hex.EncodeToString(got.Private) != c.private {
				t.Errorf("ready %v, private %x, want %s", ready, got.Private, c.private)
			}
			if got.Codec != media.AAC || got.SampleRate != c.rate || got.Channels != c.ch {
				t.Errorf("%+v", got)
			}
		})
	}
}
