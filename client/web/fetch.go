package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// How a File fetches.
const (
	readAhead = 8 << 20   // bytes fetched beyond the last read before the server has to wait
	nearAhead = 512 << 10 // bytes ahead that are read through instead of asking anew
	atLeast   = 2 << 20   // bytes taken from a place that is wanted before going elsewhere

	// atLongest is how long a place is read while another one is waited for: on
	// a slow line atLeast takes long.
	atLongest = 2 * time.Second

	// dwell is how long a place is kept that was opened while others waited.
	dwell = 300 * time.Millisecond

	maxBreaks = 3         // connections in a row that may break early
	notEarly  = 256 << 10 // bytes after which a break is no longer early
)

var (
	errOffset   = errors.New("http: negative offset")
	errNoRanges = errors.New("http: the server no longer gives byte ranges")
)

// fetch is the one connection that fills a File's cache: the next byte that
// comes is the one that the cache expects. One goroutine owns it, File.run;
// File.mu guards the fields.
type fetch struct {
	from      address.Address
	body      body  // nil: no connection
	until     int64 // where the part that was asked for ends
	since     int64 // bytes that came since it was opened
	opened    time.Time
	looking   int  // looks aside that are under way
	astray    bool // it was opened for a look aside
	contended bool // others waited for other places when it was opened
	short     bool // it gives less than the rest of the file
	failed    bool // the last try to open one; only a reader who waits is worth another
	breaks    int
	broke     int64 // where the last connection broke, 0 for nowhere
	why       error // why it did
	reader    int64 // where the last read ended: what is fetched ahead starts there

	away absence

	change chan struct{} // something above or a waiter changed
}

func (f *fetch) wake() {
	select {
	case f.change <- struct{}{}:
	default:
	}
}

// version is what tells one state of a file from another (RFC 9110, 8.8).
type version struct {
	etag, modified string
	size           int64
}

func versionOf(r *reply, size int64) version {
	return version{etag: r.Header.Get("Etag"), modified: r.Header.Get("Last-Modified"), size: size}
}

// ifRange is the value that makes a server give a range of this version only.
// A weak tag is not allowed there.
func (v version) ifRange() string {
	if v.etag != "" && !strings.HasPrefix(v.etag, "W/") {
		return v.etag
	}
	return v.modified
}

// same compares what both sides know. Equal tags count more than dates, which
// differ between the machines of one site.
func (v version) same(o version) bool {
	switch {
	case v.size != o.size:
		return false
	case v.etag != "" && o.etag != "":
		return strings.TrimPrefix(v.etag, "W/") == strings.TrimPrefix(o.etag, "W/")
	}
	return v.modified == "" || o.modified == "" || v.modified == o.modified
}

// run fetches until the session ends.
func (f *File) run(life context.Context) {
	defer close(f.done)
	for life.Err() == nil {
		switch next, at, end := f.plan(); next {
		case planRead:
			f.receive()
		case planOpen:
			f.open(life, at, end)
		case planWait:
			f.idle(life)
		}
	}
	f.drop()
}

// settle answers the waiters that fit.
func (f *File) settle(fits func(*waiter) bool, err error) {
	kept := f.waiting[:0]
	for _, w := range f.waiting {
		if fits(w) {
			w.ready <- err
		} else {
			kept = append(kept, w)
		}
	}
	clear(f.waiting[len(kept):])
	f.waiting = kept
}

func everybody(*waiter) bool { return true }

// receive takes what the connection has.
func (f *File) receive() {
	u := &f.fetch
	start := time.Now()
	room, err := f.room()
	if err != nil {
		return
	}
	n, err := u.body.Read(room)
	f.got.Add(uint64(n))

	f.mu.Lock()
	defer f.mu.Unlock()
	f.sayFull()
	if n > 0 {
		f.back()
		f.cache.filledBy(n)
		if u.since += int64(n); u.since >= notEarly {
			u.breaks = 0
		}
		f.settle(func(w *waiter) bool { _, have := f.cache.missing(w.off); return have }, nil)
	}
	switch {
	case f.closed:
		return
	case f.cache.at() >= u.until:
		u.body.Close()
		u.body = nil
		return
	case err == nil:
		return
	}
	if isTimeout(err) {
		if time.Since(start) < f.c.cfg.Timeouts.Stall {
			return // woken: somebody wants another place
		}
		err = &TimeoutError{What: "nothing came from the server", After: f.c.cfg.Timeouts.Stall}
	}
	f.broken(wireError(err))
}

// room is where the bytes that come next belong.
func (f *File) room() ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	room, err := f.cache.room()
	if err != nil {
		f.fail(err)
		return nil, err
	}
	return room[:min(int64(len(room)), f.fetch.until-f.cache.at())], nil
}

// sayFull tells once that what comes is kept in memory only.
func (f *File) sayFull() {
	if why := f.cache.full; why != nil && !f.full {
		f.full = true
		f.c.trace.Note(fmt.Sprintf("only the last %d MB of the file are kept: %v", inMemory*segmentSize>>20, clean(media.Plainly(why))))
	}
}

// broken deals with the early end of the connection: the next reader that waits
// is served by another one, which goes on at the byte where this one broke, or
// is told why when that happens too often.
func (f *File) broken(err error) {
	u := &f.fetch
	u.body.Close()
	u.body = nil
	u.broke, u.why = f.cache.at(), err
	if u.since == 0 && f.again(media.At(media.RungTransport, err)) {
		return
	}
	if u.breaks++; u.since == 0 {
		u.breaks = maxBreaks + 1
	}
}

// open asks for the file from at on, up to end where that is not 0.
func (f *File) open(life context.Context, at, end int64) {
	f.drop()
	f.mu.Lock()
	at = f.cache.start(at)
	f.mu.Unlock()
	r, from, err := f.request(life, at, end)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && f.closed {
		r.body.Close()
		return
	}
	switch {
	case errors.Is(err, ErrChanged), errors.Is(err, errNoRanges):
		f.fail(err)
	case err != nil && life.Err() == nil && f.again(err):
	case err != nil:
		f.fetch.failed = true
		err = media.At(media.RungTransport, err)
		f.settle(func(w *waiter) bool {
			missing, _ := f.cache.missing(w.off)
			return missing >= at && missing <= at+nearAhead
		}, err)
	default:
		u := &f.fetch
		if u.broke > 0 && u.broke == at && !u.away.told {
			f.c.trace.Note(fmt.Sprintf("the connection broke at byte %d: going on there", at))
		}
		u.broke = 0
		u.from, u.body, u.since = from, r.body, 0
		u.opened, u.until, u.failed = time.Now(), f.size, false
		u.contended = len(f.waiting) > 1
		if end > 0 {
			u.until = end
		}
		// Some servers give less than they are asked for.
		u.until = min(u.until, rangeEnd(r.Header.Get("Content-Range")))
		u.astray, u.short = end > 0, u.until < f.size
	}
}

// fail ends the fetching for good; what was kept can still be read.
func (f *File) fail(err error) {
	f.fatal = media.At(media.RungTransport, err)
	if f.fetch.body != nil {
		f.fetch.body.Close()
		f.fetch.body = nil
	}
	f.settle(everybody, f.fatal)
}

func (f *File) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fetch.body != nil {
		f.fetch.body.Close()
		f.fetch.body = nil
	}
}

// request sends a range request to where the file was found, and, when that
// place no longer knows it, once more to the link, which may lead elsewhere
// now: what redirects point to is often good for a while only.
func (f *File) request(life context.Context, at, end int64) (*reply, address.Address, error) {
	q := ask{ranged: true, at: at, size: max(end-at, 0), ifOld: f.version.ifRange(), quiet: true}
	f.mu.Lock()
	from := f.fetch.from
	f.mu.Unlock()
	r, err := f.c.get(life, from, q)
	var status *StatusError
	if errors.As(err, &status) && from != f.c.link && status.Code >= 400 && status.Code < 500 && status.Code != 416 {
		r, err = f.c.get(life, f.c.link, q)
	}
	if errors.As(err, &status) && (status.Code == 416 || status.Code == 412) {
		return nil, from, ErrChanged
	}
	if err != nil {
		return nil, from, err
	}
	if err := f.fits(r, at); err != nil {
		r.body.Close()
		return nil, from, err
	}
	return r, r.from, nil
}

// fits reports whether r is the rest of the file that was opened, from at on.
func (f *File) fits(r *reply, at int64) error {
	if r.Status != 206 {
		if f.version.same(versionOf(r, r.length)) {
			return errNoRanges
		}
		return ErrChanged
	}
	from, size, ok := contentRange(r.Header.Get("Content-Range"))
	switch {
	case !ok || from != at:
		return errNoRanges
	case !f.version.same(versionOf(r, size)):
		return ErrChanged
	}
	return nil
}
