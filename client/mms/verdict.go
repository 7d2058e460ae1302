package mms

import (
	"context"
	"errors"
	"net"

	"tapedeck/client/dial"
	"tapedeck/client/login"
	"tapedeck/client/media"
)

// ClassOf is what a failure is about, where a server said so.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*ServerError](err); ok {
		return e.Code.Class()
	}
	if e, ok := errors.AsType[*StatusError](err); ok {
		return statuses[e.Code].Class()
	}
	switch {
	case errors.Is(err, login.ErrWanted):
		return Denied
	case errors.Is(err, ErrProtected):
		return Protected
	case errors.Is(err, ErrNoStream):
		return Broken
	}
	return Other
}

// final reports a failure that every other way to the server would end in, too:
// it says what became of the stream, not of the way. What a web server says that
// is no media server is ErrProtocol beside its status, and no such verdict.
func final(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	if _, ok := errors.AsType[*RedirectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*MetafileError](err); ok {
		return true
	}
	switch {
	case errors.Is(err, dial.ErrPrivate), errors.Is(err, context.Canceled):
		return true
	case errors.Is(err, ErrProtocol):
		return false
	}
	return ClassOf(err).final()
}

// telling orders failures by how much they tell of what is wrong: what a server
// says of the stream, then whatever came furthest on the ladder.
func telling(err error) int {
	if final(err) {
		return len(rungs) + 1
	}
	at, ok := errors.AsType[*media.RungError](err)
	if !ok {
		return 0
	}
	for i, r := range rungs {
		if r == at.Rung {
			return i + 1
		}
	}
	return 0
}

// rungs are the ladder's, from the bottom up.
var rungs = []media.Rung{
	media.RungAddress, media.RungName, media.RungTCP, media.RungTLS, media.RungReply,
	media.RungSession, media.RungTransport, media.RungContainer, media.RungCodec, media.RungFrame,
}
