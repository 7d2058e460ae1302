package playback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/player"
)

// fakeFile is a session in which the player finds its own way, after a while.
type fakeFile struct {
	*fakeSession
	lost error // why a place is not found
}

func (f fakeFile) Size() int64 { return 1000 }

func (f fakeFile) ReadAt(context.Context, []byte, int64) (int, error) { return 0, nil }

func (f fakeFile) Length(context.Context) (time.Duration, error) { return time.Minute, nil }

func (f fakeFile) Find(context.Context, time.Duration) (int64, time.Duration, error) {
	time.Sleep(200 * time.Millisecond)
	if f.lost != nil {
		return 0, 0, f.lost
	}
	return 0, 0, media.ErrCannot
}

// TestPauseWithASeek: the seek ends the pause of the player and of the server,
// so that the deck pauses them again at the new place, and says so then.
func TestPauseWithASeek(t *testing.T) {
	const settles = 2 * time.Second
	orders := map[string]struct {
		do     func(b *bench)
		events string
	}{
		"pause right after the seek": {func(b *bench) {
			b.deck.Do(SeekTo{To: 30 * time.Second})
			b.deck.Do(Pause{})
		}, "[opened playing seeking paused playing]"},
		"pause while the seek is under way": {func(b *bench) {
			b.deck.Do(SeekTo{To: 30 * time.Second})
			time.Sleep(50 * time.Millisecond)
			b.deck.Do(TogglePause{})
		}, "[opened playing seeking paused playing]"},
		"pause right before the seek": {func(b *bench) {
			b.deck.Do(Pause{})
			b.deck.Do(SeekTo{To: 30 * time.Second})
		}, "[opened playing seeking paused playing]"},
		"seeks in a pause": {func(b *bench) {
			b.deck.Do(Pause{})
			after(settles)
			b.deck.Do(SeekTo{To: 20 * time.Second})
			after(settles)
			b.deck.Do(SeekBy{By: 10 * time.Second})
		}, "[opened playing paused seeking paused seeking paused playing]"},
	}
	for name, order := range orders {
		check := func(t *testing.T, b *bench, s *fakeSession, server bool) {
			b.deck.Do(Play{Entry: entry})
			after(2 * time.Second)
			order.do(b)
			for range 10 {
				after(settles)
				st, _ := b.player().Status(t.Context())
				if got := b.state(); got.Phase != Paused || st.State != player.Paused || got.Position.Truncate(time.Second) != 30*time.Second {
					t.Errorf("%v at %v, the player is %v", got.Phase, got.Position, st.State)
				}
				if s.mu.Lock(); server && !s.paused {
					t.Errorf("the server sends; it was told %v", s.calls)
				}
				s.mu.Unlock()
			}
			b.deck.Do(Resume{})
			after(settles)
			if got := b.state(); got.Phase != Playing || got.Position < 31*time.Second || got.Position > 33*time.Second {
				t.Errorf("after the pause: %v at %v", got.Phase, got.Position)
			}
			if got := b.log(); got != order.events {
				t.Errorf("events %s, want %s", got, order.events)
			}
		}
		t.Run(name+", on the server", func(t *testing.T) {
			s := newSession(filmInfo)
			deckTest(t, s, func(t *testing.T, b *bench) {
				check(t, b, s, true)
				if got := b.player().seen(); !strings.HasPrefix(got, "HEAD[30.0]") {
					t.Errorf("the player got %.30q", got)
				}
			})
		})
		t.Run(name+", in a file", func(t *testing.T) {
			f := fakeFile{fakeSession: newSession(filmInfo)}
			deckTest(t, f, func(t *testing.T, b *bench) { check(t, b, f.fakeSession, false) })
		})
	}
}

// TestResumeDuringASeekInAPause: it plays from the new place at once.
func TestResumeDuringASeekInAPause(t *testing.T) {
	for _, resume := range []Intent{Resume{}, TogglePause{}} {
		s := newSession(filmInfo)
		deckTest(t, s, func(t *testing.T, b *bench) {
			b.deck.Do(Play{Entry: entry})
			after(2 * time.Second)
			b.deck.Do(Pause{})
			after(time.Second)
			b.deck.Do(SeekTo{To: 30 * time.Second})
			b.deck.Do(resume)
			after(2 * time.Second)
			if st := b.state(); st.Phase != Playing || st.Position < 30*time.Second {
				t.Errorf("%v at %v", st.Phase, st.Position)
			}
			if got, want := fmt.Sprint(s.calls), "[pause seek 30s]"; got != want {
				t.Errorf("the server was told %s, want %s", got, want)
			}
		})
	}
}

// TestSeekInAPauseThatFails stays where it was, paused or not as is wanted.
func TestSeekInAPauseThatFails(t *testing.T) {
	for _, resumed := range []bool{false, true} {
		f := fakeFile{newSession(filmInfo), errors.New("the server is gone")}
		deckTest(t, f, func(t *testing.T, b *bench) {
			b.deck.Do(Play{Entry: entry})
			after(2 * time.Second)
			b.deck.Do(Pause{})
			after(time.Second)
			b.deck.Do(SeekTo{To: 30 * time.Second})
			phase, state := Paused, player.Paused
			if resumed {
				b.deck.Do(Resume{})
				phase, state = Playing, player.Playing
			}
			after(2 * time.Second)
			st, _ := b.player().Status(t.Context())
			if got := b.state(); got.Phase != phase || st.State != state || got.Position > 10*time.Second {
				t.Errorf("resumed %v: %v at %v, the player is %v", resumed, got.Phase, got.Position, st.State)
			}
		})
	}
}

// TestPauseWhileItIsOpenedAtAPlace, as a stream is that has ended and is sought.
func TestPauseWhileItIsOpenedAtAPlace(t *testing.T) {
	s := newSession(filmInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry, Start: 30 * time.Second})
		b.deck.Do(Pause{})
		after(5 * time.Second)
		st, _ := b.player().Status(t.Context())
		if got := b.state(); got.Phase != Paused || st.State != player.Paused || got.Position.Truncate(time.Second) != 30*time.Second {
			t.Errorf("%v at %v, the player is %v", got.Phase, got.Position, st.State)
		}
	})
}
