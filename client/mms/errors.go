package mms

import (
	"errors"
	"fmt"
	"time"

	"tapedeck/client/media"
)

var (
	// ErrProtocol is under every error of a server that breaks the protocol.
	ErrProtocol = errors.New("the server does not keep to the protocol")
	// ErrClosed is returned by what is called after Close.
	ErrClosed = errors.New("mms: the session is closed")
	// ErrSilent: no media came over a way that was open.
	ErrSilent = errors.New("no media came")
	// ErrProtected is under every error of a stream whose key only others have.
	ErrProtected = errors.New("the stream is protected")
	// ErrNoStream: the header names nothing that can be played.
	ErrNoStream = errors.New("the server has nothing in it that can be played")
	// ErrForced: the link asks for a way that the server refuses.
	ErrForced = errors.New("the server refuses the way that the link asks for")
)

// CannotError says why Pause, Resume or Seek is not possible.
type CannotError struct {
	What string // "pause"
	Why  string // "the stream is live"
}

func (e *CannotError) Error() string { return fmt.Sprintf("mms: cannot %s: %s", e.What, e.Why) }
func (e *CannotError) Unwrap() error { return media.ErrCannot }

// TimeoutError is a wait that ended without what was waited for.
type TimeoutError struct {
	What  string
	After time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("mms: %s within %v", e.What, e.After) }

// Timeout reports true, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// StatusError is an HTTP status that is no success.
type StatusError struct {
	Code   int
	Reason string // cleaned
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("mms: the server answered %d %s", e.Code, e.Reason)
}

// RedirectError is a server that points to another link, of any protocol.
type RedirectError struct {
	Link   string // as the server has it, whole
	Public bool   // a server of the public network said so
}

func (e *RedirectError) Error() string { return "mms: the server points elsewhere" }

// MetafileError is an answer that is a list in front of the stream (ASX and its
// kin) and not the stream.
type MetafileError struct {
	ContentType string
	Body        []byte // bounded
	Public      bool
}

func (e *MetafileError) Error() string { return "mms: this is a list" }
