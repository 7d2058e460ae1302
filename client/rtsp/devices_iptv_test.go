package rtsp

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

// transportStreams sends three packets of seven transport stream packets each,
// in RTP, 20 ms apart.
func transportStreams(l *line) {
	for range 3 {
		p := append(soundPacket(l.seq)[:12], tsPackets(7)...)
		p[1] = 33
		p[6], p[7] = byte(uint32(l.seq-100)*1800>>8), byte((l.seq-100)*1800)
		l.seq++
		l.put(0, p)
	}
}

// tsPackets is n null packets of a transport stream.
func tsPackets(n int) []byte {
	b := make([]byte, n*tsPacket)
	for i := 0; i < len(b); i += tsPacket {
		copy(b[i:], []byte{tsSync, 0x1f, 0xff, 0x10})
	}
	return b
}

const tsSDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nm=video 0 MP2T/RTP/TCP 33\r\na=control:trackID=2\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=3\r\n"

// TestHuaweiHMS gives a session with its OPTIONS and wants it back: else it hangs
// up. It takes a list of transports and sends the transport stream bare.
func TestHuaweiHMS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, server: "HMS_V1R2", sdp: tsSDP}
		c.on = func(l *line, r *request) *response {
			if r.method != "OPTIONS" && r.header.get("Session") != "0021EE8E" {
				l.hangUp()
				return silence
			}
			return nil
		}
		c.edit = func(r *request, resp *response) {
			switch r.method {
			case "OPTIONS":
				resp.header.add("Session", "0021EE8E;timeout=30")
			case "SETUP":
				resp.header = header{{"Session", "0021EE8E;timeout=30"}, {"Transport", "MP2T/TCP;unicast;interleaved=0-1;source=10.0.0.1"}}
			}
		}
		c.send = func(l *line) {
			for range 3 {
				l.put(0, tsPackets(7))
			}
		}
		s, ev := c.mustOpen(camera1+"/PLTV/88888888/224/3221225618/1.smil", Config{})
		expect(t, "Transport", c.requests("SETUP")[0].header.get("Transport"),
			"MP2T/RTP/TCP;unicast;interleaved=0-1,MP2T/TCP;unicast;interleaved=0-1,RTP/AVP/TCP;unicast;interleaved=0-1")
		if i := s.Info(); i.ContentType != "video/mp2t" || i.Tracks[0].Codec != media.MPEGTS || i.Tracks[1].Problem == "" || len(c.requests("SETUP")) != 1 {
			t.Errorf("%+v\n%s", i, ev)
		}
		l := c.line(1)
		time.Sleep(time.Second)
		l.put(0, tsPackets(3))
		l.write([]byte("half of a frame"))
		l.put(0, tsPackets(2))
		l.put(0, tsPackets(2)) // the stream is found again
		l.write([]byte("ANNOUNCE * RTSP/1.0\r\nCSeq: 1\r\nSession: 0021EE8E\r\n\r\n"))
		var data []byte
		for {
			k, err := s.Next(t.Context())
			if err == io.EOF { // ANNOUNCE is the end here
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, k.Data...)
		}
		if len(data) != (3*7+3+2+2)*tsPacket {
			t.Errorf("%d bytes", len(data))
		}
	})
}

// TestZTE has a scheduler that sends each visitor to a server with a link that
// holds once: a new connection begins at the scheduler. The server itself does
// not say what it is.
func TestZTE(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: tsSDP, send: transportStreams}
		visits := map[string]bool{}
		c.on = func(l *line, r *request) *response {
			switch {
			case strings.HasPrefix(r.target, "rtsp://10.0.0.1/"):
				token := string(rune('a' + l.number))
				return &response{status: 302, header: header{{"Server", "ZMSS/1.0"},
					{"Location", "rtsp://10.0.0.2:1554/live/ch1?token=" + token + "&GuardEncType=2"}, {"Content-Length", "5000"}}}
			case r.method == "OPTIONS":
				if visits[r.target] {
					return &response{status: 403}
				}
				visits[r.target] = true
				if len(visits) == 1 {
					return silence // and a new connection is made
				}
			case r.method == "DESCRIBE" && l.number == 3:
				return &response{status: 403} // without the scheduler
			}
			return nil
		}
		s, ev := c.mustOpen(camera1+"/iptv/ch1?userid=7", Config{})
		readUntil(t, s, 40*time.Millisecond)
		expect(t, "dialled", strings.Join(c.dialled, " "), "10.0.0.1:554 10.0.0.2:1554 10.0.0.1:554 10.0.0.2:1554")
		if list := c.requests("SETUP")[0].header.get("Transport"); !strings.HasPrefix(list, "MP2T/RTP/TCP;unicast;interleaved=0-1,") {
			t.Error(list)
		}
		if ev.has("token=b") || ev.has("token=c") {
			t.Errorf("a token in\n%s", ev)
		}
	})
}

// TestFonsView describes nothing: there is one transport stream.
func TestFonsView(t *testing.T) {
	c := &camera{server: "FonsView RTSP Server", sdp: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n", send: transportStreams}
	c.play(t, camera1+"/live/1", func(t *testing.T, s *Session, _ *events) {
		expect(t, "SETUP", c.targets("SETUP"), "/live/1")
	})
}

// TestNoTelco asks other servers for one transport only, and ANNOUNCE is not
// their end.
func TestNoTelco(t *testing.T) {
	c := &camera{server: "HWS", sdp: "v=0\r\nm=video 0 RAW/RAW/UDP 33\r\na=control:1\r\n", send: transportStreams}
	c.play(t, camera1+"/live/1", func(t *testing.T, s *Session, _ *events) {
		expect(t, "Transport", c.requests("SETUP")[0].header.get("Transport"), "RTP/AVP/TCP;unicast;interleaved=0-1")
		l := c.line(1)
		l.write([]byte("ANNOUNCE * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nv=0\r\n"))
		transportStreams(l)
		readUntil(t, s, 100*time.Millisecond)
	})
}

// TestSATIP tunes with SETUP: DESCRIBE knows only what is watched already, and
// the reply to SETUP names the stream.
func TestSATIP(t *testing.T) {
	const tuning = "/?src=1&freq=11494&pol=h&msys=dvbs2&sr=22000&pids=0,16,5100"
	for _, code := range []int{404, 454} {
		c := &camera{send: transportStreams, refuse: map[string]int{"DESCRIBE": code}, public: "OPTIONS,SETUP,PLAY,TEARDOWN,DESCRIBE"}
		c.edit = func(r *request, resp *response) {
			if r.method == "SETUP" {
				resp.header.add("com.ses.streamID", "7")
			}
		}
		c.play(t, camera1+tuning, func(t *testing.T, s *Session, _ *events) {
			expect(t, "SETUP", c.targets("SETUP"), tuning)
			expect(t, "PLAY", c.targets("PLAY"), "/stream=7")
			if i := s.Info(); i.Tracks[0].Codec != media.MPEGTS || !i.Live {
				t.Errorf("%+v", i)
			}
			s.Close()
			expect(t, "TEARDOWN", c.targets("TEARDOWN"), "/stream=7")
		})
	}
	synctest.Test(t, func(t *testing.T) { // no tuner is free
		c := &camera{t: t, refuse: map[string]int{"DESCRIBE": 404, "SETUP": 503}}
		if _, _, err := c.open(camera1+tuning, Config{}); status(err) != 503 {
			t.Error(err)
		}
	})
}

func TestStreamURL(t *testing.T) {
	for id, want := range map[string]string{
		"7": "rtsp://h:554/stream=7", " 12 ": "rtsp://h:554/stream=12", "": "rtsp://h:554/?freq=1",
		"x": "rtsp://h:554/?freq=1", "1/../2": "rtsp://h:554/?freq=1", "12345678901": "rtsp://h:554/?freq=1",
	} {
		expect(t, id, streamURL("rtsp://h:554/?freq=1", header{{"Com.Ses.StreamID", id}}), want)
	}
}
