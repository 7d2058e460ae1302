package hls

import (
	"context"
	"io"
	"time"

	"tapedeck/client/media"
)

// Seek moves to another place of a recording, or of a live list that only grows,
// and returns where it really begins: at the key picture at or before it.
func (s *Session) Seek(ctx context.Context, to time.Duration) (time.Duration, error) {
	if why := s.Info().Can.NoSeek; why != "" {
		return 0, cannot("seek", why)
	}
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	w := &seek{to: max(0, to), done: make(chan struct{})}
	s.mu.Lock()
	if s.err != nil && s.err != io.EOF {
		err := s.err
		s.mu.Unlock()
		return 0, media.At(media.RungSession, err)
	}
	s.unpause()
	s.wish, s.latest = w, w
	if s.cancelTurn != nil {
		s.cancelTurn(errSeek)
	}
	s.mu.Unlock()
	wake(s.wished)
	select {
	case <-w.done:
		return w.from, w.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// Pause stops the stream here; what is ahead of the reader stays.
func (s *Session) Pause(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.info.Can.NoPause; why != "" {
		return cannot("pause", why)
	}
	if s.paused == nil {
		s.paused = make(chan struct{})
	}
	return nil
}

// Resume ends a pause.
func (s *Session) Resume(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.info.Can.NoPause; why != "" {
		return cannot("resume", why)
	}
	s.unpause()
	return nil
}

func (s *Session) unpause() {
	if s.paused != nil {
		close(s.paused)
		s.paused = nil
	}
}
