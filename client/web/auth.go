package web

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"tapedeck/client/address"
)

// authorization answers a server's challenges (RFC 7617, RFC 7616) with the
// name and password of a: Digest where it is offered, else Basic.
func authorization(challenges []string, a address.Address, target string) (string, error) {
	basic := false
	for _, challenge := range splitChallenges(challenges) {
		scheme, rest, _ := strings.Cut(challenge, " ")
		switch strings.ToLower(scheme) {
		case "basic":
			basic = true
		case "digest":
			nonce := make([]byte, 8)
			rand.Read(nonce)
			if answer, ok := digest(parameters(rest), a, target, hex.EncodeToString(nonce)); ok {
				return answer, nil
			}
		}
	}
	if basic {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.User+":"+a.Password)), nil
	}
	return "", fmt.Errorf("http: %w of a kind that is not known", ErrLogin)
}

// digest computes the Authorization header for one Digest challenge.
func digest(p map[string]string, a address.Address, target, cnonce string) (string, bool) {
	var sum func() hash.Hash
	switch algorithm := strings.ToUpper(p["algorithm"]); strings.TrimSuffix(algorithm, "-SESS") {
	case "", "MD5":
		sum = md5.New
	case "SHA-256":
		sum = sha256.New
	default:
		return "", false
	}
	h := func(parts ...string) string {
		d := sum()
		d.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(d.Sum(nil))
	}
	ha1 := h(a.User, p["realm"], a.Password)
	if strings.HasSuffix(strings.ToUpper(p["algorithm"]), "-SESS") {
		ha1 = h(ha1, p["nonce"], cnonce)
	}
	ha2 := h("GET", target)
	var b strings.Builder
	fmt.Fprintf(&b, "Digest username=%s, realm=%s, nonce=%s, uri=%s",
		quote(a.User), quote(p["realm"]), quote(p["nonce"]), quote(target))
	const count = "00000001" // each challenge is answered once
	switch qop := p["qop"]; {
	case qop == "":
		fmt.Fprintf(&b, `, response="%s"`, h(ha1, p["nonce"], ha2))
	case offers(qop, "auth"):
		fmt.Fprintf(&b, `, qop=auth, nc=%s, cnonce="%s", response="%s"`, count, cnonce,
			h(ha1, p["nonce"], count, cnonce, "auth", ha2))
	default:
		return "", false
	}
	if p["algorithm"] != "" {
		b.WriteString(", algorithm=" + p["algorithm"])
	}
	if p["opaque"] != "" {
		b.WriteString(", opaque=" + quote(p["opaque"]))
	}
	return b.String(), true
}

func offers(qop, want string) bool {
	for _, q := range strings.Split(qop, ",") {
		if strings.EqualFold(strings.TrimSpace(q), want) {
			return true
		}
	}
	return false
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable([]byte(s))) + `"`
}

// splitChallenges takes apart headers that hold several challenges: a new one
// begins where a word is followed by a blank and not by '='.
func splitChallenges(headers []string) []string {
	var out []string
	for _, header := range headers {
		for _, part := range splitQuoted(header) {
			word, rest, _ := strings.Cut(part, " ")
			isNew := !strings.Contains(word, "=") && !strings.HasPrefix(strings.TrimSpace(rest), "=")
			if isNew || len(out) == 0 {
				out = append(out, part)
			} else {
				out[len(out)-1] += "," + part
			}
		}
	}
	return out
}

// parameters reads `realm="x", nonce=y`.
func parameters(s string) map[string]string {
	p := make(map[string]string)
	for _, part := range splitQuoted(s) {
		name, value, _ := strings.Cut(part, "=")
		p[strings.ToLower(strings.TrimSpace(name))] = unquote(strings.TrimSpace(value))
	}
	return p
}

// splitQuoted splits at commas outside quotation marks.
func splitQuoted(s string) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i <= len(s); i++ {
		switch {
		case i == len(s) || s[i] == ',' && !quoted:
			if part := strings.TrimSpace(s[start:i]); part != "" {
				out = append(out, part)
			}
			start = i + 1
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\' && quoted && i+1 < len(s):
			i++
		}
	}
	return out
}

// unquote takes a quoted string's marks and backslashes off.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		b.WriteByte(s[0])
	}
	return b.String()
}
