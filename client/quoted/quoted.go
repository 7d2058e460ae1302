// Package quoted takes header values apart in which commas and semicolons may
// stand within double quotes (RFC 9110 section 5.6.4), as RTSP and HTTP write
// them:
//
//	quoted.Split(`url="rtsp://a/x;y",seq=1`, ',')  // `url="rtsp://a/x;y"`, `seq=1`
//	quoted.Unquote(`"a \"b\""`)                    // `a "b"`
package quoted

import "strings"

// Split cuts s at every sep that stands outside double quotes.
func Split(s string, sep byte) []string {
	var parts []string
	quoted, start := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// Unquote removes the double quotes around s and the backslashes in it.
func Unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) == 0 || s[0] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String()
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
