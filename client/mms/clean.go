package mms

import (
	"tapedeck/client/address"
	"tapedeck/client/words"
)

// maxWords bounds what a server's words may take of a message, in bytes.
const maxWords = 120

// clean makes a server's words fit to be shown.
func clean(s string) string { return address.Redact(words.Line(s, maxWords)) }
