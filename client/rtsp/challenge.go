package rtsp

import "strings"

const (
	maxChallenges = 16 // of one reply
	maxParameters = 32 // of one challenge
)

// challenge is one scheme of a WWW-Authenticate header (RFC 7235 section 4.1):
//
//	Digest realm="cam", nonce="5f1c", algorithm=SHA-256, qop="auth", Basic realm="cam"
//
// The header may be repeated, or hold several schemes in one line.
type challenge struct {
	scheme     string            // lower case
	parameters map[string]string // names in lower case
	quoted     map[string]bool   // which of them stood in quotes
}

// parseChallenges reads every challenge in the given header lines. What it
// does not understand is skipped.
func parseChallenges(lines []string) []challenge {
	var all []challenge
	for _, line := range lines {
		for _, part := range splitOutsideQuotes(line, ',') {
			part = strings.TrimSpace(part)
			scheme, rest := cutScheme(part)
			if scheme != "" {
				if len(all) == maxChallenges {
					return all
				}
				all = append(all, challenge{
					scheme:     strings.ToLower(scheme),
					parameters: map[string]string{},
					quoted:     map[string]bool{},
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

func (c *challenge) set(part string) {
	name, value, ok := strings.Cut(part, "=")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok || name == "" || len(c.parameters) >= maxParameters {
		return
	}
	value = strings.TrimSpace(value)
	c.quoted[name] = strings.HasPrefix(value, `"`)
	c.parameters[name] = unquote(value)
}
