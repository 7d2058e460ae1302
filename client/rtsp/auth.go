package rtsp

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
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
// sent in clear text afterwards.
type login struct {
	user, password string
	cnonce         func() string // random; replaced by the RFCs' examples in tests

	mu      sync.Mutex
	chosen  *challenge
	nc      uint32
	refused []string // kinds that were refused: "digest sha-256"
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
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.user+":"+l.password))
	}
	l.nc++
	return l.digest(l.chosen, method, target)
}

// challenged takes in a 401. sent is the Authorization that the refused request
// carried, fresh that its challenge had come with an answer to this very
// request. It returns nil when the request is worth another try.
func (l *login) challenged(method string, r *response, sent string, fresh bool) error {
	offers := parseChallenges(r.header.all("WWW-Authenticate"))
	if l == nil {
		return &AuthError{Method: method}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if sent != "" && l.chosen != nil {
		k := kind(l.chosen)
		again := slices.IndexFunc(offers, func(c challenge) bool { return kind(&c) == k })
		if again >= 0 && k != "basic" {
			stale := strings.EqualFold(offers[again].parameters["stale"], "true")
			renewed := !fresh && offers[again].parameters["nonce"] != l.chosen.parameters["nonce"]
			if stale || renewed {
				l.choose(offers[again])
				return nil
			}
		}
		l.refused = append(l.refused, k)
	}
	best, rank := -1, 0
	var names []string
	for i := range offers {
		names = append(names, kind(&offers[i]))
		if r := l.rank(&offers[i]); r > rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		return &AuthError{Method: method, Refused: sent != "", Schemes: clean(strings.Join(names, ", "))}
	}
	l.choose(offers[best])
	return nil
}

func (l *login) choose(c challenge) {
	l.chosen = &c
	l.nc = 0
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
		if len(l.refused) > 0 {
			return 0 // see login
		}
		return 1
	case "digest":
		if qop := c.parameters["qop"]; qop != "" && !slices.Contains(tokens(strings.ToLower(qop)), "auth") {
			return 0
		}
		switch strings.TrimSuffix(strings.ToLower(c.parameters["algorithm"]), "-sess") {
		case "", "md5":
			return 2
		case "sha-256":
			return 3
		case "sha-512-256":
			return 4
		}
	}
	return 0
}

// digest makes the answer of RFC 7616 section 3.4. The URI is the request's
// target, byte for byte.
func (l *login) digest(c *challenge, method, uri string) string {
	algorithm := strings.ToLower(c.parameters["algorithm"])
	newHash := md5.New
	switch strings.TrimSuffix(algorithm, "-sess") {
	case "sha-256":
		newHash = sha256.New
	case "sha-512-256":
		newHash = sha512.New512_256
	}
	h := func(parts ...string) string { return hexHash(newHash(), strings.Join(parts, ":")) }

	realm, nonce := c.parameters["realm"], c.parameters["nonce"]
	cnonce, nc := l.cnonce(), fmt.Sprintf("%08x", l.nc)
	session := strings.HasSuffix(algorithm, "-sess")
	ha1 := h(l.user, realm, l.password)
	if session {
		ha1 = h(ha1, nonce, cnonce)
	}
	ha2 := h(method, uri)
	qop := c.parameters["qop"] != ""

	var b strings.Builder
	fmt.Fprintf(&b, `Digest username="%s", realm="%s", nonce="%s", uri="%s"`,
		escapeQuoted(l.user), escapeQuoted(realm), escapeQuoted(nonce), escapeQuoted(uri))
	if qop {
		fmt.Fprintf(&b, `, response="%s", qop=auth, nc=%s`, h(ha1, nonce, nc, cnonce, "auth", ha2), nc)
	} else {
		fmt.Fprintf(&b, `, response="%s"`, h(ha1, nonce, ha2))
	}
	if qop || session {
		fmt.Fprintf(&b, `, cnonce="%s"`, cnonce)
	}
	// Mirrored as the server wrote it: both spellings are picked on.
	if a, ok := c.parameters["algorithm"]; ok {
		if c.quoted["algorithm"] {
			a = `"` + escapeQuoted(a) + `"`
		}
		b.WriteString(", algorithm=" + a)
	}
	if o, ok := c.parameters["opaque"]; ok {
		fmt.Fprintf(&b, `, opaque="%s"`, escapeQuoted(o))
	}
	return b.String()
}

func hexHash(h hash.Hash, s string) string {
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil))
}

func escapeQuoted(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}
