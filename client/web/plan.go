package web

import (
	"time"

	"tapedeck/client/media"
)

// plan is what the fetcher does next.
type plan uint8

const (
	planWait plan = iota
	planRead
	planOpen
)

// plan decides. Readers that wait come first: those that the open connection
// serves soon, then the one that waits longest. Without any, what follows the
// last read is fetched ahead.
func (f *File) plan() (next plan, at, end int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.fatal != nil {
		return planWait, 0, 0
	}
	u := &f.fetch
	if time.Now().Before(u.away.until) {
		return planWait, 0, 0
	}
	near, far := false, (*waiter)(nil)
	for _, w := range f.waiting {
		switch at, _ := f.cache.missing(w.off); {
		case f.near(at):
			near = true
		case far == nil:
			far = w
		}
	}
	if u.breaks > maxBreaks && len(f.waiting) > 0 {
		u.breaks = 0
		f.settle(everybody, media.At(media.RungTransport, u.why))
		return planWait, 0, 0
	}
	// Between two of its reads a reader does not wait: it keeps its place a moment.
	kept := far != nil && u.contended && u.body != nil && time.Since(u.opened) < dwell
	near = near || kept
	switch {
	case far != nil && (!near || u.since >= atLeast || time.Since(u.opened) >= atLongest):
		at, _ := f.cache.missing(far.off)
		return planOpen, at, far.end
	case near, u.body != nil && (u.astray || f.worthReading()):
		patient := f.c.cfg.Timeouts.Stall
		if far != nil {
			limit := atLongest
			if kept {
				limit = dwell
			}
			patient = min(patient, limit-time.Since(u.opened))
		}
		u.body.SetReadDeadline(time.Now().Add(patient))
		return planRead, 0, 0
	case !u.astray && !u.short || u.looking > 0 || u.failed || u.breaks > 0:
		return planWait, 0, 0
	}
	// A look aside ended what was fetched ahead of the reader, or the server did.
	if at := f.gap(u.reader); at < min(f.size, u.reader+f.cache.ahead()/2) {
		return planOpen, at, 0
	}
	return planWait, 0, 0
}

// gap is the first byte at or after off that is not kept, as far as matters.
func (f *File) gap(off int64) int64 {
	for have := true; have && off < f.size && off < f.fetch.reader+f.cache.ahead(); {
		off, have = f.cache.missing(off)
	}
	return off
}

// near reports whether the open connection comes to offset at soon.
func (f *File) near(at int64) bool {
	from := f.cache.at()
	return f.fetch.body != nil && at >= from && at <= from+nearAhead && at < f.fetch.until
}

// worthReading reports whether the connection stands where the last reader
// will come next. One that runs into what is there already is dropped.
func (f *File) worthReading() bool {
	u, from := &f.fetch, f.cache.at()
	next := from
	for have := true; have && next < f.size && next <= from+nearAhead; {
		next, have = f.cache.missing(next)
	}
	if next >= f.size || next > from+nearAhead {
		u.body.Close()
		u.body = nil
		return false
	}
	return from < u.reader+f.cache.ahead() && from+nearAhead >= u.reader
}

// interrupt ends a read that does not serve w.
func (f *File) interrupt(w *waiter) {
	if at, _ := f.cache.missing(w.off); f.fetch.body != nil && !f.near(at) {
		f.fetch.body.SetReadDeadline(past)
	}
}
