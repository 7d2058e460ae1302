package rtsp

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const twoTracks = "v=0\r\na=range:npt=0-60\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\nm=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\n"

// TestLIVE555 has an aggregate of its own, odd timeouts, and in old builds frames
// of the connection that had this socket before.
func TestLIVE555(t *testing.T) {
	c := &camera{server: "LIVE555 Streaming Media v2016.11.28", sdp: "v=0\r\na=control:*\r\na=range:npt=0-60.5\r\nm=audio 0 RTP/AVP 0\r\na=control:track1\r\n"}
	c.on = func(l *line, r *request) *response {
		if r.method == "DESCRIBE" {
			l.put(4, soundPacket(9))
			l.put(5, bye())
		}
		return nil
	}
	c.edit = func(r *request, resp *response) {
		switch r.method {
		case "DESCRIBE":
			resp.header.add("Content-Base", "rtsp://10.0.0.1/film.ts/")
		case "SETUP":
			resp.header = header{{"Session", "A1B2C3D4;timeout=65"}, {"Transport", "RTP/AVP/TCP;unicast;destination=10.0.0.9;source=10.0.0.1;interleaved=0-1"}}
		case "PLAY":
			resp.header.add("Range", "npt=0.000-60.500")
			resp.header.add("RTP-Info", "url=rtsp://10.0.0.1/film.ts/track1;seq=100;rtptime=0")
		}
	}
	c.play(t, camera1+"/film.ts", func(t *testing.T, s *Session, _ *events) {
		expect(t, "SETUP", c.targets("SETUP"), "/film.ts/track1")
		expect(t, "PLAY", c.targets("PLAY"), "/film.ts/")
		if i := s.Info(); i.Live || i.Duration != 60500*time.Millisecond {
			t.Errorf("%+v", i)
		}
		if s.d.wire.resyncs != 0 {
			t.Error("an older session's frames are taken for garbage")
		}
	})
}

// TestGStreamerServer takes long for PLAY while it prepares the stream, and knows
// its aggregate alone.
func TestGStreamerServer(t *testing.T) {
	c := &camera{server: "GStreamer RTSP server", sdp: twoTracks}
	c.on = func(l *line, r *request) *response {
		if r.method == "PLAY" {
			if strings.Contains(r.target, "trackID") {
				return &response{status: 460}
			}
			time.Sleep(20 * time.Second)
		}
		return nil
	}
	c.play(t, camera1+"/test", nil)
}

// TestVLCServer sends over UDP alone, refuses any parameter that it does not
// know, and answers 551 to Require.
func TestVLCServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: "v=0\r\na=range:npt=0-60\r\nm=audio 0 RTP/AVP 0\r\na=control:rtsp://10.0.0.1:8554/film/trackID=4\r\n", server: "VLC/3.0.24", real: true}
		var asked []string
		c.on = func(l *line, r *request) *response {
			switch {
			case len(r.header.all("Require")) > 0:
				return &response{status: 551}
			case r.method == "SETUP":
				asked = append(asked, r.target+" "+r.header.get("Transport"))
				return &response{status: 461}
			}
			return nil
		}
		_, ev, err := c.open("rtsp://10.0.0.1:8554/film", Config{})
		if !errors.Is(err, ErrTransport) || len(asked) != 2 {
			t.Fatalf("%q, %v\n%s", asked, err, ev)
		}
		const track = "rtsp://10.0.0.1:8554/film/trackID=4 "
		var first, second int
		if n, _ := fmt.Sscanf(asked[0], track+"RTP/AVP;unicast;client_port=%d-%d", &first, &second); n != 2 || second != first+1 ||
			strings.Count(asked[0], ";") != 2 {
			t.Error(asked[0])
		}
		expect(t, "over TCP", asked[1], track+"RTP/AVP/TCP;unicast;interleaved=0-1")
	})
}

// TestVLCFilm answers Scale: 1. to every PLAY, and 501 to a Range that is not npt.
func TestVLCFilm(t *testing.T) {
	c := &camera{sdp: filmSDP}
	c.on = func(l *line, r *request) *response {
		if v, ok := r.header.lookup("Range"); ok && !strings.HasPrefix(v, "npt=") {
			return &response{status: 501}
		}
		return nil
	}
	c.edit = func(r *request, resp *response) {
		if r.method == "PLAY" {
			resp.header.add("Scale", "1.")
		}
	}
	c.play(t, camera1+"/film", func(t *testing.T, s *Session, _ *events) {
		if _, err := s.Seek(t.Context(), 30*time.Second); err != nil {
			t.Error(err)
		}
	})
}

// TestMediaMTX has nothing until somebody publishes, reads Transport strictly,
// and hangs up on SET_PARAMETER and on a session that it did not give.
func TestMediaMTX(t *testing.T) {
	strict := func(l *line, r *request) *response {
		switch {
		case r.method == "SET_PARAMETER":
			l.hangUp()
			return &response{status: 400}
		case r.method == "OPTIONS" && len(r.header.all("Session")) > 0 && len(l.c.requests("SETUP")) == 0,
			r.method == "SETUP" && !slices.Contains([]string{"RTP/AVP/TCP;unicast;interleaved=0-1", "RTP/AVP/TCP;unicast;interleaved=2-3"}, r.header.get("Transport")),
			r.method == "SETUP" && !strings.Contains(r.target, "/cam/trackID="):
			return &response{status: 400}
		}
		return nil
	}
	c := &camera{server: "gortsplib", sdp: twoTracks, on: strict, needs: "OPTIONS", within: time.Minute,
		public: "DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, SET_PARAMETER, TEARDOWN"}
	c.play(t, camera1+"/cam", func(t *testing.T, s *Session, _ *events) { c.stream(s, 3*time.Minute) })
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, server: "gortsplib", refuse: map[string]int{"DESCRIBE": 404}}
		if _, _, err := c.open(camera1+"/cam", Config{}); status(err) != 404 || len(c.requests("DESCRIBE")) != 1 {
			t.Error(err)
		}
	})
}

// TestDarwin has films that can be paused and sought in, sends faster than they
// play, and offers things that are not asked for.
func TestDarwin(t *testing.T) {
	c := &camera{server: "DSS/6.0.3 (Build/526.3; Platform/Linux; Release/Darwin Streaming Server; State/Development; )", sdp: filmSDP}
	c.on = func(l *line, r *request) *response {
		for _, f := range r.header {
			if strings.HasPrefix(strings.ToLower(f.name), "x-") {
				l.c.t.Errorf("%s: %v", r.method, f)
			}
		}
		return nil
	}
	c.edit = func(r *request, resp *response) {
		switch r.method {
		case "SETUP":
			resp.header.add("x-Transport-Options", "late-tolerance=0.6")
			resp.header.add("x-Dynamic-Rate", "1;rtt=12")
		case "PLAY":
			resp.header.add("x-Prebuffer", "size=0;time=2.4")
			resp.header.add("RTP-Info", "url=track1;seq=100;rtptime=0")
		}
	}
	c.play(t, camera1+"/film.mov", func(t *testing.T, s *Session, _ *events) {
		l := c.line(1)
		l.sound(50 * 30) // half of the film at once
		synctest.Wait()
		if err := errors.Join(s.Pause(t.Context()), s.Resume(t.Context())); err != nil {
			t.Fatal(err)
		}
		l.sound(10)
		readUntil(t, s, 30*time.Second+100*time.Millisecond)
		if n := s.Stats(); n.Packets != 3+1500+10 || n.Lost != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// TestHelix speaks plain RTSP to those who do not ask for RealChallenge, and pings.
func TestHelix(t *testing.T) {
	c := &camera{server: "Helix Server Version 14.0.0 (win32) (RealServer compatible)", sdp: filmSDP}
	c.on = func(l *line, r *request) *response {
		for _, name := range []string{"ClientChallenge", "RealChallenge2", "PlayerStarttime", "Require"} {
			if _, ok := r.header.lookup(name); ok {
				l.c.t.Errorf("%s: %s", r.method, name)
			}
		}
		return nil
	}
	c.edit = func(r *request, resp *response) {
		if r.method == "OPTIONS" {
			resp.header.add("RealChallenge1", "0a1b2c3d4e5f60718293a4b5c6d7e8f9")
			resp.header.add("StatsMask", "8")
		}
	}
	c.play(t, camera1+"/film.3gp", func(t *testing.T, s *Session, _ *events) {
		l := c.line(1)
		l.replies = make(chan *response, 1)
		l.write([]byte("SET_PARAMETER * RTSP/1.0\r\nCSeq: 7\r\nPing: Pong\r\nSession: 4711\r\n\r\n"))
		if r := <-l.replies; r.status != 200 {
			t.Errorf("%+v", r)
		}
	})
}

// TestWowza has a cluster that answers 454 to PLAY when it lost the session, and
// drops who does not show signs of life.
func TestWowza(t *testing.T) {
	c := &camera{server: "Wowza Streaming Engine 4.8.20+1 build20220919162035", sdp: twoTracks,
		login: `Digest realm="Streaming Server", nonce="ac7c29"`, needs: "GET_PARAMETER", within: time.Minute}
	c.on = func(l *line, r *request) *response {
		if r.method == "PLAY" && l.number == 1 {
			return &response{status: 454}
		}
		return nil
	}
	c.play(t, "rtspt://u:p@10.0.0.1/vod/mp4:sample.mp4", func(t *testing.T, s *Session, _ *events) {
		expect(t, "SETUP", c.targets("SETUP"), strings.TrimSpace(strings.Repeat("/vod/mp4:sample.mp4/trackID=1 /vod/mp4:sample.mp4/trackID=2 ", 2)))
		if len(c.lines) != 2 {
			t.Errorf("%d connections", len(c.lines))
		}
	})
	synctest.Test(t, func(t *testing.T) { // not for ever
		c := &camera{t: t, sdp: soundSDP, refuse: map[string]int{"PLAY": 454}}
		if _, _, err := c.open(camera1+"/a", Config{}); status(err) != 454 || len(c.lines) != 2 {
			t.Errorf("%v after %d connections", err, len(c.lines))
		}
	})
}

// TestKasenna sends more than the Range's end and has no word for its rate.
func TestKasenna(t *testing.T) {
	c := &camera{server: "MediaBase/5.0", sdp: "v=0\r\na=range:npt=0-60\r\nm=video 0 RTP/AVP 33\r\na=control:pid=1\r\n", send: transportStreams}
	c.play(t, camera1+"/movie.mpg", nil)
}

// TestV4L2 has its threads write at the same time: media come while it answers
// PLAY, as from webrtc-streamer, go2rtc and Janus.
func TestV4L2(t *testing.T) {
	c := &camera{server: "LIVE555 Streaming Media v2023.06.20", send: func(*line) {}}
	c.on = func(l *line, r *request) *response {
		if r.method == "PLAY" {
			l.sound(2)
			resp := l.usual(r)
			resp.header.add("CSeq", r.header.get("CSeq"))
			l.write(resp.append(nil))
			l.sound(1)
			return silence
		}
		return nil
	}
	c.play(t, camera1+"/unicast", nil)
}

// TestMoonfire is a server whose session has expired: it sends on channels that
// nobody asked for.
func TestMoonfire(t *testing.T) {
	c := &camera{send: func(l *line) {
		for _, channel := range []byte{2, 3, 77, 255} {
			l.put(channel, soundPacket(l.seq+1000))
		}
		l.sound(3)
	}}
	c.play(t, camera1+"/live", nil)
}

// TestNoAggregate answers 459 to everything that is for all tracks at once.
func TestNoAggregate(t *testing.T) {
	c := &camera{sdp: twoTracks}
	c.on = func(l *line, r *request) *response {
		if slices.Contains([]string{"PLAY", "PAUSE", "TEARDOWN"}, r.method) && !strings.Contains(r.target, "trackID=") {
			return &response{status: 459}
		}
		return nil
	}
	c.edit = func(r *request, resp *response) {
		if r.method == "PLAY" {
			resp.header.add("RTP-Info", "url="+r.target+";seq=100;rtptime=0")
		}
	}
	c.play(t, camera1+"/film", func(t *testing.T, s *Session, _ *events) {
		expect(t, "PLAY", c.targets("PLAY"), "/film /film/trackID=1 /film/trackID=2")
		if err := s.Pause(t.Context()); err != nil {
			t.Error(err)
		}
		s.Close()
		expect(t, "PAUSE", c.targets("PAUSE"), "/film/trackID=1 /film/trackID=2")
		expect(t, "TEARDOWN", c.targets("TEARDOWN"), "/film/trackID=1 /film/trackID=2")
	})
}

// TestOnlyAggregate answers 460 to PLAY for any URL but the one it was asked to
// describe.
func TestOnlyAggregate(t *testing.T) {
	c := &camera{}
	c.on = func(l *line, r *request) *response {
		if r.method == "PLAY" && r.target != "rtsp://10.0.0.1/live" {
			return &response{status: 460}
		}
		return nil
	}
	c.edit = func(r *request, resp *response) {
		if r.method == "DESCRIBE" {
			resp.header.add("Content-Base", "rtsp://10.0.0.1/live/")
		}
	}
	c.play(t, camera1+"/live", func(t *testing.T, s *Session, _ *events) {
		expect(t, "PLAY", c.targets("PLAY"), "/live/ /live")
		s.Close()
		expect(t, "TEARDOWN", c.targets("TEARDOWN"), "/live")
	})
}

// TestFFmpegServer (-rtsp_flags listen) describes without controls, and may hang
// up at TEARDOWN.
func TestFFmpegServer(t *testing.T) {
	c := &camera{sdp: "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=No Name\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\na=tool:libavformat 58.76.100\r\nm=audio 0 RTP/AVP 0\r\n"}
	c.on = func(l *line, r *request) *response {
		if r.method == "TEARDOWN" {
			l.hangUp()
			return silence
		}
		return nil
	}
	c.play(t, camera1+"/live.sdp", func(t *testing.T, s *Session, _ *events) {
		expect(t, "SETUP", c.targets("SETUP"), "/live.sdp")
		start := time.Now()
		if s.Close(); time.Since(start) > time.Second {
			t.Errorf("it took %v", time.Since(start))
		}
	})
}

// TestPlayNotify is RTSP 2.0's word for the end.
func TestPlayNotify(t *testing.T) {
	c := &camera{sdp: filmSDP}
	c.play(t, camera1+"/film", func(t *testing.T, s *Session, _ *events) {
		c.line(1).write([]byte("PLAY_NOTIFY * RTSP/2.0\r\nCSeq: 1\r\nNotify-Reason: end-of-stream\r\nSession: 4711\r\n\r\n"))
		if _, err := readToEnd(t, s); err != io.EOF {
			t.Error(err)
		}
	})
}
