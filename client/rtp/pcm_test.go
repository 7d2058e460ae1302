package rtp

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp"

	"tapedeck/client/bits"
)

func audio(encoding string, clock, channels int) Format {
	return Format{Encoding: encoding, ClockRate: clock, Channels: channels}
}

var pcmCases = []depackCase{
	{
		name: "by the static type",
		in:   []step{{ts: 160, payload: hx("ff fe fd")}, {ts: 320}, {ts: 480, lost: true, payload: hx("01")}},
		want: []wantUnit{{160, true, hx("ff fe fd")}, {480, true, hx("01")}},
	},
	{
		name:   "stereo at 16 kHz",
		format: audio("PCMA", 16000, 2),
		in:     []step{{ts: 1, payload: hx("01 02 03 04")}, {ts: 3, payload: hx("05 06")}},
		want:   []wantUnit{{1, true, hx("01 02 03 04")}, {3, true, hx("05 06")}},
	},
	{
		name:   "a sample that the end of the packet cuts through",
		format: audio("L16", 44100, 2),
		in:     []step{{ts: 10, payload: hx("0102 0304 | 05")}, {ts: 11, payload: hx("06 0708 | 09 0a")}, {ts: 12, payload: hx("0b 0c")}},
		want:   []wantUnit{{10, true, hx("0102 0304")}, {11, true, hx("0506 0708")}, {12, true, hx("090a 0b0c")}},
	},
	{
		name:   "half a sample, and the rest of it is lost",
		format: audio("L16", 44100, 2),
		in:     []step{{ts: 10, payload: hx("0102 0304 | 05")}, {ts: 11, lost: true, payload: hx("0607 0809")}},
		want:   []wantUnit{{10, true, hx("0102 0304")}, {11, true, hx("0607 0809")}},
	},
	{
		name:   "half a sample, and the timestamps go elsewhere",
		format: audio("L24", 48000, 1),
		in:     []step{{ts: 10, payload: hx("010203 | 04")}, {ts: 500, payload: hx("050607")}},
		want:   []wantUnit{{10, true, hx("010203")}, {500, true, hx("050607")}},
	},
	{
		name:   "8 bits",
		format: audio("L8", 8000, 1),
		in:     []step{{ts: 1, payload: hx("80 ff 00")}},
		want:   []wantUnit{{1, true, hx("80 ff 00")}},
	},
	{
		name:   "Hikvision's",
		format: audio("PCM", 8000, 1),
		in:     []step{{ts: 1, payload: hx("3412")}},
		want:   []wantUnit{{1, true, hx("3412")}},
	},
	{
		name:   "more channels than there are bytes",
		format: audio("L24", 48000, 64),
		in:     []step{{ts: 1, payload: hx("01 02")}, {ts: 1, payload: hx("03")}},
	},
}

func TestPCM(t *testing.T) { testDepacketizer(t, pcmCases) }
func FuzzPCM(f *testing.F) { fuzzDepacketizer(f, pcmCases, checkAudio) }

func TestPCMTooLarge(t *testing.T) {
	d, err := NewDepacketizer(audio("L16", 44100, 2))
	if err != nil {
		t.Fatal(err)
	}
	d.Depacketize(&rtp.Header{}, hx("01"), false, nil)
	err = d.Depacketize(&rtp.Header{}, make([]byte, maxAudioUnit), false, func(Unit) { t.Error("a unit") })
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

var l20Cases = []depackCase{
	{
		name:   "two samples in five bytes",
		format: audio("L20", 48000, 1),
		in:     []step{{ts: 7, payload: hx("12345 6789a")}},
		want:   []wantUnit{{7, true, hx("123450 6789a0")}},
	},
	{
		name:   "one, and four bits of padding",
		format: audio("L20", 48000, 1),
		in:     []step{{ts: 7, payload: hx("12345 f")}},
		want:   []wantUnit{{7, true, hx("123450")}},
	},
	{
		name:   "stereo, and one sample too many",
		format: audio("L20", 48000, 2),
		in:     []step{{ts: 7, payload: hx("12345 6789a bcdef 0")}, {ts: 9, lost: true}},
		want:   []wantUnit{{7, true, hx("123450 6789a0")}},
	},
	{
		name:   "more than there is room for",
		format: audio("L20", 48000, 1),
		in:     []step{{payload: make([]byte, 60000)}},
		err:    ErrTooLarge,
	},
}

func TestL20(t *testing.T) { testDepacketizer(t, l20Cases) }
func FuzzL20(f *testing.F) { fuzzDepacketizer(f, l20Cases, checkAudio) }

var g722Cases = []depackCase{{
	name: "two samples a byte, one tick",
	in:   []step{{ts: 160, payload: hx("fa fb")}, {ts: 162, lost: true, payload: hx("fc")}, {ts: 163}},
	want: []wantUnit{{160, true, hx("fa fb")}, {162, true, hx("fc")}},
}}

func init() { g722Cases[0].format.PayloadType = 9 }

func TestG722(t *testing.T) { testDepacketizer(t, g722Cases) }
func FuzzG722(f *testing.F) { fuzzDepacketizer(f, g722Cases, checkAudio) }

func TestAppendBits(t *testing.T) {
	src := hx("12 34 56 78 9a")
	for pos := range 40 {
		for n := range 40 - pos + 1 {
			var want []byte
			for i := range n {
				if i%8 == 0 {
					want = append(want, 0)
				}
				want[i/8] |= src[(pos+i)/8] >> (7 - (pos+i)%8) & 1 << (7 - i%8)
			}
			if got := bits.Append(nil, src, pos, n); !bytes.Equal(got, want) {
				t.Fatalf("%d bits from %d: % x, want % x", n, pos, got, want)
			}
		}
	}
}
