package playback

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// rates are the speeds that are offered, slowest first; a player alone has the
// positive ones.
var rates = []float64{-4, -2, -1, 1, 2, 4}

// place is a position to go to and the speed to play at from there.
type place struct {
	at   time.Duration
	rate float64
}

// shiftRate takes the next faster of the speeds, or the next slower one.
func (l *loop) shiftRate(steps int) {
	s := l.stream
	if s == nil || s.session == nil {
		l.refuse("nothing plays")
		return
	}
	l.setRate(FasterThan(s.wanted().rate, steps))
}

// FasterThan is the speed that is steps faster than now; the last of them where
// there are no more.
func FasterThan(now float64, steps int) float64 {
	i := slices.IndexFunc(rates, func(r float64) bool { return r >= now })
	if i < 0 {
		i = len(rates) - 1
	}
	return rates[min(max(i+steps, 0), len(rates)-1)]
}

// setRate plays at another speed: a file by the player, a stream by its server
// where that can.
func (l *loop) setRate(rate float64) {
	s := l.stream
	switch {
	case s == nil || s.session == nil || s.url == "":
		l.refuse("nothing plays")
	case rate == s.wanted().rate:
		l.refuse(fmt.Sprintf("it plays at %s already", speed(rate)))
	case l.state.NoRate != "" && rate != 1:
		l.refuse("cannot play at another speed: " + l.state.NoRate)
	case s.file != nil:
		l.playerRate(s, rate)
	default:
		at := l.state.Position
		if s.seeking {
			at = s.wanted().at
		}
		l.seekServer(s, place{at, rate})
	}
}

func (l *loop) playerRate(s *stream, rate float64) {
	if rate < 0 {
		l.refuse("a file does not play backwards")
		return
	}
	loads := s.loads
	s.target.rate = rate
	l.head.do(func(ctx context.Context, p Player) {
		err := p.SetRate(ctx, rate)
		l.mail.post(func() {
			switch {
			case l.stream != s || s.loads != loads:
			case err != nil:
				s.target.rate = l.state.Rate
				l.refuse("the player did not change its speed: " + err.Error())
			default:
				l.rateIs(rate)
			}
		})
	})
}

// rateIs takes note of the speed that is played at now.
func (l *loop) rateIs(rate float64) {
	if l.state.Rate == rate {
		return
	}
	l.state.Rate = rate
	l.emit(RateEvent{Rate: rate})
}

// noRate is why the stream plays at normal speed only.
func (s *stream) noRate() string {
	if s.file != nil {
		return ""
	}
	return s.info.Can.NoScale
}

// wanted is where the last wish leads, as far as it is known.
func (s *stream) wanted() place {
	if s.again != nil {
		return *s.again
	}
	return s.target
}

// media is the media time of a place on the tape, whose times run as they are
// played.
func (s *stream) media(played time.Duration) time.Duration {
	return s.pace.at + time.Duration(float64(played-s.pace.at)*s.pace.rate)
}

// played is the other way about.
func (s *stream) played(media time.Duration) time.Duration {
	return s.pace.at + time.Duration(float64(media-s.pace.at)/s.pace.rate)
}

// speed is a rate in words: "2×", "1× backwards".
func speed(rate float64) string {
	if rate < 0 {
		return fmt.Sprintf("%g× backwards", -rate)
	}
	return fmt.Sprintf("%g×", rate)
}
