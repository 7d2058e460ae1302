package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/mms"
	"tapedeck/client/rtsp"
	"tapedeck/client/web"
)

const (
	// firstWait is how long after a loss the stream is opened again. Each wait
	// is twice the one before, up to longestWait, give or take a fifth so that
	// not all who lost a server come back in the same moment.
	firstWait   = time.Second
	longestWait = 30 * time.Second

	// splice is how much later than the newest chunk begins what comes after a
	// loss: more than a chunk is long. The hole itself has no media time. With it
	// the player would wait in it as long as the stream was away.
	splice = 500 * time.Millisecond

	// healthy is how long media have to come before the waits begin anew, and
	// maxRelapses how often in a row a stream may be lost before that: one that
	// always ends in its first seconds is broken.
	healthy     = 10 * time.Second
	maxRelapses = 5

	// maxAsked bounds what a server may ask for with Retry-After.
	maxAsked = 5 * time.Minute

	// maxMoves bounds how often in a row a server may send us elsewhere.
	maxMoves = 5
)

var errClosed = errors.New("the stream is closed")

// steady is a Session that comes back by itself: when the stream under it is
// lost it opens the same link again, with growing waits, and goes on in the
// same timeline. A live stream goes on where it was lost, without the time that
// it was away; one on demand at the next key picture after what had come. What
// the server says for good (the stream's end, a refusal) is passed on.
type steady struct {
	open   func(ctx context.Context, a address.Address, o Options) (Session, error)
	o      Options
	chance func() float64 // from 0 to 1; replaced in tests

	closed chan struct{}
	once   sync.Once

	// Of the goroutine that calls Next.
	at     address.Address
	last   time.Duration // time of the newest chunk
	lastAt time.Time     // when it came
	since  time.Time     // when the present stream began
	wait   time.Duration
	moves  int
	lapses int    // comings back since media came for a healthy time
	raw    int    // the newest chunk's seek number, as the stream under it counts
	skip   bool   // what comes had come before the loss, up to last
	init   []byte // of what was skipped

	mu    sync.Mutex
	s     Session
	past  media.Stats   // of the streams before s
	shift time.Duration // to be added to the times of s
	seeks int           // to be added to its seek numbers
	rate  float64       // at which s plays; 0 for 1
}

func newSteady(s Session, a address.Address, o Options, open func(context.Context, address.Address, Options) (Session, error)) *steady {
	now := time.Now()
	return &steady{open: open, o: o, chance: rand.Float64, closed: make(chan struct{}), at: a, s: s, since: now, lastAt: now}
}

func (r *steady) session() Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.s
}

// Next is the present stream's, over its losses.
func (r *steady) Next(ctx context.Context) (media.Chunk, error) {
	for {
		c, err := r.session().Next(ctx)
		if err != nil {
			if !r.returns(ctx, err) {
				return c, err
			}
			if err := r.comeBack(ctx, err); err != nil {
				return media.Chunk{}, err
			}
			continue
		}
		r.raw = c.Seek
		r.mu.Lock()
		c.Time += r.shift
		c.Origin -= r.shift
		c.Seek += r.seeks
		r.mu.Unlock()
		if r.skip {
			if c.Init != nil {
				r.init = c.Init
			}
			if c.Time < r.last || !c.Key {
				continue
			}
			c.Init, r.skip = r.init, false
		}
		r.last, r.lastAt = c.Time, time.Now()
		return c, nil
	}
}

// returns reports whether the stream is worth opening again after err.
func (r *steady) returns(ctx context.Context, err error) bool {
	select {
	case <-r.closed:
		return false
	default:
	}
	r.mu.Lock()
	odd := r.rate != 0 && r.rate != 1
	r.mu.Unlock()
	i := r.session().Info()
	if i.Protocol == "icy" && errors.Is(err, io.EOF) {
		return ctx.Err() == nil // a station has no end; its server was started again
	}
	return ctx.Err() == nil && !odd && (i.Live || i.Can.NoSeek == "") && passing(err)
}

// passing reports whether err may be gone after a while.
func passing(err error) bool {
	if _, ok := errors.AsType[*rtsp.MovedError](err); ok {
		return true
	}
	rung, ok := errors.AsType[*media.RungError](err)
	if !ok || errors.Is(err, login.ErrWanted) || errors.Is(err, rtsp.ErrNoPlayableTrack) || errors.Is(err, rtsp.ErrClosed) ||
		errors.Is(err, web.ErrPrivate) || errors.Is(err, mms.ErrClosed) || errors.Is(err, mms.ErrForced) {
		return false
	}
	switch mms.ClassOf(err) {
	case mms.Denied, mms.Broken, mms.Protected:
		return false
	case mms.Missing, mms.Busy:
		return true // until the encoder is back; until somebody leaves
	case mms.Other, mms.Unreached, mms.Unspoken, mms.Ended:
	}
	switch status := statusOf(err); {
	case status >= 500, status == 408, status == 425, status == 429, status == 453, status == 454, status == 455:
		return true
	case status == 404:
		return true // of what has played: Icecast, cameras and relays say it until the source is back
	case status != 0:
		return false
	}
	switch rung.Rung {
	case media.RungName, media.RungTCP, media.RungReply, media.RungSession, media.RungTransport:
		return true
	case media.RungAddress, media.RungTLS, media.RungContainer, media.RungCodec, media.RungFrame:
	}
	return false
}

// comeBack opens the stream again, as often as it takes.
func (r *steady) comeBack(ctx context.Context, why error) error {
	var watch sync.WaitGroup
	defer watch.Wait()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch.Go(func() {
		select {
		case <-r.closed:
			cancel(errClosed)
		case <-ctx.Done():
		}
	})
	if r.lastAt.Sub(r.since) >= healthy {
		r.wait, r.moves, r.lapses = 0, 0, 0
	}
	if r.lapses++; r.lapses > maxRelapses {
		return why
	}
	old := r.session()
	old.Close()
	for {
		if err := r.delay(ctx, why); err != nil {
			return err
		}
		s, err := r.again(ctx, old.Info())
		if err == nil {
			r.since = time.Now()
			if err := r.take(old, s); err != nil {
				return err
			}
			r.tell(media.Returned{After: r.since.Sub(r.lastAt)})
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !passing(err) {
			return err
		}
		why = err
	}
}

// delay waits before the next try, or follows a server that moves the stream.
func (r *steady) delay(ctx context.Context, why error) error {
	if moved, ok := errors.AsType[*rtsp.MovedError](why); ok {
		if r.moves++; r.moves > maxMoves {
			return why
		}
		r.at, r.o.onlyPublic = moved.To, moved.OnlyPublic
		r.tell(media.Interrupted{Why: why})
		return nil
	}
	r.wait = min(max(2*r.wait, firstWait), longestWait)
	wait := r.wait + time.Duration((r.chance()-0.5)*0.4*float64(r.wait))
	if busy, ok := errors.AsType[*web.StatusError](why); ok {
		wait = max(wait, min(busy.RetryAfter, maxAsked))
	}
	r.tell(media.Interrupted{Why: why, Wait: wait})
	return pause(ctx, wait)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// again opens the link once, at the place where the stream was lost.
func (r *steady) again(ctx context.Context, was media.Info) (Session, error) {
	o := r.o
	if unplaced(was) {
		o.start = r.last + splice
		if !keepsTime(r.session()) {
			o.Trace = r.later(o.start)
		}
	}
	s, err := r.open(ctx, r.at, o)
	if err != nil {
		return nil, err
	}
	if unplaced(was) {
		return s, nil
	}
	if _, err := s.Seek(ctx, r.last); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// later tells the events of a stream that counts its time from 0 again: a title
// begins so much later, and so was it sent.
func (r *steady) later(shift time.Duration) func(media.Event) {
	return func(e media.Event) {
		switch t := e.(type) {
		case media.Title:
			t.Time += shift
			e = t
		case media.Aired:
			t.Time += shift
			e = t
		}
		r.tell(e)
	}
}

// keepsTime reports whether streams of s's kind begin at Options.start.
func keepsTime(s Session) bool {
	switch s.(type) {
	case *rtsp.Session, *web.Stream, *web.Push, *mms.Session:
		return true
	}
	return false
}

// unplaced reports a live stream that has no places of its own to go on at.
func unplaced(i media.Info) bool { return i.Live && i.Can.NoSeek != "" }

// take puts s in the place of old.
func (r *steady) take(old, s Session) error {
	live := unplaced(old.Info())
	n := old.Stats()
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.closed:
		s.Close()
		return errClosed
	default:
	}
	r.past = r.past.Plus(n)
	r.s, r.shift = s, 0
	if live {
		if !keepsTime(s) {
			r.shift = r.last + splice
		}
		return nil
	}
	r.seeks += r.raw - 1 // the seek that led back here is nobody's
	r.skip, r.init = true, nil
	return nil
}

func (r *steady) tell(e media.Event) {
	if r.o.Trace != nil {
		r.o.Trace(e)
	}
}

// Info is the present stream's.
func (r *steady) Info() media.Info { return r.session().Info() }

func (r *steady) Pause(ctx context.Context) error  { return r.session().Pause(ctx) }
func (r *steady) Resume(ctx context.Context) error { return r.session().Resume(ctx) }

func (r *steady) Seek(ctx context.Context, to time.Duration) (time.Duration, error) {
	from, err := r.session().Seek(ctx, to)
	if err == nil {
		r.mu.Lock()
		r.rate = 1
		r.mu.Unlock()
	}
	return from, err
}

// Scale is the present stream's; one that cannot says so in Info.
func (r *steady) Scale(ctx context.Context, at time.Duration, rate float64) (time.Duration, float64, error) {
	now := r.session()
	s, ok := now.(Scaler)
	if !ok {
		return 0, 1, fmt.Errorf("%w: %s", media.ErrCannot, now.Info().Can.NoScale)
	}
	from, got, err := s.Scale(ctx, at, rate)
	if err == nil {
		r.mu.Lock()
		r.rate = got
		r.mu.Unlock()
	}
	return from, got, err
}

// Stats are those of all the streams.
func (r *steady) Stats() media.Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.past.Plus(r.s.Stats())
}

func (r *steady) Close() error {
	r.once.Do(func() { close(r.closed) })
	return r.session().Close()
}
