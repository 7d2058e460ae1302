package address

import "strings"

// Resolve makes a link of what stands in a document that came from a: a Location
// header, an entry of a list (RFC 3986, section 5.2). It changes no byte of
// it, and gives it no name and no password.
func (a Address) Resolve(location string) string {
	location, _, _ = strings.Cut(strings.TrimSpace(location), "#")
	if HasScheme(location) {
		return location
	}
	if strings.HasPrefix(location, "//") {
		return a.Scheme + ":" + location
	}
	path, query, _ := strings.Cut(a.Path, "?")
	switch {
	case strings.HasPrefix(location, "/"):
		path = location
	case strings.HasPrefix(location, "?"):
		path += location
	case location == "" && query != "":
		path += "?" + query
	case location != "":
		path = path[:strings.LastIndexByte(path, '/')+1] + location
	}
	return a.Scheme + "://" + a.Authority() + dotless(path)
}

// HasScheme reports whether a link is whole. One in the query of a relative link
// ("play?url=http://host/") does not make it so.
func HasScheme(link string) bool {
	i := strings.Index(link, "://")
	return i > 0 && !strings.ContainsAny(link[:i], "/?")
}

// dotless removes "." and ".." from a path (RFC 3986, section 5.2.4).
func dotless(path string) string {
	path, query, hasQuery := strings.Cut(path, "?")
	var kept []string
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, p := range parts {
		last := i == len(parts)-1
		switch p {
		case ".":
			if last {
				kept = append(kept, "")
			}
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, p)
		}
	}
	path = "/" + strings.Join(kept, "/")
	if hasQuery {
		path += "?" + query
	}
	return path
}
