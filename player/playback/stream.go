package playback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/player/tape"
	"tapedeck/playlist"
)

// stream is what is in the deck: from Play to eject. Only the deck's goroutine
// touches it, but for what the pump is handed at its start.
type stream struct {
	entry  playlist.Entry
	start  time.Duration // where Play wants to begin
	began  time.Time     // when Play asked for it
	ctx    context.Context
	cancel context.CancelCauseFunc

	session   client.Session
	info      media.Info
	file      client.File           // the session, where the player finds its own way in it
	length    time.Duration         // of the file, as it tells itself; 0 while not known
	measured  bool                  // the file was asked for its length
	search    int                   // how many times a place in the file was asked for
	searching bool                  // and is being looked for
	broken    atomic.Pointer[error] // why the file could not be read last
	tape      *tape.Tape
	pump      sync.WaitGroup

	url          string        // of the feed that the player reads; empty before
	loads        int           // how many urls the player was given
	base         time.Duration // media time at which the player's clock began
	startedAgain int           // the load that was the second try of the one before
	awaited      time.Time     // since when a first picture or sound is awaited
	announced    bool          // OpenedEvent was sent
	shifted      bool          // playing from the tape, behind live
	paused       bool          // a pause is wanted
	hold         bool          // and shall come about when a seek has landed
	stood        bool          // the player was paused when a seek was asked for
	asked        chan struct{} // closed when the session has answered all it was asked
	away         bool          // the stream is lost and being opened again
	landing      bool          // a seek was asked for, and nothing of it seen yet
	pausedAt     time.Time     // when it came about

	stale    bool   // the player still has what was before a seek
	seeking  bool   // a session's seek is under way
	target   place  // where it goes
	again    *place // where to go after it: the latest wish
	pace     place  // where the present timeline began, and its speed
	wantSeek int    // Chunk.Seek that will be played
	haveSeek int    // Chunk.Seek of the newest key chunk; -1 before the first
	ended    error  // why the session ended; nil while it has not

	clock       playerClock
	shown       uint64 // pictures and sounds that the player counted since its last load
	shownBefore uint64 // of these, those from before the last jump or pause
	countsBase  Counts // of the loads before this one
	rate        rateMeter

	titles    []Title       // the newest maxTitles
	aired     []media.Aired // the newest maxAired
	titlesNew bool          // not in the state yet

	lostAt time.Duration // the newest media time when the stream was lost
	gaps   []gap         // the newest maxGaps

	anew *time.Duration // where a new beginning is that the player has to be given

	parked bool // the place on the tape was changed in a pause

	armed    bool   // a recording is to begin with the first bytes
	recordTo string // its path; empty for one of the deck's choosing
}

// opened takes the session that a worker opened.
func (l *loop) opened(s *stream, session client.Session, err error) {
	if l.stream != s { // too late: another stream was chosen
		if session != nil {
			l.spawn(func() { session.Close() })
		}
		return
	}
	if err != nil {
		l.fail(err)
		return
	}
	s.session, s.info, s.haveSeek = session, session.Info(), -1
	if l.decodes() && len(s.info.Tracks) == 1 && s.info.Tracks[0].Codec == media.MPEGTS {
		s.info.Tracks = nil // only the decoder sees what is in a transport stream
	}
	l.describe(s)
	for _, t := range s.titles { // that came on the way
		l.cfg.OnTitle(s.entry, s.info.Title, t)
	}
	if len(s.info.Tracks) > 0 || !l.decodes() {
		l.announceTracks()
	}
	l.state.Phase, s.awaited = Buffering, time.Now()
	file, isFile := session.(client.File)
	if isFile && l.decodes() {
		s.file = file
		l.state.NoRate, l.state.HasRates = "", true
		l.loadFile(s)
		l.recordArmed(s)
		return
	}
	switch {
	case s.start > 0 && s.info.Can.NoSeek == "":
		l.seek(s.start)
	case s.start > 0:
		l.refuse("cannot seek: " + s.info.Can.NoSeek)
	}
	l.startPump(s)
}

// describe copies what the session says of itself into the state.
func (l *loop) describe(s *stream) {
	i := s.info
	l.state.Protocol, l.state.Transport, l.state.Live = i.Protocol, i.Transport, i.Live
	l.state.NoSeek, l.state.NoPause, l.state.NoRate = i.Can.NoSeek, "", s.noRate()
	l.state.Duration, l.state.Tracks = i.Duration, i.Tracks
	if l.state.Title == "" {
		l.state.Title = i.Title
	}
	l.hear(s)
}

// again reads what the session says of itself now: another variant, or a
// stream that came back, may have other tracks.
func (l *loop) again(s *stream) {
	if s.session == nil {
		return
	}
	now := s.session.Info()
	if len(s.info.Tracks) == 0 || len(now.Tracks) == 0 {
		return // only the decoder knows
	}
	s.info.Tracks, l.state.Tracks = now.Tracks, now.Tracks
}

// startPump moves chunks from the session to the tape until one of them ends.
func (l *loop) startPump(s *stream) {
	s.tape = tape.New(l.cfg.Tape)
	t, session, live := s.tape, s.session, s.info.Live
	s.pump.Go(func() {
		err := pump(s.ctx, session, t, live, func(c media.Chunk) {
			seek, at := c.Seek, c.Time
			l.mail.post(func() { l.began(s, seek, at) })
		})
		t.End(err)
		l.mail.post(func() { l.pumpEnded(s, err) })
	})
}

// pump is the one copy of the bytes from the session to the tape. It calls
// began with the first chunk of each timeline.
func pump(ctx context.Context, session client.Session, t *tape.Tape, live bool, began func(media.Chunk)) error {
	seek := -1
	for {
		if !live {
			if err := t.WaitRoom(ctx, readAhead); err != nil {
				return err
			}
		}
		c, err := session.Next(ctx)
		if err != nil {
			return err
		}
		t.Append(c)
		if c.Seek != seek && c.Key {
			seek = c.Seek
			began(c)
		}
	}
}

// began learns that the tape holds a place to play a timeline from.
func (l *loop) began(s *stream, seek int, at time.Duration) {
	if l.stream != s {
		return
	}
	s.haveSeek = seek
	if seek == s.wantSeek && !s.seeking {
		l.loadOldest(s)
	}
	l.recordArmed(s)
}

// pumpEnded learns that the session has nothing more to give.
func (l *loop) pumpEnded(s *stream, err error) {
	if l.stream != s {
		return
	}
	s.ended = err
	switch {
	case !errors.Is(err, io.EOF):
		l.stopRecording()
		l.fail(err)
	case s.haveSeek < 0:
		l.fail(media.At(media.RungContainer, errors.New("the stream ended before anything could be played")))
	case l.head == nil && l.recorder == nil:
		l.end(s)
	}
}

// traced takes an event of the session.
func (l *loop) traced(e media.Event) {
	switch e := e.(type) {
	case media.Attempt:
		if l.state.Phase != Connecting { // a ladder that is climbed again
			l.state.Ladder = nil
		}
		l.state.Attempt = e
		l.emit(ConnectingEvent{URL: e.URL, Transport: e.Transport})
	case media.Step:
		l.state.Ladder = append(l.state.Ladder[:len(l.state.Ladder):len(l.state.Ladder)], e)
		l.emit(stepEvent(e))
	case media.Title:
		l.titled(e)
	case media.Aired:
		l.stream.airs(e)
	case media.Note:
		l.again(l.stream)
		l.note(e.Text)
	case media.Interrupted:
		l.interrupted(e)
	case media.Returned:
		l.returned(e)
	}
}

// interrupted learns that the stream is lost for a while: nothing more is
// claimed to play once the player has used up what it has.
func (l *loop) interrupted(e media.Interrupted) {
	s := l.stream
	if !s.away && s.tape != nil {
		_, s.lostAt, _ = s.tape.Span()
	}
	s.away, l.state.Away = true, true
	if l.state.Phase == Playing {
		l.state.Phase = Buffering
	}
	what := e.Why.Error()
	if e.Wait > 0 {
		what = fmt.Sprintf("lost (%v); trying again in %v", e.Why, e.Wait.Round(100*time.Millisecond))
	}
	l.note(what)
}

func (l *loop) returned(e media.Returned) {
	s := l.stream
	s.away, s.shownBefore, s.awaited = false, s.shown, time.Now()
	l.state.Away = false
	if l.head == nil {
		l.state.Phase = Playing // nothing is shown that could be seen
	}
	l.again(s)
	l.gap(s, e.After)
	l.note(fmt.Sprintf("the stream is back after %v", e.After.Round(100*time.Millisecond)))
}

// announceTracks sends OpenedEvent once, when the tracks are known or no more
// will be learned of them.
func (l *loop) announceTracks() {
	s := l.stream
	if s == nil || s.session == nil || s.announced {
		return
	}
	s.announced = true
	st := l.state
	l.emit(OpenedEvent{
		Protocol: st.Protocol, Transport: st.Transport, Live: st.Live,
		Seekable: st.NoSeek == "", NoSeek: st.NoSeek, Duration: seconds(st.Duration),
		Server: s.info.Server, Tracks: trackInfos(st.Tracks),
	})
}

// decodes reports whether there is a player that looks into what it is given.
func (l *loop) decodes() bool { return l.head != nil && l.cfg.Player != nil }
