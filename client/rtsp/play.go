package rtsp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/sdp"
)

var (
	// noMethod are the answers of servers that cannot do what a method asks.
	noMethod = []int{405, 501, 551}
	// noRange are the answers of servers that dislike the Range of a first PLAY.
	noRange = []int{456, 457, 501}
	// notNow are the answers to a PAUSE that do no harm before a seek.
	notNow = append([]int{455}, noMethod...)
	// noSeek are the refusals of a seek that will be the same every time.
	noSeek = []int{456, 501, 551}
)

func (s *Session) play(ctx context.Context, extra ...field) (*response, error) {
	return s.d.do(ctx, s.cfg.Timeouts.Play, "PLAY", s.control, extra...)
}

// firstPlay starts the stream from its beginning.
func (s *Session) firstPlay(ctx context.Context, from time.Duration) error {
	return s.cfg.step(media.RungSession, "play", func() (string, error) {
		resp, err := s.play(ctx, field{"Range", formatNPT(from)})
		if slices.Contains(noRange, status(err)) {
			resp, err = s.play(ctx)
		}
		if err != nil {
			return "", err
		}
		s.refine(resp)
		live := s.Info().Live
		start := time.Duration(0) // of a live stream: some servers count from their own beginning
		if !live {
			start = startOf(resp, from)
		}
		s.f.mu.Lock()
		defer s.f.mu.Unlock()
		s.f.patient = s.over.interleaved() && !live
		s.rebase(resp, start)
		s.f.begin()
		s.playing = true
		return clean(resp.header.get("Range")), nil
	})
}

// formatNPT is the open range from t on. The point is a point in every locale.
func formatNPT(t time.Duration) string { return fmt.Sprintf("npt=%.3f-", t.Seconds()) }

// startOf is where the server says that it starts, or asked.
func startOf(resp *response, asked time.Duration) time.Duration {
	r, err := sdp.ParseRange(resp.header.get("Range"))
	if err != nil || r.Unit != "npt" || !r.HasFrom {
		return asked
	}
	return r.From
}

// rebase tells each receiver where its packets begin. s.f.mu is held.
func (s *Session) rebase(resp *response, start time.Duration) {
	for _, t := range s.playable() {
		info := s.infoOf(resp, t)
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

// refine corrects live or on demand by the PLAY reply's Range: an end means
// that there is one, even when the description had none.
func (s *Session) refine(resp *response) {
	r, err := sdp.ParseRange(resp.header.get("Range"))
	if err != nil || r.Unit != "npt" || !r.HasTo || r.To <= r.From {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.info.Live {
		s.info.Live = false
		s.info.Duration = r.To
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
	if _, err := s.d.do(ctx, s.cfg.Timeouts.Pause, "PAUSE", s.control); err != nil {
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
	resp, err := s.play(ctx)
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if err == nil {
		if !s.continues(resp) {
			s.rebase(resp, startOf(resp, s.f.position))
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

// Seek moves to another place and returns where the server really starts.
func (s *Session) Seek(ctx context.Context, to time.Duration) (time.Duration, error) {
	if why := s.Info().Can.NoSeek; why != "" {
		return 0, &CannotError{"seek", why}
	}
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	to = max(0, to)
	if d := s.Info().Duration; d > 0 {
		to = min(to, d)
	}
	played := s.isPlaying()
	s.hold()
	if played {
		if err := s.pause(ctx); err != nil && !slices.Contains(notNow, status(err)) {
			s.letGo(played)
			return 0, media.At(media.RungSession, err)
		}
	}
	old := s.held()
	resp, err := s.play(ctx, field{"Range", formatNPT(to)})
	if err != nil {
		return 0, media.At(media.RungSession, s.seekFailed(ctx, err, played))
	}
	start := startOf(resp, to)
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.raw.forget(old)
	s.f.restart(start)
	s.rebase(resp, start)
	s.f.begin()
	s.playing = true
	return start, nil
}

// seekFailed resumes where the stream was and says why the seek did not hold.
func (s *Session) seekFailed(ctx context.Context, err error, played bool) error {
	err = fmt.Errorf("rtsp: seek: %w", err)
	if slices.Contains(noSeek, status(err)) {
		s.cannot(func(c *media.Capabilities) { c.NoSeek = "the server cannot seek" })
	}
	if status(err) == 0 || !played {
		s.letGo(played)
		return err
	}
	if again := s.resume(ctx); again != nil {
		s.fail(media.RungSession, err) // this session does not play any more
	}
	return err
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
