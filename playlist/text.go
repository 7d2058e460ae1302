package playlist

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// maxField bounds a name, a group or any other piece that clean is given. What
// is longer stays whole in Entry.Raw.
const maxField = 4 << 10

// trim drops blanks and byte order marks around a line: where lists were
// joined, such a mark stands within a text.
func trim[T string | []byte](s T) T {
	const mark = "\ufeff"
	for len(s) > 0 {
		n := len(s)
		switch {
		case isBlank(s[0]):
			s = s[1:]
		case isBlank(s[n-1]):
			s = s[:n-1]
		case n >= len(mark) && string(s[:len(mark)]) == mark:
			s = s[len(mark):]
		case n >= len(mark) && string(s[n-len(mark):]) == mark:
			s = s[:n-len(mark)]
		default:
			return s
		}
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// clean makes s, a piece of a list, into text that can be shown: bytes that are
// not UTF-8 are read as Windows-1252 (Latin-1's superset), which is what lists
// without an encoding of their own are written in; what would steer a terminal
// or turn the direction of writing is dropped, and blanks at both ends.
func clean(s string) string {
	if s = strings.TrimSpace(s); !plain(s) {
		if !utf8.ValidString(s) {
			if t, err := charmap.Windows1252.NewDecoder().String(s); err == nil {
				s = t
			}
			s = strings.ToValidUTF8(s, "")
		}
		s = strings.TrimSpace(strings.Map(showable, withoutEscapes(s)))
	}
	if len(s) > maxField {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:maxField], ""))
	}
	return s
}

// plain reports whether s is printable ASCII, as most names are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// showable maps a rune for strings.Map: what moves to another line or column
// becomes a blank, what is invisible and steers is dropped. Joiners stay, since
// scripts and emoji need them, and so do the marks U+200E and U+200F, which
// turn nothing but themselves.
func showable(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\r', r == '\u2028', r == '\u2029', r == '\u0085':
		return ' '
	case unicode.IsControl(r), r == '\uFEFF', r == '\u200B', r == utf8.RuneError:
		return -1
	case r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return -1
	}
	return r
}

// withoutEscapes drops whole escape sequences, so that "\x1b[31mNews" becomes
// "News" and not "[31mNews" (ECMA-48 section 5.4; OSC and its kin end with ST
// or, as xterm has it, with BEL). A sequence that does not end costs its
// introducer alone.
func withoutEscapes(s string) string {
	if !strings.ContainsAny(s, "\x1b\u009b\u009d\u0090\u0098\u009e\u009f") {
		return s
	}
	var b strings.Builder
	ends := true // a control string that begins from here on may end
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		kind := rune(0)
		switch {
		case r == '\x1b' && len(s) > 1 && s[1] >= '@' && s[1] <= '_':
			kind, n = rune(s[1]), 2
		case r >= '\u0080' && r <= '\u009f':
			kind = r - '\u0080' + '@'
		case r == '\x1b':
			kind = 1
		}
		rest := s[n:]
		switch kind {
		case 0:
			b.WriteString(s[:n])
		case '[':
			rest = rest[controlLength(rest):]
		case ']', 'P', 'X', '^', '_':
			if ends {
				n := stringLength(rest)
				rest, ends = rest[n:], n > 0
			}
		}
		s = rest
	}
	return b.String()
}

// controlLength is how long the parameters, intermediates and final byte of a
// control sequence are; 0 where the final byte is missing.
func controlLength(s string) int {
	i := 0
	for i < len(s) && s[i] >= ' ' && s[i] <= '?' {
		i++
	}
	if i < len(s) && s[i] >= '@' && s[i] <= '~' {
		return i + 1
	}
	return 0
}

// stringLength is how long a control string and its terminator are; 0 where
// the terminator is missing.
func stringLength(s string) int {
	for i, r := range s {
		switch {
		case r == '\a':
			return i + 1
		case r == '\u009c':
			return i + 2
		case r == '\x1b' && strings.HasPrefix(s[i:], "\x1b\\"):
			return i + 2
		}
	}
	return 0
}
