package mms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"tapedeck/client/media"
)

// turnKind is what a call of play is for.
type turnKind uint8

const (
	beginning turnKind = iota
	seeking            // to another place
	resuming           // at the packet after the last one
	entering           // the next entry of the server's playlist
)

// turn is one call of play. Its fields but from and err are set before the call;
// these two when landed is closed.
type turn struct {
	number int // that its packets carry
	kind   turnKind
	to     time.Duration // where seeking goes, in the session's time
	byTime bool          // resuming by the time and not by the number of the packet
	sel    *selection    // what is asked for

	returned chan struct{} // closed when the call has returned
	landed   chan struct{} // closed when a packet is there at which a decoder can start, or none will be
	once     sync.Once
	from     time.Duration // the session's time of that packet
	err      error
}

// land tells what became of the turn.
func (t *turn) land(from time.Duration, err error) {
	t.once.Do(func() {
		t.from, t.err = from, err
		close(t.landed)
	})
}

// take waits until no other call of play, stop or change is under way.
func (s *Session) take(ctx context.Context) error {
	select {
	case s.turning <- struct{}{}:
		if s.isClosed() {
			<-s.turning
			return ErrClosed
		}
		return nil
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Session) give() { <-s.turning }

// play asks the server to send from where t says. The reader drops what is left
// of earlier turns. Whoever calls it has turning.
func (s *Session) play(ctx context.Context, t *turn) (*turn, error) {
	s.plays++
	t.number = s.plays
	t.returned, t.landed = make(chan struct{}), make(chan struct{})
	s.mu.Lock()
	t.sel = s.sel
	if p := s.pending.Swap(nil); p != nil && p.head == t.sel.head {
		t.sel = p
	}
	s.needs = needs{}
	r := request{streams: t.sel.all()}
	switch t.kind {
	case seeking:
		r.from = max(0, t.to-s.entry)
	case resuming:
		r.from = max(0, time.Duration(s.newest.Load())-s.entry)
		if at := s.place.Load(); at >= 0 && at < math.MaxUint32-1 && !t.byTime {
			r.packet = uint32(at) + 1
		}
	case beginning, entering:
	}
	s.mu.Unlock()
	if old := s.latest.Swap(t); old != nil {
		old.land(0, errSuperseded)
	}
	err := s.link.play(ctx, r)
	close(t.returned)
	if err != nil {
		if !errors.Is(err, ErrClosed) && s.isClosed() {
			err = ErrClosed
		}
		t.land(0, err)
		if ctx.Err() != nil { // nobody knows what the server has made of it
			s.fail(err)
		}
		return nil, err
	}
	s.touch()
	return t, nil
}

// errSuperseded is why a seek comes to nothing.
var errSuperseded = errors.New("mms: the stream goes on elsewhere")

// landing waits until t's first packets are there. It reads the link itself
// where nobody else does.
func (s *Session) landing(ctx context.Context, t *turn) (time.Duration, error) {
	for {
		select {
		case <-t.landed:
			return t.from, t.err
		case s.reading <- struct{}{}:
			err := s.r.pump(ctx, t)
			<-s.reading
			if err != nil {
				t.land(0, err)
			}
		case <-s.stop:
			return 0, ErrClosed
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// Seek moves to another place, and returns where the server really starts: at
// the key picture before it.
func (s *Session) Seek(ctx context.Context, to time.Duration) (time.Duration, error) {
	limit := s.cfg.Timeouts.Attempt
	bounded, cancel := context.WithTimeoutCause(ctx, limit, &TimeoutError{"nothing came of the new place", limit})
	defer cancel()
	t, err := s.ask(bounded, to)
	if err != nil {
		return 0, err
	}
	from, err := s.landing(bounded, t)
	switch {
	case errors.Is(err, io.EOF):
		err = errors.New("mms: nothing comes after that place")
	case err != nil && ctx.Err() == nil && bounded.Err() != nil:
		err = media.At(media.RungTransport, fmt.Errorf("mms: %w of the new place in %v", ErrSilent, limit))
		s.fail(err)
	}
	return from, media.At(media.RungTransport, err)
}

// ask asks the server to play from another place.
func (s *Session) ask(ctx context.Context, to time.Duration) (*turn, error) {
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer s.give()
	info := s.Info()
	if info.Can.NoSeek != "" {
		return nil, &CannotError{"seek", info.Can.NoSeek}
	}
	to = max(0, to)
	if info.Duration > 0 {
		to = min(to, info.Duration)
	}
	t, err := s.play(ctx, &turn{kind: seeking, to: to})
	if err != nil {
		s.need(func(n *needs) { n.resume = !s.paused }) // what was played was stopped for it
		return nil, media.At(media.RungSession, err)
	}
	s.setPaused(false)
	return t, nil
}

// Pause asks the server to send no more; the session is kept alive.
func (s *Session) Pause(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	if why := s.Info().Can.NoPause; why != "" {
		return &CannotError{"pause", why}
	}
	if s.isPaused() {
		return nil
	}
	if err := s.link.stop(ctx); err != nil {
		return media.At(media.RungSession, err)
	}
	s.setPaused(true)
	return nil
}

// Resume goes on with the packet after the last one.
func (s *Session) Resume(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	if why := s.Info().Can.NoPause; why != "" {
		return &CannotError{"resume", why}
	}
	if !s.isPaused() {
		return nil
	}
	err := s.goOn(ctx)
	if err == nil {
		s.setPaused(false)
	}
	return media.At(media.RungSession, err)
}

// goOn plays from the packet after the last one; from its time where the server
// does not find it.
func (s *Session) goOn(ctx context.Context) error {
	_, err := s.play(ctx, &turn{kind: resuming})
	if _, refused := errors.AsType[*ServerError](err); refused && s.place.Load() >= 0 {
		_, err = s.play(ctx, &turn{kind: resuming, byTime: true})
	}
	return err
}

func (s *Session) isPaused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused
}

func (s *Session) setPaused(p bool) {
	s.mu.Lock()
	s.paused = p
	s.mu.Unlock()
	s.touch()
}
