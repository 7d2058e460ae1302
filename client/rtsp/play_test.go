package rtsp

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

func TestPauseResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		if i := s.Info(); i.Live || i.Duration != time.Minute || i.Can != (media.Capabilities{NoScale: "it has no picture"}) {
			t.Errorf("%+v", i)
		}
		readUntil(t, s, 40*time.Millisecond)
		for range 2 { // the second changes nothing
			if err := s.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Minute) // the session must live on
		for range 2 {
			if err := s.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		c.line(1).sound(3)
		chunks := readUntil(t, s, 100*time.Millisecond)
		for _, k := range chunks {
			if k.Init != nil || k.Seek != 0 {
				t.Errorf("a resume is no seek: %+v", k.Time)
			}
		}
		if n := len(c.requests("GET_PARAMETER")); n != 20 {
			t.Errorf("%d keepalives in 10 minutes", n)
		}
		plays := c.requests("PLAY")
		if len(plays) != 2 || plays[0].header.get("Range") != "npt=0.000-" || len(plays[1].header.all("Range")) != 0 {
			t.Errorf("%d PLAYs", len(plays))
		}
		if n := len(c.requests("PAUSE")); n != 1 {
			t.Errorf("%d PAUSEs", n)
		}
	})
}

// TestResumeOtherClock has a server whose timestamps run on during a pause:
// media time goes on where it stopped.
func TestResumeOtherClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP}
		plays := 0
		c.on = func(l *line, r *request) *response {
			if r.method != "PLAY" {
				return nil
			}
			if plays++; plays == 1 {
				return nil
			}
			l.seq += 50 * 60 // a minute of 20 ms packets
			resp := l.usual(r)
			resp.header.add("Range", "npt=0.060-60")
			resp.header.add("RTP-Info", fmt.Sprintf("url=%s/track1;seq=%d;rtptime=%d", r.target, l.seq, uint32(l.seq-100)*160))
			return resp
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		readUntil(t, s, 40*time.Millisecond)
		if err := errors.Join(s.Pause(t.Context()), s.Resume(t.Context())); err != nil {
			t.Fatal(err)
		}
		c.line(1).sound(2)
		if k := readUntil(t, s, 60*time.Millisecond); k[0].Time != 60*time.Millisecond {
			t.Errorf("it goes on at %v", k[0].Time)
		}
		if n := s.Stats(); n.Lost != 0 {
			t.Errorf("%+v", n)
		}
	})
}

func TestSeek(t *testing.T) {
	for _, info := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: filmSDP}
			c.on = func(l *line, r *request) *response {
				switch {
				case r.method == "PAUSE":
					l.sound(2) // on their way when the PAUSE came
				case r.method == "PLAY" && r.header.get("Range") != "npt=0.000-":
					if info {
						l.sound(2) // still queued in the server
					}
					l.seq += 1000
					resp := l.usual(r)
					resp.header.add("Range", "npt=29.500-60")
					if info {
						resp.header.add("RTP-Info", fmt.Sprintf("url=%s/track1;seq=%d;rtptime=%d", r.target, l.seq, uint32(l.seq-100)*160))
						for old := range uint16(3) {
							l.write([]byte(frameOf(0, soundPacket(l.seq-1000-3+old)...)))
						}
					}
					return resp
				}
				return nil
			}
			s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
			readUntil(t, s, 0)
			got, err := s.Seek(t.Context(), 30*time.Second)
			if err != nil || got != 29500*time.Millisecond {
				t.Fatal(got, err)
			}
			c.line(1).sound(2)
			chunks := readUntil(t, s, 29520*time.Millisecond)
			for i, k := range chunks {
				if k.Seek != 1 || (k.Init != nil) != (i == 0) || k.Time < 29500*time.Millisecond || k.Time > 29520*time.Millisecond {
					t.Errorf("chunk %d: %v, seek %d, init of %d", i, k.Time, k.Seek, len(k.Init))
				}
			}
			if !chunks[0].Key {
				t.Error("a decoder cannot start after the seek")
			}
			plays := c.requests("PLAY")
			if r := plays[1].header.get("Range"); r != "npt=30.000-" {
				t.Error(r)
			}
			// A seek ends a pause, and one beyond the end is one to the end.
			if err := s.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
			n := len(c.requests("PAUSE"))
			if _, err := s.Seek(t.Context(), time.Hour); err != nil {
				t.Fatal(err)
			}
			if plays = c.requests("PLAY"); plays[2].header.get("Range") != "npt=60.000-" || len(c.requests("PAUSE")) != n {
				t.Errorf("%v", plays[2].header)
			}
			c.line(1).sound(2)
			if k := readUntil(t, s, 0); k[0].Seek != 2 {
				t.Errorf("seek %d", k[0].Seek)
			}
		})
	}
}

func TestSeekRefused(t *testing.T) {
	for _, code := range []int{454, 455, 456, 457, 501, 503} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: filmSDP}
			c.on = func(l *line, r *request) *response {
				if r.method == "PLAY" && r.header.get("Range") == "npt=30.000-" {
					return &response{status: code}
				}
				return nil
			}
			s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
			readUntil(t, s, 40*time.Millisecond)
			_, err := s.Seek(t.Context(), 30*time.Second)
			refused, ok := errors.AsType[*StatusError](err)
			if rung, at := errors.AsType[*media.RungError](err); !ok || refused.Code != code || !at || rung.Rung != media.RungSession {
				t.Errorf("%d: %v", code, err)
			}
			c.line(1).sound(2)
			for _, k := range readUntil(t, s, 80*time.Millisecond) {
				if k.Seek != 0 || k.Init != nil {
					t.Errorf("%d: seek %d", code, k.Seek)
				}
			}
			_, err = s.Seek(t.Context(), 30*time.Second)
			if forGood := slices.Contains(noSeek, code); errors.Is(err, media.ErrCannot) != forGood || (s.Info().Can.NoSeek != "") != forGood {
				t.Errorf("%d: then %v", code, err)
			}
		})
	}
	// A server that does not play on either is at its end.
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP}
		n := 0
		c.on = func(l *line, r *request) *response {
			if r.method == "PLAY" {
				if n++; n > 1 {
					return &response{status: 503}
				}
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		readUntil(t, s, 40*time.Millisecond)
		_, err := s.Seek(t.Context(), 30*time.Second)
		if _, end := readToEnd(t, s); status(err) != 503 || status(end) != 503 {
			t.Errorf("%v, then %v", err, end)
		}
	})
}

func TestNoPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP, public: "DESCRIBE SETUP PLAY TEARDOWN"}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		if why := s.Info().Can.NoPause; why != "the server has no PAUSE" {
			t.Errorf("%q", why)
		}
		if err := errors.Join(s.Pause(t.Context()), s.Resume(t.Context())); !errors.Is(err, media.ErrCannot) {
			t.Error(err)
		}
		if len(c.requests("PAUSE")) != 0 {
			t.Error("PAUSE was sent")
		}
	})
	synctest.Test(t, func(t *testing.T) { // it says that it has it
		c := &camera{t: t, sdp: filmSDP}
		c.on = func(l *line, r *request) *response {
			if r.method == "PAUSE" {
				return &response{status: 551}
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		if err := s.Pause(t.Context()); status(err) != 551 {
			t.Error(err)
		}
		if err := s.Pause(t.Context()); !errors.Is(err, media.ErrCannot) {
			t.Error(err)
		}
		// A seek does not need it.
		if _, err := s.Seek(t.Context(), time.Second); err != nil {
			t.Error(err)
		}
	})
}

func TestFirstPlayWithoutRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		c.on = func(l *line, r *request) *response {
			if r.method == "PLAY" && r.header.get("Range") != "" {
				return &response{status: 457}
			}
			if r.method == "PLAY" {
				resp := l.usual(r)
				resp.header.add("Range", "npt=0-90.5") // not live after all
				return resp
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		if i := s.Info(); i.Live || i.Duration != 90500*time.Millisecond || i.Can.NoSeek != "" {
			t.Errorf("%+v", i)
		}
	})
}

// TestSlowClose has a server that reads and answers nothing any more.
func TestSlowClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		c.on = func(*line, *request) *response { return silence }
		next := make(chan error)
		go func() {
			_, err := readToEnd(t, s)
			next <- err
		}()
		synctest.Wait()
		start := time.Now()
		s.Close()
		if took := time.Since(start); took > 1100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		if err := <-next; err != ErrClosed {
			t.Error(err)
		}
	})
}
