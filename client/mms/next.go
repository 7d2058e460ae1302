package mms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tapedeck/client/media"
)

// Next returns the next run of packets; see client.Session.
func (s *Session) Next(ctx context.Context) (media.Chunk, error) {
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-s.stop:
		return media.Chunk{}, ErrClosed
	case <-ctx.Done():
		return media.Chunk{}, context.Cause(ctx)
	}
	return s.r.read(ctx)
}

// read makes one chunk of what is at hand.
func (r *reader) read(ctx context.Context) (media.Chunk, error) {
	r.revive()
	for {
		switch {
		case r.s.isClosed():
			return media.Chunk{}, ErrClosed
		case r.making() && (r.isFull() || r.end != nil || !r.more()):
			return r.hand(), nil
		case r.end != nil:
			return media.Chunk{}, r.end
		}
		it, err := r.next(ctx)
		if err != nil {
			if r.end == nil {
				return media.Chunk{}, err
			}
			continue
		}
		done, ok, err := r.take(it)
		if err != nil {
			r.finish(err)
		}
		if ok {
			return done, nil
		}
	}
}

// more reports whether the next item is at hand.
func (r *reader) more() bool {
	r.atHand = r.s.batcher != nil && r.s.batcher.more()
	return r.atHand
}

func (r *reader) isFull() bool {
	size, span := r.limits()
	return len(r.buf[r.fill])+r.size > size || r.at-r.chunk.Time >= span
}

// pump reads until t's first packets are there.
func (r *reader) pump(ctx context.Context, t *turn) error {
	r.revive()
	for {
		select {
		case <-t.landed:
			return nil
		default:
		}
		if r.end != nil {
			return r.end
		}
		it, err := r.next(ctx)
		if err != nil {
			if r.end == nil {
				return err
			}
			continue
		}
		if _, _, err := r.take(it); err != nil { // what it ends was of another turn
			r.finish(err)
		}
	}
}

// revive reads on after the end, where the server has agreed to play again.
func (r *reader) revive() {
	if t := r.s.latest.Load(); errors.Is(r.end, io.EOF) && t.number != r.number {
		r.end = nil
	}
}

// finish sets what follows after the chunk in the making.
func (r *reader) finish(err error) {
	r.end = err
	r.s.latest.Load().land(0, err)
}

// next takes an item from the link. An error after which nothing more comes is
// in end, too.
func (r *reader) next(ctx context.Context) (item, error) {
	for {
		t := r.s.latest.Load()
		agreed := t.hasReturned()
		it, err := r.fetch(ctx)
		switch {
		case err == nil:
			return it, nil
		case r.s.isClosed():
			return it, ErrClosed
		case r.s.failure.Load() != nil:
			r.finish(*r.s.failure.Load())
			return it, r.end
		case ctx.Err() != nil:
			return it, context.Cause(ctx)
		case !errors.Is(err, io.EOF):
			r.finish(r.s.lost(err))
			return it, r.end
		case agreed && r.s.latest.Load() == t:
			r.finish(io.EOF)
			return it, r.end
		}
		// The end may be that of what was played before the call of play that is
		// under way.
		select {
		case <-r.s.latest.Load().returned:
		case <-ctx.Done():
			return it, context.Cause(ctx)
		case <-r.s.stop:
			return it, ErrClosed
		}
	}
}

// fetch is the link's next, and measures how long that takes.
func (r *reader) fetch(ctx context.Context) (item, error) {
	s := r.s
	if r.atHand {
		r.atHand = false
		s.hungry.Store(r.looked) // what is at hand may turn out to be nothing
		it, err := s.link.next(ctx)
		s.hungry.Store(0)
		return it, err
	}
	since := s.clock()
	r.looked = since
	s.hungry.Store(since)
	it, err := s.link.next(ctx)
	s.hungry.Store(0)
	r.meter.hungry += time.Duration(s.clock() - since)
	return it, err
}

// lost puts an error of the link into words.
func (s *Session) lost(err error) error {
	if errors.Is(err, ErrSilent) {
		s.forgetUDP()
	}
	return media.At(media.RungTransport, err)
}

// forgetUDP has the next session to the server not begin with UDP, where this
// one lost it.
func (s *Session) forgetUDP() {
	if s.link.programme().way == overUDP {
		s.learn(overTCP)
	}
}

func (t *turn) hasReturned() bool {
	select {
	case <-t.returned:
		return true
	default:
		return false
	}
}

// clock is the time since the session's beginning, never 0.
func (s *Session) clock() int64 { return int64(time.Since(s.born)) + 1 }

func silence(after time.Duration) error {
	return media.At(media.RungTransport, fmt.Errorf("mms: %w for %v", ErrSilent, after))
}
