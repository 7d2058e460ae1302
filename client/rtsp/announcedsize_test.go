package rtsp

import (
	"testing"

	"tapedeck/client/sdp"
)

func TestAnnouncedSize(t *testing.T) {
	for _, c := range []struct {
		attributes    string
		width, height int
	}{
		{"", 0, 0},
		{"a=x-dimensions:2560,1920\n", 2560, 1920},
		{"a=x-dimensions: 2560 , 1920\n", 2560, 1920},
		{"a=framesize:26 3840-2160\n", 3840, 2160},
		{"a=framesize:96 3840-2160\n", 0, 0}, // of another type
		{"a=cliprect:0,0,1080,1920\n", 1920, 1080},
		{"a=cliprect:8,16,1088,1936\n", 1920, 1080},
		{"a=x-dimensions:none\na=cliprect:0,0,480,640\n", 640, 480},
		{"a=cliprect:480,640,0,0\n", 0, 0},
		{"a=x-dimensions:0,0\n", 0, 0},
		{"a=x-dimensions:99999999999999999999,1\na=framesize:26 -1--1\n", 0, 0},
		{"a=x-dimensions:16385,1\n", 0, 0},
	} {
		s, err := sdp.Parse([]byte("v=0\nm=video 0 RTP/AVP 26\n" + c.attributes))
		if err != nil {
			t.Fatal(err)
		}
		if f := formatOf(&s.Media[0], 26); f.Width != c.width || f.Height != c.height {
			t.Errorf("%q: %dx%d, want %dx%d", c.attributes, f.Width, f.Height, c.width, c.height)
		}
	}
}
