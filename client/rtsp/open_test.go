package rtsp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/login"
	"tapedeck/client/media"
)

func TestOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, ev := c.mustOpen("rtspt://10.0.0.1/live?x=%zz", Config{UserAgent: "test"})
		info := s.Info()
		if info.Protocol != "rtsp" || info.Transport != "tcp" || info.Title != "sound" || !info.Live ||
			info.ContentType != "audio/x-matroska" || len(info.Tracks) != 1 || info.Tracks[0].Codec != media.PCMU {
			t.Errorf("%+v", info)
		}
		chunks := readUntil(t, s, 40*time.Millisecond)
		var data []byte
		for i, chunk := range chunks {
			if (chunk.Init != nil) != (i == 0) {
				t.Errorf("chunk %d: init of %d bytes", i, len(chunk.Init))
			}
			data = append(data, chunk.Data...)
		}
		if len(data) < 3*160 {
			t.Errorf("%d bytes", len(data))
		}
		if err := s.Pause(t.Context()); !errors.Is(err, media.ErrCannot) || err.Error() != "rtsp: cannot pause: the stream is live" {
			t.Error(err)
		}
		if _, err := s.Seek(t.Context(), 0); !errors.Is(err, media.ErrCannot) {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := s.Next(t.Context()); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if got, want := c.methods(), []string{"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		for i, r := range c.asked {
			if r.header[0] != (field{"CSeq", string(rune('1' + i))}) || r.header[1] != (field{"User-Agent", "test"}) {
				t.Errorf("%s: header %v", r.method, r.header)
			}
			if id := r.header.get("Session"); (id == "4711") != (i > 2) {
				t.Errorf("%s: session %q", r.method, id)
			}
			want := "rtsp://10.0.0.1/live?x=%zz"
			if r.method == "SETUP" {
				want += "/track1"
			}
			if r.target != want {
				t.Errorf("%s %s", r.method, r.target)
			}
		}
		for _, want := range []string{"{rtsp", "tcp}", "tcp connect", "options", "describe", "setup tcp audio", "play", "first packet"} {
			if !ev.has(want) {
				t.Errorf("no event of %q in\n%s", want, ev)
			}
		}
		if ev.has("name lookup") {
			t.Error("an address was looked up as a name")
		}
	})
}

// TestOpenSplit gives every answer and frame byte by byte.
func TestOpenSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP, split: true}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		readUntil(t, s, 40*time.Millisecond)
		if n := s.Stats(); n.Packets != 3 || n.Lost != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// TestOpenOddReplies has replies without CSeq, with an old one, late ones and
// 100s before, frames before the PLAY reply and no Transport in the answer.
func TestOpenOddReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		c.on = func(l *line, r *request) *response {
			switch r.method {
			case "OPTIONS":
				l.write([]byte("RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n"))
				l.write([]byte("RTSP/1.0 200 OK\r\nServer: odd\r\n\r\n")) // no CSeq
				return silence
			case "DESCRIBE":
				resp := l.usual(r)
				resp.header.add("CSeq", "1")
				return resp
			case "SETUP":
				return &response{status: 200, header: header{{"Session", " 1 ; Timeout=10"}}}
			case "PLAY":
				l.write([]byte("\r\n\x00" + frameOf(77, 1, 2, 3, 4, 5)))
				l.sound(2)
				l.write([]byte("OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n"))
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		readUntil(t, s, 0)
		if n := s.Stats(); n.Packets != 2 || n.Lost != 0 {
			t.Errorf("%+v", n)
		}
		if got := s.Info().Server; got != "odd" {
			t.Errorf("server %q", got)
		}
	})
}

func TestOpenRefusals(t *testing.T) {
	status := func(method string, code int) func(*line, *request) *response {
		return func(_ *line, r *request) *response {
			if r.method == method {
				return &response{status: code}
			}
			return nil
		}
	}
	mute := func(method string) func(*line, *request) *response {
		return func(_ *line, r *request) *response {
			if r.method == method {
				return silence
			}
			return nil
		}
	}
	const strange = "v=0\r\nm=audio 0 RTP/AVP 99\r\na=rtpmap:99 X-FOO/8000\r\nm=video 0 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\n"
	for _, c := range []struct {
		name, link, sdp string
		on              func(*line, *request) *response
		rung            media.Rung
		is              error
		text            string
		within          time.Duration
	}{
		{"not found", "rtspt://10.0.0.1/x", soundSDP, status("DESCRIBE", 404), media.RungReply, nil, "rtsp: describe: 404 Not Found", 0},
		{"no transport", "rtspt://10.0.0.1/x", soundSDP, status("SETUP", 461), media.RungSession, ErrTransport, "rtsp: setup: 461 Unsupported Transport", 0},
		{"no address for UDP", "rtspu://10.0.0.1/x", soundSDP, nil, media.RungSession, nil, "no IP address", 0},
		{"no PLAY", "rtspt://10.0.0.1/x", soundSDP, status("PLAY", 455), media.RungSession, nil, "rtsp: play: 455 Method Not Valid in This State", 0},
		{"login wanted", "rtspt://10.0.0.1/x", soundSDP, status("DESCRIBE", 401), media.RungReply, login.ErrWanted, "wants a user name and password", 0},
		{"not SDP", "rtspt://10.0.0.1/x", "<html>", nil, media.RungReply, nil, "rtsp: describe: ", 0},
		{"unknown payloads", "rtspt://10.0.0.1/x", strange, nil, media.RungSession, ErrNoPlayableTrack, "payload X-FOO is not supported, it is encrypted: there are no keys", 0},
		{"no media", "rtspt://10.0.0.1/x", "v=0\r\n", nil, media.RungSession, ErrNoPlayableTrack, "none", 0},
		{"no answer to DESCRIBE", "rtspt://10.0.0.1/x", soundSDP, mute("DESCRIBE"), media.RungReply, nil, "rtsp: describe: no answer in 30s", 31 * time.Second},
		{"no answer to SETUP", "rtspt://10.0.0.1/x", soundSDP, mute("SETUP"), media.RungSession, nil, "rtsp: setup: no answer in 10s", 11 * time.Second},
		{"half a reply", "rtspt://10.0.0.1/x", soundSDP, func(l *line, r *request) *response {
			if r.method == "DESCRIBE" {
				l.write([]byte("RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 1000\r\n\r\nv=0"))
				return silence
			}
			return nil
		}, media.RungReply, nil, "no answer in 30s", 31 * time.Second},
		{"endless 100", "rtspt://10.0.0.1/x", soundSDP, func(l *line, r *request) *response {
			for range maxContinues + 1 {
				l.write([]byte("RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n"))
			}
			return silence
		}, media.RungReply, nil, "", 31 * time.Second},
		{"an endless header", "rtspt://10.0.0.1/x", soundSDP, func(l *line, r *request) *response {
			l.write([]byte("RTSP/1.0 200 OK\r\n" + strings.Repeat("A: b\r\n", 20000)))
			return silence
		}, media.RungReply, errTooLong, "rtsp: options: message is too long", 0},
		{"garbage", "rtspt://10.0.0.1/x", soundSDP, func(l *line, r *request) *response {
			l.write([]byte(strings.Repeat("garbage ", maxResync/8+1000)))
			return silence
		}, media.RungReply, errOutOfSync, "neither RTSP nor media", 0},
		{"HTTP", "rtspt://10.0.0.1/x", soundSDP, func(l *line, r *request) *response {
			l.write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			return silence
		}, media.RungReply, ErrHTTP, "this is an HTTP server", 0},
		{"hang up", "rtspt://10.0.0.1/x", soundSDP, func(l *line, r *request) *response {
			l.hangUp()
			return silence
		}, media.RungReply, ErrConnection, "rtsp: options: connection closed by the server", 0},
		{"a session name of 100 kB", "rtspt://10.0.0.1/x", soundSDP, func(l *line, r *request) *response {
			if r.method == "SETUP" {
				return &response{status: 200, header: header{{"Session", strings.Repeat("x", 100<<10)}}}
			}
			return nil
		}, media.RungSession, errTooLong, "", 0},
		{"no media after PLAY", "rtspt://10.0.0.1/x", soundSDP, func(l *line, r *request) *response {
			l.seq = 0 // keeps answer from sending
			return nil
		}, media.RungTransport, ErrSilent, "rtsp: the server sends no media over tcp: nothing came in 10s", 11 * time.Second},
		{"media for another scheme", "mms://10.0.0.1/x", soundSDP, nil, media.RungAddress, nil, "mms is not a scheme of RTSP", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &camera{t: t, sdp: c.sdp, on: c.on}
				start := time.Now()
				_, _, err := cam.open(c.link, Config{})
				rung, ok := errors.AsType[*media.RungError](err)
				switch {
				case err == nil:
					t.Fatal("it opened")
				case !ok || rung.Rung != c.rung:
					t.Errorf("rung of %v: %+v", err, rung)
				case c.is != nil && !errors.Is(err, c.is):
					t.Errorf("%v is not %v", err, c.is)
				case !strings.Contains(err.Error(), c.text):
					t.Errorf("%q, want %q", err, c.text)
				}
				if took := time.Since(start); took > c.within+time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestOpenWithoutOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		c.on = func(l *line, r *request) *response {
			if r.method == "OPTIONS" {
				return silence
			}
			return nil
		}
		start := time.Now()
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("it took %v", took)
		}
		s.Close()
		if got, want := strings.Join(c.methods(), " "), "OPTIONS DESCRIBE SETUP PLAY TEARDOWN"; got != want || len(c.lines) != 2 {
			t.Errorf("%s over %d connections", got, len(c.lines))
		}
	})
	for _, code := range []int{404, 405, 501, 551, 400} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: soundSDP}
			c.on = func(l *line, r *request) *response {
				if r.method == "OPTIONS" {
					return &response{status: code}
				}
				return nil
			}
			c.mustOpen("rtspt://10.0.0.1/live", Config{})
			if len(c.lines) != 1 {
				t.Errorf("%d: %d connections", code, len(c.lines))
			}
		})
	}
}

func TestOpenBusy(t *testing.T) {
	for _, busy := range []int{1, 3, 4} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: soundSDP}
			n := 0
			c.on = func(l *line, r *request) *response {
				if r.method == "DESCRIBE" {
					if n++; n <= busy {
						return &response{status: 503}
					}
				}
				return nil
			}
			_, _, err := c.open("rtspt://10.0.0.1/live", Config{})
			if want := map[bool]int{true: 503}[busy == busyTries]; status(err) != want {
				t.Errorf("busy %d times: %v", busy, err)
			}
		})
	}
}

func TestOpenRetryAfter(t *testing.T) {
	for after, want := range map[string]time.Duration{"": busyWait, "2": 2 * time.Second, "5": 5 * time.Second, "0": busyWait, "soon": busyWait, "6": 0, "99999999999": busyWait} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: soundSDP}
			n := 0
			c.on = func(l *line, r *request) *response {
				if r.method == "DESCRIBE" {
					if n++; n == 1 {
						return &response{status: 503, header: header{{"Retry-After", after}}}
					}
				}
				return nil
			}
			start := time.Now()
			_, _, err := c.open("rtspt://10.0.0.1/live", Config{})
			if took := time.Since(start); want == 0 && status(err) != 503 || want != 0 && (err != nil || took < want || took > want+time.Second/2) {
				t.Errorf("%q: %v after %v", after, err, took)
			}
		})
	}
}

func TestOpenControlCandidates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP + "m=audio 0 RTP/AVP 8\r\na=control:track2\r\n"}
		c.on = func(l *line, r *request) *response {
			if r.method == "SETUP" && !strings.HasPrefix(r.target, "rtsp://10.0.0.1/track") {
				return &response{status: 404}
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		s.Close()
		var targets []string
		for _, r := range c.requests("SETUP") {
			targets = append(targets, strings.TrimPrefix(r.target, "rtsp://10.0.0.1"))
		}
		if got := strings.Join(targets, " "); got != "/live/track1 /track1 /track2" {
			t.Errorf("%s: the second track is to profit from the first", got)
		}
	})
}

// TestOpenOtherTracks has tracks that are not supported and one whose SETUP
// fails beside one that plays.
func TestOpenOtherTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: "v=0\r\nm=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:meta\r\n" +
			"m=audio 0 RTP/AVP 0\r\na=control:track1\r\nm=audio 0 RTP/AVP 8\r\na=control:track2\r\n" +
			"m=audio 0 RTP/AVP 0\r\na=control:back\r\na=sendonly\r\n" +
			"m=video 0 RTP/AVP 96\r\na=rtpmap:96 PS/90000\r\na=control:ps\r\n" +
			"m=video 0 RTP/AVP 97\r\na=rtpmap:97 X-FOO/90000\r\na=control:foo\r\n" +
			"m=audio 0 RTP/AVP 18\r\na=control:g729\r\n" +
			"m=text 0 TCP 98\r\na=control:text\r\n"}
		c.on = func(l *line, r *request) *response {
			if r.method == "SETUP" && strings.HasSuffix(r.target, "track2") {
				return &response{status: 500}
			}
			return nil
		}
		s, ev := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		tracks := s.Info().Tracks
		want := []string{
			"payload vnd.onvif.metadata (what the camera notices, in XML) is not supported",
			"",
			"500",
			"it is meant for talking back",
			"payload PS (MPEG program stream) is not supported",
			"payload X-FOO is not supported",
			"payload G729 (speech that VLC cannot decode) is not supported",
			"media of type text are not supported",
		}
		if len(tracks) != len(want) {
			t.Fatalf("%+v", tracks)
		}
		for i, m := range tracks {
			if m.ID != i || (m.Problem == "") != (want[i] == "") || !strings.Contains(m.Problem, want[i]) {
				t.Errorf("track %d: %+v, want %q", i, m, want[i])
			}
		}
		if n := len(c.requests("SETUP")); n != 2 {
			t.Errorf("%d SETUPs", n)
		}
		if !ev.has("audio left out") {
			t.Error(ev)
		}
		readUntil(t, s, 0)
	})
}

func TestOpenCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("another channel was chosen")
		c.on = func(l *line, r *request) *response {
			if r.method == "SETUP" {
				cancel(why)
				return silence
			}
			return nil
		}
		_, err := Open(ctx, parse(t, "rtspt://10.0.0.1/live"), Config{Dial: c.dial})
		if !errors.Is(err, why) {
			t.Errorf("%v", err)
		}
	})
}
