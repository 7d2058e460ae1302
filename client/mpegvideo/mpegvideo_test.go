package mpegvideo

import (
	"encoding/hex"
	"strings"
	"testing"

	"tapedeck/client/media"
)

// hx reads hex; blanks set apart.
func hx(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// A sequence header of 352x288 at 25 pictures a second, and pictures: the
// numbers are temporal_reference and picture_coding_type.
const (
	mpeg1  = "000001b3 160120 13 ffffe018"
	mpeg2  = "000001b3 160120 13 ffffe018 000001b5 14820001 0000"
	group  = "000001b8 00080000"
	i0     = "00000100 000fffff 00000101 111111111111111111111111"
	i0too  = "00000100 000fffff 00000101 222222222222"
	p1     = "00000100 0057ffff 00000101 3333"
	short  = "00000100 000fffff 00000101 11"
	headed = mpeg2 + group
)

func TestPicture(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		data string // of the first picture
		key  bool
		rest string
		step int
	}{
		{"one picture", headed + i0, headed + i0, true, "", 0},
		{"two fields, then another picture", headed + i0 + i0too + p1, headed + i0 + i0too, true, p1, 1},
		{"a group counts its pictures anew", p1 + group + i0, p1, false, group + i0, 1},
		{"a sequence header begins a picture", p1 + headed + i0, p1, false, headed + i0, 1},
		{"nothing but a slice", "00000101 2222", "", false, "", 0},
	} {
		var s Stream
		p := s.Picture(hx(c.in))
		if c.data == "" {
			if !p.Held {
				t.Errorf("%s: %+v", c.name, p)
			}
			continue
		}
		if string(p.Data) != string(hx(c.data)) || p.Key != c.key || string(p.Rest) != string(hx(c.rest)) || p.Held || p.Frames != c.step {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

// TestEntry has an I-picture brought its sequence header, but not one that is
// smaller than that.
func TestEntry(t *testing.T) {
	var s Stream
	s.Picture(hx(mpeg1 + i0))
	q, ok := s.Sequence()
	if !ok || q.Codec != media.MPEG1Video || q.Width != 352 || q.Height != 288 || q.FrameRate != 25 || string(q.Header) != string(hx(mpeg1)) {
		t.Errorf("%+v", q)
	}
	if p := s.Picture(hx(group + i0)); !p.Key || string(p.Data) != string(hx(mpeg1+group+i0)) {
		t.Errorf("%+v", p)
	}
	if p := s.Picture(hx(mpeg2 + i0)); !p.Key {
		t.Errorf("%+v", p)
	}
	if q, _ := s.Sequence(); q.Codec != media.MPEG2Video {
		t.Errorf("%+v", q)
	}
	if p := s.Picture(hx(short)); p.Key || string(p.Data) != string(hx(short)) {
		t.Errorf("%+v", p)
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(hx(headed + i0 + i0too + p1))
	f.Add(hx(p1 + group + i0))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Stream
		for n := 0; len(b) > 0; n++ {
			p := s.Picture(b)
			if p.Held || len(p.Rest) == 0 {
				break
			}
			if len(p.Rest) >= len(b) {
				t.Fatal("it does not get on")
			}
			b = p.Rest
		}
		if q, ok := s.Sequence(); ok && (q.Width <= 0 || q.Height <= 0) {
			t.Errorf("%+v", q)
		}
	})
}
