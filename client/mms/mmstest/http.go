package mmstest

import (
	"bufio"
	"net"
)

// WebOptions are what only MMSH has.
type WebOptions struct{}

// serveHTTP serves a connection that begins with an HTTP method, until it ends
// or s.done is closed; the caller closes it.
func (s *Server) serveHTTP(c net.Conn, r *bufio.Reader) {}
