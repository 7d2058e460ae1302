package rtp

import (
	"bytes"
	"strings"
	"testing"

	"tapedeck/client/nal"
)

func newTestH264(t testing.TB, params map[string]string) *h264 {
	t.Helper()
	d, err := NewDepacketizer(Format{Encoding: "h264", Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*h264)
}

func TestH264LevelParameterSets(t *testing.T) {
	d := newTestH264(t, map[string]string{"sprop-level-parameter-sets": "64001e:" + b64(sps640) + ":42c028:" + b64(pps264)})
	if track, ready := d.Track(); !ready || track.Width != 640 {
		t.Errorf("ready %v, width %d", ready, track.Width)
	}
	newTestH264(t, map[string]string{"sprop-level-parameter-sets": "::::" + strings.Repeat(":", 100)})
}

func TestH264Track(t *testing.T) {
	const avcHigh = "01 64 00 1e ff e1 001a" + sps640 + "01 0006" + pps264 + "fd f8 f8 00"
	for _, c := range []struct {
		name, sprop   string
		in            []string
		private       string // empty: not ready
		width, height int
		rate          float64
	}{
		{"from the description", b64(sps640, pps264), nil, avcHigh, 640, 360, 25},
		{"no padding, start codes, zeros (Reolink)", strings.TrimRight(b64("00000001"+sps640+"00000001"+pps264+"0000"), "="), nil, avcHigh, 640, 360, 25},
		{"wrong order, blanks, garbage between", b64(pps264) + ", !!, AAAA, " + b64("67 01", sps640), nil, avcHigh, 640, 360, 25},
		{"half of it, the rest in-band", b64(sps640), []string{pps264}, avcHigh, 640, 360, 25},
		{"half of it", b64(sps640), nil, "", 640, 360, 25},
		{"none", "", nil, "", 0, 0, 0},
		{"in-band only", "", []string{pps264, sps640}, avcHigh, 640, 360, 25},
		{"in-band replaces", b64(sps640, pps264), []string{sps1080},
			"01 42 c0 28 ff e1 0018" + sps1080 + "01 0006" + pps264, 1920, 1080, 30000.0 / 1001},
		{"4:4:4", b64(sps444, pps264), nil, "01 f4 00 15 ff e1 001a" + sps444 + "01 0006" + pps264 + "ff f8 f8 00", 320, 240, 25},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newTestH264(t, map[string]string{"sprop-parameter-sets": c.sprop})
			d.Track()
			for _, nal := range c.in {
				feed(d, []step{{payload: hx(nal)}})
			}
			got, ready := d.Track()
			if ready != (c.private != "") || !bytes.Equal(got.Private, hx(c.private)) {
				t.Errorf("ready %v, private % x,\nwant % x", ready, got.Private, hx(c.private))
			}
			if got.Width != c.width || got.Height != c.height || got.FrameRate != c.rate {
				t.Errorf("%dx%d at %v, want %dx%d at %v", got.Width, got.Height, got.FrameRate, c.width, c.height, c.rate)
			}
		})
	}
}

func TestH264Limits(t *testing.T) {
	t.Run("bytes", func(t *testing.T) {
		d := newTestH264(t, nil)
		part := append(hx("7c 05"), bytes.Repeat([]byte{7}, 60_000)...)
		first := append(hx("7c 85 88"), part[2:]...)
		in := []step{{ts: 1, payload: first}}
		for range maxVideoUnit / 60_000 {
			in = append(in, step{ts: 1, payload: part})
		}
		in = append(in, step{ts: 1, marker: true, payload: part}, step{ts: 2, marker: true, payload: hx(slice)})
		out, err := feed(d, in)
		if err != ErrTooLarge {
			t.Errorf("error %v", err)
		}
		compareUnits(t, out, []wantUnit{{2, false, nals(slice)}})
	})
	t.Run("packets", func(t *testing.T) {
		d := newTestH264(t, nil)
		in := make([]step, maxUnitPackets+10)
		for i := range in {
			in[i] = step{ts: 1, payload: hx(slice)}
		}
		out, err := feed(d, append(in, step{ts: 2, marker: true, payload: hx(slice)}))
		if err != ErrTooLarge {
			t.Errorf("error %v", err)
		}
		compareUnits(t, out, []wantUnit{{2, false, nals(slice)}})
	})
	t.Run("parameter sets", func(t *testing.T) {
		d := newTestH264(t, nil)
		var in []step
		for id := range 256 { // ue(id) after the header
			v := uint32(id + 1)
			in = append(in, step{payload: []byte{0x68, byte(v >> 8), byte(v), 0x80}})
		}
		in = append(in, step{payload: append(hx("68 80"), make([]byte, nal.MaxSetSize)...)})
		feed(d, append(in, step{payload: hx(sps640)}))
		track, _ := d.Track()
		if n := int(track.Private[8+len(hx(sps640))]); n > nal.MaxSets { // in avcC, behind the one SPS
			t.Errorf("%d sets are kept", n)
		}
	})
}
