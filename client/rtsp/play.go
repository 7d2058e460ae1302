package rtsp

import (
	"context"
	"slices"
	"time"

	"tapedeck/client/media"
)

var (
	// noMethod are the answers of servers that cannot do what a method asks.
	noMethod = []int{405, 501, 551}
	// noRange are the answers of servers that dislike the Range of a first PLAY.
	noRange = []int{400, 456, 457, 501}
	// notNow are the answers to a PAUSE that do no harm before a seek.
	notNow = append([]int{455}, noMethod...)
)

func (s *Session) play(ctx context.Context, extra ...field) (*response, error) {
	return s.command(ctx, s.cfg.Timeouts.Play, "PLAY", extra...)
}

// firstPlay starts the stream from its beginning.
func (s *Session) firstPlay(ctx context.Context, from time.Duration) error {
	return s.cfg.step(media.RungSession, "play", func() (string, error) {
		resp, err := s.play(ctx, field{"Range", s.ruler.from(from)})
		if slices.Contains(noRange, status(err)) {
			resp, err = s.play(ctx)
		}
		if status(err) == 460 && s.described != s.control {
			s.control = s.described // what the server takes for its aggregate
			resp, err = s.play(ctx, field{"Range", s.ruler.from(from)})
		}
		if err != nil {
			return "", err
		}
		s.refine(resp)
		live := s.Info().Live
		start := s.cfg.Start // of a live stream: some servers count from their own beginning
		if !live {
			start = s.ruler.start(resp, from)
		}
		s.f.mu.Lock()
		defer s.f.mu.Unlock()
		s.f.patient = s.over.interleaved() && !live
		s.f.pace = normal
		s.rebase(resp, start)
		s.f.begin()
		s.playing = true
		return clean(resp.header.get("Range")), nil
	})
}

// rebase tells each receiver where its packets begin. s.f.mu is held.
func (s *Session) rebase(resp *response, start time.Duration) {
	for _, t := range s.playable() {
		info := s.infoOf(resp, t)
		stretch := 1.0
		if s.f.pace.bySpeed {
			stretch = s.f.pace.rate
		}
		t.receiver.Stretch(stretch)
		t.receiver.Rebase(start, info.seq, info.rtptime)
		t.bye = time.Time{}
	}
}

// playable is the tracks that are set up.
func (s *Session) playable() []*track {
	var playable []*track
	for _, t := range s.tracks {
		if t.receiver != nil {
			playable = append(playable, t)
		}
	}
	return playable
}

// infoOf is the RTP-Info entry of a track in a PLAY reply.
func (s *Session) infoOf(resp *response, t *track) rtpInfo {
	playable := s.playable()
	info := infoFor(parseRTPInfo(resp.header.get("RTP-Info")), t.url, slices.Index(playable, t), len(playable))
	if info.seq != nil && *info.seq <= 1 {
		info.seq = nil // cameras that do not know it say 0 or 1
	}
	return info
}

// refine corrects by the PLAY reply what the description said of live or on
// demand.
func (s *Session) refine(resp *response) {
	noSeek, progressing := mediaProperties(resp)
	end, ok := endOf(resp)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.info.Live && ok && !progressing {
		s.info.Live = false
		s.info.Duration = end
	}
	if noSeek {
		s.info.Can.NoSeek = noSeeking
	}
}

// Pause asks the server to stop sending.
func (s *Session) Pause(ctx context.Context) error {
	if why := s.Info().Can.NoPause; why != "" {
		return &CannotError{"pause", why}
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if !s.isPlaying() {
		return nil
	}
	err := s.pause(ctx)
	if slices.Contains(noMethod, status(err)) {
		s.cannot(func(c *media.Capabilities) { c.NoPause = "the server has no PAUSE" })
	}
	return media.At(media.RungSession, err)
}

func (s *Session) pause(ctx context.Context) error {
	if _, err := s.command(ctx, s.cfg.Timeouts.Pause, "PAUSE"); err != nil {
		return err
	}
	s.setPlaying(false)
	return nil
}

// Resume goes on where Pause stopped: PLAY without a Range.
func (s *Session) Resume(ctx context.Context) error {
	if why := s.Info().Can.NoPause; why != "" {
		return &CannotError{"resume", why}
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if s.isPlaying() {
		return nil
	}
	s.hold()
	return media.At(media.RungSession, s.resume(ctx))
}

// resume plays on from the pause point. What was held is let through either
// way.
func (s *Session) resume(ctx context.Context) error {
	p := s.pace()
	resp, err := s.play(ctx, p.fields()...)
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if err == nil {
		if !s.continues(resp) {
			s.rebase(resp, p.played(s.ruler.start(resp, p.media(s.f.position))))
		}
		s.playing = true
	}
	s.f.begin()
	return err
}

// continuing is how far a timestamp may be from the last one of before a pause
// and still belong to it.
const continuing = time.Second

// continues reports whether the timestamps go on after a pause as if there had
// been none; then the map to media time stays. Some servers let them run on
// with the wall clock. s.f.mu is held.
func (s *Session) continues(resp *response) bool {
	for _, t := range s.playable() {
		info := s.infoOf(resp, t)
		if info.rtptime == nil {
			continue
		}
		step := time.Duration(int32(*info.rtptime-t.stamp)) * time.Second / time.Duration(t.format.ClockRate)
		if step < -continuing || step > continuing {
			return false
		}
	}
	return true
}

func (s *Session) cannot(set func(*media.Capabilities)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set(&s.info.Can)
}

// enter lets one of Pause, Resume and Seek in.
func (s *Session) enter(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Session) leave() { <-s.turn }

func (s *Session) isPlaying() bool {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	return s.playing
}

func (s *Session) setPlaying(on bool) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.playing = on
}

// hold keeps the packets that come until it is known where they belong; held
// is how many did; letGo takes them as what they were, and goes on as before.
func (s *Session) hold() {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.holding = true
}

func (s *Session) held() int {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	return len(s.f.raw.held)
}

func (s *Session) letGo(playing bool) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.playing = playing
	s.f.begin()
}
