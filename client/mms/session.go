package mms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// Session is an open stream. It satisfies client.Session.
//
// Whoever calls Next reads the link; Seek does it itself while nobody else does.
// One goroutine more (see steward.go) asks the server for what the reader finds
// out that it needs: other streams, the next entry of a playlist.
type Session struct {
	cfg    *Config
	link   link
	trace  *trace.Tracer
	lesson func(way) // tells the Memory which way works; nil where there is no choice

	reading chan struct{} // held by whoever calls link.next, and guards r
	r       reader
	hungry  atomic.Int64 // since when the reader waits, as clock has it; 0 while it does not
	born    time.Time
	failure atomic.Pointer[error] // why the steward has given the link up

	turning chan struct{} // held by whoever calls play, stop or change
	latest  atomic.Pointer[turn]
	plays   int          // calls of play; of whoever holds turning
	place   atomic.Int64 // the number of the newest packet that was taken, -1 for none

	mu     sync.Mutex
	info   media.Info
	entry  time.Duration // the session's time at which the present programme begins
	sel    *selection    // what is played
	paused bool
	needs  needs

	newest  atomic.Int64              // the newest media time that was taken
	pending atomic.Pointer[selection] // what the server was asked to change to
	fixed   atomic.Bool               // it does not change streams
	batcher batcher                   // the link; nil if it does not know what is at hand

	woken   chan struct{} // there are needs
	stop    chan struct{} // closed by Close
	cancel  context.CancelCauseFunc
	once    sync.Once
	workers sync.WaitGroup
}

// newSession takes over l, whose header has come.
func newSession(ctx context.Context, l link, cfg *Config, t *trace.Tracer) *Session {
	s := &Session{
		cfg: cfg, link: l, trace: t, born: time.Now(),
		reading: make(chan struct{}, 1), turning: make(chan struct{}, 1),
		woken: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	s.place.Store(-1)
	s.r.s, s.r.keep = s, s.r.keeps
	s.batcher, _ = l.(batcher)
	ctx, s.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	s.workers.Go(func() { s.steer(ctx) })
	return s
}

// start plays from the beginning and waits for the first packets.
func (s *Session) start(ctx context.Context) error {
	if err := s.r.enter(s.link.programme()); err != nil {
		return err
	}
	t, err := s.play(ctx, &turn{kind: beginning})
	if err != nil {
		return media.At(media.RungSession, err)
	}
	began := time.Now()
	_, err = s.landing(ctx, t)
	_, late := errors.AsType[*TimeoutError](context.Cause(ctx))
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("mms: %w: it ends where it begins", ErrNoStream)
	case ctx.Err() != nil && late:
		err = fmt.Errorf("mms: %w over %v", ErrSilent, s.link.programme().way)
	}
	return s.trace.Step(media.RungTransport, "first packet", began, "", err)
}

// learn remembers the way that brought media.
func (s *Session) learn(w way) {
	if s.lesson != nil {
		s.lesson(w)
	}
}

// Info says what was opened, and what is played by now.
func (s *Session) Info() media.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.info
	info.Tracks = slices.Clone(info.Tracks)
	return info
}

// Stats counts what came over the network.
func (s *Session) Stats() media.Stats { return s.link.stats() }

// Close ends the session politely, within a second or two, and waits for all its
// goroutines. It may be called twice.
func (s *Session) Close() error {
	s.once.Do(func() {
		close(s.stop)
		s.cancel(ErrClosed)
		s.link.close()
		s.trace.Stop()
	})
	s.workers.Wait()
	return nil
}

func (s *Session) isClosed() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}
