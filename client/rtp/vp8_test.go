package rtp

import (
	"testing"

	"tapedeck/client/media"
)

// Frames as short as they can be: a key frame of 320x240 and others.
const (
	vp8Key   = "50 0f 00 | 9d 01 2a | 4001 f000 | 01 02 03"
	vp8Inter = "b1 02 00 | 04 05 06"
)

var vp8Cases = []depackCase{
	{
		name: "one packet a frame, no extension",
		in: []step{
			{ts: 1, marker: true, payload: hx("10 |" + vp8Key)},
			{ts: 2, marker: true, payload: hx("10 |" + vp8Inter)},
		},
		want: []wantUnit{{1, true, hx(vp8Key)}, {2, false, hx(vp8Inter)}},
	},
	{
		name: "every extension: picture id of 7 and 15 bits, TL0PICIDX, TID and KEYIDX",
		in: []step{
			{ts: 1, marker: true, payload: hx("90 80 | 11 |" + vp8Key)},
			{ts: 2, marker: true, payload: hx("90 80 | 9234 |" + vp8Inter)},
			{ts: 3, marker: true, payload: hx("90 f0 | 9234 | 07 | 45 |" + vp8Inter)},
			{ts: 4, marker: true, payload: hx("90 10 | 05 |" + vp8Inter)},
			{ts: 5, marker: true, payload: hx("b0 00 |" + vp8Inter)}, // N: nothing refers to it
		},
		want: []wantUnit{{1, true, hx(vp8Key)}, {2, false, hx(vp8Inter)}, {3, false, hx(vp8Inter)}, {4, false, hx(vp8Inter)}, {5, false, hx(vp8Inter)}},
	},
	{
		name: "in parts; other partitions have S too",
		in: []step{
			{ts: 1, payload: hx("10 | 50 0f 00 9d 01 2a")},
			{ts: 1, payload: hx("00 | 4001 f000 01")},
			{ts: 1, payload: hx("11 | 02")},
			{ts: 1, marker: true, payload: hx("02 | 03")},
		},
		want: []wantUnit{{1, true, hx(vp8Key)}},
	},
	{
		name: "no marker: the timestamp, or a new beginning, ends the frame",
		in: []step{
			{ts: 1, payload: hx("10 |" + vp8Key)},
			{ts: 2, payload: hx("10 |" + vp8Inter)},
			{ts: 2, payload: hx("10 |" + vp8Inter)},
			{ts: 3, payload: hx("10 |" + vp8Inter)},
		},
		want: []wantUnit{{1, true, hx(vp8Key)}, {2, false, hx(vp8Inter)}, {2, false, hx(vp8Inter)}},
	},
	{
		name: "loss: of the beginning, of the middle, of the end",
		in: []step{
			{ts: 1, lost: true, marker: true, payload: hx("00 | 02 03")},
			{ts: 2, payload: hx("10 | b1 02 00")},
			{ts: 2, lost: true, marker: true, payload: hx("00 | 06")},
			{ts: 3, payload: hx("10 | b1 02 00")},
			{ts: 4, lost: true, marker: true, payload: hx("10 |" + vp8Inter)},
		},
		want: []wantUnit{{4, false, hx(vp8Inter)}},
	},
	{
		name: "a key frame without its start code is none",
		in: []step{
			{ts: 1, marker: true, payload: hx("10 | 50 0f 00 | 9d 01 2b | 4001 f000")},
			{ts: 2, marker: true, payload: hx("10 | 50 0f")},
			{ts: 3, marker: true, payload: hx("10")},
		},
	},
	{name: "no descriptor", in: []step{{}}, err: ErrMalformed},
	{name: "cut off behind X", in: []step{{payload: hx("90")}}, err: ErrMalformed},
	{name: "cut off behind I", in: []step{{payload: hx("90 80")}}, err: ErrMalformed},
	{name: "cut off in the picture id", in: []step{{payload: hx("90 80 91")}}, err: ErrMalformed},
	{name: "cut off behind L and T", in: []step{{payload: hx("90 60 01")}}, err: ErrMalformed},
}

func init() { setEncoding(vp8Cases, "VP8") }

func TestVP8(t *testing.T) { testDepacketizer(t, vp8Cases) }
func FuzzVP8(f *testing.F) { fuzzDepacketizer(f, vp8Cases, checkVideo) }

func TestVP8Track(t *testing.T) {
	testTrack(t, Format{Encoding: "VP8"}, media.VP8, nil, []trackStep{
		{hx("10 |" + vp8Inter), false, 0, 0, ""},
		{hx("10 |" + vp8Key), true, 320, 240, ""},
		{hx("10 | 50 0f 00 | 9d 01 2a | 80c2 6881 | 01"), true, 640, 360, ""}, // with scaling
	})
}

func TestVP8Limits(t *testing.T) {
	testPictureLimits(t, Format{Encoding: "VP8"}, hx("10 |"+vp8Key), hx("00"), hx("10 |"+vp8Inter))
}
