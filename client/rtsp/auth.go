package rtsp

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxLogins bounds the logins sent for one request.
const maxLogins = 3

// login holds the user's name and password for one host, and what that host
// has asked for. It is kept over connections to the same host, so that later
// requests carry a login at once. Nothing is sent before the host asks.
//
// The safest offer wins: SHA-512-256 and SHA-256 before MD5 before Basic. When
// it is refused the next one is tried, since firmware exists that announces
// SHA-256 and computes MD5; but a password that was refused as a digest is not
// sent in clear text afterwards, nor to a host that once took a digest: whoever
// asks for it then may stand in between.
type login struct {
	user, password string
	cnonce         func() string // random; replaced by the RFCs' examples in tests

	noClear bool   // no Basic: this host has taken a digest before
	digests func() // told when the host takes a digest; nil where nobody asks

	mu            sync.Mutex
	chosen        *challenge
	proxy         bool // the challenge came with a 407
	nc            uint32
	sessionKey    string   // of a -sess algorithm, made once for a challenge
	sessionCnonce string   // what it was made with
	latin1        bool     // the name and the password go out as Latin-1
	refused       []string // kinds that were refused: "digest sha-256"
}

func newLogin(user, password string) *login {
	return &login{user: user, password: password, cnonce: randomNonce}
}

func randomNonce() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// authorization is the value for a request's header; "" while nothing was asked.
func (l *login) authorization(method, target string) string {
	if l == nil {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.chosen == nil:
		return ""
	case l.chosen.scheme == "basic":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.text(l.user)+":"+l.text(l.password)))
	}
	l.nc++
	return l.digest(l.chosen, method, target)
}

// header is the name of the header that the login goes into.
func (l *login) header() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proxy {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

// asksLogin reports a reply that asks for a login. Some servers answer 404
// instead of 401 to whom they do not know.
func asksLogin(r *response, sent string) bool {
	if r.status == 404 && sent == "" {
		_, ok := r.header.lookup("WWW-Authenticate")
		return ok
	}
	return r.status == 401 || r.status == 407
}

// challenged takes in a 401. sent is the Authorization that the refused request
// carried, fresh that its challenge had come with an answer to this very
// request. It returns nil when the request is worth another try.
func (l *login) challenged(method string, r *response, sent string, fresh bool) error {
	offers := parseChallenges(append(r.header.all("WWW-Authenticate"), r.header.all("Proxy-Authenticate")...))
	if l == nil {
		return &AuthError{Method: method}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy = r.status == 407
	if sent != "" && l.chosen != nil {
		k := kind(l.chosen)
		again := slices.IndexFunc(offers, func(c challenge) bool { return kind(&c) == k })
		if again >= 0 && l.worthAgain(offers[again], fresh) {
			l.choose(offers[again])
			return nil
		}
		l.latin1 = false
		l.refused = append(l.refused, k)
	}
	best, rank := -1, 0
	clear := false // Basic was offered, and is not taken
	var names []string
	for i := range offers {
		names = append(names, kind(&offers[i]))
		r := l.rank(&offers[i])
		clear = clear || r == 0 && offers[i].scheme == "basic" && l.noClear
		if r > rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		return &AuthError{Method: method, Refused: sent != "", Downgrade: clear, Schemes: clean(strings.Join(names, ", "))}
	}
	l.choose(offers[best])
	return nil
}

// worthAgain judges an offer of the kind that was just refused: its nonce may
// have run out, or the server may know the name and the password as Latin-1,
// which cameras do that are older than UTF-8.
func (l *login) worthAgain(c challenge, fresh bool) bool {
	if c.scheme == "digest" {
		stale := strings.EqualFold(c.parameters["stale"], "true")
		if stale || !fresh && c.parameters["nonce"] != l.chosen.parameters["nonce"] {
			return true
		}
	}
	if l.latin1 || strings.EqualFold(c.parameters["charset"], "UTF-8") || !isLatin1(l.user+l.password) {
		return false
	}
	l.latin1 = true
	return true
}

func (l *login) choose(c challenge) {
	l.chosen = &c
	l.nc, l.sessionKey = 0, ""
}

// answered takes in a reply to a request that carried sent: a digest that holds
// is remembered, and the server may give the nonce for the next request (RFC
// 7616 section 3.5).
func (l *login) answered(r *response, sent string) {
	if l == nil || !r.ok() || !strings.HasPrefix(sent, "Digest ") {
		return
	}
	if l.digests != nil {
		l.digests()
	}
	for _, line := range append(r.header.all("Authentication-Info"), r.header.all("Proxy-Authentication-Info")...) {
		for _, part := range splitOutsideQuotes(line, ',') {
			name, v, _ := strings.Cut(part, "=")
			if nonce := unquote(v); strings.EqualFold(strings.TrimSpace(name), "nextnonce") && nonce != "" {
				l.mu.Lock()
				l.chosen.parameters["nonce"], l.nc = nonce, 0
				l.mu.Unlock()
			}
		}
	}
}

// kind names a challenge's scheme and algorithm.
func kind(c *challenge) string {
	if c.scheme != "digest" {
		return c.scheme
	}
	return strings.TrimSpace(c.scheme + " " + strings.ToLower(c.parameters["algorithm"]))
}

// rank orders offers; 0 is for what cannot be used.
func (l *login) rank(c *challenge) int {
	k := kind(c)
	if slices.Contains(l.refused, k) {
		return 0
	}
	switch c.scheme {
	case "basic":
		if len(l.refused) > 0 || l.noClear {
			return 0 // see login
		}
		return 1
	case "digest":
		order := map[string]int{"": 3, "md5": 3, "sha-256": 4, "sha-512-256": 5}
		rank := order[strings.TrimSuffix(strings.ToLower(c.parameters["algorithm"]), "-sess")]
		switch quality(c) {
		case "?":
			return 0
		case "auth-int":
			return min(rank, 2) // where nothing else is offered
		}
		return rank
	}
	return 0
}

// quality is the qop that a challenge is answered with: "" for one that offers
// none, as cameras do, and "?" for one that offers only unknown ones.
func quality(c *challenge) string {
	text := c.parameters["qop"]
	if text == "" {
		return ""
	}
	offered := tokens(strings.ToLower(text))
	for _, q := range []string{"auth", "auth-int"} {
		if slices.Contains(offered, q) {
			return q
		}
	}
	return "?"
}

// text is how the name and the password go out.
func (l *login) text(s string) string {
	if !l.latin1 {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// isLatin1 reports text that has other bytes in Latin-1 than in UTF-8.
func isLatin1(s string) bool {
	other := false
	for _, r := range s {
		if r > 0xff || r == utf8.RuneError {
			return false
		}
		other = other || r > 0x7f
	}
	return other
}
