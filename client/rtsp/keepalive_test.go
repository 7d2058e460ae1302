package rtsp

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

// TestKeepaliveInterval has sessions of all lengths, paused, over TCP: the first
// keepalive comes after one interval, the session lives on.
func TestKeepalivePaused(t *testing.T) {
	for announced, want := range map[string]time.Duration{
		"4711":                           30 * time.Second, // RFC 2326's 60 s hold where none are told
		"4711;timeout=60":                30 * time.Second,
		"4711; Timeout = \"20\"":         10 * time.Second,
		"4711;timeout=8":                 3 * time.Second,
		"4711;timeout=5":                 2500 * time.Millisecond,
		"4711;timeout=1":                 time.Second,
		"4711;timeout=0":                 30 * time.Second,
		"4711;timeout=86400":             30 * time.Second,
		"4711;timeout=-1":                30 * time.Second,
		"4711;timeout=99999999999999999": 30 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: filmSDP, needs: "GET_PARAMETER", within: 2*want + time.Second}
			c.edit = func(r *request, resp *response) {
				if r.method == "SETUP" {
					resp.header = header{{"Session", announced}}
				}
			}
			s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
			start := time.Now()
			if err := s.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
			for len(c.requests("GET_PARAMETER")) == 0 {
				time.Sleep(50 * time.Millisecond)
			}
			if took := time.Since(start); took < want || took > want+2*watchEvery {
				t.Errorf("%s: the first after %v, want %v", announced, took, want)
			}
			time.Sleep(20 * want)
			if n := len(c.requests("GET_PARAMETER")); n < 18 || n > 22 {
				t.Errorf("%s: %d in twenty times %v", announced, n, want)
			}
			if err := s.Resume(t.Context()); err != nil {
				t.Errorf("%s: %v", announced, err)
			}
		})
	}
}

// TestKeepaliveUnanswered has a server that answers none: while media come that
// is no reason to end, while it is paused it is.
func TestKeepaliveUnanswered(t *testing.T) {
	mute := map[string]int{"GET_PARAMETER": 0}
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		c.change(func() { c.on = func(l *line, r *request) *response { return silence } })
		before := len(c.methods())
		c.stream(s, 10*time.Minute)
		want := "GET_PARAMETER GET_PARAMETER GET_PARAMETER OPTIONS OPTIONS OPTIONS GET_PARAMETER"
		if got := strings.Join(c.methods()[before:], " "); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
		s.d.conn.mu.Lock()
		defer s.d.conn.mu.Unlock()
		if n := len(s.d.pending); n > 1 {
			t.Errorf("%d requests wait for answers", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.change(func() { c.on = func(l *line, r *request) *response { return silence } })
		start := time.Now()
		_, err := readToEnd(t, s)
		rung, ok := errors.AsType[*media.RungError](err)
		if !ok || rung.Rung != media.RungTransport || err.Error() != "rtsp: keepalive: no answer in 1m30s" {
			t.Errorf("%v", err)
		}
		if took := time.Since(start).Round(time.Second); took != 2*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
	// One that answers another method lives.
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP, refuse: mute}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if err := s.Resume(t.Context()); err != nil || len(c.requests("GET_PARAMETER")) > 1 {
			t.Errorf("%v, %d times GET_PARAMETER", err, len(c.requests("GET_PARAMETER")))
		}
	})
}

// TestKeepaliveGone has a server that knows no such session: while media come it
// is the method that it does not know, while it is paused it is the session.
func TestKeepaliveGone(t *testing.T) {
	gone := func(_ *line, r *request) *response {
		if r.method == "GET_PARAMETER" || r.method == "OPTIONS" {
			return &response{status: 454}
		}
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		c.change(func() { c.on = gone })
		c.stream(s, 5*time.Minute)
	})
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.change(func() { c.on = gone })
		start := time.Now()
		if _, err := readToEnd(t, s); status(err) != 454 || time.Since(start) > 32*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// TestKeepaliveNonce has a nonce that runs out while nothing but keepalives is
// asked: the new one is used at once, before the session runs out.
func TestKeepaliveNonce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nonce := "1"
		c := &camera{t: t, sdp: filmSDP}
		c.on = func(l *line, r *request) *response {
			if !strings.Contains(r.header.get("Authorization"), `nonce="`+nonce+`"`) {
				return &response{status: 401, header: header{{"WWW-Authenticate", `Digest realm="r", nonce="` + nonce + `"`}}}
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://u:p@10.0.0.1/film", Config{})
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.change(func() { nonce = "2" })
		time.Sleep(31 * time.Second)
		if n := len(c.requests("GET_PARAMETER")); n != 2 {
			t.Errorf("%d keepalives", n)
		}
		// A server that never has enough is not asked all the time.
		c.change(func() {
			c.on = func(l *line, r *request) *response {
				nonce += "x"
				return &response{status: 401, header: header{{"WWW-Authenticate", `Digest realm="r", nonce="` + nonce + `", stale=true`}}}
			}
		})
		time.Sleep(5 * time.Minute)
		if n := len(c.requests("GET_PARAMETER")); n > 22 {
			t.Errorf("%d keepalives", n)
		}
	})
}

// TestKeepaliveWaits sends nothing while another request is out: cameras have
// room for one.
func TestKeepaliveWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{Timeouts: Timeouts{Pause: time.Minute, Silence: time.Hour}})
		c.change(func() {
			c.on = func(l *line, r *request) *response {
				if r.method == "PAUSE" {
					time.Sleep(45 * time.Second)
				}
				return nil
			}
		})
		time.Sleep(20 * time.Second)
		start := time.Now()
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(c.requests("GET_PARAMETER")); n != 0 || time.Since(start) < 40*time.Second {
			t.Errorf("%d keepalives in between", n)
		}
		time.Sleep(time.Minute)
		if n := len(c.requests("GET_PARAMETER")); n == 0 {
			t.Error("none after it")
		}
	})
}

func TestKeepaliveMethods(t *testing.T) {
	for _, c := range []struct{ server, public, want string }{
		{"", "OPTIONS, GET_PARAMETER, SET_PARAMETER", "GET_PARAMETER OPTIONS SET_PARAMETER"},
		{"", "OPTIONS, GET_PARAMETER", "GET_PARAMETER OPTIONS"},
		{"", "options set_parameter", "SET_PARAMETER OPTIONS"},
		{"", "DESCRIBE", "OPTIONS"},
		{"", "", "OPTIONS GET_PARAMETER"},
		{"gortsplib", "GET_PARAMETER, SET_PARAMETER", "GET_PARAMETER OPTIONS"},
		{"gortsplib", "SET_PARAMETER", "OPTIONS"},
		{"Hipcam RealServer/V1.0", "GET_PARAMETER, SET_PARAMETER", "OPTIONS SET_PARAMETER"},
	} {
		d := newDialogue(nil, "", nil)
		d.learn(&response{status: 200, header: header{{"Public", c.public}}})
		expect(t, c.server+" "+c.public, strings.Join(keepaliveMethods(c.server, d.has), " "), c.want)
	}
}
