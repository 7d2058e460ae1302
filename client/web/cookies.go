package web

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"tapedeck/client/address"
	"tapedeck/client/http1"
)

// Limits of cookies. Browsers allow about so much (RFC 6265, section 6.1).
const (
	maxCookies = 300      // different ones that are kept
	maxCookie  = 4 << 10  // bytes of one
	maxSent    = 16 << 10 // bytes of all that one request carries
)

// cookies are what servers want to be reminded of, within one Client. Some let
// a redirect pass only with the cookie that came with it, and some name the
// segments of a stream with one.
type cookies struct {
	jar *cookiejar.Jar

	mu   sync.Mutex
	seen map[string]bool
}

func newCookies() *cookies {
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		panic("web: cookies: " + err.Error()) // it has no error to give
	}
	return &cookies{jar: jar, seen: make(map[string]bool)}
}

// where is a as the jar knows it.
func where(a address.Address) *url.URL {
	path, _, _ := strings.Cut(requestTarget(a), "?")
	return &url.URL{Scheme: a.Scheme, Host: a.Authority(), Path: path}
}

// take keeps what a server has set.
func (c *cookies) take(a address.Address, header http.Header) {
	var kept []*http.Cookie
	for _, line := range header.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		if err != nil || len(line) > maxCookie || !c.room(a.Host+" "+cookie.Domain+" "+cookie.Path+" "+cookie.Name) {
			continue
		}
		kept = append(kept, cookie)
	}
	if len(kept) > 0 {
		c.jar.SetCookies(where(a), kept)
	}
}

// room reports whether the cookie is known or one more may be kept.
func (c *cookies) room(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.seen[key] && len(c.seen) >= maxCookies {
		return false
	}
	c.seen[key] = true
	return true
}

// sent is the header for a request to a.
func (c *cookies) sent(a address.Address) string {
	var b strings.Builder
	for _, cookie := range c.jar.Cookies(where(a)) {
		pair := cookie.Name + "=" + cookie.Value
		if b.Len()+len(pair) > maxSent {
			break
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(pair)
	}
	return http1.Printable([]byte(b.String()))
}
