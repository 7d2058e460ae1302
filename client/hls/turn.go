package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"tapedeck/client/media"
)

const (
	// splice is how much later than what came before a live stream goes on that is
	// joined anew. The hole itself has no media time: the player would wait in it.
	splice = 500 * time.Millisecond

	// maxRejoins is how often a live stream may be joined anew before it has gone
	// on for healthy.
	maxRejoins = 3
	healthy    = time.Minute
)

// errSeek ends a turn.
var errSeek = errors.New("hls: another place is played")

// plan is where a turn begins.
type plan struct {
	main, sound *mediaList    // sound is nil where it comes with the pictures
	at          time.Duration // place in the main list
	base        time.Duration // media time there, of a live list
	target      time.Duration // where to land, at a key picture at or before it
	seek        *seek         // who asked for it; nil for nobody
}

// seek is a wish for another place.
type seek struct {
	to   time.Duration
	from time.Duration // where it really begins
	err  error
	done chan struct{}
}

// fails tells whoever asked for it that it came to nothing.
func (w *seek) fails(err error) {
	if w != nil {
		w.err = err
		close(w.done)
	}
}

// waits reports a seek that has neither landed nor failed.
func (w *seek) waits() bool {
	if w == nil {
		return false
	}
	select {
	case <-w.done:
		return false
	default:
		return true
	}
}

// conduct plays one turn after another: the first, one for each seek, and one
// whenever a live stream has to be joined anew.
func (s *Session) conduct(ctx context.Context, p plan) {
	defer s.workers.Done()
	var rejoins int
	var since time.Time
	for {
		err := s.turn(ctx, p)
		if ctx.Err() != nil {
			s.finish(errClosed)
			return
		}
		want := s.wanted()
		if again, ok := errors.AsType[*rejoin](err); ok && want == nil {
			if time.Since(since) > healthy {
				rejoins = 0
			}
			since = time.Now()
			if rejoins++; rejoins > maxRejoins {
				s.finish(media.At(media.RungTransport, err))
				return
			}
			s.note(again.why + ": going on with what is new")
			if p, err = s.rejoining(ctx); err == nil {
				continue
			}
		}
		if want == nil {
			if err == nil {
				err = io.EOF
			}
			s.finish(err)
			if err != io.EOF {
				return
			}
			if want = s.nextWish(ctx); want == nil {
				return
			}
		}
		p = s.seekPlan(want)
	}
}

// wanted is the seek that waits to be done; nil for none.
func (s *Session) wanted() *seek {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.wish
	s.wish = nil
	return w
}

// nextWish waits for a seek at the end of a recording.
func (s *Session) nextWish(ctx context.Context) *seek {
	for {
		if w := s.wanted(); w != nil {
			return w
		}
		select {
		case <-s.wished:
		case <-ctx.Done():
			return nil
		}
	}
}

// turn plays from a place until the end, a seek or a failure.
func (s *Session) turn(ctx context.Context, p plan) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reels, err := s.begin(p, cancel)
	if err != nil {
		p.seek.fails(err)
		return err
	}
	var all sync.WaitGroup
	for _, r := range reels {
		all.Go(func() {
			if err := r.follow(ctx); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	s.keep(reels)
	return context.Cause(ctx)
}

// begin sets the session to the place where p begins.
func (s *Session) begin(p plan, cancel context.CancelCauseFunc) ([]*reel, error) {
	g := p.main.list.find(p.at)
	if g == nil {
		return nil, media.At(media.RungReply, errNoSegments)
	}
	absolute := p.main.list.absolute()
	if !absolute {
		s.line = make(timeline)
	}
	main := newReel(s, false, p.main)
	main.seq = g.sequence
	expected := p.base
	if absolute {
		expected = g.at
	}
	main.clock.place(expected, expected/8)
	reels := []*reel{main}
	if p.sound != nil {
		r := newReel(s, true, p.sound)
		at, ok := r.beside(p.main.list, g, absolute)
		if !ok {
			return nil, media.At(media.RungReply, errNoSegments)
		}
		r.clock.place(max(0, expected+at), expected/8)
		reels = append(reels, r)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.lanes {
		s.lanes[i].clear()
	}
	s.reels, s.hasSound, s.cancelTurn = reels, p.sound != nil, cancel
	s.landed, s.target, s.seeking, s.title = false, p.target, p.seek, ""
	s.out.forget(p.seek != nil)
	if s.err == io.EOF {
		s.err = nil
	}
	if s.wish != nil { // it came meanwhile
		cancel(errSeek)
	}
	return reels, nil
}

// beside sets the sound to the segment that goes with one of the pictures. It
// returns how much later than that one it begins.
func (r *reel) beside(main *playlist, g *segment, absolute bool) (time.Duration, bool) {
	if absolute && r.list.absolute() {
		own := r.list.find(g.at)
		if own == nil {
			return 0, false
		}
		r.seq = own.sequence
		return own.at - g.at, true
	}
	if !g.date.IsZero() {
		if own := r.list.findDate(g.date); own != nil {
			r.seq = own.sequence
			return own.date.Sub(g.date), true
		}
	}
	if r.list.number(g.sequence) != nil {
		r.seq = g.sequence
		return 0, true
	}
	own := r.list.find(r.list.duration() - (main.duration() - g.at))
	if own == nil {
		return 0, false
	}
	r.seq = own.sequence
	return 0, true
}

// keep remembers the lists as they are after a turn.
func (s *Session) keep(reels []*reel) {
	for _, r := range reels {
		m := &mediaList{asked: r.asked, from: r.from, list: r.list, poll: r.poll}
		if r.sound {
			s.soundList = m
		} else {
			s.mainList = m
		}
	}
}

// rejoining plans to go on near the end of lists that are fetched anew.
func (s *Session) rejoining(ctx context.Context) (plan, error) {
	p := plan{}
	var err error
	if p.main, err = s.refetch(ctx, s.mainList); err != nil {
		return p, err
	}
	if s.soundList != nil {
		if p.sound, err = s.refetch(ctx, s.soundList); err != nil {
			return p, err
		}
	}
	s.mu.Lock()
	p.base = s.out.at + splice
	s.mu.Unlock()
	p.at, p.target = p.main.list.joint(), p.base
	if p.main.list.absolute() {
		p.target = p.at
	}
	return p, nil
}

func (s *Session) refetch(ctx context.Context, m *mediaList) (*mediaList, error) {
	if err := wait(ctx, time.Until(m.poll.asked.Add(m.list.target/2))); err != nil {
		return nil, err
	}
	return s.fetchList(ctx, m.asked)
}

// seekPlan plans for a seek in the lists as they are.
func (s *Session) seekPlan(w *seek) plan {
	return plan{main: s.mainList, sound: s.soundList, at: w.to, target: w.to, seek: w}
}

// advance looks what the packets that came make possible. Session.mu is held.
func (s *Session) advance() {
	if !s.landed {
		s.land()
	}
	wake(s.ready)
}

// land finds where a turn really begins: at the last key picture at or before
// its target, or at the first one after it. Session.mu is held.
func (s *Session) land() {
	for _, r := range s.reels {
		if !r.ready {
			return
		}
	}
	start, ok := s.landing()
	if !ok {
		return
	}
	s.out.start = start
	if s.out.writer == nil {
		if err := s.newWriter(); err != nil {
			s.failLocked(media.At(media.RungCodec, fmt.Errorf("hls: %w", err)))
			return
		}
	}
	s.landed = true
	if w := s.seeking; w != nil {
		s.seeks++
		w.from = max(0, start)
		close(w.done)
		s.seeking = nil
	}
	if !s.isOpened {
		s.isOpened = true
		close(s.opened)
	}
	for i := range s.lanes {
		if t, ok := s.playing(i); ok {
			s.showTrack(i, t)
		}
	}
}

// landing is the place, once it is known. Pictures before it are dropped.
func (s *Session) landing() (time.Duration, bool) {
	l := &s.lanes[videoLane]
	if l.reel == nil {
		l = &s.lanes[audioLane]
	}
	if l.reel == nil || l.empty() {
		return 0, false
	}
	ended := l.reel.ended
	best, passed := -1, l.reel.settled > s.target
	for i := l.head; i < len(l.items); i++ {
		it := &l.items[i]
		if it.key && (best < 0 || it.time <= s.target) {
			best = i
		}
		if it.time > s.target+l.reorder {
			passed = true
		}
	}
	if best < 0 && (ended || l.bytes >= aheadBytes || l.top-l.first().time >= keyWait) {
		best, passed = l.head, true
		l.items[best].key = true
		s.notes = append(s.notes, fmt.Sprintf("no key picture in %v, starting without one", l.top-l.first().time))
	}
	if best < 0 || !passed && !ended {
		return 0, false
	}
	start := l.items[best].time
	for n := best - l.head; n > 0; n-- {
		l.take()
	}
	return start, true
}
