package rtp

import (
	"strings"
	"testing"

	"tapedeck/client/media"
)

// Headers as ffmpeg and Xvid write them for 320x180, VOPs as short as they can
// be.
const (
	mp4vHeaders = "00 00 01 b0 01 | 00 00 01 b5 89 13 | 00 00 01 00 | 00 00 01 20 00 c4 8d 88 00 cd 0a 04 16 94 43 |" +
		"00 00 01 b2 4c 61 76 63"
	mp4vXvid  = "00 00 01 b0 03 | 00 00 01 b5 09 | 00 00 01 00 | 00 00 01 20 00 bc 04 06 c4 00 67 0c 28 10 5a 51 8f"
	mp4vGroup = "00 00 01 b3 00 10 07"
	mp4vI     = "00 00 01 b6 10 aa bb"
	mp4vP     = "00 00 01 b6 50 cc"
	mp4vB     = "00 00 01 b6 90 dd"
)

var mp4vCases = []depackCase{
	{
		name: "one packet a VOP",
		in: []step{
			{ts: 1, marker: true, payload: hx(mp4vHeaders + mp4vGroup + mp4vI)},
			{ts: 3, marker: true, payload: hx(mp4vP)},
			{ts: 2, marker: true, payload: hx(mp4vB)},
			{ts: 4, marker: true, payload: hx("00 00 01 b6 d0 ee")}, // a sprite
			{ts: 5, marker: true, payload: hx(mp4vI)},
		},
		want: []wantUnit{
			{1, true, hx(mp4vHeaders + mp4vGroup + mp4vI)},
			{3, false, hx(mp4vP)},
			{2, false, hx(mp4vB)},
			{4, false, hx("00 00 01 b6 d0 ee")},
			{5, true, hx(mp4vI)},
		},
	},
	{
		name: "in parts",
		in: []step{
			{ts: 1, payload: hx("00 00 01 b6 10")},
			{ts: 1, payload: hx("aa")},
			{ts: 1, marker: true, payload: hx("bb")},
		},
		want: []wantUnit{{1, true, hx(mp4vI)}},
	},
	{
		name: "headers and GOV in packets of their own, marked, with times of their own (Axis, Vivotek)",
		in: []step{
			{ts: 1, marker: true, payload: hx(mp4vHeaders)},
			{ts: 2, marker: true, payload: hx(mp4vGroup)},
			{ts: 3, payload: hx("00 00 01 b6 10 aa")},
			{ts: 3, marker: true, payload: hx("bb")},
			{ts: 4, marker: true, payload: hx(mp4vP)},
		},
		want: []wantUnit{{3, true, hx(mp4vHeaders + mp4vGroup + mp4vI)}, {4, false, hx(mp4vP)}},
	},
	{
		// Times are in 5 bits, of 25 a second: 0, 3, 1, 2; 24, 0 (a second later).
		name: "several VOPs in a packet (GStreamer)",
		in: []step{
			{ts: 3600, marker: true, payload: hx(mp4vHeaders + "00 00 01 b6 10 7f | 00 00 01 b6 51 ff | 00 00 01 b6 90 ff | 00 00 01 b6 91 7f")},
			{ts: 90000, marker: true, payload: hx("00 00 01 b6 5c 7f | 00 00 01 b1 |" + mp4vGroup + "00 00 01 b6 10 7f |" + mp4vGroup)},
			{ts: 99000, marker: true, payload: hx(mp4vI)},
		},
		want: []wantUnit{
			{3600, true, hx(mp4vHeaders + "00 00 01 b6 10 7f")},
			{3600 + 3*3600, false, hx("00 00 01 b6 51 ff")},
			{3600 + 3600, false, hx("00 00 01 b6 90 ff")},
			{3600 + 2*3600, false, hx("00 00 01 b6 91 7f")},
			{90000, false, hx("00 00 01 b6 5c 7f | 00 00 01 b1")},
			{93600, true, hx(mp4vGroup + "00 00 01 b6 10 7f")},
			{99000, true, hx(mp4vGroup + mp4vI)},
		},
	},
	{
		name: "no marker",
		in:   []step{{ts: 1, payload: hx(mp4vI)}, {ts: 2, payload: hx(mp4vP)}, {ts: 3, payload: hx(mp4vP)}},
		want: []wantUnit{{1, true, hx(mp4vI)}, {2, false, hx(mp4vP)}},
	},
	{
		name: "loss: of the beginning, of the middle, of the end",
		in: []step{
			{ts: 1, lost: true, marker: true, payload: hx("bb")},
			{ts: 2, payload: hx("00 00 01 b6 50")},
			{ts: 2, lost: true, marker: true, payload: hx("cc")},
			{ts: 3, payload: hx("00 00 01 b6 50")},
			{ts: 4, lost: true, marker: true, payload: hx(mp4vP)},
		},
		want: []wantUnit{{4, false, hx(mp4vP)}},
	},
	{
		name: "nothing; a VOP that is cut off behind its start code",
		in:   []step{{ts: 1}, {ts: 1, marker: true, payload: hx("00 00 01 b6")}, {ts: 2, marker: true, payload: hx(mp4vP)}},
		want: []wantUnit{{1, false, hx("00 00 01 b6")}, {2, false, hx(mp4vP)}},
	},
	{
		name: "headers without end are not kept",
		in: []step{
			{ts: 1, marker: true, payload: append(hx("00 00 01 b2"), make([]byte, maxMP4VHeaders)...)},
			{ts: 2, marker: true, payload: hx(mp4vP)},
		},
		want: []wantUnit{{2, false, hx(mp4vP)}},
	},
}

func init() { setEncoding(mp4vCases, "MP4V-ES") }

func TestMP4V(t *testing.T) { testDepacketizer(t, mp4vCases) }
func FuzzMP4V(f *testing.F) { fuzzDepacketizer(f, mp4vCases, checkVideo) }

func TestMP4VTrack(t *testing.T) {
	config := func(s string) Format {
		s = strings.NewReplacer(" ", "", "|", "").Replace(s)
		return Format{Encoding: "MP4V-ES", Params: map[string]string{"profile-level-id": "1", "config": s}}
	}
	known := func(private string) *trackStep {
		return &trackStep{ready: true, width: 320, height: 180, private: private}
	}
	for _, c := range []struct {
		name   string
		format Format
		before *trackStep
		steps  []trackStep
	}{
		{"from the description", config(mp4vHeaders), known(mp4vHeaders), nil},
		{"half a byte too many", config(mp4vXvid + "0"), known(mp4vXvid), nil},
		{"capitals, a VOP behind", config(strings.ToUpper(mp4vXvid + mp4vGroup + mp4vI)), known(mp4vXvid), nil},
		{"none, no hex, too long", config("xy"), &trackStep{}, nil},
		{"too long", config(strings.Repeat("00", maxMP4VHeaders+1)), &trackStep{}, nil},
		{"no VOL", config("000001b001000001b58913"), &trackStep{}, nil},
		{"in-band", Format{Encoding: "mp4v-es"}, &trackStep{}, []trackStep{
			{hx(mp4vI), false, 0, 0, ""},
			{hx(mp4vXvid + mp4vGroup + mp4vI), true, 320, 180, mp4vXvid},
		}},
		{"in-band replaces", config(mp4vXvid), known(mp4vXvid), []trackStep{{hx(mp4vHeaders + mp4vI), true, 320, 180, mp4vHeaders}}},
	} {
		t.Run(c.name, func(t *testing.T) { testTrack(t, c.format, media.MPEG4Video, c.before, c.steps) })
	}
	const xvid = "00 bc 04 06 c4 00 67 0c 28 10 5a 51 8f" // it gives a rate
	if l, ok := parseVOL(hx(xvid)); !ok || l != (videoObjectLayer{320, 180, 25, 25}) {
		t.Errorf("%+v, %v", l, ok)
	}
	for n := range 11 {
		if _, ok := parseVOL(hx(xvid)[:n]); ok {
			t.Errorf("%d bytes make a VOL", n)
		}
	}
	if _, ok := parseVOL(hx("00 c4 8d a8 00 cd 0a 04 16 94 43")); ok {
		t.Error("a layer that is not rectangular has a size")
	}
}

func TestMP4VLimits(t *testing.T) {
	testPictureLimits(t, Format{Encoding: "MP4V-ES"}, hx(mp4vI), hx("aa"), hx(mp4vP))
}
