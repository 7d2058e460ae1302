package rtsptest

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

const realm = "tapedeck"

// challenge is the WWW-Authenticate field. The nonce is the connection's own;
// there is no qop, as in most cameras.
func (c *conn) challenge() string {
	if c.server.cfg.Digest {
		return fmt.Sprintf(`Digest realm="%s", nonce="%s"`, realm, c.nonce)
	}
	return fmt.Sprintf(`Basic realm="%s"`, realm)
}

// authorized says whether a request may pass.
func (c *conn) authorized(req *request) bool {
	cfg := &c.server.cfg
	if cfg.User == "" {
		return true
	}
	scheme, rest, _ := strings.Cut(req.header.Get("Authorization"), " ")
	switch {
	case cfg.Digest && strings.EqualFold(scheme, "Digest"):
		return c.digestHolds(req, parseParams(rest))
	case !cfg.Digest && strings.EqualFold(scheme, "Basic"):
		plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
		return err == nil && string(plain) == cfg.User+":"+cfg.Password
	}
	return false
}

// digestHolds checks an answer by RFC 2069, and by RFC 7616 with qop=auth if
// the client chose to send one. The uri must be the request's own.
func (c *conn) digestHolds(req *request, p map[string]string) bool {
	cfg := &c.server.cfg
	if p["username"] != cfg.User || p["realm"] != realm || p["nonce"] != c.nonce || p["uri"] != req.url {
		return false
	}
	if a := p["algorithm"]; a != "" && !strings.EqualFold(a, "MD5") {
		return false
	}
	ha1 := hash(cfg.User + ":" + realm + ":" + cfg.Password)
	ha2 := hash(req.method + ":" + p["uri"])
	if p["qop"] == "" {
		return p["response"] == hash(ha1+":"+c.nonce+":"+ha2)
	}
	return p["response"] == hash(ha1+":"+c.nonce+":"+p["nc"]+":"+p["cnonce"]+":"+p["qop"]+":"+ha2)
}

// parseParams reads name=value and name="value" between commas.
func parseParams(s string) map[string]string {
	params := map[string]string{}
	for s != "" {
		name, rest, _ := strings.Cut(s, "=")
		var value string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			value, rest = unquote(quoted)
			_, s, _ = strings.Cut(rest, ",")
		} else {
			value, s, _ = strings.Cut(rest, ",")
			value = strings.TrimSpace(value)
		}
		params[strings.ToLower(strings.TrimSpace(name))] = value
	}
	return params
}

// unquote reads to the closing quote, over quoted pairs.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

func hash(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// token is a random name that nobody guesses.
func token() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
