package words

import "testing"

func TestLine(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Café", "Café"},
		{"Caf\xe9 \x96 live", "Café – live"}, // Windows-1252
		{" a\r\nb\tc ", "a  b c"},
		{"\x1b[31mred", "[31mred"},
		{"\u202eevil\u2066", "evil"},
		{"\ufeffmark", "mark"},
		{"0123456789012é", "0123456789012"}, // a letter is not cut in two
	} {
		if got := Line(c.in, 14); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}
