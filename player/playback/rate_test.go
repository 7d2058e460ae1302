package playback

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
)

// fakeScaler has a server that plays at double speed and backwards, and no
// faster.
type fakeScaler struct{ *fakeSession }

func (f fakeScaler) Scale(ctx context.Context, at time.Duration, rate float64) (time.Duration, float64, error) {
	from, err := f.Seek(ctx, at)
	f.call(fmt.Sprintf("scale %g", rate))
	return from, min(rate, 2), err
}

func TestRateOfTheServer(t *testing.T) {
	s := newSession(filmInfo)
	deckTest(t, fakeScaler{s}, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		if st := b.state(); st.Rate != 1 || st.NoRate != "" || st.HasRates {
			t.Errorf("%g, %q, %v", st.Rate, st.NoRate, st.HasRates)
		}
		b.deck.Do(SeekTo{To: 10 * time.Second})
		after(2 * time.Second)
		b.deck.Do(ShiftRate{Steps: 1})
		after(time.Second)
		first := b.state()
		after(5 * time.Second)
		if st := b.state(); st.Rate != 2 || !st.HasRates || (st.Position-first.Position).Round(2*time.Second) != 10*time.Second {
			t.Errorf("at %g: from %v to %v in 5 s", st.Rate, first.Position, st.Position)
		}
		b.deck.Do(ShiftRate{Steps: 1}) // to 4, which it does not do
		after(time.Second)
		if st := b.state(); st.Rate != 2 || !strings.Contains(st.Notice, "4×, but at 2×") {
			t.Errorf("%g, %q", st.Rate, st.Notice)
		}
		b.deck.Do(SetRate{Rate: -1})
		after(time.Second)
		first = b.state()
		after(5 * time.Second)
		if st := b.state(); st.Rate != -1 || (first.Position-st.Position).Round(2*time.Second) != 4*time.Second && (first.Position-st.Position).Round(time.Second) != 5*time.Second {
			t.Errorf("backwards: from %v to %v in 5 s", first.Position, st.Position)
		}
		b.deck.Do(SeekBy{By: 10 * time.Second}) // at normal speed again
		after(time.Second)
		first = b.state()
		after(4 * time.Second)
		if st := b.state(); st.Rate != 1 || (st.Position-first.Position).Round(time.Second) != 4*time.Second {
			t.Errorf("at %g: from %v to %v in 4 s", st.Rate, first.Position, st.Position)
		}
		s.mu.Lock()
		s.end = s.at + time.Second
		s.mu.Unlock()
	})
}

func TestNoOtherRate(t *testing.T) {
	info := filmInfo
	info.Can.NoScale = media.NormalSpeed
	deckTest(t, newSession(info), func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		b.deck.Do(ShiftRate{Steps: 1})
		after(time.Second)
		if st := b.state(); st.Rate != 1 || !strings.Contains(st.Notice, "normal speed only") {
			t.Errorf("%g, %q", st.Rate, st.Notice)
		}
	})
}
