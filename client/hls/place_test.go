package hls

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

// TestLiveStuckAgain: what stood still is not played a second time when it is
// opened again, and goes on with what is new.
func TestLiveStuckAgain(t *testing.T) {
	for _, numbers := range []string{"", "# no numbers\n"} {
		synctest.Test(t, func(t *testing.T) {
			f := fakeServer{place: new(Place)}
			e := newStation(&f, 6)
			e.stop, e.header = 25, numbers
			s := f.mustOpen(t, "live", nil)
			var got seen
			if err := got.take(t.Context(), s, nil); !errors.Is(err, ErrStuck) {
				t.Fatal(err)
			}
			s.Close()
			begun := time.Now()
			_, err := f.open(t, "live", nil)
			var rung *media.RungError
			if !errors.Is(err, ErrStuck) || !errors.As(err, &rung) || rung.Rung != media.RungTransport {
				t.Fatal(err)
			}
			if d := time.Since(begun); d < stuckLeast || d > stuckLeast+5*time.Second {
				t.Errorf("after %v", d)
			}
			// Ten seconds later the encoder runs again.
			again := &station{began: time.Now().Add(10*time.Second - 26*segmentLength), first: 100, window: 6, header: numbers}
			resumes := time.Now().Add(10 * time.Second)
			f.mu.Lock()
			f.answer = func(path string) (string, error) {
				if time.Now().Before(resumes) {
					return e.answer(path)
				}
				return again.answer(path)
			}
			f.mu.Unlock()
			s = f.mustOpen(t, "live", nil)
			if d := time.Since(begun); d < stuckLeast+8*time.Second {
				t.Errorf("it is back after %v", d)
			}
			got = seen{}
			if err := got.take(t.Context(), s, func() bool { return got.last() > 5*time.Second }); err != nil {
				t.Fatal(err)
			}
			if v := got.track("v"); v[0] != 125*4000 {
				t.Errorf("it goes on at %d", v[0])
			}
		})
	}
}
