package mms

import (
	"context"
	"fmt"
	"time"
)

// needs is what the reader cannot ask the server for by itself: the answer may
// come after the packets that it has yet to read.
type needs struct {
	play   bool       // a new programme has come, and the server waits
	resume bool       // it was stopped for nothing
	change *selection // other streams
}

// checks is how often in Timeouts.Silence the steward looks for it.
const checks = 8

// need adds to what is needed.
func (s *Session) need(add func(*needs)) {
	s.mu.Lock()
	add(&s.needs)
	s.mu.Unlock()
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// steer is the steward's goroutine.
func (s *Session) steer(ctx context.Context) {
	watch := time.NewTicker(s.cfg.Timeouts.Silence / checks)
	defer watch.Stop()
	for {
		select {
		case <-s.woken:
			s.serve(ctx)
		case <-watch.C:
			s.watch()
		case <-ctx.Done():
			return
		}
	}
}

// serve asks the server for what is needed.
func (s *Session) serve(ctx context.Context) {
	if s.take(ctx) != nil {
		return
	}
	defer s.give()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeouts.Attempt)
	defer cancel()
	s.mu.Lock()
	n, sel, paused := s.needs, s.sel, s.paused
	s.needs = needs{}
	s.mu.Unlock()
	switch {
	case paused: // whoever ends the pause asks for all of it
	case n.play:
		if _, err := s.play(ctx, &turn{kind: entering}); err != nil {
			s.fail(fmt.Errorf("mms: the next entry: %w", err))
		}
	case n.resume:
		if err := s.goOn(ctx); err != nil {
			s.fail(err)
		}
	case n.change != nil && s.pending.Load() == n.change:
		if err := s.link.change(ctx, n.change.since(sel)); err != nil {
			s.refuse(n.change, reason(err))
		}
	}
}

// fail ends the session.
func (s *Session) fail(err error) {
	if s.isClosed() {
		return
	}
	err = s.lost(err)
	if s.failure.CompareAndSwap(nil, &err) {
		s.link.close()
	}
}

// watch looks whether packets come.
func (s *Session) watch() {
	since := s.hungry.Load()
	if since == 0 || s.isPaused() {
		return
	}
	if gone := time.Duration(s.clock() - since); gone >= s.cfg.Timeouts.Silence {
		s.fail(silence(s.cfg.Timeouts.Silence))
	}
}

// touch begins the measure of silence anew.
func (s *Session) touch() {
	if since := s.hungry.Load(); since != 0 {
		s.hungry.CompareAndSwap(since, s.clock())
	}
}
