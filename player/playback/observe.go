package playback

import (
	"context"
	"errors"
	"io"
	"reflect"
	"time"

	"tapedeck/client/media"
	"tapedeck/player"
	"tapedeck/player/tape"
)

// tick asks the player how it is and, once a second, counts.
func (l *loop) tick() {
	s := l.stream
	if s != nil && l.state.Phase == Connecting {
		l.state.Waited = time.Since(s.began).Truncate(time.Second)
	}
	if s == nil || s.session == nil {
		return
	}
	switch {
	case s.url != "" && time.Since(l.second) < 2*time.Second:
		l.poll(s) // and counts with the answer, so that a second shows once
		return
	case s.url != "":
		l.poll(s)
	case l.head != nil && l.state.Phase == Buffering && time.Since(s.awaited) > firstFrameWait:
		l.fail(media.At(media.RungContainer, errNoKey))
		return
	}
	l.eachSecond(s)
}

// eachSecond calls everySecond when one is over.
func (l *loop) eachSecond(s *stream) {
	if time.Since(l.second) >= time.Second-pollFast/2 {
		l.second = time.Now()
		l.everySecond(s)
	}
}

// schedule sets when the next tick is due: often while a first picture is
// awaited, seldom while all is well, never while nothing moves.
func (l *loop) schedule() {
	var after time.Duration
	switch l.state.Phase {
	case Buffering, Seeking:
		after = pollFast
	case Playing:
		after = pollPlaying
	case Paused, Connecting:
		after = time.Second
	case Stopped, Ended, Failed:
		l.timer.Stop()
		l.due = time.Time{}
		return
	}
	// A timer that is already set for something sooner keeps its date.
	if due := time.Now().Add(after); l.due.IsZero() || due.Before(l.due) {
		l.due = due
		l.timer.Reset(after)
	}
}

// poll asks for the player's status, unless the last answer is still awaited.
func (l *loop) poll(s *stream) {
	if l.head.polling {
		return
	}
	l.head.polling = true
	loads := s.loads
	l.head.do(func(ctx context.Context, p Player) {
		status, err := p.Status(ctx)
		l.mail.post(func() {
			l.head.polling = false
			if l.stream != s {
				return
			}
			if s.loads == loads && err == nil {
				l.observe(s, status)
			}
			if l.stream == s {
				l.eachSecond(s)
			}
		})
	})
}

// observe draws the conclusions from what the player says.
func (l *loop) observe(s *stream, st player.Status) {
	if s.stale {
		return
	}
	l.count(s, st)
	if l.decodes() {
		l.learnTracks(s, st)
	}
	seen := s.shown > s.shownBefore
	// While the stream is away what is kept of it can still be gone back to.
	waits := l.state.Phase == Seeking && !s.searching || l.state.Phase == Buffering && !s.away
	switch {
	case !seen || s.paused || st.State != player.Playing || !waits:
	case s.hold && s.arrived(st.Time):
		l.announceTracks()
		l.measureFile(s)
		if s.file == nil {
			s.landing = false
			l.locate(s, st)
		}
		l.pauseHeld(s)
	case s.hold:
	default:
		s.landing = false
		l.announceTracks()
		l.state.Phase = Playing
		l.locate(s, st)
		l.measureFile(s)
		l.second = time.Now()
		l.emit(PlayingEvent{Position: seconds(l.state.Position)})
	}
	if l.state.Phase == Playing && st.State == player.Playing {
		l.locate(s, st)
	}
	switch st.State {
	case player.Ended, player.Failed:
		l.playerEnded(s, st)
	case player.Idle, player.Opening, player.Playing, player.Paused, player.Stopped:
		waiting := l.state.Phase == Buffering || l.state.Phase == Seeking
		switch late := time.Since(s.awaited); {
		case !waiting || seen || s.away:
		case late > firstFrameWait:
			l.fail(media.At(media.RungFrame, errNoOutput))
		case late > startAgainAfter && s.startedAgain != s.loads && l.startsAnywhere(s):
			l.startAgain(s)
		}
	}
}

// startsAnywhere reports a stream of sound or of packets of their own, in which
// the player finds by itself where it can start.
func (l *loop) startsAnywhere(s *stream) bool {
	return s.file == nil && s.tape != nil && !showsTimestamps(s.info.ContentType)
}

// startAgain gives the player the stream from a little later on, once: bytes in
// the middle of a frame may look like the beginning of another container to it,
// and then it waits for ever.
func (l *loop) startAgain(s *stream) {
	since, phase, at := s.awaited, l.state.Phase, s.base+startLater
	l.load(s, func() (*tape.Reader, error) { return s.tape.ReadAt(at) })
	s.startedAgain, s.awaited, l.state.Phase = s.loads, since, phase
}

// count takes over the player's figures, which begin anew with each load.
func (l *loop) count(s *stream, st player.Status) {
	b, c := s.countsBase, &l.state.Counts
	c.DecodedVideo = b.DecodedVideo + st.DecodedVideo
	c.Displayed = b.Displayed + st.Displayed
	c.LostPictures = b.LostPictures + st.LostPictures
	c.DecodedAudio = b.DecodedAudio + st.DecodedAudio
	s.shown = st.Displayed + st.DecodedAudio
	if !l.decodes() {
		s.shown = st.DemuxBytes
	}
}

// locate sets the position from the player's clock.
func (l *loop) locate(s *stream, st player.Status) {
	if s.file == nil {
		s.base -= s.clock.leap(time.Now(), st.Time)
	}
	// Until the first picture the player's clock may be anywhere.
	played := max(s.pace.at, s.base+s.clock.fine(time.Now(), st.Time))
	at := max(0, s.media(played))
	l.playerLength(s, st.Length)
	if d := l.state.Duration; d > 0 {
		at = min(at, l.outlasts(s, at))
	}
	l.moveTo(s, at)
}

// outlasts is the duration, which a server's own playlist has for what has come
// of it: it is taken anew where what is played lies behind it.
func (l *loop) outlasts(s *stream, at time.Duration) time.Duration {
	if s.file == nil && at > l.state.Duration {
		s.info.Duration = max(s.info.Duration, s.session.Info().Duration)
		l.state.Duration = max(l.state.Duration, s.info.Duration)
	}
	return l.state.Duration
}

// learnTracks fills in what only the decoder knows.
func (l *loop) learnTracks(s *stream, st player.Status) {
	l.playerLength(s, st.Length)
	if len(s.info.Tracks) > 0 || len(st.Streams) == 0 {
		return
	}
	l.state.Tracks = tracks(st.Streams) // a picture's size comes later than its codec
}

// tracks are the player's streams in our words.
func tracks(streams []player.Stream) []Track {
	tracks := make([]Track, len(streams))
	for i, s := range streams {
		tracks[i] = Track{
			ID: i, Kind: s.Kind, Codec: codecOf(s), Width: s.Width, Height: s.Height,
			FrameRate: s.FrameRate, SampleRate: s.SampleRate, BitRate: s.BitRate,
		}
	}
	return tracks
}

// playerEnded learns that the player has come to the end of what it was given.
func (l *loop) playerEnded(s *stream, st player.Status) {
	seenBefore := s.countsBase.Displayed+s.countsBase.DecodedAudio > 0
	neverSeen := s.shown == 0 && !seenBefore
	switch {
	case time.Since(s.awaited) < pollFast: // the end of the stream before
	case s.anew != nil: // a new beginning, which it has to be given as such
		at := *s.anew
		l.load(s, func() (*tape.Reader, error) { return s.tape.ReadAt(at) })
	case s.broken.Load() != nil:
		l.fail(media.At(media.RungTransport, *s.broken.Load()))
	case seenBefore && errors.Is(s.ended, io.EOF):
		l.end(s) // also of the last moment, too short for the player to show anything
	case st.State == player.Failed || neverSeen && l.decodes():
		l.fail(media.At(media.RungContainer, errors.New("the player cannot make anything of it")))
	case s.file != nil || errors.Is(s.ended, io.EOF):
		l.end(s)
	default: // it gave up although the stream goes on
		l.note("the player lost the thread; it was given the newest part again")
		s.shifted = false
		l.load(s, s.tape.ReadNewest)
	}
}

// end is the stream's own end.
func (l *loop) end(s *stream) {
	l.announceTracks()
	l.everySecond(s)
	l.eject()
	l.state.Phase = Ended
	switch {
	case l.state.Rate < 0:
		l.state.Position = 0
	case l.state.Duration > 0:
		l.state.Position = l.state.Duration
	}
	l.state.Rate, l.state.BitRate = 1, 0
	l.emit(EndedEvent{})
}

// everySecond measures and tells.
func (l *loop) everySecond(s *stream) {
	l.state.Counts.Stats = s.session.Stats()
	if l.state.Phase == Playing || l.state.Phase == Buffering {
		l.state.BitRate = s.rate.measure(time.Now(), l.state.Counts.Bytes)
		if d := l.state.Duration; s.file != nil && d > 0 {
			// What comes over the wire says little: it is read ahead and kept.
			l.state.BitRate = int(float64(s.file.Size()) * 8 / d.Seconds())
		}
	}
	l.fade()
	l.measureTape(s) // while it is paused too: the tape runs on
	l.measureRecording()
	c := l.state.Counts
	l.emit(StatsEvent{
		Bytes: c.Bytes, Packets: c.Packets, Lost: c.Lost, Reordered: c.Reordered,
		DecodedVideo: c.DecodedVideo, Displayed: c.Displayed, DecodedAudio: c.DecodedAudio,
		LostPictures: c.LostPictures, BitRate: l.state.BitRate,
	})
	if l.state.Phase == Playing {
		p := PositionEvent{Position: seconds(l.state.Position)}
		if !l.state.Aired.IsZero() {
			p.Aired = l.state.Aired.Format(time.RFC3339)
		}
		l.emit(p)
	}
}

// fade takes a note away that was shown long enough while all is well.
func (l *loop) fade() {
	if l.state.Note == "" || l.state.Phase != Playing || l.state.Away {
		return
	}
	if l.fading--; l.fading <= 0 {
		l.state.Note = ""
	}
}

// measureTape sets what can be gone back to, and without a player the position.
func (l *loop) measureTape(s *stream) {
	if s.tape == nil || !s.info.Live && l.head != nil {
		return
	}
	from, to, ok := s.tape.Span()
	if !ok {
		return
	}
	if l.head == nil {
		l.moveTo(s, to)
	}
	if !s.info.Live {
		return
	}
	l.state.TapeFrom, l.state.TapeTo, l.state.Behind = from, to, 0
	if s.shifted {
		l.state.Behind = max(to-l.state.Position, 0)
	}
}

// playerClock refines the player's clock, which counts whole seconds: within a
// second it goes on with ours, and never past the next.
type playerClock struct {
	second time.Duration // as the player said last
	since  time.Time     // when it first said so
}

func (c *playerClock) fine(now time.Time, second time.Duration) time.Duration {
	if c.since.IsZero() || second != c.second {
		c.second, c.since = second, now
	}
	return second + min(now.Sub(c.since), 999*time.Millisecond)
}

// leap is how far the player's clock has jumped by itself, as VLC's does where
// the timestamps of a stream begin anew: what is played goes on there. A clock
// that is at 0 has not begun.
func (c *playerClock) leap(now time.Time, second time.Duration) time.Duration {
	const least = 5 * time.Second // more than a loaded player is late with telling
	if c.since.IsZero() || c.second == 0 {
		return 0
	}
	ahead := second - c.second
	if ahead >= -time.Second && ahead <= now.Sub(c.since)+least {
		return 0
	}
	return ahead - min(now.Sub(c.since), time.Second)
}

// skip leaves out the time from at to now, in which the player stood still.
func (c *playerClock) skip(at, now time.Time) { c.since = c.since.Add(now.Sub(at)) }

// rateMeter turns a growing byte count into bits a second over some seconds.
type rateMeter struct {
	at    [4]time.Time
	bytes [4]uint64
	n     int
}

func (m *rateMeter) measure(now time.Time, bytes uint64) int {
	oldest := 0
	if m.n >= len(m.at) {
		oldest = m.n % len(m.at)
	}
	first, firstBytes := m.at[oldest], m.bytes[oldest]
	m.at[m.n%len(m.at)], m.bytes[m.n%len(m.at)] = now, bytes
	m.n++
	if first.IsZero() || !now.After(first) || bytes < firstBytes {
		return 0
	}
	return int(float64(bytes-firstBytes) * 8 / now.Sub(first).Seconds())
}

// equal reports whether two states look the same.
func equal(a, b State) bool { return reflect.DeepEqual(a, b) }
