package rtsp

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
)

var (
	// ErrNoPlayableTrack says that the description holds nothing to play.
	ErrNoPlayableTrack = errors.New("no track can be played")
	// ErrSilent says that the server agreed to play and sent nothing.
	ErrSilent = errors.New("the server sends no media")
	// ErrTransport says that the server refuses every way of transport that the
	// link and the server leave open.
	ErrTransport = errors.New("the server refuses the transport")
	// ErrKeys says that the media are encrypted with other keys than the server
	// told.
	ErrKeys = errors.New("the SRTP keys do not fit")
	// ErrRedirect says that a redirect was not followed.
	ErrRedirect = errors.New("the redirect was not followed")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("rtsp: the session is closed")
	// ErrConnection says that the server closed the connection.
	ErrConnection = errors.New("connection closed by the server")
)

// maxReason bounds what a peer's words may take of an error message.
const maxReason = 120

// clean makes a peer's words fit for a message: bounded, without control bytes
// and secrets.
func clean(s string) string {
	if len(s) > 4*maxReason {
		s = s[:4*maxReason]
	}
	s = address.Redact(s)
	if r := []rune(s); len(r) > maxReason {
		s = string(r[:maxReason]) + "..."
	}
	return s
}

// StatusError is a reply that is not a success.
type StatusError struct {
	Method string // as it was sent: "DESCRIBE"
	Code   int
	Reason string // the server's, cleaned; the usual one where it gave none
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("rtsp: %s: %d %s", strings.ToLower(e.Method), e.Code, e.Reason)
}

// Unwrap lets a refused login match login.ErrWanted and a 461 ErrTransport.
func (e *StatusError) Unwrap() error {
	switch e.Code {
	case 401, 407:
		return login.ErrWanted
	case 461:
		return ErrTransport
	}
	return nil
}

// reasons are the words for codes that HTTP does not have.
var reasons = map[int]string{
	451: "Parameter Not Understood",
	453: "Not Enough Bandwidth",
	454: "Session Not Found",
	455: "Method Not Valid in This State",
	456: "Header Field Not Valid for Resource",
	457: "Invalid Range",
	459: "Aggregate Operation Not Allowed",
	460: "Only Aggregate Operation Allowed",
	461: "Unsupported Transport",
	462: "Destination Unreachable",
	463: "Key Management Failure",
	551: "Option Not Supported",
}

func newStatusError(method string, r *response) *StatusError {
	reason := clean(r.reason)
	if reason == "" {
		reason = reasons[r.status]
	}
	if reason == "" {
		reason = http.StatusText(r.status)
	}
	return &StatusError{Method: method, Code: r.status, Reason: strings.TrimSpace(reason)}
}

// status is the code of the StatusError in err, or 0.
func status(err error) int {
	if s, ok := errors.AsType[*StatusError](err); ok {
		return s.Code
	}
	return 0
}

// TimeoutError says what did not come in time.
type TimeoutError struct {
	What  string // "rtsp: describe: no answer"
	After time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("%s in %v", e.What, e.After) }

// Timeout makes it look like the net package's.
func (e *TimeoutError) Timeout() bool { return true }

// CannotError says why Pause, Resume or Seek is not possible.
type CannotError struct {
	What string // "pause"
	Why  string // "the stream is live"
}

func (e *CannotError) Error() string { return fmt.Sprintf("rtsp: cannot %s: %s", e.What, e.Why) }
func (e *CannotError) Unwrap() error { return media.ErrCannot }

// RedirectError is a redirect that was not followed.
type RedirectError struct {
	To  string // redacted
	Why string

	Link   string // of another protocol, which may hold secrets; else empty
	Public bool   // a server of the public network sent it
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("rtsp: redirect to %s: %s", e.To, e.Why)
}
func (e *RedirectError) Unwrap() error { return ErrRedirect }

// PanicError is a defect of ours that a peer's bytes have found. It ends the
// session and nothing else.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("rtsp: internal error: %v", e.Value) }

// recovered is deferred by every goroutine that reads what a peer sent.
func recovered(fail func(error)) {
	if p := recover(); p != nil {
		fail(&PanicError{Value: p, Stack: debug.Stack()})
	}
}
