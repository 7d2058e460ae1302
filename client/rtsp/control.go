package rtsp

import (
	"net/netip"
	"slices"
	"strings"
)

// maxURL bounds an URL that a server gives.
const maxURL = 8 << 10

// rawURL is an URL in three pieces of the text that it was. A trip through
// net/url would change bytes that servers compare.
type rawURL struct{ scheme, authority, path string }

func (u rawURL) String() string { return u.scheme + "://" + u.authority + u.path }

// host is the authority without its port and brackets.
func (u rawURL) host() string {
	a := u.authority
	if strings.HasPrefix(a, "[") {
		host, _, _ := strings.Cut(a[1:], "]")
		return host
	}
	host, _, _ := strings.Cut(a, ":")
	return host
}

// splitURL takes an absolute RTSP URL apart. User and password are dropped,
// blanks and control bytes too. ok is false for anything that cannot be a base:
// "192.168.1.2:554/a", "rtsp://rtsp://host/a", "rtsp://::ffff:1.2.3.4/".
func splitURL(s string) (u rawURL, ok bool) {
	s = cleanURL(s)
	scheme, rest, ok := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	if !ok || len(s) > maxURL || !slices.Contains([]string{"rtsp", "rtsps", "rtspt", "rtspu"}, scheme) {
		return u, false
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	u = rawURL{scheme, rest[:end], rest[end:]}
	if at := strings.LastIndexByte(u.authority, '@'); at >= 0 {
		u.authority = u.authority[at+1:]
	}
	if strings.HasPrefix(u.authority, "[") {
		return u, strings.Contains(u.authority, "]")
	}
	host, port, _ := strings.Cut(u.authority, ":")
	return u, host != "" && strings.Trim(port, "0123456789") == "" &&
		(port != "" || !strings.HasSuffix(u.authority, ":"))
}

// cleanURL removes what would break out of a request line.
func cleanURL(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return strings.ReplaceAll(strings.TrimSpace(s), " ", "%20")
}

// baseURL is what control URLs are relative to: Content-Base, else
// Content-Location, else the URL that was asked for. What cannot be used of
// the first two (no scheme, relative, 0.0.0.0) is skipped.
func baseURL(asked string, h header) string {
	for _, name := range []string{"Content-Base", "Content-Location"} {
		if u, ok := splitURL(h.get(name)); ok && !unusableHost(u.host()) {
			return u.String()
		}
	}
	return asked
}

func unusableHost(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && (a.IsUnspecified() || a.IsMulticast())
}

// sessionControl resolves the session's a=control against base: the URL of
// PLAY, PAUSE, TEARDOWN and keepalives.
func sessionControl(base, control, asked string) string {
	control = cleanURL(control)
	if control == "" || control == "*" || len(control) > maxURL {
		return base
	}
	if u, ok := splitURL(control); ok {
		return reachable(u, asked).String()
	}
	if u := resolve(base, control); len(u) <= maxURL {
		return u
	}
	return base
}

// reachable puts the host that was asked for in the place of one that cannot
// be the server's from here: a private or unspecified address, while the
// connection goes to another kind of host. The scheme follows the connection.
func reachable(u rawURL, asked string) rawURL {
	a, ok := splitURL(asked)
	if !ok {
		return u
	}
	u.scheme = a.scheme
	ip, err := netip.ParseAddr(u.host())
	if err != nil || !insideAddress(ip) {
		return u
	}
	if own, err := netip.ParseAddr(a.host()); err != nil || !insideAddress(own) || ip.IsUnspecified() {
		u.authority = a.authority
	}
	return u
}

// insideAddress reports an address that means something else elsewhere.
func insideAddress(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsUnspecified() || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// controlCandidates lists the URLs that a track's a=control may mean, the most
// likely first. Most servers want it appended to the session's URL, after a
// query too; some resolve it as RFC 3986 says; some forget the query of the
// URL that was asked for, or name a host that is not theirs.
func controlCandidates(session, control, asked string) []string {
	control = cleanURL(control)
	if control == "" || control == "*" || len(control) > maxURL {
		return []string{session}
	}
	var all []string
	add := func(u string) {
		if len(u) <= maxURL && !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	if u, ok := splitURL(control); ok {
		add(reachable(u, asked).String())
		if a, ok := splitURL(asked); ok && !strings.EqualFold(u.authority, a.authority) {
			u.scheme, u.authority = a.scheme, a.authority
			add(u.String())
		}
		return all
	}
	add(appendControl(session, control))
	add(resolve(session, control))
	if before, _, ok := strings.Cut(asked, "?"); ok && strings.TrimSuffix(before, "/") == strings.TrimSuffix(session, "/") {
		add(appendControl(asked, control))
	}
	if len(all) == 0 {
		return []string{session}
	}
	return all
}

func appendControl(session, control string) string {
	if strings.HasSuffix(session, "/") || control[0] == '/' || control[0] == '?' {
		if strings.HasSuffix(session, "/") && control[0] == '/' {
			control = control[1:]
		}
		return session + control
	}
	return session + "/" + control
}

// resolve joins a relative reference to base as RFC 3986 section 5.3 does, but
// for dot segments, which no server uses.
func resolve(base, ref string) string {
	u, ok := splitURL(base)
	if !ok {
		return appendControl(base, ref)
	}
	path, _, _ := strings.Cut(u.path, "?")
	switch {
	case strings.HasPrefix(ref, "/"):
		u.path = ref
	case strings.HasPrefix(ref, "?"):
		u.path = path + ref
	default:
		u.path = path[:strings.LastIndexByte(path, '/')+1] + ref
		if !strings.HasPrefix(u.path, "/") {
			u.path = "/" + u.path
		}
	}
	return u.String()
}
