package playlist

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folds are letters that people type without what sets them apart, and that
// Unicode does not take apart itself.
var folds = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ø': "o", 'Ø': "o",
	'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d", 'ł': "l", 'Ł': "l", 'ı': "i", 'ſ': "s", 'ς': "σ", 'þ': "th", 'Þ': "th",
}

// appendFolded appends s in the form in which texts are compared: lower case,
// without accents, one word for what looks the same ("É" is "e", "ß" is "ss").
func appendFolded(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if f, ok := folds[r]; ok {
			dst = append(dst, f...)
			continue
		}
		parts := norm.NFKD.PropertiesString(s[i-n : i]).Decomposition()
		if parts == nil {
			dst = appendLower(dst, r)
			continue
		}
		for len(parts) > 0 {
			r, n := utf8.DecodeRune(parts)
			parts = parts[n:]
			dst = appendLower(dst, r)
		}
	}
	return dst
}

func appendLower(dst []byte, r rune) []byte {
	if unicode.Is(unicode.Mn, r) {
		return dst
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}

// words are the folded words of a query, the longest first: it is the one that
// fewest entries have.
func words(query string) []string {
	if len(query) > maxQuery {
		query = strings.ToValidUTF8(query[:maxQuery], "")
	}
	all := strings.Fields(string(appendFolded(nil, query)))
	for i := 1; i < len(all); i++ {
		if len(all[i]) > len(all[0]) {
			all[0], all[i] = all[i], all[0]
		}
	}
	return all
}
