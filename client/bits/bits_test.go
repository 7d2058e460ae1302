package bits

import (
	"bytes"
	"testing"
)

func TestReader(t *testing.T) {
	b := Reader{Data: []byte{0b1011_0010, 0b0110_0000, 0xff}}
	if v := b.Read(3); v != 0b101 {
		t.Errorf("%b", v)
	}
	if !b.Flag() || b.Flag() {
		t.Error("flags")
	}
	// 010 and 011 are 1 and 2; as signed numbers 1 and -1.
	c := b
	if u, v := b.UE(), b.UE(); u != 1 || v != 2 {
		t.Errorf("%d, %d", u, v)
	}
	if u, v := c.SE(), c.SE(); u != 1 || v != -1 {
		t.Errorf("%d, %d", u, v)
	}
	b.Skip(5)
	if b.Left() != 8 || b.Read(8) != 0xff || b.Short {
		t.Errorf("%+v", b)
	}
	if b.Read(1) != 0 || !b.Short {
		t.Errorf("%+v", b)
	}
	if z := (Reader{Data: make([]byte, 8)}); z.UE() != 0 || !z.Short {
		t.Errorf("%+v", z)
	}
}

func TestAppend(t *testing.T) {
	src := []byte{0xab, 0xcd, 0xef}
	for _, c := range []struct {
		pos, n int
		want   []byte
	}{
		{0, 24, src},
		{4, 8, []byte{0xbc}},
		{4, 10, []byte{0xbc, 0xc0}},
		{12, 12, []byte{0xde, 0xf0}},
		{8, 3, []byte{0xc0}},
		{5, 0, nil},
	} {
		if got := Append(nil, src, c.pos, c.n); !bytes.Equal(got, c.want) {
			t.Errorf("%d bits from %d: %x, want %x", c.n, c.pos, got, c.want)
		}
	}
}
