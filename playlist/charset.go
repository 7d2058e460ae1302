package playlist

import (
	"fmt"
	"slices"
	"strings"
)

// charsetKey is the attribute of #EXTINF by which a list says how a station
// writes its titles; other players pass over it.
//
//	#EXTINF:-1 charset="windows-1251" group-title="Radio",Маяк
const charsetKey = "charset"

// WithCharset is e with another charset; label is a name of the WHATWG's table,
// or empty for one that is found out. Nothing else in its lines changes; where
// they are so odd that it would, e is returned as it is.
func (e Entry) WithCharset(label string) Entry {
	if label = attributeText(label); label == e.Charset {
		return e
	}
	next := e
	next.Charset = label
	i := slices.IndexFunc(e.Raw, func(r string) bool { return hasTag(trim(r), "#EXTINF") })
	switch {
	case len(e.Raw) == 0: // it is described when it is written
		return next
	case i < 0:
		next.Raw = slices.Insert(slices.Clone(e.Raw), 0, infoLine(next))
		return next
	}
	next.Raw = slices.Clone(e.Raw)
	for _, last := range []bool{false, true} {
		next.Raw[i] = withCharset(e.Raw[i], label, last)
		if next.tells() {
			return next
		}
	}
	return e
}

// tells reports whether what is understood of e's #EXTINF lines is what e says.
func (e Entry) tells() bool {
	read := parseEntry(e.Raw, e.URL)
	return read.Charset == e.Charset && read.Name == e.Name && read.ID == e.ID && read.Logo == e.Logo &&
		read.Duration == e.Duration && (read.Group == e.Group || read.Group == "") // or a section's
}

// withCharset sets the attribute in an #EXTINF line, before the others or after
// them, or takes it away, and leaves every other byte.
func withCharset(line, label string, last bool) string {
	at := strings.Index(strings.ToUpper(line), "#EXTINF") + len("#EXTINF")
	s := skipBlanks(strings.TrimPrefix(line[at:], ":"))
	for s != "" && strings.IndexByte("0123456789.-+", s[0]) >= 0 {
		s = s[1:]
	}
	head, set := line[:len(line)-len(s)], ""
	if label != "" {
		set = " " + charsetKey + `="` + label + `"`
	}
	if !last {
		head, set = head+set, ""
	}
	var hopeless string
	for s != "" {
		rest := skipBlanks(s)
		if rest == "" || rest[0] == ',' {
			break
		}
		n := keyLength(rest)
		if n == 0 { // not an attribute: a word of a name without its comma
			n = max(strings.IndexAny(rest+",", " \t,"), 1)
			head, s = head+s[:len(s)-len(rest)+n], rest[n:]
			continue
		}
		_, after := attribute(rest[n:], &hopeless)
		if !strings.EqualFold(rest[:n-1], charsetKey) {
			head += s[:len(s)-len(after)]
		}
		s = after
	}
	return head + set + s
}

// attributeText is what may stand between quotes in a list.
func attributeText(s string) string { return strings.ReplaceAll(clean(s), `"`, "'") }

// SetCharset changes how the titles of the favourite with this link are read.
// Where it is no favourite nothing changes.
func (s *Store) SetCharset(url, label string) error {
	id := identity(url)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change("favourites", &s.favourites, func(d *document) (*document, error) { return d.setCharset(id, label) })
}

// setCharset is the document with another charset for the entries of one link.
func (d *document) setCharset(id, label string) (*document, error) {
	eol, label := lineEnd(d.text), attributeText(label)
	var text []byte
	from := int64(0)
	put := func(to int64, line string) {
		text = append(append(text, d.text[from:to]...), line...)
		from = to
	}
	for _, e := range d.entries {
		next := e.WithCharset(label)
		switch {
		case identity(e.URL) != id || label == e.Charset:
		case next.Charset == e.Charset:
			return nil, fmt.Errorf("%w: its line cannot be told apart", errNotEditable)
		case slices.Equal(next.Raw, e.Raw): // a link alone
			put(e.lines[0].from, infoLine(next)+eol)
		case len(next.Raw) > len(e.Raw): // lines without an #EXTINF
			put(e.lines[0].from, next.Raw[0]+eol)
		default:
			for i, line := range next.Raw {
				if line != e.Raw[i] {
					put(e.lines[i].from, line)
					from += int64(len(e.Raw[i])) // its line's end stays
				}
			}
		}
	}
	if text == nil {
		return d, nil
	}
	return edited(append(text, d.text[from:]...), d.links())
}
