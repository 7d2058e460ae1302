package playback

import (
	"context"
	"errors"
	"io"
	"time"

	"tapedeck/client/media"
)

// loadFile lets the player find its own way in a file of known size.
func (l *loop) loadFile(s *stream) {
	s.base = 0
	l.give(s, l.head.feed.File(s.info.ContentType, s.file.Size(), s.readFile))
	if s.start > 0 {
		l.goTo(s, s.start, false)
	}
}

// readFile is what the player reads, and remembers how the last read went: to
// the player a failure looks like the end.
func (s *stream) readFile(ctx context.Context, p []byte, off int64) (int, error) {
	n, err := s.file.ReadAt(ctx, p, off)
	switch {
	case ctx.Err() != nil: // the player has gone elsewhere
	case err == nil || errors.Is(err, io.EOF):
		s.broken.Store(nil)
	default:
		failed := err
		s.broken.Store(&failed)
	}
	return n, err
}

// goTo has the player go to media time to. Where it cannot tell at which byte
// that is, the session does.
func (l *loop) goTo(s *stream, to time.Duration, wasPaused bool) {
	s.search++
	s.searching = true
	search, loads := s.search, s.loads
	l.spawn(func() {
		off, _, err := s.file.Find(s.ctx, to)
		l.mail.post(func() {
			if l.stream != s || s.search != search || s.loads != loads {
				return // somewhere else by now
			}
			s.searching = false
			s.shownBefore, s.awaited = s.shown, time.Now()
			switch {
			case errors.Is(err, media.ErrCannot):
			case err != nil:
				l.lostWay(s, err)
				return
			}
			s.stood = false
			l.head.do(func(ctx context.Context, p Player) {
				if s.ctx.Err() != nil {
					return
				}
				if err == nil {
					p.SeekByte(ctx, off, s.file.Size())
				} else {
					p.Seek(ctx, to)
				}
				if wasPaused {
					p.Resume(ctx)
				}
			})
		})
	})
}

// lostWay goes on playing where it is.
func (l *loop) lostWay(s *stream, err error) {
	s.landing = false
	l.refuse("it did not seek: " + err.Error())
	if s.shown > 0 {
		l.state.Phase = Playing
		l.unmoved(s)
	}
}

// measureFile asks for the length of a file once it plays: what tells it may be
// the file's end, and the first picture does not wait for that.
func (l *loop) measureFile(s *stream) {
	if s.file == nil || s.measured {
		return
	}
	s.measured = true
	l.spawn(func() {
		d, err := s.file.Length(s.ctx)
		l.mail.post(func() {
			if l.stream != s || err != nil || d == 0 {
				return
			}
			s.length, l.state.Duration = d, d
		})
	})
}

// playerLength takes the player's word for how long a file is, which is in whole
// seconds, where the file itself does not tell.
func (l *loop) playerLength(s *stream, length time.Duration) {
	if s.file != nil && s.length == 0 && length > 0 {
		l.state.Duration = length
	}
}
