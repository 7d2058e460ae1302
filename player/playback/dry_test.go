package playback

import (
	"errors"
	"io"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/player/tape"
)

// TestDryShowsTimestamps: where VLC's clock shows what the container says, so
// does the one that stands in for it, and the position is the same with both.
func TestDryShowsTimestamps(t *testing.T) {
	tp := tape.New(tape.Limits{})
	tp.Append(media.Chunk{Init: []byte("head"), Key: true, Time: 5 * time.Second, Origin: time.Hour, Data: []byte("media")})
	tp.End(errors.New("end"))
	for contentType, want := range map[string]time.Duration{"video/webm": time.Hour + 5*time.Second, "video/mp2t": 0} {
		d := newDryPlayer()
		d.Stream(contentType, func() (io.ReadCloser, error) {
			r, err := tp.ReadOldest()
			return r, err
		})
		if err := d.Open(t.Context(), "dry"); err != nil {
			t.Fatal(err)
		}
		if st, _ := d.Status(t.Context()); st.Time != want {
			t.Errorf("%s: %v, want %v", contentType, st.Time, want)
		}
		d.Close()
	}
}
