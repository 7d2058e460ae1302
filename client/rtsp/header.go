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
