package web

import (
	"context"
	"errors"
	"time"

	"tapedeck/client/media"
)

// How long a file's server may be away before those who wait are told: it is
// asked again after firstWait, then after twice as long each time.
const (
	firstWait   = time.Second
	longestWait = 8 * time.Second
	patience    = 30 * time.Second
)

// absence is the time in which a file's server cannot be had.
type absence struct {
	since time.Time     // of the first failure; zero while there is none
	told  bool          // media.Interrupted was sent, and media.Returned not yet
	wait  time.Duration // the last one
	until time.Time     // when to ask again; zero: when somebody waits
}

// passing reports whether err may be gone after a while. What a server says for
// good is not.
func passing(err error) bool {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Code >= 500 || status.Code == 408 || status.Code == 429
	}
	rung, ok := errors.AsType[*media.RungError](err)
	if !ok || errors.Is(err, ErrPrivate) {
		return false
	}
	switch rung.Rung {
	case media.RungName, media.RungTCP, media.RungReply, media.RungTransport:
		return true
	case media.RungAddress, media.RungTLS, media.RungSession, media.RungContainer, media.RungCodec, media.RungFrame:
	}
	return false
}

// again reports whether the server is asked again after err, and when. f.mu is
// held.
func (f *File) again(err error) bool {
	a := &f.fetch.away
	now := time.Now()
	if a.since.IsZero() {
		a.since, a.wait = now, 0
	}
	if !passing(err) || len(f.waiting) == 0 || now.Sub(a.since) >= patience {
		a.since, a.until = time.Time{}, time.Time{}
		return false
	}
	a.wait = min(max(2*a.wait, firstWait), longestWait)
	a.until, a.told = now.Add(a.wait), true
	f.c.trace.Event(media.Interrupted{Why: err, Wait: a.wait})
	return true
}

// back ends an absence. f.mu is held.
func (f *File) back() {
	a := &f.fetch.away
	if a.told {
		f.c.trace.Event(media.Returned{After: time.Since(a.since)})
	}
	*a = absence{}
}

// idle waits for something to do: a reader, or the time to ask again.
func (f *File) idle(life context.Context) {
	f.mu.Lock()
	until := f.fetch.away.until
	if len(f.waiting) == 0 {
		until = time.Time{}
	}
	f.mu.Unlock()
	var due <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-f.fetch.change:
	case <-due:
	case <-life.Done():
	}
}
