package metafile

import (
	"net/url"
	"strings"
)

// parseM3U reads links line by line:
//
//	#EXTM3U
//	#EXTINF:-1 logo="x",Title, which may hold commas
//	#EXTVLCOPT:http-user-agent=Mozilla/5.0     of the next link alone
//	http://host/radio|Referer=http%3A%2F%2Fsite%2F&User-Agent=x
func parseM3U(s string) []Link {
	var links []Link
	next := Link{}
	for line := range lines(s) {
		switch {
		case foldPrefix(line, "#EXTINF:"):
			next.Title = extTitle(line[len("#EXTINF:"):])
		case foldPrefix(line, "#EXTVLCOPT:"):
			next.option(line[len("#EXTVLCOPT:"):])
		case line[0] == '#':
		default:
			next.URL, line, _ = strings.Cut(line, "|")
			for _, o := range strings.Split(line, "&") {
				name, value, _ := strings.Cut(o, "=")
				if v, err := url.PathUnescape(value); err == nil {
					value = v
				}
				next.option("http-" + name + "=" + value)
			}
			links = add(links, next)
			next = Link{}
		}
	}
	return links
}

// option takes VLC's "http-user-agent=..." and "http-referrer=...".
func (l *Link) option(s string) {
	name, value, _ := strings.Cut(s, "=")
	value = strings.Trim(value, "\" \t")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "http-user-agent":
		l.UserAgent = value
	case "http-referrer", "http-referer":
		l.Referer = value
	}
}

// extTitle is what stands behind the comma of an #EXTINF, where no comma of an
// attribute in quotes is meant.
func extTitle(s string) string {
	quoted := false
	for i := range len(s) {
		switch s[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return strings.TrimSpace(s[i+1:])
			}
		}
	}
	return ""
}

// isHLS tells a playlist of segments from a list of stations: it has tags that
// only HLS knows (RFC 8216, section 4.3), and none that only stations have come
// before them, as in lists that were put together of all sorts of things.
func isHLS(low string) bool {
	for line := range lines(low) {
		switch {
		case strings.HasPrefix(line, "#ext-x-"):
			return true
		case strings.HasPrefix(line, "#extinf:-"), strings.HasPrefix(line, "#extinf:") && strings.Contains(line, `="`):
			return false
		}
	}
	return false
}

// lines are the lines of s that hold something, without blanks around them.
// Those that are too long are left out.
func lines(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for more := true; more; {
			var line string
			end := strings.IndexAny(s, "\r\n")
			if more = end >= 0; more {
				line, s = s[:end], s[end+1:]
			} else {
				line = s
			}
			line = strings.TrimSpace(line)
			if line != "" && len(line) <= maxLine && !yield(line) {
				return
			}
		}
	}
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
