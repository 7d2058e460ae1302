package rtsp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tapedeck/client/media"
)

// noSeek are the refusals of a seek that will be the same every time.
var noSeek = []int{456, 501, 551}

// farOff is how far from the place that was asked for a server may start
// because of its key pictures. One that starts further away does not seek: it
// answers 200 to everything.
const farOff = 30 * time.Second

const (
	normalOnly = "the server plays at normal speed only"
	noSeeking  = "the server cannot seek in it"
)

// Seek moves to another place, at normal speed, and returns where the server
// really starts.
func (s *Session) Seek(ctx context.Context, to time.Duration) (time.Duration, error) {
	if why := s.Info().Can.NoSeek; why != "" {
		return 0, &CannotError{"seek", why}
	}
	from, _, err := s.move(ctx, to, normal)
	if err == nil && (from-to > farOff || to-from > farOff) {
		s.cannot(func(c *media.Capabilities) { c.NoSeek = "the server does not start where it is asked to" })
	}
	return from, err
}

// Scale plays on from media time at at another speed: 2 is twice as fast, -1
// backwards, 1 normal again. It returns where the server really starts and the
// rate that it agreed to, which is 1 where it does not know the like. At other
// rates than 1 there is no sound, backwards only key pictures, and the times of
// chunks are those at which they are to be played.
func (s *Session) Scale(ctx context.Context, at time.Duration, rate float64) (from time.Duration, got float64, err error) {
	if why := s.Info().Can.NoScale; why != "" && rate != 1 {
		return 0, 1, &CannotError{"scale", why}
	}
	return s.move(ctx, at, pace{rate: rate})
}

// move is seek and change of speed: PAUSE, PLAY from there, and what comes of
// it.
func (s *Session) move(ctx context.Context, to time.Duration, p pace) (time.Duration, float64, error) {
	if err := s.enter(ctx); err != nil {
		return 0, 1, err
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
			return 0, 1, media.At(media.RungSession, err)
		}
	}
	resp, p, old, err := s.playAt(ctx, to, p)
	if err != nil {
		return 0, 1, media.At(media.RungSession, s.moveFailed(ctx, err, p, played))
	}
	start := s.ruler.start(resp, to)
	p.origin = start
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.raw.forget(old)
	s.f.restart(p)
	s.rebase(resp, start)
	s.f.begin()
	s.playing = true
	return start, p.rate, nil
}

// playAt sends PLAY for a place and a pace, and returns the pace that came of
// it and how many of the packets that are held came before. A server that does
// not know Scale may know Speed; one that knows neither plays at normal speed
// from there.
func (s *Session) playAt(ctx context.Context, to time.Duration, p pace) (*response, pace, int, error) {
	old := s.held()
	if p.rate == 1 {
		fields := []field{{"Range", s.ruler.from(to)}}
		for _, f := range s.pace().fields() { // some keep the rate of the PLAY before
			fields = append(fields, field{f.name, "1.0"})
		}
		resp, err := s.play(ctx, fields...)
		return resp, p, old, err
	}
	where := s.ruler.from(to)
	if p.rate < 0 {
		where = s.ruler.back(to)
	}
	resp, err := s.play(ctx, append(p.fields(), field{"Range", where})...)
	if err != nil {
		return nil, p, old, err
	}
	rate := agreed(resp)
	if rate != 1 || p.rate < 0 {
		p.rate = rate
		return resp, p, old, nil
	}
	p.bySpeed = true
	if err := s.pause(ctx); err != nil && !slices.Contains(notNow, status(err)) {
		return nil, p, old, err
	}
	old = s.held()
	if resp, err = s.play(ctx, append(p.fields(), field{"Range", where})...); err != nil {
		return nil, p, old, err
	}
	if p.rate = max(1, agreed(resp)); p.rate == 1 {
		p.bySpeed = false
		s.cannot(func(c *media.Capabilities) { c.NoScale = normalOnly })
	}
	return resp, p, old, nil
}

// moveFailed resumes where the stream was and says why the move did not hold.
func (s *Session) moveFailed(ctx context.Context, err error, p pace, played bool) error {
	what := "seek"
	if p.rate != 1 {
		what = "scale"
	}
	err = fmt.Errorf("rtsp: %s: %w", what, err)
	if slices.Contains(noSeek, status(err)) {
		s.cannot(func(c *media.Capabilities) {
			if p.rate != 1 {
				c.NoScale = normalOnly
			} else {
				c.NoSeek = "the server cannot seek"
			}
		})
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

func (s *Session) pace() pace {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	return s.f.pace
}
