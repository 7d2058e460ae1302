package id3

import (
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"
)

// hx reads hex; blanks and bars set apart.
func hx(s string) []byte {
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "").Replace(s))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	tit2  = "54495432"
	tpe1  = "54504531"
	priv  = "50524956"
	owner = "636f6d2e6170706c652e73747265616d696e672e7472616e73706f727453747265616d54696d657374616d7000"
)

var cases = []struct {
	name  string
	tag   string
	size  int
	title string
	ticks uint64
	timed bool
}{
	{"Apple's time, v2.4", "494433 0400 00 0000003f |" + priv + "00000035 0000 |" + owner + "00000001 23456789", 73, "", 0x123456789, true},
	{"its upper bits are none of the clock's", "494433 0400 00 0000003f |" + priv + "00000035 0000 |" + owner + "ffffffff 00000001", 73, "", 1<<32 + 1, true},
	{"Latin-1, both texts", "494433 0300 00 0000001d |" + tpe1 + "00000004 0000 00 42e96c |" + tit2 + "00000005 0000 00 414243 00", 39, "Bél - ABC", 0, false},
	{"UTF-16 with its mark, little endian", "494433 0300 00 00000013 |" + tit2 + "00000009 0000 01 fffe 4100 e900 0000", 29, "Aé", 0, false},
	{"UTF-16 with its mark, big endian, a pair", "494433 0300 00 00000013 |" + tit2 + "00000009 0000 01 feff 0041 d83dde00", 29, "A😀", 0, false},
	{"UTF-16BE, the artist alone", "494433 0400 00 0000000f |" + tpe1 + "00000005 0000 02 0041 00e9", 25, "Aé", 0, false},
	{"UTF-8, two values, a control byte", "494433 0400 00 00000013 |" + tit2 + "00000009 0000 03 41c3a9 00 420a43 20", 29, "Aé, B C", 0, false},
	{"unsynchronised as a whole, v2.3", "494433 0300 80 00000015 |" + tit2 + "00000009 0000 01 ff00fe 4100 ff0000 4200", 31, "AÿB", 0, false},
	{"unsynchronised frame with its length told, v2.4", "494433 0400 00 00000012 |" + tit2 + "00000008 0003 00000003 00 ff00 41", 28, "ÿA", 0, false},
	{"extended header, v2.4, and a footer", "494433 0400 50 00000012 | 00000006 0100 |" + tit2 + "00000002 0000 00 41 | 334449 0400 10 00000012", 38, "A", 0, false},
	{"extended header, v2.3", "494433 0300 40 00000016 | 00000006 0000 00000000 |" + tit2 + "00000002 0000 00 41", 32, "A", 0, false},
	{"frames that are packed or secret", "494433 0400 00 00000020 |" + tit2 + "00000002 0008 00 41 |" + tit2 + "00000002 0004 00 42 |" + "00000000 00000000", 42, "", 0, false},
	{"TXXX and an empty title are passed over", "494433 0300 00 00000020 | 54585858 00000003 0000 00 41 42 |" + tit2 + "00000001 0000 00 | 00 00 00 00 00 00 00 00", 42, "", 0, false},
	{"a frame that is longer than the tag", "494433 0300 00 0000000c |" + tit2 + "7fffffff 0000 00 41", 22, "", 0, false},
	{"v2.2 is not read", "494433 0200 00 00000008 | 545432 000002 00 41", 18, "", 0, false},
	{"a size that is none", "494433 0400 00 80000000", 0, "", 0, false},
	{"a head that is cut", "494433 0400 00 000000", 0, "", 0, false},
	{"no tag", "fffb9064 00000000 00000000", 0, "", 0, false},
}

func TestTags(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tag := hx(c.tag)
			if n := Size(tag); n != c.size {
				t.Errorf("size %d, want %d of %d", n, c.size, len(tag))
			}
			if title, ok := Title(tag); title != c.title || ok != (c.title != "") {
				t.Errorf("title %q, want %q", title, c.title)
			}
			if ticks, ok := Timestamp(tag); ticks != c.ticks || ok != c.timed {
				t.Errorf("time %#x %v, want %#x %v", ticks, ok, c.ticks, c.timed)
			}
		})
	}
}

func FuzzTag(f *testing.F) {
	for _, c := range cases {
		f.Add(hx(c.tag))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		Size(b)
		if title, ok := Title(b); ok && (title == "" || !utf8.ValidString(title) || strings.ContainsAny(title, "\n\r\x00\x1b")) {
			t.Errorf("title %q", title)
		}
		if ticks, _ := Timestamp(b); ticks >= 1<<33 {
			t.Errorf("time %d", ticks)
		}
	})
}
