// Package address reads the links that people paste and lists contain.
//
// It does not use net/url: many links that players must open are not valid
// URLs (raw blanks, '@' and ':' in passwords, '%' in IPv6 zones), and a trip
// through net/url changes the bytes that picky servers compare. The target
// that is sent to a server is the text that the user gave.
//
// A password that a link carries is for the server alone: String, Redacted and
// Redact never show one.
package address

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLength bounds a link. Provider links of 2,200 bytes are in use.
const MaxLength = 64 << 10

// ErrReserved is returned for rtmp://$OPT:rtmp-raw= links: they are written for
// Flash players, are not addresses, and are never dialled.
var ErrReserved = errors.New("reserved for Flash players")

// Error says what is wrong with a link.
type Error struct {
	Link   string // redacted
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("address %q: %s", e.Link, e.Reason) }

// maxShown bounds what an error shows of a link, in characters.
const maxShown = 120

func shorten(link string) string {
	if r := []rune(link); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return link
}

// Address is a link taken apart by hand.
type Address struct {
	Scheme   string // lower case, without "://"
	User     string // percent-decoded
	Password string // percent-decoded
	HasUser  bool   // the link had "user@" or "user:password@"
	Host     string // without brackets; an IPv6 zone keeps its '%'
	Port     string // as written; empty when none was
	Path     string // path and query, byte for byte as written; may be empty
}

// Reserved reports whether link is of the kind that ErrReserved names.
func Reserved(link string) bool {
	l := strings.ToLower(strings.TrimSpace(link))
	return strings.HasPrefix(l, "rtmp") && strings.Contains(l, "rtmp-raw=")
}

// Parse takes link apart. A link without a scheme ("host:8080/radio") is HTTP.
// Control bytes are refused, blanks in the path become %20.
func Parse(link string) (Address, error) {
	link = strings.TrimSpace(link)
	bad := func(reason string) (Address, error) {
		return Address{}, &Error{Link: shorten(Redact(link)), Reason: reason}
	}
	switch {
	case link == "":
		return bad("it is empty")
	case len(link) > MaxLength:
		return bad("it is too long")
	case Reserved(link):
		return Address{}, fmt.Errorf("address %q: %w", shorten(Redact(link)), ErrReserved)
	case strings.IndexFunc(link, unicode.IsControl) >= 0:
		return bad("it has control bytes in it")
	case !utf8.ValidString(link):
		return bad("it is not UTF-8 text")
	}

	var a Address
	scheme, rest, ok := strings.Cut(link, "://")
	if !ok || !isScheme(scheme) {
		if scheme, short := shortScheme(link); short {
			return bad("two slashes are missing: " + scheme + "://")
		}
		scheme, rest = "http", link
	}
	a.Scheme = strings.ToLower(scheme)

	// The authority ends at the first '/' or '?', the user's part at the last
	// '@' in it: passwords hold raw '@' more often than hosts do. A '#' only
	// ends it after that '@'.
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, _ := strings.Cut(authority[:at], ":")
		a.User, a.Password, a.HasUser = unescape(user), unescape(password), true
		authority = authority[at+1:]
	}
	if i := strings.IndexByte(path, '#'); i >= 0 && strings.HasPrefix(a.Scheme, "http") {
		path = path[:i]
	}
	a.Path = strings.ReplaceAll(path, " ", "%20")

	host, port, err := splitHostPort(authority)
	if err != "" {
		return bad(err)
	}
	a.Host, a.Port = host, port
	return a, nil
}

// shortScheme finds the scheme of a link without its slashes: "rtsp:host/path",
// "http:/host". What stands before the colon of "host:8080/radio" is none, nor
// of "user:password@host".
func shortScheme(link string) (scheme string, ok bool) {
	scheme, rest, ok := strings.Cut(link, ":")
	scheme = strings.ToLower(scheme)
	if !ok || !slices.ContainsFunc([]string{"rtsp", "http", "mms", "rtmp", "icy", "pnm"}, func(s string) bool { return strings.HasPrefix(scheme, s) }) {
		return "", false
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority = rest[:end]
	}
	port := strings.Trim(authority, "0123456789") == "" && authority != ""
	return scheme, rest != "" && !port && !strings.Contains(authority, "@")
}

func isScheme(s string) bool {
	if s == "" {
		return false
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || strings.ContainsRune("+-.", r))) {
			return false
		}
	}
	return true
}

func splitHostPort(authority string) (host, port, problem string) {
	host = authority
	if strings.HasPrefix(authority, "[") {
		i := strings.IndexByte(authority, ']')
		if i < 0 {
			return "", "", "the bracket of its IPv6 host is not closed"
		}
		host, port = authority[1:i], authority[i+1:]
		host = strings.Replace(host, "%25", "%", 1)
		if port != "" && port[0] != ':' {
			return "", "", "something stands between its host and its port"
		}
		port = strings.TrimPrefix(port, ":")
	} else if i := strings.LastIndexByte(authority, ':'); i >= 0 {
		host, port = authority[:i], authority[i+1:]
	}
	if host == "" {
		return "", "", "it names no host"
	}
	if strings.ContainsAny(host, " \"'<>\\^`{|}$") {
		return "", "", "its host has characters that no host name has"
	}
	if port != "" {
		n := 0
		for _, r := range port {
			if r < '0' || r > '9' {
				return "", "", "its port is not a number"
			}
			if n = n*10 + int(r-'0'); n > 65535 {
				return "", "", "its port is above 65535"
			}
		}
		if n == 0 {
			return "", "", "its port is 0"
		}
	}
	return host, port, ""
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// HostPort is what a dialler takes: the host and its port, or fallback where
// the link names none.
func (a Address) HostPort(fallback string) string {
	port := a.Port
	if port == "" {
		port = fallback
	}
	return net.JoinHostPort(a.Host, port)
}

// Authority is host and port as a request line carries them: the IPv6 host in
// brackets and without its zone, the port only where the link has one.
func (a Address) Authority() string {
	host := a.Host
	if strings.Contains(host, ":") {
		host, _, _ = strings.Cut(host, "%")
		host = "[" + host + "]"
	}
	if a.Port != "" {
		host += ":" + a.Port
	}
	return host
}

// Target is the link for a request line, in the given scheme: without user and
// password, the path byte for byte as it was written.
func (a Address) Target(scheme string) string {
	return scheme + "://" + a.Authority() + a.Path
}

// String is the link as a person may see it: see Redact.
func (a Address) String() string { return Redact(a.Target(a.Scheme)) }

// hidden stands where a secret was.
const hidden = "***"

var (
	userinfo = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*://)?([^/?]*)@`)
	// A link within a link: url=http://user:password@host
	innerUserinfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/?&\s]*@`)

	// Query parameters that carry a login or a token on cameras and IPTV panels.
	secretQuery = regexp.MustCompile(`(?i)([?&;](?:[a-z0-9_]*(?:pass|passwd|password|pwd|token|secret|signature|auth|apikey|api_key|session|sid|key|sig|hash)|user|username|usr|login|p|u)=)[^&;#\s]*`)

	// Xtream panels put login and password into the path: /live/USER/PASS/12.ts
	xtreamPath = regexp.MustCompile(`(?i)(/(?:live|movie|series|timeshift)/)[^/?]+/[^/?]+(/)`)
)

// Redact makes link safe for the screen, a log or an event: what stands before
// '@', logins and tokens in the query, and the two path elements of Xtream
// links are replaced, control characters dropped. It takes any text.
func Redact(link string) string {
	link = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, link)
	link = userinfo.ReplaceAllString(link, "${1}")
	link = innerUserinfo.ReplaceAllString(link, "${1}")
	link = secretQuery.ReplaceAllString(link, "${1}"+hidden)
	return xtreamPath.ReplaceAllString(link, "${1}"+hidden+"/"+hidden+"${2}")
}
