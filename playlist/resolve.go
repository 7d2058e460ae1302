package playlist

import (
	"path/filepath"
	"strings"
)

// Resolve returns e with a relative link made whole against place, the path or
// the URL of the list that it comes from. What has a scheme stays as it is, and
// so does what can only be a host: "host:8080/radio", "www.example.org". A file
// becomes "file://" and its path.
func (e Entry) Resolve(place string) Entry {
	link := e.URL
	if place == "" || link == "" || hasScheme(link) || e.Reserved() || namesHost(link) {
		return e
	}
	if hasScheme(place) {
		e.URL = resolveURL(link, place)
	} else {
		e.URL = resolvePath(link, place)
	}
	e.Raw, e.Line = nil, ""
	return e
}

// Resolve returns e with a relative link made whole against the list's place.
func (l *List) Resolve(e Entry) Entry { return e.Resolve(l.Path) }

// hasScheme also takes "rtsp:..." and other links without slashes for what
// they are, but not a drive letter.
func hasScheme(link string) bool {
	scheme, rest, ok := strings.Cut(link, ":")
	if !ok || len(scheme) < 2 || strings.ContainsAny(scheme, " \t./\\?") {
		return false
	}
	return strings.HasPrefix(rest, "//") || rest != "" && (rest[0] < '0' || rest[0] > '9')
}

// namesHost reports whether a link without a scheme begins with a host: it has
// a port, or it begins as hosts do.
func namesHost(link string) bool {
	if strings.HasPrefix(strings.ToLower(link), "www.") {
		return true
	}
	host, port, ok := strings.Cut(link, ":")
	if !ok || len(host) < 2 || strings.ContainsAny(host, " \t/\\?") {
		return false
	}
	if i := strings.IndexAny(port, "/?"); i >= 0 {
		port = port[:i]
	}
	return port != "" && strings.Trim(port, "0123456789") == ""
}

// resolveURL follows RFC 3986 section 5.2 on the bytes as they are: a trip
// through net/url would change what it does not like.
func resolveURL(link, base string) string {
	i := strings.Index(base, "://")
	if i < 0 {
		return link
	}
	if strings.HasPrefix(link, "//") {
		return base[:i+1] + link
	}
	root := len(base)
	if n := strings.IndexAny(base[i+3:], "/?#"); n >= 0 {
		root = i + 3 + n
	}
	authority, path := base[:root], base[root:]
	if n := strings.IndexAny(path, "?#"); n >= 0 {
		path = path[:n]
	}
	switch link[0] {
	case '/':
		return authority + link
	case '?':
		return authority + path + link
	}
	dir := path[:strings.LastIndexByte(path, '/')+1]
	if dir == "" {
		dir = "/"
	}
	for {
		if rest, ok := strings.CutPrefix(link, "./"); ok {
			link = rest
		} else if rest, ok := strings.CutPrefix(link, "../"); ok {
			link = rest
			if up := strings.LastIndexByte(dir[:len(dir)-1], '/'); up >= 0 {
				dir = dir[:up+1]
			}
		} else {
			return authority + dir + link
		}
	}
}

func resolvePath(link, list string) string {
	link = strings.ReplaceAll(link, `\`, "/") // lists from Windows
	if !filepath.IsAbs(link) && !(len(link) > 2 && link[1] == ':' && link[2] == '/') {
		link = filepath.Join(filepath.Dir(list), link)
		if abs, err := filepath.Abs(link); err == nil {
			link = abs
		}
	}
	return "file://" + link
}
