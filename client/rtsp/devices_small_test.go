package rtsp

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFoscam(t *testing.T) {
	c := &camera{refuse: map[string]int{"OPTIONS": 501}}
	c.play(t, camera1+"/videoMain", nil)
}

// TestXiongmai has the login in its path: it is sent as it stands, and not told.
func TestXiongmai(t *testing.T) {
	c := &camera{}
	const path = "/user=admin&password=geheim&channel=1&stream=0.sdp?real_stream"
	c.play(t, camera1+path, func(t *testing.T, s *Session, ev *events) {
		expect(t, "DESCRIBE", c.targets("DESCRIBE"), path)
		if ev.has("geheim") {
			t.Errorf("a secret in\n%s", ev)
		}
	})
}

// TestDoorbell is a class of Wi-Fi doorbells that knows CSeq in this case only,
// and that must be told who asks.
func TestDoorbell(t *testing.T) {
	c := &camera{}
	c.on = func(l *line, r *request) *response {
		if r.header[0].name != "CSeq" || r.header.get("User-Agent") == "" {
			return &response{status: 400}
		}
		return nil
	}
	c.play(t, camera1+"/live", nil)
}

// TestESP32 takes one request with each read, has no RTCP, and hangs up on what
// is no request. The second visit tells it nothing that it does not understand.
func TestESP32(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := new(Memory)
		c := &camera{t: t, sdp: soundSDP, server: "Micro-RTSP", shy: true}
		s, _ := c.mustOpen(camera1+"/mjpeg/1", Config{Memory: memory})
		if _, err := readToEnd(t, s); !errors.Is(err, ErrConnection) {
			t.Fatal(err)
		}
		s.Close()
		s, _ = c.mustOpen(camera1+"/mjpeg/1", Config{Memory: memory})
		stop := make(chan struct{})
		l := c.line(2)
		c.workers.Go(func() { l.keepSending(stop) })
		readUntil(t, s, time.Minute)
		close(stop)
	})
	// Each request is one write.
	var in bytes.Buffer
	r := request{method: "SETUP", target: "rtsp://h/a", header: header{{"User-Agent", "x"}}}
	k := newConn(nil, nil)
	writes := 0
	k.nc = writer(func(b []byte) { writes++; in.Write(b) })
	if _, err := k.send(&r, nil, nil); err != nil || writes != 1 || !strings.HasSuffix(in.String(), "\r\n\r\n") {
		t.Errorf("%d writes of %q, %v", writes, in.String(), err)
	}
}

// TestParrot insists on a Range.
func TestParrot(t *testing.T) {
	c := &camera{sdp: filmSDP}
	c.on = func(l *line, r *request) *response {
		if r.method == "PLAY" && r.header.get("Range") != "npt=0.000-" {
			return &response{status: 400}
		}
		return nil
	}
	c.play(t, camera1+"/live", nil)
}

// TestIQeye fails when a slash is put behind its address.
func TestIQeye(t *testing.T) {
	c := &camera{}
	c.on = func(l *line, r *request) *response {
		if slices.Contains([]string{"OPTIONS", "DESCRIBE"}, r.method) && strings.HasSuffix(r.target, "/") {
			return &response{status: 404}
		}
		return nil
	}
	c.play(t, camera1, func(t *testing.T, s *Session, _ *events) { expect(t, "DESCRIBE", c.targets("DESCRIBE"), "") })
}

// TestLuckfox has the SSRC in front of everything else.
func TestLuckfox(t *testing.T) {
	c := &camera{edit: func(r *request, resp *response) {
		if r.method == "SETUP" {
			resp.header = header{{"Session", "1"}, {"Transport", "RTP/AVP/TCP;ssrc=CAFE;unicast;interleaved=2-3"}}
		}
	}, send: func(l *line) {
		for range 3 {
			l.put(2, soundPacket(l.seq))
			l.seq++
		}
	}}
	c.play(t, camera1+"/live/0", nil)
}

// TestEscam answers that it sends over UDP, and sends over TCP: Q6.
func TestEscam(t *testing.T) {
	c := &camera{edit: func(r *request, resp *response) {
		if r.method == "SETUP" {
			resp.header = header{{"Session", "1"}, {"Transport", "RTP/AVP;unicast;interleaved=0-1"}}
		}
	}}
	c.play(t, camera1+"/", nil)
}

// TestLongse has blanks at the ends of its lines.
func TestLongse(t *testing.T) {
	c := &camera{edit: func(r *request, resp *response) {
		resp.header = append(header{{"CSeq", " " + r.header.get("CSeq") + " "}}, resp.header...)
		for i := range resp.header {
			resp.header[i].value += " \t"
		}
	}}
	c.play(t, camera1+"/11", nil)
}

// TestHipcam dies of GET_PARAMETER, which it says that it has.
func TestHipcam(t *testing.T) {
	c := &camera{server: "Hipcam RealServer/V1.0", needs: "OPTIONS", within: 60 * time.Second}
	c.on = func(l *line, r *request) *response {
		if r.method == "GET_PARAMETER" {
			l.hangUp()
			return silence
		}
		return nil
	}
	c.play(t, camera1+"/11", func(t *testing.T, s *Session, _ *events) { c.stream(s, 5*time.Minute) })
}

func TestThingino(t *testing.T) {
	c := &camera{refuse: map[string]int{"GET_PARAMETER": 454}, needs: "OPTIONS", within: time.Minute}
	c.play(t, camera1+"/ch0", func(t *testing.T, s *Session, _ *events) {
		c.stream(s, 5*time.Minute)
		if n := len(c.requests("GET_PARAMETER")); n != 1 {
			t.Errorf("%d times GET_PARAMETER", n)
		}
	})
}
