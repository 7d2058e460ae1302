package prompt

import (
	"strings"
	"unicode/utf8"

	"tapedeck/playlist"
)

// veil stands for one hidden character.
const veil = '•'

// mask hides the secrets of an address, a character for a character, so that
// the cursor can still walk in it: the password before '@', logins and tokens
// in the query, and elements of the path that hold a login. What is secret in
// query and path is asked of the redaction that the whole program uses.
func mask(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		end = i
	}
	return scheme + "://" + maskAuthority(rest[:end]) + maskPath(rest[end:])
}

// maskAuthority hides the password, also while its '@' was not typed yet:
// what follows a colon and is no port.
func maskAuthority(s string) string {
	host := ""
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		s, host = s[:at], s[at:]
	} else if strings.HasPrefix(s, "[") {
		return s
	}
	user, password, ok := strings.Cut(s, ":")
	if !ok || host == "" && strings.Trim(password, "0123456789") == "" {
		return s + host
	}
	return user + ":" + veiled(password) + host
}

// maskPath hides what the redaction would take away.
func maskPath(s string) string {
	path, query, ok := strings.Cut(s, "?")
	if redacted("http://host"+path) != "http://host"+path {
		parts := strings.Split(path, "/")
		for i := 2; i < len(parts)-1; i++ {
			parts[i] = veiled(parts[i])
		}
		path = strings.Join(parts, "/")
	}
	if !ok {
		return path
	}
	params := strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' })
	var b strings.Builder
	b.WriteString(path + "?")
	for _, p := range params {
		at := strings.Index(query, p)
		b.WriteString(query[:at])
		query = query[at+len(p):]
		name, value, has := strings.Cut(p, "=")
		if has && redacted("http://host/?"+name+"=x") != "http://host/?"+name+"=x" {
			p = name + "=" + veiled(value)
		}
		b.WriteString(p)
	}
	return b.String() + query
}

func redacted(link string) string { return playlist.Entry{URL: link}.Address() }

func veiled(s string) string { return strings.Repeat(string(veil), utf8.RuneCountInString(s)) }

// drawn is the part of masked that stands for the first n bytes of text: both
// have the same number of characters.
func drawn(masked, text string, n int) string {
	runes := utf8.RuneCountInString(text[:n])
	for i := range masked {
		if runes == 0 {
			return masked[:i]
		}
		runes--
	}
	return masked
}
