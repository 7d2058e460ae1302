package rtp

import (
	"bytes"
	"testing"
)

// bs packs bits, written as 0 and 1 with blanks between, high bit first.
func bs(s string) (out []byte) {
	n := 0
	for _, c := range s {
		if c != '0' && c != '1' {
			continue
		}
		if n%8 == 0 {
			out = append(out, 0)
		}
		out[n/8] |= byte(c-'0') << (7 - n%8)
		n++
	}
	return out
}

// Frames of narrow band in mode 0 are its five bits; in mode 1, 43 bits.
var speexCases = []depackCase{
	{
		name:   "one frame and the padding",
		format: audio("speex", 8000, 1),
		in:     []step{{ts: 160, payload: bs("0 0000 011")}},
		want:   []wantUnit{{160, true, bs("0 0000 011")}},
	},
	{
		name:   "three frames of 20 ms, none at a byte",
		format: audio("speex", 8000, 1),
		in:     []step{{ts: 160, payload: bs("0 0000 | 0 0001 11111111 11111111 11111111 11111111 111101 | 0 0000 | 011")}},
		want: []wantUnit{{160, true, bs("0 0000 011")}, {320, true, bs("0 0001 11111111 11111111 11111111 11111111 111101 01111")},
			{480, true, bs("0 0000 011")}},
	},
	{
		name:   "16 kHz: narrow band with a high band of 4 bits",
		format: audio("speex", 16000, 1),
		in:     []step{{ts: 0, payload: bs("0 0000 1 000 | 0 0000 1 000 | 0 1111 111")}},
		want:   []wantUnit{{0, true, bs("0 0000 1 000 0111111")[:2]}, {320, true, bs("0 0000 1 000 0111111")[:2]}},
	},
	{
		name:   "32 kHz: two high bands",
		format: audio("speex", 32000, 1),
		in:     []step{{ts: 0, payload: bs("0 0000 1 000 1 000 | 0 0000 1 000 1 000 | 01111 1")}},
		want:   []wantUnit{{0, true, bs("0 0000 1 000 1 000 011")}, {640, true, bs("0 0000 1 000 1 000 011")}},
	},
	{
		name:   "messages in-band belong to the frame behind them",
		format: audio("speex", 8000, 1),
		in:     []step{{ts: 0, payload: bs("0 1110 0000 1 | 0 1101 0001 00000 11111111 | 0 0000 | 0 1111")}},
		want:   []wantUnit{{0, true, bs("0 1110 0000 1 | 0 1101 0001 00000 11111111 | 0 0000 01111111")[:5]}},
	},
	{
		name:   "after a loss",
		format: audio("speex", 8000, 1),
		in:     []step{{ts: 160, lost: true, payload: bs("0 0000 011")}, {ts: 170}},
		want:   []wantUnit{{160, true, bs("0 0000 011")}},
	},
	{
		name:   "what makes no sense is passed on as it is",
		format: audio("speex", 8000, 1),
		in:     []step{{ts: 0, payload: bs("0 1100 000 0 1100 000")}},
		want:   []wantUnit{{0, true, bs("0 1100 000 0 1100 000")}},
	},
	{
		name:   "a high band of no mode",
		format: audio("speex", 16000, 1),
		in:     []step{{ts: 0, payload: bs("0 0000 | 0 0000 1 111 000")}},
		want:   []wantUnit{{0, true, bs("0 0000 011")}},
	},
	{
		name:   "a high band of no mode first",
		format: audio("speex", 16000, 1),
		in:     []step{{ts: 0, payload: bs("1 111 0000 0000 0000")}},
		want:   []wantUnit{{0, true, bs("1 111 0000 0000 0000")}},
	},
}

func TestSpeex(t *testing.T) { testDepacketizer(t, speexCases) }
func FuzzSpeex(f *testing.F) { fuzzDepacketizer(f, speexCases, checkAudio) }

func TestSpeexTrack(t *testing.T) {
	d, err := NewDepacketizer(audio("SPEEX", 16000, 0))
	if err != nil {
		t.Fatal(err)
	}
	got, ready := d.Track()
	// As GStreamer's speexenc has it, but for the version in words.
	want := join([]byte("Speex   1.2"), make([]byte, 17), hx("01000000 50000000 803e0000 01000000 04000000 01000000"+
		"ffffffff 40010000 00000000 01000000 00000000 00000000 00000000"))
	if !ready || got.SampleRate != 16000 || got.Channels != 1 || !bytes.Equal(got.Private, want) {
		t.Errorf("%v %+v", ready, got)
	}
}
