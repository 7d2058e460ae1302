package playlist

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"BBC One", "BBC One"},
		{"  BBC One\t", "BBC One"},
		{"\x1b[31;1mNews\x1b[0m", "News"},
		{"\x1b]0;title\x07News", "News"},
		{"\x1b]8;;http://x\x1b\\News\x1b]8;;\x1b\\", "News"},
		{"\u009b2JNews", "News"},
		{"\x1bPq#0\x1b\\News", "News"},
		{"\x1b]never ends", "never ends"},
		{"\x1b[12", "[12"[1:]},
		{"\x1b", ""},
		{"a\nb\r\u2028c", "a b  c"},
		{"\u202egnp.exe\u2066", "gnp.exe"},
		{"Caf\xe9 \x96 \x80", "Café – €"},
		{"Радио Маяк", "Радио Маяк"},
		{"👨\u200d👩\u200d👧 TV", "👨\u200d👩\u200d👧 TV"},
		{"\ufeffName\u200b", "Name"},
		{"\x00\x01\x7f", ""},
		{"a\xff\x1b[2Jb", "aÿb"},
	} {
		if got := clean(c.in); got != c.want {
			t.Errorf("clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// What never ends must not be searched again and again.
func TestCleanIsLinear(t *testing.T) {
	for _, s := range []string{"\x1b]", "\x1b[", "\u009d", "\x1b[;", "\x1bP\x1b"} {
		if got := clean(strings.Repeat(s, 1<<20)); strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q leaves a control character", s)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"BBC", "\x1b[31mx", "\x1b]0;t\x07x", "caf\xe9", "\u202ex", "\u009b2Jx"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) ||
			strings.ContainsAny(got, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029") {
			t.Errorf("clean(%q) = %q", s, got)
		}
		if again := clean(got); again != got {
			t.Errorf("clean is not stable: %q, then %q", got, again)
		}
	})
}
