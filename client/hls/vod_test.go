package hls

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

// film puts a film of n segments of length each onto the server.
func (f *fakeServer) film(path, tracks, config string, n int, length, offset time.Duration) {
	body := fmt.Sprintf("#EXTM3U\n#EXT-X-TARGETDURATION:%d\n", int(length.Seconds()))
	for i := range n {
		body += fmt.Sprintf("#EXTINF:%.3f,\n%s.%d\n", length.Seconds(), path, i)
		f.set(fmt.Sprintf("%s.%d", path, i), fakeSegment(tracks, config, offset+time.Duration(i)*length, length))
	}
	f.set(path, body+"#EXT-X-ENDLIST\n")
}

// every checks that the packets of a track come without a hole or a repetition.
func every(t *testing.T, times []int, from, to, step int) {
	t.Helper()
	if len(times) != (to-from)/step || len(times) > 0 && (times[0] != from || times[len(times)-1] != to-step) {
		t.Errorf("%d packets, want %d: %v", len(times), (to-from)/step, times)
		return
	}
	for i := range times {
		if times[i] != from+i*step {
			t.Fatalf("packet %d is at %d", i, times[i])
		}
	}
}

func TestFilm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.film("film", "va", "1", 10, 6*time.Second, 1400*time.Millisecond)
		s := f.mustOpen(t, "film", nil)
		i := s.Info()
		if i.Protocol != "hls" || i.Live || i.Duration != time.Minute || i.Can != (media.Capabilities{NoScale: media.NormalSpeed}) || len(i.Tracks) != 2 || i.Tracks[0].Codec != media.H264 || i.ContentType != "video/x-matroska" {
			t.Errorf("%+v", i)
		}
		var got seen
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Fatal(err)
		}
		every(t, got.track("v"), 1400, 61400, 200)
		every(t, got.track("a"), 1400, 61400, 100)
		if got.inits != 1 || got.chunks[0].Init == nil || !got.chunks[0].Key || got.chunks[0].Time != 0 {
			t.Errorf("%d headers; the first chunk: %v %v", got.inits, got.chunks[0].Time, got.chunks[0].Key)
		}
		keys := 0
		for _, c := range got.chunks {
			if c.Key {
				keys++
			}
		}
		if keys != 60 {
			t.Errorf("%d key chunks", keys)
		}
		if s.Stats().Bytes == 0 {
			t.Error("nothing was counted")
		}
		s.Close()
		s.Close()
		if _, err := s.Next(t.Context()); !errors.Is(err, errClosed) || f.closed != 1 {
			t.Errorf("%v, closed %d times", err, f.closed)
		}
	})
}

func TestFilmSeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.film("film", "va", "1", 10, 6*time.Second, 1400*time.Millisecond)
		s := f.mustOpen(t, "film", nil)
		var got seen
		got.take(t.Context(), s, func() bool { return len(got.chunks) == 3 })
		for n, c := range []struct{ to, from time.Duration }{
			{40500 * time.Millisecond, 40 * time.Second},
			{5 * time.Second, 5 * time.Second},
			{5999 * time.Millisecond, 5 * time.Second},
			{6 * time.Second, 6 * time.Second},
			{0, 0},
			{time.Hour, 59 * time.Second},
		} {
			from, err := s.Seek(t.Context(), c.to)
			if err != nil || from != c.from {
				t.Fatalf("seek to %v: %v, %v", c.to, from, err)
			}
			var got seen
			got.take(t.Context(), s, func() bool { return len(got.chunks) > 0 && got.chunks[len(got.chunks)-1].Seek == n+1 })
			first := got.chunks[len(got.chunks)-1]
			if first.Time != c.from || !first.Key || first.Init == nil {
				t.Errorf("after the seek to %v: %v, key %v", c.to, first.Time, first.Key)
			}
			if p := fmt.Sprintf("v %d", (c.from + 1400*time.Millisecond).Milliseconds()); !bytes.Contains(first.Data, []byte("<"+p+">")) {
				t.Errorf("it begins with %q", first.Data)
			}
		}
		// The rest of it, and then back from the end.
		got = seen{}
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Fatal(err)
		}
		if from, err := s.Seek(t.Context(), 57*time.Second); err != nil || from != 57*time.Second {
			t.Fatal(from, err)
		}
		got = seen{}
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Fatal(err)
		}
		every(t, got.track("v"), 58400, 61400, 200)
	})
}

// TestFilmAhead: what is not taken is not fetched without end.
func TestFilmAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.film("film", "va", "1", 100, 6*time.Second, 0)
		s := f.mustOpen(t, "film", nil)
		time.Sleep(time.Hour)
		f.mu.Lock()
		n := len(f.asked)
		f.mu.Unlock()
		if n > 10 {
			t.Errorf("%d requests", n)
		}
		s.Pause(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Next(t.Context())
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Error("something came in a pause")
		default:
		}
		s.Resume(t.Context())
		<-done
	})
}

func TestSeparateSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.set("master", lines("#EXTM3U", `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="sound"`,
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",URI="ton"`, `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Suomi",URI="s"`,
			`#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a"`, "film"))
		f.film("film", "va", "1", 10, 6*time.Second, 1400*time.Millisecond) // its own sound is not wanted
		f.film("sound", "a", "2", 15, 4*time.Second, 1400*time.Millisecond)
		var events told
		s := f.mustOpen(t, "master", &events)
		var got seen
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Fatal(err)
		}
		every(t, got.track("v"), 1400, 61400, 200)
		every(t, got.track("a"), 1400, 61400, 100)
		// Picture and sound come side by side.
		var last int
		for _, p := range got.packets {
			var kind string
			var at int
			fmt.Sscanf(p, "%s %d", &kind, &at)
			if at < last-200 {
				t.Fatalf("%s comes after %d", p, last)
			}
			last = max(last, at)
		}
		from, err := s.Seek(t.Context(), 31*time.Second)
		if err != nil || from != 31*time.Second {
			t.Fatal(from, err)
		}
		got = seen{}
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Fatal(err)
		}
		every(t, got.track("v"), 32400, 61400, 200)
		every(t, got.track("a"), 32400, 61400, 100)
		if notes := events.notes(); !strings.Contains(notes, "sound: English; there is also Deutsch") || !strings.Contains(notes, "subtitles that are not shown: Suomi") {
			t.Error(notes)
		}
	})
}

// TestDiscontinuity: the timestamps of the second part begin anew, with and
// without a tag that says so, and the third part has another configuration.
func TestDiscontinuity(t *testing.T) {
	for _, tag := range []string{"#EXT-X-DISCONTINUITY", "#EXT-X-NOTHING"} {
		synctest.Test(t, func(t *testing.T) {
			var f fakeServer
			f.set("film", lines("#EXTM3U", "#EXT-X-TARGETDURATION:6", "#EXTINF:6,", "a", tag, "#EXTINF:6,", "b", tag, "#EXTINF:6,", "c", "#EXT-X-ENDLIST"))
			f.set("a", fakeSegment("va", "1", 100*time.Second, 6*time.Second))
			f.set("b", fakeSegment("va", "1", 0, 6*time.Second))
			config := "2"
			if tag == "#EXT-X-NOTHING" {
				config = "1" // a demuxer would have to see it
			}
			f.set("c", fakeSegment("va", config, 5000*time.Second, 6*time.Second))
			s := f.mustOpen(t, "film", nil)
			var got seen
			if err := got.take(t.Context(), s, nil); err != io.EOF {
				t.Fatal(err)
			}
			if n := len(got.track("v")); n != 90 {
				t.Errorf("%d pictures", n)
			}
			last := got.chunks[len(got.chunks)-1].Time
			if last < 17*time.Second || last > 18500*time.Millisecond {
				t.Errorf("it ends at %v", last)
			}
			for i := 1; i < len(got.chunks); i++ {
				if d := got.chunks[i].Time - got.chunks[i-1].Time; d < -100*time.Millisecond || d > 1200*time.Millisecond {
					t.Errorf("%v after %v", got.chunks[i].Time, got.chunks[i-1].Time)
				}
			}
			// Another configuration of pictures needs no other header.
			sets := 0
			for _, c := range got.chunks {
				if bytes.Contains(c.Data, []byte("\x00\x00\x00\x02S2\x00\x00\x00\x01P<v 500")) {
					sets++
				}
			}
			if want := 6; got.inits != 1 || config == "2" && sets != want {
				t.Errorf("%d headers, %d parameter sets", got.inits, sets)
			}
			if tag == "#EXT-X-DISCONTINUITY" {
				if from, err := s.Seek(t.Context(), 13*time.Second); err != nil || from < 12900*time.Millisecond || from > 13*time.Second {
					t.Errorf("%v, %v", from, err)
				}
			}
		})
	}
}

func TestFilmWithHoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.film("film", "va", "1", 10, 6*time.Second, 0)
		delete(f.files, "film.3") // nothing is asked for yet
		f.set("film.5", "<html>")
		var events told
		s := f.mustOpen(t, "film", &events)
		var got seen
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Fatal(err)
		}
		if n := len(got.track("v")); n != 240 || got.chunks[len(got.chunks)-1].Time != 59*time.Second {
			t.Errorf("%d pictures, the last at %v", n, got.chunks[len(got.chunks)-1].Time)
		}
		if notes := events.notes(); !strings.Contains(notes, "left out 6s: hls: segment 3: http: 404") || !strings.Contains(notes, "segment 5: it is a web page") {
			t.Error(notes)
		}
		// Too many of them.
		for i := 4; i < 10; i++ {
			delete(f.files, fmt.Sprintf("film.%d", i))
		}
		s = f.mustOpen(t, "film", nil)
		if err := got.take(t.Context(), s, nil); fakeStatus(err) != 404 {
			t.Error(err)
		}
	})
}

func TestVariantsUpAndDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.set("master", lines("#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=4000000,RESOLUTION=640x360", "high", "#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=320x180", "low"))
		f.film("low", "va", "1", 40, 6*time.Second, 0)
		f.film("high", "va", "2", 40, 6*time.Second, 0)
		for i := range 40 { // as many bytes as they say
			f.set(fmt.Sprintf("low.%d", i), f.files[fmt.Sprintf("low.%d", i)]+strings.Repeat("\n", 250_000))
			f.set(fmt.Sprintf("high.%d", i), f.files[fmt.Sprintf("high.%d", i)]+strings.Repeat("\n", 2_900_000))
		}
		f.rate = 1_000_000 // bytes a second
		var events told
		s := f.mustOpen(t, "master", &events)
		if b := s.Info().BitRate; b != 400000 {
			t.Errorf("it begins with %d bits a second", b)
		}
		var got seen
		played := func(until time.Duration) { // at the pace of the media
			got.take(t.Context(), s, func() bool {
				time.Sleep(100 * time.Millisecond)
				return len(got.chunks) > 0 && got.chunks[len(got.chunks)-1].Time >= until
			})
		}
		played(80 * time.Second)
		if notes := events.notes(); notes != "now 4.0 Mbit/s, 640x360" || s.Info().BitRate != 4000000 {
			t.Error(notes)
		}
		f.mu.Lock()
		f.rate = 100_000
		f.mu.Unlock()
		if err := got.take(t.Context(), s, nil); err != io.EOF {
			t.Fatal(err)
		}
		if notes := events.notes(); notes != "now 4.0 Mbit/s, 640x360; now 400 kbit/s, 320x180" {
			t.Error(notes)
		}
		every(t, got.track("v"), 0, 240000, 200)
		every(t, got.track("a"), 0, 240000, 100)
		if got.inits != 1 {
			t.Errorf("%d headers", got.inits)
		}
	})
}
