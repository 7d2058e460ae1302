package playback

import (
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

// TestAired: the time of day is that of what is seen, also behind live.
func TestAired(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	deckTest(t, newSession(liveInfo), func(t *testing.T, b *bench) {
		sent := func(want time.Time) {
			t.Helper()
			synctest.Wait()
			if got := b.state().Aired; got.Sub(want).Abs() > time.Second {
				t.Errorf("at %v it was sent at %v, want %v", b.state().Position, got, want)
			}
		}
		b.deck.Do(Play{Entry: entry})
		after(time.Second)
		sent(time.Time{})
		b.tell(media.Aired{At: noon})
		b.tell(media.Aired{Time: 6 * time.Second, At: noon.Add(time.Hour)})
		after(9 * time.Second)
		sent(noon.Add(time.Hour + 4*time.Second))
		b.deck.Do(SeekBy{By: -8 * time.Second})
		sent(noon.Add(2 * time.Second))
	})
}
