package login

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// digest makes the answer of RFC 7616 section 3.4:
//
//	Digest username="u", realm="r", nonce="n", uri="rtsp://h/a",
//	    response="6629fae4...", qop=auth, nc=00000001, cnonce="0a4f113b",
//	    algorithm=SHA-256, opaque="5ccc069c"
//
// The URI is the request's target, byte for byte. l.mu is held.
func (l *Login) digest(c *Challenge, method, uri string) string {
	algorithm := strings.ToLower(c.Parameters["algorithm"])
	newHash := md5.New
	switch strings.TrimSuffix(algorithm, "-sess") {
	case "sha-256":
		newHash = sha256.New
	case "sha-512-256":
		newHash = sha512.New512_256
	}
	h := func(parts ...string) string { return hexHash(newHash(), strings.Join(parts, ":")) }

	user, realm, nonce := l.text(l.user), c.Parameters["realm"], c.Parameters["nonce"]
	cnonce, nc := l.cnonce(), fmt.Sprintf("%08x", l.nc)
	ha1 := h(user, realm, l.text(l.password))
	session := strings.HasSuffix(algorithm, "-sess")
	if session {
		if l.sessionKey == "" { // once, with the first nonces: section 3.4.2
			l.sessionKey, l.sessionCnonce = h(ha1, nonce, cnonce), cnonce
		}
		ha1, cnonce = l.sessionKey, l.sessionCnonce
	}
	qop := c.quality()
	ha2 := h(method, uri)
	if qop == "auth-int" {
		ha2 = h(method, uri, h()) // of no body
	}

	var b strings.Builder
	fmt.Fprintf(&b, `Digest username="%s", realm="%s", nonce="%s", uri="%s"`,
		escapeQuoted(user), escapeQuoted(realm), escapeQuoted(nonce), escapeQuoted(uri))
	if qop != "" {
		fmt.Fprintf(&b, `, response="%s", qop=%s, nc=%s`, h(ha1, nonce, nc, cnonce, qop, ha2), qop, nc)
	} else {
		fmt.Fprintf(&b, `, response="%s"`, h(ha1, nonce, ha2))
	}
	if qop != "" || session {
		fmt.Fprintf(&b, `, cnonce="%s"`, cnonce)
	}
	// Mirrored as the server wrote it: both spellings are picked on.
	if a, ok := c.Parameters["algorithm"]; ok {
		if c.Quoted["algorithm"] {
			a = `"` + escapeQuoted(a) + `"`
		}
		b.WriteString(", algorithm=" + a)
	}
	if o, ok := c.Parameters["opaque"]; ok {
		fmt.Fprintf(&b, `, opaque="%s"`, escapeQuoted(o))
	}
	return b.String()
}

func hexHash(h hash.Hash, s string) string {
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil))
}

// escapeQuoted leaves control bytes out: a link may have them in its user's name,
// and none may begin a header of its own.
func escapeQuoted(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) { // which may be Latin-1
		switch {
		case c < 0x20 || c == 0x7f:
			continue
		case c == '\\' || c == '"':
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

func randomNonce() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
