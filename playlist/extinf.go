package playlist

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/address"
)

// maxDuration bounds an announced duration: 1,000 days.
const maxDuration = 1000 * 24 * time.Hour

// parseInfo understands what follows "#EXTINF:".
//
//	-1 tvg-id="bbc1" tvg-logo=http://host/1.png group-title="News, UK",BBC One, HD
//	|  attributes, with quotes or without                              name
//	seconds, -1 for endless
//
// The name begins after the first comma that stands in no attribute. Quotes
// that were forgotten or stand inside a value are understood as far as that
// goes.
func (e *Entry) parseInfo(s string) {
	s = skipBlanks(s)
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || s[n] == '-' || s[n] == '+') {
		n++
	}
	whole := s
	e.Duration = parseSeconds(s[:n])
	s = s[n:]
	var name, tvgName, loose, hopeless string
	for {
		if s = skipBlanks(s); s == "" {
			break
		}
		if s[0] == ',' {
			name = s[1:]
			break
		}
		if n := keyLength(s); n > 0 {
			var value string
			key := s[:n-1]
			value, s = attribute(s[n:], &hopeless)
			switch strings.ToLower(key) {
			case "tvg-name":
				tvgName = value
			default:
				e.setAttribute(key, value)
			}
			continue
		}
		if loose == "" {
			loose = s
		}
		n := strings.IndexAny(s, " \t,")
		if n < 0 {
			n = len(s)
		}
		s = s[n:]
	}
	if e.Name = clean(name); e.Name == "" {
		e.Name = clean(tvgName)
	}
	if e.Name == "" && name == "" && !strings.Contains(whole, ",") {
		e.Name = clean(loose) // "#EXTINF:-1 BBC One", without its comma
	}
}

func skipBlanks(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

// keyLength is the length of "key=" at the beginning of s, 0 where there is none.
func keyLength(s string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '=' && i > 0:
			return i + 1
		case isLetterOrDigit(rune(c)) || i > 0 && (c == '-' || c == '_' || c == '.'):
		default:
			return 0
		}
	}
	return 0
}

// attribute takes the value at the beginning of s and returns the rest. hopeless
// names the quotes that end no value from here on: they are not looked for again.
func attribute(s string, hopeless *string) (value, rest string) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		quote := s[:1]
		s = s[1:]
		if !strings.Contains(*hopeless, quote) {
			for i := range len(s) {
				if s[i] == quote[0] && closes(s[i+1:]) {
					return s[:i], s[i+1:]
				}
			}
			*hopeless += quote
		}
		if value, rest, ok := strings.Cut(s, quote); ok {
			return value, rest
		}
		if i := strings.IndexByte(s, ','); i >= 0 {
			return s[:i], s[i:]
		}
		return s, ""
	}
	for i := range len(s) {
		if s[i] == ',' || (s[i] == ' ' || s[i] == '\t') && keyLength(s[i+1:]) > 0 {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// closes reports whether a quote before rest ends its value: what follows is
// the end, the comma before the name, or another attribute.
func closes(rest string) bool {
	rest = skipBlanks(rest)
	return rest == "" || rest[0] == ',' || keyLength(rest) > 0
}

// setAttribute keeps an attribute that means something here. The first counts.
func (e *Entry) setAttribute(key, value string) {
	set := func(field *string) {
		if *field == "" {
			*field = clean(value)
		}
	}
	switch strings.ToLower(key) {
	case "tvg-id":
		set(&e.ID)
	case "tvg-logo", "logo":
		set(&e.Logo)
	case "group-title":
		set(&e.Group)
	case charsetKey:
		set(&e.Charset)
	default:
		e.setHeader(key, value)
	}
}

// setHeader keeps what is to be sent to the server. The first counts.
func (e *Entry) setHeader(key, value string) {
	switch strings.ToLower(strings.TrimSpace(key)) {
	case "http-user-agent", "user-agent":
		if e.UserAgent == "" {
			e.UserAgent = clean(value)
		}
	case "http-referrer", "http-referer", "referrer", "referer":
		if e.Referer == "" {
			e.Referer = clean(value)
		}
	}
}

// splitOptions takes "|User-Agent=...&Referer=..." off a link. A '|' that no
// option follows is part of the link, and the reserved links have none.
func splitOptions(line string) (link, options string) {
	for i := 0; ; i++ {
		n := strings.IndexByte(line[i:], '|')
		if n < 0 {
			return line, ""
		}
		i += n
		if k := keyLength(line[i+1:]); k > 0 && isOption(line[i+1:i+k]) && !address.Reserved(line) {
			return trim(line[:i]), line[i+1:]
		}
	}
}

// isOption tells the option of a player from a parameter of the link.
func isOption(key string) bool {
	switch key = strings.ToLower(key); key {
	case "referer", "referrer", "origin", "cookie", "authorization", "verifypeer", "seekable":
		return true
	}
	return strings.Contains(key, "-")
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// parseSeconds reads "-1", "212" or "9.009": less than 0 is -1, endless.
func parseSeconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || math.IsNaN(f):
		return 0
	case f < 0:
		return -1
	case f > maxDuration.Seconds():
		return maxDuration
	}
	return time.Duration(math.Round(f * float64(time.Second)))
}

func seconds(d time.Duration) string {
	if d < 0 {
		return "-1"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
}

// infoLine is the #EXTINF line of an entry that has none. A group with a quote
// in it is left out: it needs a line of its own.
func infoLine(e Entry) string {
	var b strings.Builder
	b.WriteString("#EXTINF:" + seconds(e.Duration))
	if strings.Contains(e.Group, `"`) {
		e.Group = ""
	}
	for _, a := range []struct{ key, value string }{
		{"tvg-id", e.ID}, {"tvg-logo", e.Logo}, {"group-title", e.Group}, {charsetKey, e.Charset},
	} {
		if v := attributeText(a.value); v != "" {
			b.WriteString(" " + a.key + `="` + v + `"`)
		}
	}
	b.WriteString("," + clean(e.Name))
	return b.String()
}
