package fmp4

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
)

// hvcC is 1280x720 with one set of each kind, lengths of four bytes.
const hvcC = "01 01 60000000 b00000000000 5d f000 fc fd f8 f8 0000 0f 03" +
	"20 0001 0015 40010c01ffff016000000300b0000003000003005d" +
	"21 0001 001e 420101016000000300b0000003000003005da00280802d1636b9246ca802" +
	"22 0001 0007 4401c172b46240"

// encrypted is what stands behind the configuration of a protected track.
func encrypted(original, scheme string) []byte {
	return bx("sinf", bx("frma", []byte(original)), bx("schm", u32(0), []byte(scheme), u32(0)))
}

func TestTracks(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler string
		entry   []byte
		want    media.Track
		problem string // a part of it
	}{
		{"H.264", "vide", videoEntry("avc1", bx("avcC", hx(avcC))),
			media.Track{Codec: media.H264, Width: 640, Height: 360, FrameRate: 25, Private: hx(avcC)}, ""},
		{"H.264 with lengths of two bytes", "vide", videoEntry("avc1", bx("avcC", hx(strings.Replace(avcC, "ff", "fd", 1)))),
			media.Track{Codec: media.H264, Width: 640, Height: 360, FrameRate: 25, Private: hx(avcC)}, ""},
		{"H.264 without its configuration", "vide", videoEntry("avc1"), media.Track{Codec: media.H264, Width: 640, Height: 360}, "configuration"},
		{"H.264 whose configuration is cut", "vide", videoEntry("avc1", bx("avcC", hx(avcC)[:20])),
			media.Track{Codec: media.H264, Width: 640, Height: 360, Private: hx(avcC)[:20]}, "configuration"},
		{"H.264 with its sets in-band", "vide", videoEntry("avc3", bx("avcC", hx("0164001effe000"))), media.Track{Codec: media.H264, Width: 640, Height: 360}, ""},
		{"H.265", "vide", videoEntry("hvc1", bx("hvcC", hx(hvcC))), media.Track{Codec: media.H265, Width: 1280, Height: 720, Private: hx(hvcC)}, ""},
		{"AV1", "vide", videoEntry("av01", bx("av1C", hx("81000c00 0a01"))), media.Track{Codec: media.AV1, Width: 640, Height: 360, Private: hx("81000c00 0a01")}, ""},
		{"VP9", "vide", videoEntry("vp09", bx("vpcC", hx("01000000"))), media.Track{Codec: media.VP9, Width: 640, Height: 360}, ""},
		{"MPEG-4 Visual", "vide", videoEntry("mp4v", bx("esds", hx("00000000 | 03 17 0001 00 | 04 12 20 11 000000 00000000 00000000 | 05 03 000001"))),
			media.Track{Codec: media.MPEG4Video, Width: 640, Height: 360, Private: hx("000001")}, ""},
		{"AAC", "soun", soundEntry("mp4a", bx("esds", hx(esds))), media.Track{Codec: media.AAC, SampleRate: 48000, Channels: 2, Private: hx("1190")}, ""},
		{"AAC in QuickTime, sizes of descriptors in four bytes", "soun",
			bx("mp4a", hx("00000000 0000 0001 | 0001 0000 00000000 | 0002 0010 0000 0000 bb800000"), make([]byte, audioFields1),
				bx("wave", bx("esds", hx("00000000 | 03 80808021 0001 60 02 7878 0000 | 04 80808014 40 15 000000 00000000 00000000 | 05 80808002 1190")))),
			media.Track{Codec: media.AAC, SampleRate: 48000, Channels: 2, Private: hx("1190")}, ""},
		{"AAC without its configuration", "soun", soundEntry("mp4a", bx("esds", hx("00000000 03 03 0001 00"))), media.Track{Codec: media.AAC, SampleRate: 48000, Channels: 2}, "configuration"},
		{"MP3", "soun", soundEntry("mp4a", bx("esds", hx("00000000 | 03 12 0001 00 | 04 0d 6b 15 000000 00000000 00000000"))), media.Track{Codec: media.MP3, SampleRate: 48000, Channels: 2}, ""},
		{"AC-3 with six channels", "soun", soundEntry("ac-3", bx("dac3", hx("103de0"))), media.Track{Codec: media.AC3, SampleRate: 48000, Channels: 6}, ""},
		{"E-AC-3 at 44.1 kHz", "soun", soundEntry("ec-3", bx("dec3", hx("0800 60040000"))), media.Track{Codec: media.EAC3, SampleRate: 44100, Channels: 2}, ""},
		{"Opus", "soun", soundEntry("Opus", bx("dOps", hx("00 02 0138 0000bb80 0000 00"))),
			media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2, Private: append([]byte("OpusHead"), hx("01 02 3801 80bb0000 0000 00")...)}, ""},
		{"FLAC", "soun", soundEntry("fLaC", bx("dfLa", u32(0), hx("80000022 1000 1000 000000 000000 0ac442f0 00000000"), make([]byte, 16))),
			media.Track{Codec: media.FLAC, SampleRate: 44100, Channels: 2, Private: append(append([]byte("fLaC"), hx("80000022 1000 1000 000000 000000 0ac442f0 00000000")...), make([]byte, 16)...)}, ""},
		{"a protected picture", "vide", videoEntry("encv", bx("avcC", hx(avcC)), encrypted("avc1", "cbcs")),
			media.Track{Codec: media.H264, Width: 640, Height: 360, FrameRate: 25, Private: hx(avcC)}, "it is protected (DRM, cbcs)"},
		{"protected sound of an unknown kind", "soun", soundEntry("enca"), media.Track{SampleRate: 48000, Channels: 2}, "it is protected (DRM)"},
		{"subtitles", "text", bx("wvtt", make([]byte, 8)), media.Track{Codec: "WebVTT"}, "WebVTT in MP4 is not supported"},
		{"what nobody knows", "soun", soundEntry("x\x00\x1by"), media.Track{SampleRate: 48000, Channels: 2}, `the coding "x..y" is not supported`},
		{"an entry that is cut", "vide", bx("avc1", make([]byte, 9)), media.Track{}, "sample entry"},
		{"no entry", "soun", nil, media.Track{}, "sample entry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := New()
			if _, err := feed(d, initOf(trakOf(1, 25, c.handler, c.entry)), 1000); err != nil {
				t.Fatal(err)
			}
			got := d.Tracks()[0]
			want := c.want
			want.Kind = map[string]media.Kind{"vide": media.Video, "soun": media.Audio, "text": media.Data}[c.handler]
			if (c.problem == "") != (got.Problem == "") || !strings.Contains(got.Problem, c.problem) {
				t.Errorf("problem %q, want %q", got.Problem, c.problem)
			}
			got.Problem = ""
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
				t.Errorf("%+v\nwant %+v", got, want)
			}
		})
	}
}

// lengths is NAL units with lengths of size bytes.
func lengths(size int, nals ...string) string {
	var b []byte
	for _, n := range nals {
		u := hx(n)
		b = append(append(b, u32(uint32(len(u)))[4-size:]...), u...)
	}
	return string(b)
}

func oneSample(mdat string) []byte {
	return segment(func(size uint32) [][]byte {
		return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("trun", u32(sized, 1, size+8-12, uint32(len(mdat)))))}
	}, mdat)
}

// TestInBand waits for parameter sets that come with the pictures, and follows
// them when they change.
func TestInBand(t *testing.T) {
	const sps, pps, idr, inter = "6764001eacd940a02ff97011000003000100000300320f162d96", "68ce3c80", "658884", "419a24"
	d := New()
	if _, err := feed(d, initOf(trakOf(1, 25, "vide", videoEntry("avc3", bx("avcC", hx("0164001efde000"))))), 1000); err != nil || d.Known() {
		t.Fatal(err, d.Known())
	}
	for _, c := range []struct {
		nals    []string
		private string
		emitted bool
	}{
		{[]string{inter}, "", false},
		{[]string{sps, pps, idr}, avcC, true},
		{[]string{inter}, avcC, true},
		{[]string{sps, "68ce3c90", idr}, strings.Replace(avcC, "68ce3c80", "68ce3c90", 1), true},
	} {
		got, err := feed(d, oneSample(lengths(2, c.nals...)), 3)
		if err != nil || (len(got) == 1) != c.emitted || c.emitted && got[0].data != lengths(4, c.nals...) {
			t.Errorf("%q: %v, %v", c.nals, got, err)
		}
		if p := d.Tracks()[0].Private; string(p) != string(hx(c.private)) || d.Known() != c.emitted {
			t.Errorf("%q: private %x", c.nals, p)
		}
	}
}

func TestEvents(t *testing.T) {
	const scheme = "https://aomedia.org/emsg/ID3\x00"
	tag := hx("494433 0400 00 00000000")
	later := bx("emsg", u32(0), []byte(scheme), []byte("v\x00"), u32(1000, 500, 0, 7), tag)
	now := bx("emsg", u32(1<<24, 1000, 0, 3000, 0, 7), []byte(scheme), []byte("v\x00"), tag)
	other := bx("emsg", u32(1<<24, 1000, 0, 3000, 0, 7), []byte("urn:scte:scte35:2013:bin\x00\x00"), tag)
	cut := bx("emsg", u32(1<<24, 1000))
	fragment := segment(func(size uint32) [][]byte {
		return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("tfdt", u32(0, 50)),
			bx("trun", u32(sized, 1, size+8-12, 1)))}
	}, "a")
	for _, size := range []int{1, 1000} {
		d := New()
		if _, err := feed(d, initOf(avcTrak(), aacTrak()), size); err != nil || len(d.Tracks()) != 2 {
			t.Fatal(err)
		}
		got, err := feed(d, slices.Concat(other, later, now, fragment), size)
		want := []unit{{2, 3 * time.Second, true, string(tag)}, {2, 2500 * time.Millisecond, true, string(tag)}, {0, 2 * time.Second, false, "a"}}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
		if l := d.Tracks(); len(l) != 3 || l[2].Codec != media.ID3 || l[2].ID != 2 {
			t.Errorf("%+v", l)
		}
		if _, err := feed(d, cut, size); err == nil {
			t.Error("no error")
		}
	}
}
