// Package words makes what comes from the network fit for a screen, a log and
// an event: names, titles, a server's own reasons.
package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Line is s on one line: UTF-8 as it is, anything else read as Windows-1252
// (which holds Latin-1's letters), without control and direction characters, and
// at most max bytes long.
func Line(s string, max int) string {
	if !utf8.ValidString(s) {
		// Five of the 256 values mean nothing in Windows-1252: they decode to
		// U+FFFD and are dropped below.
		s, _ = charmap.Windows1252.NewDecoder().String(s)
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case r == utf8.RuneError, r == '\ufeff', unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	for len(s) > max {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
