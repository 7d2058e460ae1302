package web

import "tapedeck/client/words"

// maxWords bounds a name or a title taken from a server, in bytes of UTF-8.
const maxWords = 1024

// text makes a server's words fit for a screen or a log.
func text(s string, max int) string { return words.Line(s, max) }
