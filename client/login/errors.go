package login

import (
	"errors"
	"strings"
)

// ErrWanted is under every failure of a login: none was given, or it did not
// hold.
var ErrWanted = errors.New("the server wants a login")

// Error says why a login did not hold. Whoever sent the request says which one
// it was, and wraps this.
type Error struct {
	Refused bool // a login was sent and refused; otherwise none could be sent
	// Downgrade says that the server wants the password in clear text, after a
	// server at this address took it as a digest: it was not sent.
	Downgrade bool
	Schemes   string // what the server asks for, where none of it is known
}

func (e *Error) Error() string {
	switch {
	case e.Downgrade:
		return "the server wants the password in clear text, which it did not before: it was not sent"
	case e.Refused:
		return "the server refuses this user name and password"
	case e.Schemes != "":
		return "the server wants a login of a kind that is not supported: " + e.Schemes
	}
	return "the server wants a user name and password"
}

func (e *Error) Unwrap() error { return ErrWanted }

// maxWords bounds what a server's words may take of an error's message.
const maxWords = 120

// words makes the names of schemes fit to be shown: the characters of tokens
// (RFC 9110 section 5.6.2), as far as names have them.
func words(names []string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', strings.ContainsRune("-_. ,", r):
			return r
		}
		return -1
	}, strings.Join(names, ", "))
	if len(s) > maxWords {
		s = s[:maxWords] + "..."
	}
	return s
}
