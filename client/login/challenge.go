package login

import (
	"slices"
	"strings"

	"tapedeck/client/quoted"
)

const (
	maxChallenges = 16 // of one reply
	maxParameters = 32 // of one challenge
)

// Challenge is one scheme of a WWW-Authenticate header (RFC 9110 section
// 11.6.1):
//
//	Digest realm="cam", nonce="5f1c", algorithm=SHA-256, qop="auth", Basic realm="cam"
//
// The header may be repeated, or hold several schemes in one line.
type Challenge struct {
	Scheme     string            // lower case
	Parameters map[string]string // names in lower case
	Quoted     map[string]bool   // which of them stood in quotes
}

// Parse reads every challenge in the given values of the header. What it does
// not understand is skipped. What a client sends has the same form.
func Parse(values []string) []Challenge {
	var all []Challenge
	for _, line := range values {
		for _, part := range quoted.Split(line, ',') {
			part = strings.TrimSpace(part)
			scheme, rest := cutScheme(part)
			if scheme != "" {
				if len(all) == maxChallenges {
					return all
				}
				all = append(all, Challenge{
					Scheme:     strings.ToLower(scheme),
					Parameters: map[string]string{},
					Quoted:     map[string]bool{},
				})
				part = rest
			}
			if len(all) > 0 {
				all[len(all)-1].set(part)
			}
		}
	}
	return all
}

// cutScheme takes a leading scheme off a part: a word that is not the name of
// a parameter.
func cutScheme(part string) (scheme, rest string) {
	word, rest, _ := strings.Cut(part, " ")
	if word == "" || strings.ContainsAny(word, `="`) {
		return "", part
	}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "=") { // `realm = "x"`
		return "", part
	}
	return word, rest
}

func (c *Challenge) set(part string) {
	name, value, ok := strings.Cut(part, "=")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok || name == "" || len(c.Parameters) >= maxParameters {
		return
	}
	value = strings.TrimSpace(value)
	c.Quoted[name] = strings.HasPrefix(value, `"`)
	c.Parameters[name] = quoted.Unquote(value)
}

// kind names the scheme and the algorithm: "digest sha-256".
func (c *Challenge) kind() string {
	if c.Scheme != "digest" {
		return c.Scheme
	}
	return strings.TrimSpace(c.Scheme + " " + strings.ToLower(c.Parameters["algorithm"]))
}

// quality is the qop that the challenge is answered with: "" for one that
// offers none, as cameras do, and "?" for one that offers only unknown ones.
func (c *Challenge) quality() string {
	text := c.Parameters["qop"]
	if text == "" {
		return ""
	}
	offered := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	for _, q := range []string{"auth", "auth-int"} {
		if slices.Contains(offered, q) {
			return q
		}
	}
	return "?"
}
