package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// maxAdded is how many lines an entry may get when it is written, beyond those
// that it was read with.
const maxAdded = 8

// document is an M3U text that is edited in place: what is not touched stays
// byte for byte, whoever wrote it and however.
type document struct {
	text    []byte
	entries []placed
}

// placed is an entry and its lines in the text.
type placed struct {
	Entry
	lines []span
}

// errNotEditable is wrapped with why.
var errNotEditable = errors.New("it is left as it is")

// parseDocument reads text as an M3U list, whatever else is in it.
func parseDocument(text []byte) (*document, error) {
	switch kind, why := sniff(text[:min(len(text), sniffed)]); {
	case kind == kindNone:
		return nil, fmt.Errorf("%w: %s", ErrNotAList, why)
	case kind == kindPLS:
		return nil, fmt.Errorf("%w: it is a PLS list in an M3U list's place", errNotEditable)
	case kind == kindUTF16:
		return nil, fmt.Errorf("%w: it is UTF-16; save it as UTF-8", errNotEditable)
	}
	d := &document{text: text}
	p := &m3uParser{
		emit: func(e Entry, _ int, lines []span) error {
			if len(d.entries) == MaxEntries {
				return fmt.Errorf("%w: it has more than 1,000,000 entries", errNotEditable)
			}
			d.entries = append(d.entries, placed{e, slices.Clone(lines)})
			return nil
		},
		problem: func(int, string) {},
		settled: func() bool { return true },
		room:    maxRaw + maxAdded,
	}
	in := newLines(bytes.NewReader(text))
	next := func() ([]byte, error) {
		for {
			line, long, err := in.next()
			if err != nil || !long {
				return line, err
			}
		}
	}
	return d, p.parse(next, in)
}

// identity is what makes two entries the same: the link, without what a list
// adds to it.
func identity(url string) string {
	link, _ := splitOptions(trim(url))
	return link
}

// has reports whether the link is in the list.
func (d *document) has(id string) bool {
	return slices.ContainsFunc(d.entries, func(e placed) bool { return identity(e.URL) == id })
}

// without returns the text without the lines of the entries that drop names,
// and how many entries those are.
func (d *document) without(drop func(i int, e Entry) bool) (text []byte, dropped int) {
	text = make([]byte, 0, len(d.text))
	from := int64(0)
	for i, e := range d.entries {
		if !drop(i, e.Entry) {
			continue
		}
		dropped++
		for _, l := range e.lines {
			text = append(text, d.text[from:l.from]...)
			from = l.to
		}
	}
	return append(text, d.text[from:]...), dropped
}

// with returns the text with e before entry i, or after everything.
func (d *document) with(e Entry, i int) ([]byte, error) {
	eol := lineEnd(d.text)
	lines, err := appendEntry(nil, e, eol, true)
	if err != nil {
		return nil, err
	}
	at := len(d.text)
	if i < len(d.entries) {
		at = int(d.entries[i].lines[0].from)
	}
	before := bytes.Clone(d.text[:at])
	if len(trim(d.text)) == 0 {
		before = append(before, "#EXTM3U"+eol...)
	} else if n := len(before); n > 0 && before[n-1] != '\n' && before[n-1] != '\r' {
		before = append(before, eol...)
	}
	return slices.Concat(before, lines, d.text[at:]), nil
}

// lineEnd is how text ends its lines.
func lineEnd(text []byte) string {
	i := bytes.IndexAny(text, "\r\n")
	switch {
	case i < 0 || text[i] == '\n':
		return "\n"
	case i+1 < len(text) && text[i+1] == '\n':
		return "\r\n"
	}
	return "\r"
}

// edited reads text back after a change and makes sure that it has the links
// that it should have, in their order: a text so odd that a change of one entry
// would change others is not written.
func edited(text []byte, want []string) (*document, error) {
	d, err := parseDocument(text)
	if err != nil {
		return nil, err
	}
	if !slices.EqualFunc(d.entries, want, func(e placed, url string) bool { return identity(e.URL) == url }) {
		return nil, fmt.Errorf("%w: its lines cannot be told apart", errNotEditable)
	}
	return d, nil
}

// links are the identities of the entries.
func (d *document) links() []string {
	links := make([]string, len(d.entries))
	for i, e := range d.entries {
		links[i] = identity(e.URL)
	}
	return links
}

// add is the document with e after everything; d itself where it has e.
func (d *document) add(e Entry) (*document, error) {
	id := identity(e.URL)
	if d.has(id) {
		return d, nil
	}
	text, err := d.with(e, len(d.entries))
	if err != nil {
		return nil, err
	}
	return edited(text, append(d.links(), id))
}

// remove is the document without every entry that drop names.
func (d *document) remove(drop func(i int, e Entry) bool) (*document, error) {
	text, dropped := d.without(drop)
	if dropped == 0 {
		return d, nil
	}
	var want []string
	for i, e := range d.entries {
		if !drop(i, e.Entry) {
			want = append(want, identity(e.URL))
		}
	}
	return edited(text, want)
}

// values are the entries alone.
func (d *document) values() []Entry {
	entries := make([]Entry, len(d.entries))
	for i, e := range d.entries {
		entries[i] = e.Entry
	}
	return entries
}
