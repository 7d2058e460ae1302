package nal

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// hx reads hex; blanks set apart.
func hx(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	sps264    = "67 64 00 1e ac d9 40 a0 2f f9 70 11 00 00 03 00 01 00 00 03 00 32 0f 16 2d 96" // 640x360
	pps264    = "68 eb e3 cb 22 c0"
	fields264 = "67 4d 40 15 f4 0a 19 bf f0 01 00 00 f1 00 00 03 00 01 00 00 03 00 32 1f 14 2a a0" // 320x192, may be fields
	vps265    = "40 01 0c 01 ff ff 01 60 00 00 03 00 b0 00 00 03 00 00 03 00 5d"
	sps265    = "42 01 01 01 60 00 00 03 00 b0 00 00 03 00 00 03 00 5d a0 02 80 80 2d 16 36 b9 24 6c a8 02"
	pps265    = "44 01 c1 72 b4 62 40"
)

// TestUnits tells what a NAL unit is, and whether it begins an access unit.
func TestUnits(t *testing.T) {
	for _, c := range []struct {
		coding Coding
		name   string
		nal    string
		want   Info
		begins bool
	}{
		{NewH264(), "IDR, first slice", "65 88 84 21", Info{Picture: true, First: true, Intra: true, Key: true}, true},
		{NewH264(), "IDR, a later slice", "65 42 04 22", Info{Picture: true, Intra: true, Key: true}, false},
		{NewH264(), "P, first slice", "41 9a 22 33", Info{Picture: true, First: true}, true},
		{NewH264(), "I, first slice", "41 88 84 21", Info{Picture: true, First: true, Intra: true}, true},
		{NewH264(), "SEI with a recovery point", "06 06 01 c4 80", Info{Key: true}, true},
		{NewH264(), "SEI without", "06 05 01 c4 80", Info{}, true},
		{NewH264(), "SEI that is cut", "06 06 ff", Info{}, true},
		{NewH264(), "delimiter", "09 f0", Info{}, true},
		{NewH264(), "sequence", sps264, Info{Sets: true}, true},
		{NewH264(), "picture set", pps264, Info{}, true},
		{NewH264(), "filler", "0c ff 80", Info{Drop: true}, false},
		{NewH264(), "of RTP", "78 00 00", Info{Drop: true}, false},
		{NewH265(), "IDR", "26 01 af", Info{Picture: true, First: true, Intra: true, Key: true}, true},
		{NewH265(), "CRA, a later slice", "2a 01 2f", Info{Picture: true, Intra: true, Key: true}, false},
		{NewH265(), "trailing", "02 01 d0", Info{Picture: true, First: true}, true},
		{NewH265(), "delimiter", "46 01 50", Info{}, true},
		{NewH265(), "SEI with a recovery point", "4e 01 06 01 80 80", Info{Key: true}, true},
		{NewH265(), "SEI behind its picture", "50 01 06 01 80 80", Info{}, false},
		{NewH265(), "sequence", sps265, Info{Sets: true}, true},
		{NewH265(), "filler", "4c 01 ff 80", Info{Drop: true}, false},
		{NewH265(), "of RTP", "60 01 00", Info{Drop: true}, false},
	} {
		if got := c.coding.Inspect(hx(c.nal)); got != c.want {
			t.Errorf("%T, %s: %+v, want %+v", c.coding, c.name, got, c.want)
		}
		if got := c.coding.Begins(hx(c.nal)); got != c.begins {
			t.Errorf("%T, %s: begins %v, want %v", c.coding, c.name, got, c.begins)
		}
	}
}

// TestFields keeps the fields of a picture together.
func TestFields(t *testing.T) {
	c := NewH264()
	if c.Inspect(hx(fields264)); !c.SPS().Fields {
		t.Fatalf("%+v", c.SPS())
	}
	if c.Begins(hx("41 9a 22 33")) || c.Begins(hx("09 f0")) {
		t.Error("the second field is an access unit of its own")
	}
}

// TestConfig learns parameter sets, replaces them, and forgets them where
// another stream begins.
func TestConfig(t *testing.T) {
	c := NewH264()
	if !c.Changed() || c.Changed() || c.Config() != nil {
		t.Error("before the first set")
	}
	c.Inspect(hx(sps264))
	if c.Config() != nil {
		t.Error("a configuration without a picture parameter set")
	}
	c.Inspect(hx(pps264))
	c.Inspect(hx("68 5b")) // another id
	whole := c.Config()
	if !c.Changed() || !bytes.HasPrefix(whole, hx("01 64 00 1e ff e1 00 1a")) || whole[34] != 2 {
		t.Errorf("%x", whole)
	}
	c.Inspect(hx(sps264))
	if c.Changed() {
		t.Error("the same set is a change")
	}
	c.Renew()
	c.Inspect(hx(sps264))
	if c.Changed() || !bytes.Equal(c.Config(), whole) {
		t.Error("the same stream is another")
	}
	c.Inspect(hx(fields264))
	if c.Config() != nil || c.SPS().Width != 320 {
		t.Errorf("what was before the other stream is kept: %x", c.Config())
	}

	h := NewH265()
	for _, set := range []string{vps265, sps265, pps265} {
		if h.Config() != nil {
			t.Error("a configuration before all sets came")
		}
		h.Inspect(hx(set))
	}
	if b := h.Config(); len(b) != 23+3*5+len(hx(vps265))+len(hx(sps265))+len(hx(pps265)) || h.SPS().Width != 1280 {
		t.Errorf("%x, %+v", b, h.SPS())
	}
	h.Renew()
	h.Inspect(hx(vps265))
	h.Inspect(hx(strings.Replace(sps265, "5d", "5a", 1)))
	if h.Config() != nil {
		t.Error("what was before the other stream is kept")
	}
	if h.Inspect(hx(pps265)); h.Config() == nil {
		t.Error("the VPS that both have is lost")
	}
}

func TestSplit(t *testing.T) {
	for in, want := range map[string]string{
		"00000001 09f0 000001 6588 0000 000001 4142": "[09f0 6588 4142]",
		"4142 000001 4344 00":                        "[4142 4344]",
		"000001 000001 00000001":                     "[]",
		"":                                           "[]",
	} {
		var got []string
		Split(hx(in), func(n []byte) { got = append(got, hex.EncodeToString(n)) })
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v", in, got)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, s := range []string{sps264, pps264, fields264, vps265, sps265, pps265, "06 06 01 c4 80", "65 88 84 21", "02 01 d0"} {
		f.Add(hx(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range []Coding{NewH264(), NewH265()} {
			Split(b, func(n []byte) {
				if len(n) >= c.HeaderSize() {
					c.Begins(n)
					c.Inspect(n)
				}
			})
			if s := c.SPS(); s.Width < 0 || s.Width > MaxPicture || s.Height < 0 || s.Height > 2*MaxPicture || s.FrameRate > MaxFrameRate {
				t.Errorf("%+v", s)
			}
			if n := len(c.Config()); n > 64+3*MaxSets*(MaxSetSize+2) {
				t.Errorf("a configuration of %d bytes", n)
			}
		}
	})
}
