package media

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// Plainly puts the network's errors in words that a person understands: Go's own
// name the calls that led there. An error that it does not know, and nil, are
// returned as they are; the others stay what they are for errors.Is.
func Plainly(err error) error {
	words := plainWords(err)
	if words == "" {
		return err
	}
	return &plainError{words, err}
}

type plainError struct {
	words string
	err   error
}

func (e *plainError) Error() string { return e.words }
func (e *plainError) Unwrap() error { return e.err }

func plainWords(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		switch {
		case dns.IsNotFound:
			return "there is no host " + dns.Name
		case dns.IsTimeout:
			return "the name server does not answer for " + dns.Name
		}
		return "the name of " + dns.Name + " could not be looked up"
	}
	at := ""
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Addr != nil {
		at = " at " + op.Addr.String()
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens" + at
	case errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no way to the host" + at
	case errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to the network" + at
	case errors.Is(err, syscall.ECONNRESET):
		return "the other end cut the connection"
	case errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer" + at
	}
	return ""
}
