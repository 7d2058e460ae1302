package rtsp

import "strings"

// field is one header line. The name is kept as it was written or as it is to
// be written: picky devices want exactly `CSeq`.
type field struct{ name, value string }

// header is the header lines of a message in their order. Some names may stand
// several times (WWW-Authenticate), so it is a list and not a map.
type header []field

// get returns the value of the first line called name, in any case of letters.
func (h header) get(name string) string {
	v, _ := h.lookup(name)
	return v
}

func (h header) lookup(name string) (string, bool) {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value, true
		}
	}
	return "", false
}

// all returns the values of every line called name.
func (h header) all(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

func (h *header) add(name, value string) { *h = append(*h, field{name, value}) }

// tokens splits a list such as Public's at commas and blanks: some servers
// write one, some the other.
func tokens(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

// splitOutsideQuotes cuts s at every sep that stands outside double quotes.
func splitOutsideQuotes(s string, sep byte) []string {
	var parts []string
	quoted, start := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// unquote removes the double quotes around s and the backslashes in it.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) == 0 || s[0] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String()
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
