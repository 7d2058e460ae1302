package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

// station is an encoder: a segment each 4 s since it began, of which the last
// few are listed.
type station struct {
	f      *fakeServer
	began  time.Time
	first  int    // number of the first segment that it ever made
	window int    // segments in the list; 0: all
	header string // tags of the list
	stop   int    // it makes no more from this one on; 0: never
	ended  bool   // then it says so
	tracks string
	gone   map[int]bool
	date   bool
}

const segmentLength = 4 * time.Second

func (e *station) made() int {
	n := int(time.Since(e.began) / segmentLength)
	if e.stop > 0 {
		n = min(n, e.stop)
	}
	return n
}

// answer is the playlist "live", or a segment "live.N".
func (e *station) answer(path string) (string, error) {
	var n int
	name, tracks := "live", "va"
	if e.tracks != "" {
		tracks = e.tracks
	}
	if strings.HasPrefix(path, "sound") {
		name, tracks = "sound", "a"
	}
	if _, err := fmt.Sscanf(path, name+".%d", &n); err == nil {
		if n < e.first || n >= e.first+e.made() || e.gone[n] || e.window > 0 && n < e.first+e.made()-e.window-3 {
			return "", statusError(404)
		}
		return fakeSegment(tracks, "1", time.Duration(n)*segmentLength, segmentLength), nil
	}
	if path != name {
		return "", nil
	}
	from := e.first
	if e.window > 0 {
		from = max(from, e.first+e.made()-e.window)
	}
	body := fmt.Sprintf("#EXTM3U\n#EXT-X-TARGETDURATION:4\n%s", e.header)
	if !strings.Contains(e.header, "no numbers") {
		body += fmt.Sprintf("#EXT-X-MEDIA-SEQUENCE:%d\n", from)
	}
	for i := from; i < e.first+e.made(); i++ {
		if e.date {
			body += "#EXT-X-PROGRAM-DATE-TIME:" + e.began.Add(time.Duration(i-e.first)*segmentLength).Format(time.RFC3339Nano) + "\n"
		}
		body += fmt.Sprintf("#EXTINF:4.0,\n%s.%d\n", name, i)
	}
	if e.ended && e.stop > 0 && e.made() == e.stop {
		body += "#EXT-X-ENDLIST\n"
	}
	return body, nil
}

func newStation(f *fakeServer, window int) *station {
	e := &station{f: f, began: time.Now().Add(-80 * time.Second), window: window, first: 100}
	f.answer = e.answer
	return e
}

// lists is when the live playlist was asked for, since the first time.
func (f *fakeServer) lists(name string) (at []time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, p := range f.asked {
		if p == name {
			at = append(at, f.times[i].Sub(f.times[0]))
		}
	}
	return at
}

func TestLive(t *testing.T) {
	for _, numbers := range []string{"", "# no numbers\n"} {
		synctest.Test(t, func(t *testing.T) {
			var f fakeServer
			e := newStation(&f, 6)
			e.header = numbers
			time.Sleep(time.Second) // between two segments
			begun := time.Now()
			s := f.mustOpen(t, "live", nil)
			i := s.Info()
			if !i.Live || i.Duration != 0 || i.Can.NoSeek != whyLive || i.Can.NoPause != whyLive || i.Can.NoScale != whyLive {
				t.Errorf("%+v", i)
			}
			if _, err := s.Seek(t.Context(), 0); !errors.Is(err, media.ErrCannot) {
				t.Error(err)
			}
			if err := s.Pause(t.Context()); !errors.Is(err, media.ErrCannot) {
				t.Error(err)
			}
			var got seen
			if err := got.take(t.Context(), s, func() bool { return time.Since(begun) > time.Minute }); err != nil {
				t.Fatal(err)
			}
			// It begins three segments before the end, and goes on without a hole.
			v := got.track("v")
			if v[0] != 117*4000 {
				t.Errorf("it begins at %d", v[0])
			}
			for i := range v {
				if v[i] != v[0]+200*i {
					t.Fatalf("picture %d is at %d", i, v[i])
				}
			}
			// At its own pace, with something in hand.
			for i, c := range got.chunks {
				ahead := c.Time - got.at[i].Sub(begun)
				if ahead > lead+time.Millisecond || ahead < lead-1100*time.Millisecond && i > 0 && c.Time > lead {
					t.Fatalf("the chunk of %v comes after %v", c.Time, got.at[i].Sub(begun))
				}
			}
			asked := f.lists("live")
			for i := 2; i < len(asked); i++ {
				if d := asked[i] - asked[i-1]; d < 2*time.Second || d > 4*time.Second {
					t.Errorf("asked after %v", d)
				}
			}
			if len(asked) < 15 || len(asked) > 20 {
				t.Errorf("asked %d times: %v", len(asked), asked)
			}
		})
	}
}

func TestLiveEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		e := newStation(&f, 6)
		e.stop, e.ended = 25, true
		s := f.mustOpen(t, "live", nil)
		var got seen
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Error(err)
		}
		if v := got.track("v"); v[len(v)-1] != 125*4000-200 {
			t.Errorf("it ends at %d", v[len(v)-1])
		}
	})
}

func TestLiveStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		e := newStation(&f, 6)
		e.stop = 25
		s := f.mustOpen(t, "live", nil)
		begun := time.Now()
		var got seen
		err := got.take(t.Context(), s, nil)
		var rung *media.RungError
		if !errors.Is(err, ErrStuck) || !errors.As(err, &rung) || rung.Rung != media.RungTransport {
			t.Error(err)
		}
		if d := time.Since(begun); d < 45*time.Second || d > 70*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

func TestLiveHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		e := newStation(&f, 6)
		e.gone = map[int]bool{122: true}
		var events told
		s := f.mustOpen(t, "live", &events)
		var got seen
		if err := got.take(t.Context(), s, func() bool { return got.last() > 25*time.Second }); err != nil {
			t.Fatal(err)
		}
		if notes := events.notes(); !strings.Contains(notes, "left out 4s: hls: segment 122: http: 404") {
			t.Error(notes)
		}
		for i := range 10 {
			e.gone[135+i] = true
		}
		if err := got.take(t.Context(), s, nil); fakeStatus(err) != 404 {
			t.Error(err)
		}
	})
}

// TestLiveLeftBehind: the server answered nothing for a while, and the window
// went on.
func TestLiveLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		e := newStation(&f, 4)
		var events told
		s := f.mustOpen(t, "live", &events)
		var got seen
		got.take(t.Context(), s, func() bool { return got.last() > 10*time.Second })
		away := time.Now()
		f.mu.Lock()
		f.answer = func(path string) (string, error) {
			if time.Since(away) < 25*time.Second {
				return "", statusError(503)
			}
			return e.answer(path)
		}
		f.mu.Unlock()
		if err := got.take(t.Context(), s, func() bool { return got.last() > 40*time.Second }); err != nil {
			t.Fatal(err)
		}
		if notes := events.notes(); !strings.Contains(notes, "the stream went on without us") {
			t.Error(notes)
		}
		continuous(t, &got)
	})
}

// continuous checks that the media time has no hole, whatever the stream's has.
func continuous(t *testing.T, got *seen) {
	t.Helper()
	for i := 1; i < len(got.chunks); i++ {
		if d := got.chunks[i].Time - got.chunks[i-1].Time; d < 0 || d > time.Second {
			t.Errorf("%v after %v", got.chunks[i].Time, got.chunks[i-1].Time)
		}
	}
	if got.inits != 1 {
		t.Errorf("%d headers", got.inits)
	}
}

// TestLiveEncoderRestarted: the numbers begin anew.
func TestLiveEncoderRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		newStation(&f, 6)
		var events told
		s := f.mustOpen(t, "live", &events)
		var got seen
		got.take(t.Context(), s, func() bool { return got.last() > 10*time.Second })
		f.mu.Lock()
		again := &station{f: &f, began: time.Now().Add(-20 * time.Second), window: 6}
		f.answer = again.answer
		f.mu.Unlock()
		if err := got.take(t.Context(), s, func() bool { return got.last() > 40*time.Second }); err != nil {
			t.Fatal(err)
		}
		if notes := events.notes(); !strings.Contains(notes, "encoder was started again") {
			t.Error(notes)
		}
		continuous(t, &got)
	})
}

// TestLiveOldEdge: one of two machines of the server is a segment behind.
func TestLiveOldEdge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		e := newStation(&f, 6)
		behind := &station{f: &f, began: e.began.Add(5 * time.Second), window: 6, first: 100}
		n := 0
		f.answer = func(path string) (string, error) {
			if n++; path == "live" && n%2 == 0 {
				return behind.answer(path)
			}
			return e.answer(path)
		}
		var events told
		s := f.mustOpen(t, "live", &events)
		var got seen
		if err := got.take(t.Context(), s, func() bool { return got.last() > 40*time.Second }); err != nil {
			t.Fatal(err)
		}
		if notes := events.notes(); notes != "" {
			t.Error(notes)
		}
		continuous(t, &got)
	})
}

func TestLiveSeparateSound(t *testing.T) {
	for _, date := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var f fakeServer
			e := newStation(&f, 6)
			e.tracks, e.date = "v", date
			f.set("master", lines("#EXTM3U", `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="sound"`,
				`#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a"`, "live"))
			s := f.mustOpen(t, "master", nil)
			var got seen
			if err := got.take(t.Context(), s, func() bool { return got.last() > 40*time.Second }); err != nil {
				t.Fatal(err)
			}
			v, a := got.track("v"), got.track("a")
			if v[0] != a[0] || len(a) < 2*len(v)-20 || v[len(v)-1]-a[len(a)-1] > 300 {
				t.Errorf("%d pictures from %d to %d, %d sounds from %d to %d", len(v), v[0], v[len(v)-1], len(a), a[0], a[len(a)-1])
			}
			continuous(t, &got)
		})
	}
}

// TestEvent: a list that only grows is played live and can be seeked in.
func TestEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		e := newStation(&f, 0)
		e.header = "#EXT-X-PLAYLIST-TYPE:EVENT\n"
		s := f.mustOpen(t, "live", nil)
		if i := s.Info(); !i.Live || i.Can.NoSeek != "" || i.Can.NoPause == "" {
			t.Errorf("%+v", i)
		}
		var got seen
		got.take(t.Context(), s, func() bool { return len(got.chunks) == 10 })
		if at := got.chunks[0].Time; at != 68*time.Second {
			t.Errorf("it begins at %v of 80 s", at)
		}
		if from, err := s.Seek(t.Context(), 10500*time.Millisecond); err != nil || from != 10*time.Second {
			t.Error(from, err)
		}
		got = seen{}
		got.take(t.Context(), s, func() bool { return got.last() > 26*time.Second })
		last := got.chunks[len(got.chunks)-1]
		if last.Seek != 1 || got.chunks[0].Time > 11*time.Second {
			t.Errorf("%v, seek %d", last.Time, last.Seek)
		}
		// What was not there when it was opened is now.
		time.Sleep(100 * time.Second)
		if from, err := s.Seek(t.Context(), 150*time.Second); err != nil || from != 150*time.Second {
			t.Error(from, err)
		}
	})
}

// TestSeekInNothing: a seek in a list from which everything has gone is answered.
func TestSeekInNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		e := newStation(&f, 0)
		e.header = "#EXT-X-PLAYLIST-TYPE:EVENT\n"
		s := f.mustOpen(t, "live", nil)
		var got seen
		got.take(t.Context(), s, func() bool { return len(got.chunks) == 3 })
		f.mu.Lock()
		f.answer = func(path string) (string, error) {
			if path == "live" {
				return lines("#EXTM3U", "#EXT-X-TARGETDURATION:6", "#EXT-X-ENDLIST"), nil
			}
			return e.answer(path)
		}
		f.mu.Unlock()
		got.take(t.Context(), s, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 2 {
			if _, err := s.Seek(ctx, time.Second); !errors.Is(err, errNoSegments) {
				t.Error(err)
			}
		}
	})
}

func TestLiveTitles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.set("film", lines("#EXTM3U", "#EXT-X-TARGETDURATION:6", "#EXTINF:6,", "a", "#EXT-X-ENDLIST"))
		f.set("a", fakeSegment("a", "1", 10*time.Second, 6*time.Second)+"t 12000 First\nt 13000 First\nt 14000 Second\n")
		var events told
		s := f.mustOpen(t, "film", &events)
		var got seen
		got.take(t.Context(), s, nil)
		var titles []media.Title
		for _, e := range events.events {
			if title, ok := e.(media.Title); ok {
				titles = append(titles, title)
			}
		}
		if fmt.Sprint(titles) != "[{First 2s} {Second 4s}]" {
			t.Error(titles)
		}
		if i := s.Info(); i.ContentType != "audio/x-matroska" || len(i.Tracks) != 1 {
			t.Errorf("%+v", i)
		}
	})
}

// TestAired: dates are told where they begin and where they jump, not where an
// encoder rounds them.
func TestAired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.set("film", lines("#EXTM3U", "#EXT-X-TARGETDURATION:6",
			"#EXT-X-PROGRAM-DATE-TIME:2026-11-22T10:00:00Z", "#EXTINF:6,", "a",
			"#EXT-X-PROGRAM-DATE-TIME:2026-11-22T10:00:06.4Z", "#EXTINF:6,", "b",
			"#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T12:00:00Z", "#EXTINF:6,", "c", "#EXT-X-ENDLIST"))
		f.set("a", fakeSegment("va", "1", 10*time.Second, 6*time.Second))
		f.set("b", fakeSegment("va", "1", 16*time.Second, 6*time.Second))
		f.set("c", fakeSegment("va", "1", 500*time.Second, 6*time.Second))
		var events told
		s := f.mustOpen(t, "film", &events)
		var got seen
		got.take(t.Context(), s, nil)
		var aired []string
		for _, e := range events.events {
			if a, ok := e.(media.Aired); ok {
				aired = append(aired, fmt.Sprint(a.Time.Round(100*time.Millisecond), " ", a.At.Format("15:04:05")))
			}
		}
		if fmt.Sprint(aired) != "[0s 10:00:00 12s 12:00:00]" {
			t.Error(aired)
		}
	})
}
