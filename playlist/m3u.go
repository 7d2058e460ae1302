package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRaw bounds the lines that one entry may have before its link.
const maxRaw = 64

// An M3U, as lists in use have it:
//
//	#EXTM3U url-tvg="..."                    header, may be missing
//	#EXTGRP:News                             before #EXTINF: a group begins
//	# --- comment ---                        nobody's
//	#KODIPROP:inputstream=...                any directive: of the next link
//	#EXTINF:-1 tvg-id="bbc1" group-title="UK",BBC One
//	#EXTGRP:UK                               after #EXTINF: of this link alone
//	#EXTVLCOPT:http-user-agent=Mozilla/5.0
//	http://host/1.ts|Referer=http://host/
type m3uParser struct {
	// emit takes an entry, its size in bytes, and where its lines are.
	emit func(e Entry, size int, lines []span) error
	// problem is told of what is left out.
	problem func(line int, reason string)
	// settled says that the text is a list, whatever HLS tags it holds.
	settled func() bool
	room    int // lines that an entry may have before its link

	pending []byte // the lines before a link, one after another
	ends    []int  // where each of them ends
	places  []span // where each of them stands in the text
	info    int    // number of the #EXTINF line among them, 0 none

	section string // group that began before
	header  bool   // #EXTM3U or #EXTINF was seen
	channel bool   // something was seen that no HLS playlist has
	links   int
	strange int // lines that are no link

	groups map[string]string // one copy of each
}

// span is a place in a text.
type span struct{ from, to int64 }

func readM3U(b *reading) error {
	p := &m3uParser{
		emit:    func(e Entry, size int, _ []span) error { return b.add(e, size) },
		problem: b.problems.add,
		settled: func() bool { return b.flushed },
		room:    maxRaw,
	}
	err := p.parse(b.next, b.in)
	if errors.Is(err, errFull) {
		return nil
	}
	return err
}

// parse reads lines until next returns io.EOF.
func (p *m3uParser) parse(next func() ([]byte, error), at *lines) error {
	p.groups = make(map[string]string)
	for {
		line, err := next()
		if errors.Is(err, io.EOF) {
			p.drop(at.no)
			return p.verdict(true)
		}
		if err != nil {
			return err
		}
		t := trim(line)
		switch {
		case len(t) == 0:
		case t[0] == '#':
			err = p.directive(t, line, at)
		default:
			err = p.link(t, line, at)
		}
		if err != nil {
			return err
		}
	}
}

// verdict says, of a text that no header calls a list, whether it is one.
func (p *m3uParser) verdict(end bool) error {
	if p.header || p.settled() || p.strange <= p.links || !end && p.strange < patience {
		return nil
	}
	return fmt.Errorf("%w: its lines are no links", ErrNotAList)
}

func (p *m3uParser) directive(t, line []byte, at *lines) error {
	switch {
	case hasTag(t, "#EXTM3U"):
		p.header = true
		p.drop(at.no)
		p.section = ""
	case hasTag(t, "#EXT-X-"):
		// Kept from Raw: in a copy it would make a stream of the whole list.
		if !p.settled() && !p.channel {
			return ErrStream
		}
	case hasTag(t, "#PLAYLIST:"), hasTag(t, "#EXTENC:"):
	case hasTag(t, "#EXTINF"):
		p.header = true
		p.channel = p.channel || bytes.HasPrefix(t, []byte("#EXTINF:-")) || bytes.Contains(t, []byte(`="`))
		if p.info > 0 {
			p.drop(at.no)
		}
		p.keep(line, at)
		p.info = len(p.ends)
	case hasTag(t, "#EXTGRP") && p.info == 0:
		p.section = p.intern(groupLine(string(t)))
	case p.info > 0 || isDirective(t):
		p.keep(line, at)
	}
	return nil
}

// hasTag reports whether a line begins with tag, in any case.
func hasTag[T string | []byte](line T, tag string) bool {
	return len(line) >= len(tag) && strings.EqualFold(string(line[:len(tag)]), tag)
}

// isDirective tells "#KODIPROP:" from a comment.
func isDirective(t []byte) bool {
	for i, c := range t[1:] {
		switch {
		case c == ':':
			return i > 0
		case c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '_'):
		default:
			return hasTag(t, "#ext") || hasTag(t, "#kodiprop")
		}
	}
	return false
}

// keep adds a line to those of the next link.
func (p *m3uParser) keep(line []byte, at *lines) {
	if len(p.ends) == p.room {
		p.problem(at.no, "its entry has too many lines")
		return
	}
	p.pending = append(p.pending, line...)
	p.ends = append(p.ends, len(p.pending))
	p.places = append(p.places, span{at.from, at.to})
}

// drop gives up the lines before line no: another entry begins there.
func (p *m3uParser) drop(no int) {
	if p.info > 0 {
		p.problem(no, "the entry before it has no link")
	}
	p.clear()
}

func (p *m3uParser) clear() {
	p.pending, p.ends, p.places, p.info = p.pending[:0], p.ends[:0], p.places[:0], 0
}

func (p *m3uParser) link(t, line []byte, at *lines) error {
	if p.info == 0 && !looksLikeLink(t) {
		p.problem(at.no, "it is not a link")
		p.strange++
		return p.verdict(false)
	}
	// One string holds all of the entry; its fields are parts of it.
	p.pending = append(p.pending, line...)
	text := string(p.pending)
	var raw []string
	if len(p.ends) > 0 {
		raw = make([]string, len(p.ends))
		from := 0
		for i, to := range p.ends {
			raw[i] = text[from:to]
			from = to
		}
		text = text[from:]
	}
	e := parseEntry(raw, text)
	if e.URL == "" {
		p.problem(at.no, "it is not a link")
		p.clear()
		return nil
	}
	p.links++
	if e.Group == "" {
		e.Group = p.section
	} else {
		e.Group = p.intern(e.Group)
	}
	size := len(p.pending)
	p.places = append(p.places, span{at.from, at.to})
	err := p.emit(e, size, p.places)
	p.clear()
	return err
}

func (p *m3uParser) intern(group string) string {
	if g, ok := p.groups[group]; ok {
		return g
	}
	group = strings.Clone(group)
	p.groups[group] = group
	return group
}

// looksLikeLink tells the line of a bare list from prose: it has a scheme, or
// it ends like a file name, or it is one word with a dot, a colon or a slash.
func looksLikeLink(t []byte) bool {
	if i := bytes.Index(t, []byte("://")); i > 0 && !bytes.ContainsAny(t[:i], " \t/?") {
		return true
	}
	if i := bytes.LastIndexByte(t, '.'); i > 0 && len(t)-i >= 3 && len(t)-i <= 6 &&
		bytes.IndexFunc(t[i+1:], func(r rune) bool { return !isLetterOrDigit(r) }) < 0 {
		return true
	}
	return !bytes.ContainsAny(t, " \t<>{}\"") && bytes.IndexAny(t, ".:/\\") > 0
}

func isLetterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// parseEntry understands the lines of one entry.
func parseEntry(raw []string, line string) Entry {
	e := Entry{Raw: raw}
	var options string
	if e.URL, options = splitOptions(trim(line)); e.URL != line {
		e.Line = line
	}
	for options != "" {
		var option string
		option, options, _ = strings.Cut(options, "&")
		key, value, _ := strings.Cut(option, "=")
		e.setHeader(key, unescape(value))
	}
	for _, r := range raw {
		r = trim(r)
		switch {
		case hasTag(r, "#EXTINF"):
			e.parseInfo(strings.TrimPrefix(r[len("#EXTINF"):], ":"))
		case hasTag(r, "#EXTGRP"):
			if e.Group == "" {
				e.Group = groupLine(r)
			}
		case hasTag(r, "#EXTVLCOPT"):
			key, value, _ := strings.Cut(strings.TrimLeft(r[len("#EXTVLCOPT"):], ":-"), "=")
			e.setHeader(key, strings.Trim(value, `" `))
		}
	}
	return e
}

// groupLine is the group that an #EXTGRP line names.
func groupLine(line string) string {
	return clean(strings.TrimPrefix(line[len("#EXTGRP"):], ":"))
}

// WriteM3U writes entries as an M3U list. An entry with Raw is written byte
// for byte as it was read; nothing in a name can begin a line of its own. An
// entry that no list can hold gives an ErrUnwritable.
func WriteM3U(w io.Writer, entries []Entry) error {
	text := []byte("#EXTM3U\n")
	for i := range entries {
		var err error
		if text, err = appendEntry(text, entries[i], "\n", false); err != nil {
			return fmt.Errorf("entry %d, %q: %w", i+1, entries[i].Title(), err)
		}
		if len(text) >= lineBuffer || i == len(entries)-1 {
			if _, err := w.Write(text); err != nil {
				return err
			}
			text = text[:0]
		}
	}
	if len(text) > 0 {
		_, err := w.Write(text)
		return err
	}
	return nil
}

// appendEntry appends the lines of e. full asks for an #EXTINF line even where
// there is nothing to say.
func appendEntry(text []byte, e Entry, eol string, full bool) ([]byte, error) {
	raw, line := e.Raw, e.Line
	for _, r := range raw {
		if !ownLine(r) {
			raw = nil
			break
		}
	}
	if line == "" || strings.ContainsAny(line, "\r\n") {
		line = e.URL
	}
	got := parseEntry(raw, line)
	if got.URL != e.URL && line != e.URL {
		line = e.URL
		got = parseEntry(raw, line)
	}
	if e.URL == "" || e.URL[0] == '#' || trim(e.URL) != e.URL ||
		strings.ContainsAny(line, "\r\n") || len(line) > MaxLine {
		return text, ErrUnwritable
	}

	var lines []string
	described := false
	for _, r := range raw {
		described = described || hasTag(trim(r), "#EXTINF")
	}
	if !described && (full || needsInfo(e)) {
		lines = append(lines, infoLine(e))
		if !strings.Contains(e.Group, `"`) {
			got.Group = e.Group
		}
		described = true
	}
	lines = append(lines, raw...)
	if described && got.Group == "" && clean(e.Group) != "" {
		lines = append(lines, "#EXTGRP:"+clean(e.Group))
	}
	if got.UserAgent == "" && clean(e.UserAgent) != "" {
		lines = append(lines, "#EXTVLCOPT:http-user-agent="+clean(e.UserAgent))
	}
	if got.Referer == "" && clean(e.Referer) != "" {
		lines = append(lines, "#EXTVLCOPT:http-referrer="+clean(e.Referer))
	}
	for _, l := range append(lines, line) {
		text = append(append(text, l...), eol...)
	}
	return text, nil
}

// ownLine reports whether r can stand before a link without ending the entry.
func ownLine(r string) bool {
	t := trim(r)
	return len(t) > 0 && t[0] == '#' && !strings.ContainsAny(r, "\r\n") && len(r) <= MaxLine &&
		!hasTag(t, "#EXTM3U") && !hasTag(t, "#EXT-X-")
}

func needsInfo(e Entry) bool {
	return e.Name != "" || e.Group != "" || e.ID != "" || e.Logo != "" || e.Charset != "" || e.Duration != 0 ||
		!looksLikeLink([]byte(e.URL))
}
