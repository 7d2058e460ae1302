package hls

import (
	"net/url"
	"strings"
)

// maxVariables bounds the variables of a playlist.
const maxVariables = 64

// variables are what EXT-X-DEFINE defines (RFC 8216bis, section 4.4.2.3): text
// that stands for {$name} in URIs and attributes.
type variables map[string]string

// define adds one. IMPORT takes it from the master playlist, QUERYPARAM from
// the playlist's own address.
func (v variables) define(a attributes, master variables, query string) {
	if len(v) >= maxVariables {
		return
	}
	switch {
	case a["NAME"] != "":
		v[a["NAME"]] = a["VALUE"]
	case a["IMPORT"] != "":
		v[a["IMPORT"]] = master[a["IMPORT"]]
	case a["QUERYPARAM"] != "":
		values, _ := url.ParseQuery(query) // what it could read of it
		v[a["QUERYPARAM"]] = values.Get(a["QUERYPARAM"])
	}
}

// filler puts the values of variables into the lines of one playlist.
type filler struct {
	variables
	added int // bytes, by values in place of names
}

// fill puts the values in. One value is never looked through for another, so
// that the result is bounded; past maxLine it is left as it is, and so is all
// that follows once the values have made as much of the playlist as one may be
// long: a few bytes of name may stand for kilobytes, in each of its lines.
func (f *filler) fill(s string) string {
	if len(f.variables) == 0 || f.added > maxPlaylist || !strings.Contains(s, "{$") {
		return s
	}
	filled := f.variables.fill(s)
	f.added += max(0, len(filled)-len(s))
	return filled
}

func (v variables) fill(s string) string {
	var b strings.Builder
	for rest := s; rest != ""; {
		before, after, ok := strings.Cut(rest, "{$")
		b.WriteString(before)
		if !ok {
			break
		}
		name, behind, ok := strings.Cut(after, "}")
		value, known := v[name]
		if !ok || !known {
			b.WriteString("{$")
			rest = after
			continue
		}
		b.WriteString(value)
		rest = behind
		if b.Len() > maxLine {
			return s
		}
	}
	return b.String()
}
