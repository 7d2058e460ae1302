package rtp

import (
	"testing"

	"tapedeck/client/media"
)

// Headers as ffmpeg writes them for 320x180 at 25 a second, pictures as short
// as they can be.
const (
	mpv1Sequence = "00 00 01 b3 14 00 b4 13 ff ff e0 18"
	mpv2Sequence = "00 00 01 b3 14 00 b4 33 ff ff e0 18 | 00 00 01 b5 14 8a 00 01 00 00"
	mpvGOP       = "00 00 01 b8 00 08 00 40"
	mpvI         = "00 00 01 00 00 0f ff f8"
	mpvP         = "00 00 01 00 00 57 ff fb 80"
	mpvField     = "00 00 01 00 00 17 ff fb 80" // of the same time as mpvI
	mpvB         = "00 00 01 00 00 9f ff fb b8"
	mpvCoding    = "00 00 01 b5 8f ff f3 41 80" // MPEG-2's picture coding extension
	mpvSlice     = "00 00 01 01 13 f8 7d 29"
	mpvSlice2    = "00 00 01 02 13 f8 7d 29"
)

var mpvCases = []depackCase{
	{
		name: "one packet a picture, MPEG-1",
		in: []step{
			{ts: 1, marker: true, payload: hx("00 00 39 00 |" + mpv1Sequence + mpvGOP + mpvI + mpvSlice)},
			{ts: 3, marker: true, payload: hx("00 01 1a 01 |" + mpvP + mpvSlice)},
			{ts: 2, marker: true, payload: hx("00 00 1b 11 |" + mpvB + mpvSlice)},
		},
		want: []wantUnit{
			{1, true, hx(mpv1Sequence + mpvGOP + mpvI + mpvSlice)},
			{3, false, hx(mpvP + mpvSlice)},
			{2, false, hx(mpvB + mpvSlice)},
		},
	},
	{
		name: "MPEG-2: T with the second header, and without it",
		in: []step{
			{ts: 1, marker: true, payload: hx("04 00 39 00 | 3f ff f0 00 |" + mpv2Sequence + mpvI + mpvCoding + mpvSlice)},
			{ts: 2, marker: true, payload: hx("04 00 39 00 |" + mpv2Sequence + mpvI + mpvCoding + mpvSlice)},
		},
		want: []wantUnit{
			{1, true, hx(mpv2Sequence + mpvI + mpvCoding + mpvSlice)},
			{2, true, hx(mpv2Sequence + mpvI + mpvCoding + mpvSlice)},
		},
	},
	{
		name: "slices in packets, a slice in two",
		in: []step{
			{ts: 1, payload: hx("00 00 01 00 |" + mpvGOP + mpvI)},
			{ts: 1, payload: hx("00 00 19 00 |" + mpvSlice)},
			{ts: 1, payload: hx("00 00 11 00 | 00 00 01 02 13")},
			{ts: 1, marker: true, payload: hx("00 00 09 00 | f8 7d 29")},
		},
		want: []wantUnit{{1, false, hx(mpvGOP + mpvI + mpvSlice + mpvSlice2)}},
	},
	{
		name: "I without a sequence header is given the last one",
		in: []step{
			{ts: 1, marker: true, payload: hx("00 00 01 00 |" + mpvGOP + mpvI + mpvSlice)},
			{ts: 2, marker: true, payload: hx("00 00 01 00 |" + mpv2Sequence + mpvI + mpvSlice)},
			{ts: 3, marker: true, payload: hx("00 00 01 00 |" + mpvGOP + mpvI + mpvSlice)},
		},
		want: []wantUnit{
			{1, false, hx(mpvGOP + mpvI + mpvSlice)},
			{2, true, hx(mpv2Sequence + mpvI + mpvSlice)},
			{3, true, hx(mpv2Sequence + mpvGOP + mpvI + mpvSlice)},
		},
	},
	{
		name: "headers in packets of their own, marked; the payload's header all zeros",
		in: []step{
			{ts: 1, marker: true, payload: hx("00 00 00 00 |" + mpv2Sequence)},
			{ts: 2, payload: hx("00 00 00 00 |" + mpvI)},
			{ts: 2, marker: true, payload: hx("00 00 00 00 |" + mpvSlice)},
		},
		want: []wantUnit{{2, true, hx(mpv2Sequence + mpvI + mpvSlice)}},
	},
	{
		name: "two fields make a picture, unless both are marked",
		in: []step{
			{ts: 1, payload: hx("00 00 39 00 |" + mpv2Sequence + mpvI + mpvCoding + mpvSlice)},
			{ts: 1, marker: true, payload: hx("00 00 1a 00 |" + mpvField + mpvCoding + mpvSlice)},
			{ts: 2, marker: true, payload: hx("00 00 1a 00 |" + mpvField + mpvCoding + mpvSlice)},
			{ts: 2, marker: true, payload: hx("00 00 1a 00 |" + mpvField + mpvCoding + mpvSlice)},
		},
		want: []wantUnit{
			{1, true, hx(mpv2Sequence + mpvI + mpvCoding + mpvSlice + mpvField + mpvCoding + mpvSlice)},
			{2, false, hx(mpvField + mpvCoding + mpvSlice)},
			{2, false, hx(mpvField + mpvCoding + mpvSlice)},
		},
	},
	{
		// Their places in the order of display are 2, 0, 1; then, in another group, 0.
		name: "several pictures in a packet (GStreamer)",
		in: []step{
			{ts: 7200, payload: hx("00 00 00 00 |" + mpv1Sequence + mpvGOP + "00 00 01 00 00 8f ff f8" + mpvSlice + "00 00 01 00 00 1f ff f8" + mpvSlice + "00 00 01 00 00 5f")},
			{ts: 7200, marker: true, payload: hx("00 00 00 00 | ff f8" + mpvSlice + mpvGOP + mpvI + mpvSlice)},
		},
		want: []wantUnit{
			{7200, true, hx(mpv1Sequence + mpvGOP + "00 00 01 00 00 8f ff f8" + mpvSlice)},
			{0, false, hx("00 00 01 00 00 1f ff f8" + mpvSlice)},
			{3600, false, hx("00 00 01 00 00 5f ff f8" + mpvSlice)},
			{7200, true, hx(mpv1Sequence + mpvGOP + mpvI + mpvSlice)},
		},
	},
	{
		name: "no marker",
		in: []step{
			{ts: 1, payload: hx("00 00 1a 00 |" + mpvP + mpvSlice)},
			{ts: 2, payload: hx("00 00 1a 00 |" + mpvP + mpvSlice)},
			{ts: 3, payload: hx("00 00 1a 00 |" + mpvP + mpvSlice)},
		},
		want: []wantUnit{{1, false, hx(mpvP + mpvSlice)}, {2, false, hx(mpvP + mpvSlice)}},
	},
	{
		name: "loss: of the beginning, of the middle, of the end",
		in: []step{
			{ts: 1, lost: true, marker: true, payload: hx("00 00 1a 00 |" + mpvSlice2)},
			{ts: 2, payload: hx("00 00 1a 00 |" + mpvP)},
			{ts: 2, lost: true, marker: true, payload: hx("00 00 1a 00 |" + mpvSlice2)},
			{ts: 3, payload: hx("00 00 1a 00 |" + mpvP + mpvSlice)},
			{ts: 4, lost: true, marker: true, payload: hx("00 00 1a 00 |" + mpvP + mpvSlice)},
		},
		want: []wantUnit{{4, false, hx(mpvP + mpvSlice)}},
	},
	{name: "three bytes", in: []step{{payload: hx("00 00 00")}}, err: ErrMalformed},
	{name: "T without what it promises", in: []step{{payload: hx("04 00 00 00 3f ff")}}, err: ErrMalformed},
	{name: "nothing behind the header", in: []step{{marker: true, payload: hx("00 00 00 00")}}},
}

func init() { setEncoding(mpvCases, "MPV") }

func TestMPV(t *testing.T) { testDepacketizer(t, mpvCases) }
func FuzzMPV(f *testing.F) { fuzzDepacketizer(f, mpvCases, checkVideo) }

func TestMPVTrack(t *testing.T) {
	testTrack(t, Format{PayloadType: 32}, media.MPEG2Video, &trackStep{}, []trackStep{
		{hx("00 00 1a 00 |" + mpvP + mpvSlice), false, 0, 0, ""},
		{hx("00 00 1a 00 |" + mpv2Sequence + mpvI + mpvSlice), true, 320, 180, mpv2Sequence},
		// The extension has the high bits of the size.
		{hx("00 00 1a 00 | 00 00 01 b3 14 00 b4 33 ff ff e0 18 | 00 00 01 b5 14 8a a0 01 00 00 |" + mpvI + mpvSlice), true, 320 + 1<<12, 180 + 1<<12,
			"00 00 01 b3 14 00 b4 33 ff ff e0 18 | 00 00 01 b5 14 8a a0 01 00 00"},
		{hx("00 00 1a 00 | 00 00 01 b3 00 00 00 33 ff ff e0 18 |" + mpvI + mpvSlice), true, 320 + 1<<12, 180 + 1<<12, // no size
			"00 00 01 b3 14 00 b4 33 ff ff e0 18 | 00 00 01 b5 14 8a a0 01 00 00"},
	})
	testTrack(t, Format{Encoding: "mpv"}, media.MPEG1Video, nil, []trackStep{
		{hx("00 00 1a 00 |" + mpv1Sequence + mpvGOP + mpvI + mpvSlice), true, 320, 180, mpv1Sequence},
	})
	d, _ := NewDepacketizer(Format{PayloadType: 32})
	feed(d, mpvCases[0].in)
	if track, _ := d.Track(); track.FrameRate != 25 {
		t.Errorf("%v pictures a second", track.FrameRate)
	}
}

func TestMPVLimits(t *testing.T) {
	testPictureLimits(t, Format{PayloadType: 32}, hx("00 00 1a 00 |"+mpvP), hx("00 00 00 00"), hx("00 00 1a 00 |"+mpvP+mpvSlice))
}
