package hls

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/hls/hlstest"
)

// TestOpenedAndEnded: a short film may be fetched to its end before Open looks.
func TestOpenedAndEnded(t *testing.T) {
	for range 50 {
		s := &Session{opened: make(chan struct{}), failed: make(chan struct{}), isOpened: true, format: "fake", err: io.EOF}
		close(s.opened)
		close(s.failed)
		if err := s.opening(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSeekAtTheEnd: the fetching ends just when somebody wants another place.
func TestSeekAtTheEnd(t *testing.T) {
	w := &seek{done: make(chan struct{})}
	s := &Session{failed: make(chan struct{}), ready: make(chan struct{}, 1), wish: w}
	s.finish(io.EOF)
	if s.wanted() != w || w.err != nil {
		t.Error("the seek came to nothing", w.err)
	}
}

// TestSeekNearEnd: a key picture comes, what is left, and the end.
func TestSeekNearEnd(t *testing.T) {
	for _, sound := range []bool{false, true} {
		for _, played := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var f fakeServer
				f.film("film", "va", "1", 15, 4*time.Second, 1400*time.Millisecond)
				f.film("sound", "a", "2", 15, 4*time.Second, 1400*time.Millisecond)
				f.set("master", lines("#EXTM3U", `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="sound"`, `#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a"`, "film"))
				list := "film"
				if sound {
					list = "master"
				}
				s := f.mustOpen(t, list, nil)
				for n, c := range []struct{ to, from time.Duration }{
					{59 * time.Second, 59 * time.Second},
					{59800 * time.Millisecond, 59 * time.Second},
					{59900 * time.Millisecond, 59 * time.Second},
					{time.Minute, 59 * time.Second},
					{56 * time.Second, 56 * time.Second},
					{58500 * time.Millisecond, 58 * time.Second},
				} {
					if played {
						new(seen).take(t.Context(), s, nil)
					}
					from, err := s.Seek(t.Context(), c.to)
					if err != nil || from != c.from {
						t.Fatalf("seek to %v: %v, %v", c.to, from, err)
					}
					var got seen
					if err := got.take(t.Context(), s, nil); err != io.EOF {
						t.Fatal(err)
					}
					first := got.chunks[0]
					if first.Seek != n+1 || first.Time != c.from || !first.Key || first.Init == nil {
						t.Errorf("seek to %v: %v, key %v", c.to, first.Time, first.Key)
					}
					start := int((c.from + 1400*time.Millisecond).Milliseconds())
					every(t, got.track("v"), start, 61400, 200)
					every(t, got.track("a"), start, 61400, 100)
				}
			})
		}
	}
}

// TestFilmSeekNearEnd is the same in transport streams, a key picture each second.
func TestFilmSeekNearEnd(t *testing.T) {
	f := hlstest.NewFilm()
	defer f.Close()
	s := openURL(t, f.VOD, nil)
	for n, c := range []struct{ to, from time.Duration }{
		{59 * time.Second, 59 * time.Second},
		{59800 * time.Millisecond, 59 * time.Second},
		{56 * time.Second, 56 * time.Second},
	} {
		from, err := s.Seek(t.Context(), c.to)
		if err != nil || from != c.from {
			t.Fatalf("seek to %v: %v, %v", c.to, from, err)
		}
		var got seen
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Fatal(err)
		}
		if first := got.chunks[0]; first.Seek != n+1 || first.Time != from || !first.Key || first.Init == nil {
			t.Errorf("seek to %v: %v, key %v", c.to, first.Time, first.Key)
		}
		keys := 0
		for _, c := range got.chunks {
			if c.Key {
				keys++
			}
		}
		if want := int((time.Minute - from) / time.Second); keys != want || got.last() < 59*time.Second {
			t.Errorf("seek to %v: %d key chunks, want %d; the last at %v", c.to, keys, want, got.last())
		}
	}
}

// TestNextInASeek: the end of what played before is none while a seek leads back.
func TestNextInASeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &seek{done: make(chan struct{})}
		s := &Session{ready: make(chan struct{}, 1), failed: make(chan struct{}), err: io.EOF, latest: w}
		ended := make(chan error, 1)
		go func() {
			_, err := s.Next(t.Context())
			ended <- err
		}()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatal(err)
		default:
		}
		w.fails(io.EOF)
		s.finish(io.EOF)
		if err := <-ended; err != io.EOF {
			t.Error(err)
		}
	})
}
