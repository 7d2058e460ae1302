package web

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/dial"
	"tapedeck/client/http1"
	"tapedeck/client/media"
)

// Errors that callers branch on.
var (
	// ErrChanged: the file on the server is no longer the one that was opened.
	// What was read so far belongs to the old one and is never mixed with the new.
	ErrChanged = errors.New("the file on the server has changed")

	// ErrDropped: a live stream ended without the server saying so.
	ErrDropped = errors.New("the server closed the connection in the middle of the stream")

	// ErrRTSP: who answers at this port speaks RTSP, as the links of cameras do
	// that begin with rtsp://.
	ErrRTSP = http1.ErrRTSP

	// ErrPrivate: a public server redirects into a private network.
	ErrPrivate = dial.ErrPrivate

	// ErrTLS: a link in the clear leads to a port where TLS is spoken.
	ErrTLS = http1.ErrTLS

	// ErrNotMedia is wrapped by what Open returns where the body is something
	// else: a web page, text, a playlist.
	ErrNotMedia = errors.New("not media")
)

// StatusError is an answer other than success.
type StatusError struct {
	Code   int
	Reason string // as the server worded it, cleaned; may be empty
	Login  error  // of a 401 and a 407: the *login.Error; else nil

	RetryAfter time.Duration // how long the server asks to be left alone; 0: it says nothing
}

func (e *StatusError) Error() string {
	s := strings.TrimSpace(fmt.Sprintf("http: %d %s", e.Code, e.Reason))
	if e.Login != nil {
		s += ": " + e.Login.Error()
	}
	return s
}

func (e *StatusError) Unwrap() error { return e.Login }

// RedirectError is a redirect to another protocol. Link may hold secrets; the
// message does not.
type RedirectError struct {
	Link   string
	Public bool // a server of the public network sent it
}

func (e *RedirectError) Error() string {
	return "http: the server points to " + address.Redact(e.Link)
}

// ShortError is a body that ended before its announced length.
type ShortError = http1.ShortError

// TimeoutError is silence past the time that a step may take.
type TimeoutError struct {
	What  string
	After time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("http: %s within %v", e.What, e.After) }
func (e *TimeoutError) Unwrap() error { return os.ErrDeadlineExceeded }

// errClosed is what a blocked call returns when the session is closed.
var errClosed = fmt.Errorf("http: the stream was closed: %w", net.ErrClosed)

// cannot is media.ErrCannot with its reason.
func cannot(what, why string) error { return fmt.Errorf("%s: %w: %s", what, media.ErrCannot, why) }

// notMedia is ErrNotMedia with a word for what came instead.
type notMedia struct{ what string }

func (e *notMedia) Error() string { return "http: the server sent " + e.what + ", not media" }
func (e *notMedia) Unwrap() error { return ErrNotMedia }

// cleaned is an error whose words may come from the network.
type cleaned struct{ err error }

func (e *cleaned) Error() string { return "http: " + text(e.err.Error(), maxErrorText) }
func (e *cleaned) Unwrap() error { return e.err }

// clean wraps an error of net, tls or net/http so that its words are safe to show.
func clean(err error) error {
	if err == nil {
		return nil
	}
	return &cleaned{err}
}

// maxErrorText bounds what of a foreign error's words is shown.
const maxErrorText = 300
