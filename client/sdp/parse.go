package sdp

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const blank = " \t"

// Parse reads a description. It fails only on a body that is too large or does
// not look like SDP at all.
func Parse(body []byte) (*Session, error) {
	if len(body) > MaxBody {
		return nil, ErrTooLarge
	}
	p := parser{session: &Session{}}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	for len(body) > 0 {
		line := body
		if i := bytes.IndexAny(body, "\r\n"); i >= 0 {
			line, body = body[:i], body[i+1:]
		} else {
			body = nil
		}
		p.line(clean(line))
	}
	if !p.looksRight {
		return nil, ErrNotSDP
	}
	p.finish()
	return p.session, nil
}

// clean drops control bytes (NULs at the end, but not only there) and the
// blanks around a line.
func clean(line []byte) string {
	kept := make([]byte, 0, len(line))
	for _, b := range line {
		if b >= ' ' && b != 0x7f || b == '\t' {
			kept = append(kept, b)
		}
	}
	return strings.Trim(string(kept), blank)
}

// text makes s fit for people: a line that is not UTF-8 is Latin-1, as such
// lines are, and control characters are dropped.
func text(s string) string {
	if !utf8.ValidString(s) {
		runes := make([]rune, len(s))
		for i := range len(s) {
			runes[i] = rune(s[i])
		}
		s = string(runes)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

type parser struct {
	session    *Session
	media      *Media // nil above the first m=
	full       bool   // MaxMedia is reached: the rest belongs to nobody
	looksRight bool
}

func (p *parser) line(line string) {
	if len(line) < 2 {
		return
	}
	value, ok := strings.CutPrefix(strings.TrimLeft(line[1:], blank), "=")
	if !ok {
		return
	}
	value = strings.Trim(value, blank)
	switch kind := line[0] | 0x20; kind {
	case 'v', 'o':
		p.looksRight = true
	case 'm':
		p.looksRight = true
		p.addMedia(value)
	default:
		if !p.full {
			p.field(kind, value)
		}
	}
}

func (p *parser) field(kind byte, value string) {
	s, m := p.session, p.media
	switch {
	case kind == 's' && s.Name == "":
		s.Name = text(value)
	case kind == 'i' && m == nil && s.Info == "":
		s.Info = text(value)
	case kind == 'c' && m == nil && s.Connection == nil:
		s.Connection = parseConnection(value)
	case kind == 'c' && m != nil && m.Connection == nil:
		m.Connection = parseConnection(value)
	case kind == 'b' && m != nil:
		m.bandwidth(value)
	case kind == 'a' && m == nil:
		p.sessionAttribute(value)
	case kind == 'a':
		m.attribute(value)
	}
}

func split(value string) Attribute {
	key, v, _ := strings.Cut(value, ":")
	key, v = strings.Trim(text(key), blank), strings.Trim(v, blank)
	if !strings.EqualFold(key, "control") {
		v = text(v) // a control goes back to the server as it came
	}
	return Attribute{Key: key, Value: v}
}

func (p *parser) sessionAttribute(value string) {
	s, a := p.session, split(value)
	if len(s.Attributes) >= MaxAttributes || a.Key == "" {
		return
	}
	s.Attributes = append(s.Attributes, a)
	switch strings.ToLower(a.Key) {
	case "control":
		setOnce(&s.Control, a.Value)
	case "range":
		setOnce(&s.Range, a.Value)
	case "tool":
		setOnce(&s.Tool, a.Value)
	case "type":
		setOnce(&s.Type, a.Value)
	}
}

func (m *Media) attribute(value string) {
	a := split(value)
	if len(m.Attributes) >= MaxAttributes || a.Key == "" {
		return
	}
	m.Attributes = append(m.Attributes, a)
	switch strings.ToLower(a.Key) {
	case "control":
		setOnce(&m.Control, a.Value)
	case "range":
		setOnce(&m.Range, a.Value)
	}
}

func setOnce(to *string, value string) {
	if *to == "" {
		*to = value
	}
}

// addMedia reads an m= line: "video 0 RTP/AVP 96 97". Any part may be missing;
// the medium is kept all the same, so that the others keep their places.
func (p *parser) addMedia(value string) {
	if len(p.session.Media) >= MaxMedia {
		p.full = true
		return
	}
	p.session.Media = append(p.session.Media, Media{})
	p.media = &p.session.Media[len(p.session.Media)-1]
	m := p.media
	words := strings.Fields(text(value))
	if len(words) > 0 {
		m.Type, words = strings.ToLower(words[0]), words[1:]
	}
	if len(words) > 0 {
		port, _, _ := strings.Cut(words[0], "/")
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			m.Port, words = int(n), words[1:]
		}
	}
	if len(words) > 0 {
		if _, err := strconv.Atoi(words[0]); err != nil {
			m.Proto, words = words[0], words[1:]
		}
	}
	for _, w := range words {
		if pt, ok := payloadType(w); ok {
			m.addFormat(pt)
		}
	}
}

func (m *Media) addFormat(pt uint8) {
	if len(m.Formats) < MaxFormats && !slices.Contains(m.Formats, pt) {
		m.Formats = append(m.Formats, pt)
	}
}

func payloadType(s string) (uint8, bool) {
	n, err := strconv.ParseUint(s, 10, 8)
	return uint8(n), err == nil && n < 128
}

// maxBandwidth keeps a sum of bit rates far from overflow: 100 Gbit/s.
const maxBandwidth = 100_000_000

func (m *Media) bandwidth(value string) {
	kind, figure, _ := strings.Cut(value, ":")
	n, err := strconv.ParseUint(strings.TrimSpace(figure), 10, 40)
	if err != nil {
		return
	}
	switch strings.ToUpper(strings.TrimSpace(kind)) {
	case "AS":
		m.BandwidthAS = int(min(n, maxBandwidth))
	case "TIAS":
		if m.BandwidthAS == 0 {
			m.BandwidthAS = int(min(n/1000, maxBandwidth))
		}
	}
}

// parseConnection takes the address out of a c= value. "IN IP4 239.1.1.1/16/2"
// is the rule; seen are "IN", "IN 1.2.3.4", "IN c=IN IP4 1.2.3.4" and "SM ...".
func parseConnection(value string) *Connection {
	address := ""
	for _, word := range strings.Fields(text(value)) {
		word = strings.TrimPrefix(word, "c=")
		switch strings.ToUpper(word) {
		case "IN", "SM", "IP", "IP4", "IP6", "":
		default:
			address = word
		}
	}
	if address == "" {
		return nil
	}
	parts := strings.Split(address, "/")
	c := &Connection{Address: parts[0], Count: 1}
	numbers := make([]int, 0, 2)
	for _, s := range parts[1:] {
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil {
			break
		}
		numbers = append(numbers, int(n))
	}
	if !strings.Contains(c.Address, ":") { // IPv6 has no TTL
		switch {
		case len(numbers) > 0:
			c.TTL, numbers = numbers[0], numbers[1:]
		case isMulticast4(c.Address):
			c.TTL = 127 // missing against the rules
		}
	}
	if len(numbers) > 0 {
		c.Count = max(1, numbers[0])
	}
	return c
}

func isMulticast4(address string) bool {
	first, _, _ := strings.Cut(address, ".")
	n, err := strconv.Atoi(first)
	return err == nil && n >= 224 && n <= 239
}
