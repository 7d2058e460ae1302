package cells

import (
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

var cleanTests = []struct{ name, in, want string }{
	{"plain", "BBC One HD", "BBC One HD"},
	{"empty", "", ""},
	{"escape sequence", "\x1b[31mred\x1b[m", "[31mred[m"},
	{"C1", "a\u009b31mb", "a31mb"},
	{"line ends", "a\r\nb\tc\u2028d", "a  b c d"},
	{"direction override", "a\u202egnp.exe", "agnp.exe"},
	{"invisible", "\ufeffa\u200bb\u2060c\u00ad", "abc"},
	{"not UTF-8", "a\xffb\xc3", "ab"},
	{"marks without a letter", "\u0301abc", "abc"},
	{"composed", "Te\u0301le\u0301", "Télé"},
	{"jamo", "\u1112\u1161\u11ab", "한"},
	{"family", "👨‍👩‍👧 TV", "👨 TV"},
	{"heart", "❤️", "❤"},
	{"key cap", "1️⃣", "1"},
	{"skin", "👍🏽", "👍"},
	{"flag", "🇬🇧 UK", "🇬🇧 UK"},
	{"wide", "日本 한국", "日本 한국"},
	{"right to left", "بي بي سي", "بي بي سي"},
	{"persian with a non-joiner", "می\u200cخواهم", "می\u200cخواهم"},
	{"hindi", "क्षि", "क्षि"},
	{"piled marks", "Z" + strings.Repeat("\u0300", 500) + "a", "Za"},
	{"prefixed number sign", "\u0600 1", " 1"},
}

func TestClean(t *testing.T) {
	for _, tt := range cleanTests {
		if got := Clean(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := Clean(strings.Repeat("日", 5000)); len(got) > maxText {
		t.Errorf("%d bytes are kept", len(got))
	}
}

func FuzzClean(f *testing.F) {
	for _, tt := range cleanTests {
		f.Add(tt.in, 7)
	}
	f.Fuzz(func(t *testing.T, in string, w int) {
		s := Clean(in)
		if again := Clean(s); again != s {
			t.Errorf("%q becomes %q, then %q", in, s, again)
		}
		for _, r := range s {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%U is left of %q", r, in)
			}
		}
		w = int(uint(w) % 200)
		for _, ruler := range []Ruler{{}, {Graphemes: true}} {
			for _, fit := range []string{ruler.Fit(s, w), ruler.FitRight(s, w)} {
				if got := ruler.Width(fit); got != w {
					t.Errorf("%q fitted to %d is %d wide: %q", s, w, got, fit)
				}
			}
			for _, cut := range []string{ruler.Cut(s, w), ruler.CutLeft(s, w)} {
				if got := ruler.Width(cut); got > w {
					t.Errorf("%q cut to %d is %d wide: %q", s, w, got, cut)
				}
			}
		}
		// Blanks beside it stay what they are: columns hold.
		if got, want := ansi.StringWidth(" "+s+" "), ansi.StringWidth(s)+2; got != want {
			t.Errorf("%q between blanks is %d wide, want %d", s, got, want)
		}
	})
}

func TestCut(t *testing.T) {
	r := Ruler{}
	tests := []struct{ got, want string }{
		{r.Cut("Zürich", 6), "Zürich"},
		{r.Cut("Zürich", 5), "Züri…"},
		{r.Cut("日本語", 5), "日本…"},
		{r.Cut("日本語", 4), "日…"},
		{r.Cut("abc", 0), ""},
		{r.Cut("abc", -1), ""},
		{r.CutLeft("rtsp://host/path", 7), "…t/path"},
		{r.CutLeft("abc", 1), "…"},
		{r.CutLeft("abc", 3), "abc"},
		{r.Fit("日本", 5), "日本 "},
		{r.FitRight("7", 3), "  7"},
		{strings.Join(r.Wrap("one two three", 7), "|"), "one two|three"},
	}
	for i, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%d: %q, want %q", i, tt.got, tt.want)
		}
	}
}
