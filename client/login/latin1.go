package login

import "unicode/utf8"

// text is how the name and the password go out: in UTF-8, or in the bytes of
// Latin-1, which cameras expect that are older.
func (l *Login) text(s string) string {
	if !l.latin1 {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// isLatin1 reports text that has other bytes in Latin-1 than in UTF-8.
func isLatin1(s string) bool {
	other := false
	for _, r := range s {
		if r > 0xff || r == utf8.RuneError {
			return false
		}
		other = other || r > 0x7f
	}
	return other
}
