package rtsp

import (
	"context"
	"fmt"
	"time"

	"tapedeck/client/media"
)

// silentError is a server that agreed to play and sent nothing, or nothing of
// one track.
type silentError struct {
	over   lower
	after  time.Duration
	server string
	track  media.Kind // 0: nothing at all
}

func (e *silentError) Error() string {
	if e.track == 0 {
		return fmt.Sprintf("rtsp: %v over %v: %s", ErrSilent, e.over, e.what())
	}
	return fmt.Sprintf("rtsp: over %v %s", e.over, e.what())
}
func (e *silentError) Unwrap() error { return ErrSilent }

func (e *silentError) what() string {
	if e.track == 0 {
		return fmt.Sprintf("nothing came in %v", e.after)
	}
	return fmt.Sprintf("no %s came in %v, though it is sent", e.track, e.after)
}

// unheard is the error of a track that does not come.
func (s *Session) unheard(t *track, after time.Duration) *silentError {
	return &silentError{over: s.over, after: after, server: s.d.serverName(), track: t.kind}
}

// firstPicture waits, while another transport is left to try, for a packet of
// the pictures: routers let one port through and not the other. It gives up
// after Timeouts.Partial. That is a reason for another transport only if the
// sender reports tell of packets; some cameras describe a picture that they do
// not have.
func (s *Session) firstPicture(ctx context.Context) error {
	s.f.mu.Lock()
	var pictures *track
	for _, t := range s.playable() {
		if t.kind == media.Video && pictures == nil {
			pictures = t
		}
	}
	s.f.mu.Unlock()
	if pictures == nil {
		return nil
	}
	limit := time.NewTimer(s.cfg.Timeouts.Partial)
	defer limit.Stop()
	select {
	case <-s.f.seen:
	case <-s.f.ended:
		return s.ending()
	case <-ctx.Done():
		return media.At(media.RungTransport, context.Cause(ctx))
	case <-limit.C:
		s.f.mu.Lock()
		defer s.f.mu.Unlock()
		if pictures.receiver.SentInVain() {
			return media.At(media.RungTransport, s.unheard(pictures, s.cfg.Timeouts.Partial))
		}
	}
	return nil
}

// lostTrack looks for a track that is sent over UDP and does not come while
// others do. Without its pictures the stream ends, and the next visit begins
// with TCP; a sound that is missing is told of. s.f.mu is held.
func (s *Session) lostTrack(now time.Time) bool {
	limit := s.cfg.Timeouts.Partial
	if s.over.interleaved() || now.Sub(s.f.last) >= limit {
		return false
	}
	for _, t := range s.playable() {
		if t.missed || now.Sub(t.heard) < limit || !t.receiver.SentInVain() {
			continue
		}
		t.missed = true
		err := s.unheard(t, limit)
		if t.kind != media.Video {
			s.f.note(err.what())
			continue
		}
		if s.host != "" {
			s.cfg.Memory.set(s.host, overTCP)
		}
		s.f.flush()
		s.f.finish(media.At(media.RungTransport, err))
		return true
	}
	return false
}
