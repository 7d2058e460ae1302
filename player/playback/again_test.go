package playback

import (
	"testing"
	"time"
)

// TestStartAgain: sound of which the player makes nothing is given to it once
// more, from a little later on; a container with a header is not.
func TestStartAgain(t *testing.T) {
	for _, c := range []struct {
		contentType string
		phase       Phase
	}{{"audio/aac", Playing}, {"video/x-matroska", Buffering}} {
		info := liveInfo
		info.ContentType = c.contentType
		deckTest(t, newSession(info), func(t *testing.T, b *bench) {
			b.deck.Do(Play{Entry: entry})
			after(10 * time.Second)
			p := b.player()
			p.mu.Lock()
			p.deaf = p.opened + 1
			p.mu.Unlock()
			b.deck.Do(SeekTo{To: 5 * time.Second})
			after(startAgainAfter / 2)
			if st := b.state(); st.Phase == Playing {
				t.Errorf("%s: it plays already", c.contentType)
			}
			after(startAgainAfter)
			if st := b.state(); (st.Phase == Playing) != (c.phase == Playing) {
				t.Errorf("%s: %v", c.contentType, st.Phase)
			}
			if c.phase == Playing {
				if at := b.state().Position; at < 5*time.Second || at > 8*time.Second {
					t.Errorf("it plays at %v", at)
				}
				return
			}
			after(firstFrameWait)
			if st := b.state(); st.Phase != Failed || st.Failure.Rung != "first frame" {
				t.Errorf("%s: %v, %+v", c.contentType, st.Phase, st.Failure)
			}
		})
	}
}
