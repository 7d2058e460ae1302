package metafile

import (
	"strconv"
	"strings"
)

// maxAttributes bounds those of one tag.
const maxAttributes = 32

// tag is an element's beginning or end. Names are in lower case and without a
// namespace's prefix.
type tag struct {
	name    string
	closing bool
	attr    map[string]string
}

// tags takes a text apart into tags and what stands between them, as sloppy
// writers of XML need it: names in any case, values without quotes or with one
// quote, raw ampersands, no closing tags.
//
//	<Ref HREF = "http://host/a?b&c=1 />
type tags struct{ rest string }

// next is the text up to the next tag, and that tag. ok is false at the end.
func (t *tags) next() (text string, got tag, ok bool) {
	var before strings.Builder
	for {
		i := strings.IndexByte(t.rest, '<')
		if i < 0 {
			before.WriteString(unescape(t.rest))
			t.rest = ""
			return before.String(), tag{}, false
		}
		before.WriteString(unescape(t.rest[:i]))
		t.rest = t.rest[i:]
		switch {
		case strings.HasPrefix(t.rest, "<!--"):
			t.skip("-->")
		case strings.HasPrefix(t.rest, "<![CDATA["), strings.HasPrefix(t.rest, "<![cdata["):
			inside, rest, _ := strings.Cut(t.rest[len("<![CDATA["):], "]]>")
			before.WriteString(inside)
			t.rest = rest
		case strings.HasPrefix(t.rest, "<!"), strings.HasPrefix(t.rest, "<?"):
			t.skip(">")
		case len(t.rest) > 1 && (isLetter(t.rest[1]) || t.rest[1] == '/'):
			return before.String(), t.tag(), true
		default:
			before.WriteByte('<')
			t.rest = t.rest[1:]
		}
	}
}

func (t *tags) skip(end string) {
	_, t.rest, _ = strings.Cut(t.rest, end)
}

// tag reads one; rest begins with it.
func (t *tags) tag() tag {
	t.rest = t.rest[1:]
	var got tag
	if strings.HasPrefix(t.rest, "/") {
		got.closing = true
		t.rest = t.rest[1:]
	}
	got.name = t.word(" \t\r\n/>")
	for {
		t.rest = strings.TrimLeft(t.rest, " \t\r\n/")
		if t.rest == "" || t.rest[0] == '<' {
			return got
		}
		if t.rest[0] == '>' {
			t.rest = t.rest[1:]
			return got
		}
		left := len(t.rest)
		name := t.word(" \t\r\n=/>")
		if len(t.rest) == left { // a stray mark
			t.rest = t.rest[1:]
			continue
		}
		t.rest = strings.TrimLeft(t.rest, " \t\r\n")
		value := ""
		if strings.HasPrefix(t.rest, "=") {
			t.rest = strings.TrimLeft(t.rest[1:], " \t\r\n")
			value = t.value()
		}
		if got.attr == nil {
			got.attr = make(map[string]string)
		}
		if len(got.attr) < maxAttributes && len(value) <= maxLine {
			got.attr[name] = value
		}
	}
}

// word is a name up to one of stop, in lower case and without its prefix.
func (t *tags) word(stop string) string {
	end := strings.IndexAny(t.rest, stop+"<\"'")
	if end < 0 {
		end = len(t.rest)
	}
	name := t.rest[:end]
	t.rest = t.rest[end:]
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return strings.ToLower(name[:min(len(name), 40)])
}

// value is an attribute's. A quote that is not closed ends with the line or the
// tag.
func (t *tags) value() string {
	stop, opened := " \t\r\n<>", false
	if t.rest != "" && (t.rest[0] == '"' || t.rest[0] == '\'') {
		stop, opened = t.rest[:1]+"\r\n<>", true
		t.rest = t.rest[1:]
	}
	end := strings.IndexAny(t.rest, stop)
	if end < 0 {
		end = len(t.rest)
	}
	v := t.rest[:end]
	t.rest = t.rest[end:]
	switch {
	case opened && t.rest != "" && t.rest[0] == stop[0]:
		t.rest = t.rest[1:]
	case strings.HasPrefix(t.rest, ">"): // <ref href=x/>
		v = strings.TrimRight(v, "/ \t\"'")
	}
	return unescape(strings.TrimSpace(v))
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

// unescape resolves XML's own references, and leaves every other ampersand as it
// is: "?a=1&copy=2" is no sign of copyright.
func unescape(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	const longest = len("&#x10ffff;")
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s[:min(len(s), longest)], ';')
		if end > 0 {
			if r, ok := reference(s[1:end]); ok {
				b.WriteString(r)
				s = s[end+1:]
				continue
			}
		}
		b.WriteByte('&')
		s = s[1:]
	}
}

func reference(name string) (string, bool) {
	if r, ok := entities[strings.ToLower(name)]; ok {
		return r, true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return "", false
	}
	base := 10
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || n < 0x20 {
		return "", false
	}
	return string(rune(n)), true
}
