package playback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/player/tape"
)

// atLive is how near to the newest point a jump counts as "back to live".
const atLive = 2 * time.Second

// maxVolume is twice the level that the stream has.
const maxVolume = 200

func (l *loop) togglePause() {
	if s := l.stream; s != nil && s.hold {
		l.resume()
		return
	}
	switch l.state.Phase {
	case Paused:
		l.resume()
	case Stopped, Ended, Failed:
		if l.state.Entry.URL != "" {
			l.play(Play{Entry: l.state.Entry})
		}
	case Connecting:
		l.refuse("not playing yet")
	case Buffering, Playing, Seeking:
		l.pause()
	}
}

// pause stops the player. A server that can pause is asked to, so that it does
// not send what nobody takes; a live stream goes on to the tape.
func (l *loop) pause() {
	s := l.stream
	switch {
	case s != nil && s.url == "" && s.start > 0: // a seek for which it is opened again
		s.hold = true
		return
	case s == nil || s.url == "":
		l.refuse("nothing plays")
		return
	case s.paused:
		return
	case l.jumps(s):
		s.hold = true
		return
	}
	l.halt(s)
}

func (l *loop) halt(s *stream) {
	s.paused, s.pausedAt = true, time.Now()
	if s.info.Live {
		s.shifted = true
	}
	l.head.do(func(ctx context.Context, p Player) {
		err := p.Pause(ctx)
		l.mail.post(func() { l.nowPaused(s, err) })
	})
	if s.file == nil && s.info.Can.NoPause == "" {
		l.ask(s, func() {
			if err := s.session.Pause(s.ctx); err != nil && s.ctx.Err() == nil {
				l.mail.post(func() { l.note("the server did not pause: " + err.Error()) })
			}
		})
	}
}

// jumps reports whether a seek of the player or of the server is under way. It
// ends a pause, so that one that comes with it waits until it has landed.
func (l *loop) jumps(s *stream) bool {
	return s.searching || l.state.Phase == Seeking && s.info.Can.NoSeek == ""
}

// ask has f ask the session for something, after all that was asked before.
func (l *loop) ask(s *stream, f func()) {
	before, done := s.asked, make(chan struct{})
	s.asked = done
	l.spawn(func() {
		defer close(done)
		if before != nil {
			<-before
		}
		f()
	})
}

func (l *loop) nowPaused(s *stream, err error) {
	switch {
	case l.stream != s || !s.paused:
	case err != nil:
		s.paused = false
		l.refuse("the player did not pause: " + err.Error())
	default:
		if s.landing { // the player has not shown the place of a seek yet
			l.moveTo(s, s.target.at)
			s.landing = false
		}
		l.state.Phase, s.pausedAt = Paused, time.Now()
		l.state.BitRate = 0
		l.emit(PausedEvent{Position: seconds(l.state.Position)})
	}
}

func (l *loop) resume() {
	s := l.stream
	if s != nil && s.hold {
		s.hold = false
		return
	}
	if s == nil || !s.paused {
		if s == nil {
			l.togglePause()
		}
		return
	}
	s.paused = false
	s.shownBefore = s.shown
	if s.file != nil || s.info.Can.NoPause != "" {
		l.goOn(s)
		return
	}
	l.ask(s, func() {
		err := s.session.Resume(s.ctx)
		l.mail.post(func() {
			if l.stream != s {
				return
			}
			if err != nil {
				l.fail(media.At(media.RungSession, err))
				return
			}
			l.goOn(s)
		})
	})
}

// goOn ends a pause: where it was, at the place that was chosen meanwhile, or
// at the oldest that is kept.
func (l *loop) goOn(s *stream) {
	switch {
	case l.outlasted(s):
	case s.parked:
		l.playTape(s, l.state.Position)
	default:
		l.unpause(s)
	}
}

// outlasted goes on at the oldest kept point where a pause was longer than the
// tape is, and says so.
func (l *loop) outlasted(s *stream) bool {
	if s.tape == nil || !s.info.Live {
		return false
	}
	from, _, ok := s.tape.Span()
	if !ok || from <= l.state.Position {
		return false
	}
	l.note(fmt.Sprintf("the tape reaches back to %s: %s were lost in the pause", clock(from), clock(from-l.state.Position)))
	l.beginSeek(s, from)
	l.load(s, s.tape.ReadOldest)
	return true
}

func (l *loop) unpause(s *stream) {
	l.state.Phase, s.awaited = Buffering, time.Now()
	s.clock.skip(s.pausedAt, s.awaited)
	l.head.do(func(ctx context.Context, p Player) {
		if err := insist(ctx, p, func() error { return p.Resume(ctx) }); err != nil {
			loads := s.loads
			l.mail.post(func() { l.playerTrouble(s, loads, err) })
		}
	})
}

func (l *loop) seekBy(by time.Duration) {
	from := l.state.Position
	if s := l.stream; s != nil && l.state.Phase == Seeking {
		from = s.wanted().at // keys pressed quickly add up
	}
	l.seek(from + by)
}

func (l *loop) seekPercent(percent float64) {
	if l.state.Duration == 0 {
		if s := l.stream; s != nil && s.info.Live {
			span := l.state.TapeTo - l.state.TapeFrom
			l.seek(l.state.TapeFrom + time.Duration(float64(span)*percent/100))
			return
		}
		l.refuse("its length is not known")
		return
	}
	l.seek(time.Duration(float64(l.state.Duration) * percent / 100))
}

// seek jumps to media time to: in the file by the player, on the server by the
// session, or, where the stream itself cannot, on the tape.
func (l *loop) seek(to time.Duration) {
	s := l.stream
	to = max(to, 0)
	if d := l.state.Duration; d > 0 {
		to = min(to, d-time.Second)
	}
	switch {
	case s == nil && l.state.Phase == Ended && l.state.NoSeek == "" && !l.state.Live:
		l.play(Play{Entry: l.state.Entry, Start: to})
	case s == nil || s.session == nil:
		l.refuse("nothing plays")
	case s.info.Can.NoSeek != "":
		l.seekTape(s, to)
	case s.paused:
		s.hold, s.stood, s.paused = true, true, false
		l.seek(to)
	case s.file != nil:
		l.beginSeek(s, to)
		s.shownBefore, s.awaited, s.clock = s.shown, time.Now(), playerClock{}
		l.goTo(s, to, s.hold)
	default:
		l.seekServer(s, place{to, 1})
	}
}

func (l *loop) beginSeek(s *stream, to time.Duration) {
	s.target.at, s.landing = to, true
	l.state.Phase = Seeking
	l.emit(SeekingEvent{To: seconds(to)})
}

// pauseHeld makes the pause that waited for the end of a seek.
func (l *loop) pauseHeld(s *stream) {
	if s.hold {
		s.hold = false
		l.halt(s)
	}
}

// unmoved stands still or goes on, as is wanted, after a seek that came to nothing.
func (l *loop) unmoved(s *stream) {
	stood := s.stood
	s.stood = false
	switch {
	case s.hold:
		l.pauseHeld(s)
	case stood:
		s.paused = true
		l.resume()
	}
}

// arrived reports whether the player has come to the place that was sought. A
// file's pictures are counted on over a seek, and those from before it may be
// told of after it; but some files have another clock than the player.
func (s *stream) arrived(at time.Duration) bool {
	const near, patience = 3 * time.Second, 2 * time.Second
	return s.file == nil || !s.landing || (at-s.target.at).Abs() < near || time.Since(s.awaited) > patience
}

// seekServer asks the session. While one seek is under way only the latest
// wish waits.
func (l *loop) seekServer(s *stream, to place) {
	if s.ended != nil {
		// Its last part is played still, but the server has ended with it, and
		// some (GStreamer) do not begin again.
		l.play(Play{Entry: s.entry, Start: to.at})
		l.stream.hold = s.hold
		return
	}
	l.beginSeek(s, to.at)
	s.stale = true
	if s.seeking {
		s.again = &to
		return
	}
	s.seeking, s.target = true, to
	fast := to.rate != 1 || s.pace.rate != 1
	l.ask(s, func() {
		got := place{rate: 1}
		var err error
		if scaler, ok := s.session.(client.Scaler); ok && fast {
			got.at, got.rate, err = scaler.Scale(s.ctx, to.at, to.rate)
		} else {
			got.at, err = s.session.Seek(s.ctx, to.at)
		}
		info := s.session.Info()
		l.mail.post(func() { l.seeked(s, got, info.Can, err) })
	})
}

func (l *loop) seeked(s *stream, got place, can media.Capabilities, err error) {
	if l.stream != s {
		return
	}
	s.seeking, s.info.Can = false, can
	l.state.NoSeek, l.state.NoRate = can.NoSeek, s.noRate()
	if err == nil {
		s.wantSeek++
		s.pace = got
		l.rateIs(got.rate)
		l.state.HasRates = l.state.HasRates || got.rate != 1
	}
	if again := s.again; again != nil {
		s.again = nil
		l.seekServer(s, *again)
		return
	}
	wish := s.target
	s.target.rate = s.pace.rate
	if err != nil {
		s.stale, s.landing = false, false
		l.state.Phase = Playing
		if s.url == "" {
			l.state.Phase = Buffering
		}
		l.refuse("it did not seek: " + err.Error())
		if s.url != "" {
			l.unmoved(s)
		}
	} else if got.rate != wish.rate {
		l.refuse(fmt.Sprintf("the server does not play at %s, but at %s", speed(wish.rate), speed(got.rate)))
	}
	if s.haveSeek == s.wantSeek && (err == nil || s.url == "") {
		l.loadOldest(s)
	}
}

// seekTape jumps within what is kept of a stream that cannot seek.
func (l *loop) seekTape(s *stream, to time.Duration) {
	why := "cannot seek: " + s.info.Can.NoSeek
	if s.tape == nil || !s.info.Live || l.head == nil {
		l.refuse(why)
		return
	}
	from, newest, ok := s.tape.Span()
	switch {
	case !ok:
		l.refuse(why)
		return
	case to > newest-atLive && !s.shifted:
		l.refuse(why + "; this is the newest there is")
		return
	case to > newest-atLive:
		l.goLive()
		return
	case to < from:
		if l.state.Position-from < atLive {
			l.refuse(fmt.Sprintf("%s; the tape begins at %s", why, clock(from)))
			return
		}
		l.state.Notice = fmt.Sprintf("the tape begins at %s", clock(from))
		to = from
	}
	s.shifted = true
	if s.paused {
		l.park(s, to)
		return
	}
	l.playTape(s, to)
}

// playTape plays what is kept from media time to on. Where that is shows at
// once; the player has it some moments later.
func (l *loop) playTape(s *stream, to time.Duration) {
	l.beginSeek(s, to)
	l.load(s, func() (*tape.Reader, error) { return s.tape.ReadAt(to) })
	l.moveTo(s, to)
	l.measureTape(s)
}

// park chooses a place on the tape in a pause, which goes on: it is played from
// there when the pause ends.
func (l *loop) park(s *stream, to time.Duration) {
	s.parked, s.target.at = true, to
	l.emit(SeekingEvent{To: seconds(to)})
	l.moveTo(s, to)
	l.measureTape(s)
	l.emit(PausedEvent{Position: seconds(to)})
}

// goLive returns to the newest point of a live stream.
func (l *loop) goLive() {
	s := l.stream
	switch {
	case s == nil || s.url == "":
		l.refuse("nothing plays")
	case !s.info.Live:
		l.refuse("not a live stream")
	case !s.shifted:
		l.refuse("already live")
	default:
		s.shifted, l.state.Behind = false, 0
		_, newest, _ := s.tape.Span()
		l.beginSeek(s, newest)
		l.load(s, s.tape.ReadNewest)
		l.moveTo(s, newest)
	}
}

func (l *loop) volume(delta int) {
	l.state.Volume = min(max(l.state.Volume+delta, 0), maxVolume)
	l.state.Muted = false
	l.setVolume()
}

func (l *loop) setVolume() {
	if l.head == nil {
		return
	}
	percent := l.state.Volume
	if l.state.Muted {
		percent = 0
	}
	l.head.do(func(ctx context.Context, p Player) {
		if err := p.SetVolume(ctx, percent); err != nil && ctx.Err() == nil {
			l.mail.post(func() { l.refuse("the volume did not change: " + err.Error()) })
		}
	})
}

// clock prints a media time as a person reads it.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

var (
	errNoOutput = errors.New("the player shows nothing")
	errNoKey    = errors.New("no picture came at which a decoder could start")
)
