// Package login answers a server that asks who is there: Basic (RFC 7617) and
// Digest (RFC 7616, and RFC 2617 before it), for every protocol whose heads look
// like HTTP's.
//
//	C: GET /a                     nothing is sent before it is asked for
//	S: 401, WWW-Authenticate: Digest realm="cam", nonce="5f1c", qop="auth"
//	C: GET /a, Authorization: Digest username="u", nonce="5f1c", response="..."
//	S: 200, Authentication-Info: nextnonce="5f1d"
//	C: GET /b, Authorization: Digest username="u", nonce="5f1d", ...
//
// A Login is for one host, and outlives its connections. Its owner sends what
// Authorization gives, and hands every reply to Answered, and those that ask
// for a login to Challenged:
//
//	for n := 0; ; n++ {
//		sent := l.Authorization("GET", "/a")
//		r := ask("/a", l.Header(), sent)
//		l.Answered(r, sent)
//		if r.Status != 401 && r.Status != 407 {
//			return r, nil
//		}
//		if err := l.Challenged(r, sent, n); err != nil {
//			return nil, fmt.Errorf("http: 401: %w", err) // an *Error
//		}
//	}
//
// # What the RFCs ask
//
// A server may offer several schemes; the client takes the strongest that it
// knows: SHA-512-256, SHA-256, MD5, then Basic. A nonce that has run out
// (stale=true, or another nonce in reply to one that held before) costs one more
// request and no question to the user. The server may name the nonce of the next
// request. The count nc grows with each use of a nonce; a -sess algorithm makes
// its key once. A 407 is a proxy's 401.
//
// # What devices do
//
// Cameras leave out qop, as RFC 2069 had it, or offer auth-int alone. Firmware
// announces SHA-256 and computes MD5: when the strongest offer is refused the
// next one is tried. Parsers want the algorithm in quotes because they wrote
// it so, or without: it is mirrored. Names and passwords are Latin-1 in cameras
// that are older than UTF-8: that is tried second. Some give a new nonce with
// each refusal and never say stale: a login that was refused with the nonce
// that came for it is wrong, whatever the next nonce is.
//
// # What is never done
//
// Nothing is sent before the host asks. A password that was refused as a digest
// is not sent in clear text afterwards, nor to a host that once took a digest:
// whoever asks for it then may stand in between. No password is in an error.
//
// Which replies ask for a login, and which host a login is for, is the owner's
// to know: a redirect to another host needs another Login. NTLM, which logs in a
// connection and not a request, is a type of its own.
package login

import (
	"encoding/base64"
	"slices"
	"strings"
	"sync"

	"tapedeck/client/quoted"
)

// Max bounds the logins that are sent for one request.
const Max = 3

// Reply is a server's reply as far as it concerns logins.
type Reply struct {
	Status int
	Values func(name string) []string // of a header's lines; name in any case of letters
}

// Login is a user's name and password for one host, and what that host has
// asked for. Its methods may be called from several goroutines. A nil Login has
// no name and no password.
type Login struct {
	// NoClear refuses Basic, for a host that has taken a digest before. It is
	// set before the first use. Default: Basic is sent where nothing else is offered.
	NoClear bool
	// Digested is told when the host takes a digest. It is set before the first
	// use. Default: nobody is told.
	Digested func()

	user, password string
	cnonce         func() string // random; replaced by the RFCs' examples in tests

	mu            sync.Mutex
	chosen        *Challenge
	proxy         bool // the challenge came with a 407
	nc            uint32
	sessionKey    string   // of a -sess algorithm, made once for a challenge
	sessionCnonce string   // what it was made with
	latin1        bool     // the name and the password go out as Latin-1
	refused       []string // kinds that were refused: "digest sha-256"
}

// New is a login that nothing was asked of yet.
func New(user, password string) *Login {
	return &Login{user: user, password: password, cnonce: randomNonce}
}

// Authorization is the value of a request's header, "" while nothing was asked.
// target is the request's, byte for byte: a path, or RTSP's URL. The request has
// no body.
func (l *Login) Authorization(method, target string) string {
	if l == nil {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.chosen == nil:
		return ""
	case l.chosen.Scheme == "basic":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.text(l.user)+":"+l.text(l.password)))
	}
	l.nc++
	return oneLine(l.digest(l.chosen, method, target))
}

// oneLine keeps what a server or a link had from breaking out of the header.
func oneLine(s string) string {
	kept := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c != 0x7f || c == '\t' {
			kept = append(kept, c)
		}
	}
	return string(kept)
}

// Header is the name of the header that the value goes into.
func (l *Login) Header() string {
	if l == nil {
		return "Authorization"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proxy {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

// Challenged takes in a reply that asks for a login. sent is the Authorization
// that the refused request carried, and n how many replies to this very request
// have asked before. It returns nil when the request is worth another try,
// and otherwise an *Error.
func (l *Login) Challenged(r Reply, sent string, n int) error {
	if l == nil {
		return &Error{}
	}
	offers := Parse(append(r.Values("WWW-Authenticate"), r.Values("Proxy-Authenticate")...))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy = r.Status == 407
	next, err := l.next(offers, sent, n > 0)
	if err != nil {
		return err
	}
	l.chosen = next
	l.nc, l.sessionKey = 0, ""
	if n >= Max {
		return &Error{Refused: true}
	}
	return nil
}

// next chooses among offers; fresh says that the challenge that was answered
// with sent had come in reply to this very request. l.mu is held.
func (l *Login) next(offers []Challenge, sent string, fresh bool) (*Challenge, error) {
	if sent != "" && l.chosen != nil {
		k := l.chosen.kind()
		again := slices.IndexFunc(offers, func(c Challenge) bool { return c.kind() == k })
		if again >= 0 && l.worthAgain(&offers[again], fresh) {
			return &offers[again], nil
		}
		l.latin1 = false
		if !slices.Contains(l.refused, k) {
			l.refused = append(l.refused, k)
		}
	}
	var best *Challenge
	rank := 0
	clear := false // Basic was offered, and is not taken
	var names []string
	for i := range offers {
		c := &offers[i]
		names = append(names, c.kind())
		r := l.rank(c)
		clear = clear || r == 0 && c.Scheme == "basic" && l.NoClear
		if r > rank {
			best, rank = c, r
		}
	}
	if best == nil {
		return nil, &Error{Refused: sent != "", Downgrade: clear, Schemes: words(names)}
	}
	return best, nil
}

// worthAgain judges an offer of the kind that was just refused: its nonce may
// have run out, or the server may know the name and the password as Latin-1.
func (l *Login) worthAgain(c *Challenge, fresh bool) bool {
	if c.Scheme == "digest" {
		stale := strings.EqualFold(c.Parameters["stale"], "true")
		if stale || !fresh && c.Parameters["nonce"] != l.chosen.Parameters["nonce"] {
			return true
		}
	}
	if l.latin1 || strings.EqualFold(c.Parameters["charset"], "UTF-8") || !isLatin1(l.user+l.password) {
		return false
	}
	l.latin1 = true
	return true
}

// Answered takes in the reply to a request that carried sent: a digest that
// holds is told of, and the server may give the nonce for the next request (RFC
// 7616 section 3.5). A reply without success changes nothing.
func (l *Login) Answered(r Reply, sent string) {
	held := r.Status/100 == 2 || r.Status == 101 // a WebSocket's
	if l == nil || !held || !strings.HasPrefix(sent, "Digest ") {
		return
	}
	if l.Digested != nil {
		l.Digested()
	}
	for _, line := range append(r.Values("Authentication-Info"), r.Values("Proxy-Authentication-Info")...) {
		for _, part := range quoted.Split(line, ',') {
			name, v, _ := strings.Cut(part, "=")
			if nonce := quoted.Unquote(v); strings.EqualFold(strings.TrimSpace(name), "nextnonce") && nonce != "" {
				l.mu.Lock()
				l.chosen.Parameters["nonce"], l.nc = nonce, 0
				l.mu.Unlock()
			}
		}
	}
}

// rank orders offers; 0 is for what cannot be used.
func (l *Login) rank(c *Challenge) int {
	if slices.Contains(l.refused, c.kind()) {
		return 0
	}
	switch c.Scheme {
	case "basic":
		if len(l.refused) > 0 || l.NoClear {
			return 0 // see the package's comment
		}
		return 1
	case "digest":
		order := map[string]int{"": 3, "md5": 3, "sha-256": 4, "sha-512-256": 5}
		rank := order[strings.TrimSuffix(strings.ToLower(c.Parameters["algorithm"]), "-sess")]
		switch c.quality() {
		case "?":
			return 0
		case "auth-int":
			return min(rank, 2) // where nothing else is offered
		}
		return rank
	}
	return 0
}
