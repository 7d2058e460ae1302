package rtsptest

import (
	"bufio"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const tcpTransport = "RTP/AVP/TCP;unicast;interleaved=0-1"

func TestStatuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		setup  string // what is set up and played before
		ask    []string
		status int
	}{
		{"options of all", "", []string{"OPTIONS", "*"}, 200},
		{"unknown method", "", []string{"FOO", "/vod"}, 501},
		{"method that is not for players", "", []string{"RECORD", "/vod"}, 405},
		{"required option", "", []string{"DESCRIBE", "/vod", "Require", "com.real.retain-entity-for-setup"}, 551},
		{"nothing there", "", []string{"DESCRIBE", "/nothing"}, 404},
		{"description of a track", "", []string{"DESCRIBE", "/vod/trackID=0"}, 404},
		{"other description", "", []string{"DESCRIBE", "/vod", "Accept", "text/html"}, 406},
		{"bench of nonsense", "", []string{"DESCRIBE", "/bench?mbit=x"}, 404},
		{"setup of nothing", "", []string{"SETUP", "/nothing/trackID=0", "Transport", tcpTransport}, 404},
		{"setup of a third track", "", []string{"SETUP", "/vod/trackID=2", "Transport", tcpTransport}, 404},
		{"setup of the whole", "", []string{"SETUP", "/vod", "Transport", tcpTransport}, 459},
		{"setup without transport", "", []string{"SETUP", "/vod/trackID=0"}, 461},
		{"setup for multicast", "", []string{"SETUP", "/vod/trackID=0", "Transport", "RTP/AVP;multicast"}, 461},
		{"second choice", "", []string{"SETUP", "/vod/trackID=0", "Transport", "RTP/AVP;multicast," + tcpTransport}, 200},
		{"setup while playing", "/vod", []string{"SETUP", "/vod/trackID=0", "Transport", tcpTransport}, 455},
		{"play without session", "", []string{"PLAY", "/vod"}, 454},
		{"play of an unknown session", "", []string{"PLAY", "/vod", "Session", "1234"}, 454},
		{"play of one track of two", "/vod", []string{"PLAY", "/vod/trackID=0"}, 460},
		{"play of another path", "/vod", []string{"PLAY", "/live"}, 404},
		{"play past the end", "/vod", []string{"PLAY", "/vod", "Range", "npt=60-"}, 457},
		{"play of a bad range", "/vod", []string{"PLAY", "/vod", "Range", "npt=x-"}, 457},
		{"play by the clock", "/vod", []string{"PLAY", "/vod", "Range", "clock=19960213T143205Z-"}, 501},
		{"play while playing", "/vod", []string{"PLAY", "/vod"}, 200},
		{"play of live with a range", "/live", []string{"PLAY", "/live", "Range", "npt=0.000-"}, 200},
		{"pause of live", "/live", []string{"PAUSE", "/live"}, 455},
		{"pause on demand", "/vod", []string{"PAUSE", "/vod/"}, 200},
		{"keepalive", "/vod", []string{"GET_PARAMETER", "/vod"}, 200},
		{"keepalive by set", "/vod", []string{"SET_PARAMETER", "/vod"}, 200},
		{"teardown", "/vod", []string{"TEARDOWN", "/vod"}, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
				if test.setup != "" {
					c.setup(test.setup, 2)
					c.ok("PLAY", test.setup)
				}
				if a := c.do(test.ask[0], test.ask[1], test.ask[2:]...); a.status != test.status {
					t.Errorf("status %d, want %d", a.status, test.status)
				}
				synctest.Wait()
				log := s.Requests()
				if last := log[len(log)-1]; last.Method != test.ask[0] || last.Status != test.status || last.Conn != 1 {
					t.Errorf("log ends with %+v", last)
				}
			})
		})
	}
}

func TestBadRequests(t *testing.T) {
	for text, status := range map[string]int{
		"OPTIONS * RTSP/1.0\r\n\r\n":                                           400, // no CSeq
		"OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n":                                505,
		"GET / HTTP/1.1\r\n\r\n":                                               400,
		"OPTIONS\r\n\r\n":                                                      400,
		"OPTIONS * RTSP/1.0\r\nnonsense\r\n\r\n":                               400,
		"\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n":                        200,
		"$\x01\x00\x02abOPTIONS * RTSP/1.0\nCSeq: 1\n\n":                       200,
		"OPTIONS /" + strings.Repeat("x", maxLine) + "\n":                      400,
		"SET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 4\r\n\r\nping": 200,
		"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -4\r\n\r\n":          400,
		"OPTIONS * RTSP/1.0\r\n" + strings.Repeat("A: b\r\n", maxHeaders+1):    400,
	} {
		inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
			if a := c.raw(text); a.status != status {
				t.Errorf("%.40q: status %d, want %d", text, a.status, status)
			}
			go io.Copy(io.Discard, c.r)
		})
	}
}

func TestPublicSaysWhatLiveCannot(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		if public := c.ok("OPTIONS", "/live").header.Get("Public"); strings.Contains(public, "PAUSE") {
			t.Errorf("live: %s", public)
		}
		if public := c.ok("OPTIONS", "/vod").header.Get("Public"); !strings.Contains(public, "PAUSE") {
			t.Errorf("on demand: %s", public)
		}
	})
}

func TestDescriptions(t *testing.T) {
	for path, want := range map[string][]string{
		"/live":          {"a=range:npt=now-", "a=control:*", "a=control:trackID=1", "mpeg4-generic/48000/1", "config=1188", "H264/90000", "packetization-mode=1"},
		"/vod":           {"a=range:npt=0-60"},
		"/bench?mbit=20": {"a=control:" + host + "/bench?mbit=20/trackID=0", "b=AS:20000"},
	} {
		inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
			a := c.ok("DESCRIBE", path, "Accept", "application/sdp")
			if base := a.header.Get("Content-Base"); base != host+path+"/" {
				t.Errorf("%s: Content-Base %s", path, base)
			}
			for _, w := range want {
				if !strings.Contains(a.body, w) {
					t.Errorf("%s: no %q in\n%s", path, w, a.body)
				}
			}
		})
	}
}

func TestLogin(t *testing.T) {
	const user, password = "alice", "p@ss:w\"ord"
	md5hex := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	basic := func(password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	inBubble(t, Config{User: user, Password: password}, func(t *testing.T, s *Server, c *client) {
		a := c.do("DESCRIBE", "/vod")
		if got, want := a.header.Get("WWW-Authenticate"), `Basic realm="tapedeck"`; a.status != 401 || got != want {
			t.Errorf("%d, %s, want 401, %s", a.status, got, want)
		}
		if a := c.do("DESCRIBE", "/vod", "Authorization", basic("wrong")); a.status != 401 {
			t.Errorf("wrong password: %d", a.status)
		}
		c.ok("DESCRIBE", "/vod", "Authorization", basic(password))
		c.ok("OPTIONS", "/vod")
	})
	inBubble(t, Config{User: user, Password: password, Digest: true}, func(t *testing.T, s *Server, c *client) {
		challenge := c.do("DESCRIBE", "/vod").header.Get("WWW-Authenticate")
		nonce := parseParams(strings.TrimPrefix(challenge, "Digest "))["nonce"]
		digest := func(password, method, uri, qop string) string {
			middle, tail := "", ""
			if qop != "" {
				middle, tail = ":00000001:c:"+qop, `, qop=auth, nc=00000001, cnonce="c"`
			}
			response := md5hex(md5hex(user+":tapedeck:"+password) + ":" + nonce + middle + ":" + md5hex(method+":"+uri))
			return fmt.Sprintf(`Digest username="%s", realm="tapedeck", nonce="%s", uri="%s", response="%s"%s`, user, nonce, uri, response, tail)
		}
		uri := host + "/vod"
		for name, test := range map[string]struct {
			field  string
			status int
		}{
			"right":          {digest(password, "DESCRIBE", uri, ""), 200},
			"right with qop": {digest(password, "DESCRIBE", uri, "auth"), 200},
			"wrong password": {digest("wrong", "DESCRIBE", uri, ""), 401},
			"wrong method":   {digest(password, "SETUP", uri, ""), 401},
			"wrong uri":      {digest(password, "DESCRIBE", "/vod", ""), 401},
			"Basic":          {basic(password), 401},
			"none":           {"", 401},
		} {
			if a := c.do("DESCRIBE", "/vod", "Authorization", test.field); a.status != test.status {
				t.Errorf("%s: %d, want %d", name, a.status, test.status)
			}
		}
	})
}

func TestRefuseUDP(t *testing.T) {
	inBubble(t, Config{RefuseUDP: true}, func(t *testing.T, s *Server, c *client) {
		if a := c.do("SETUP", "/vod/trackID=0", "Transport", "RTP/AVP;unicast;client_port=6000-6001"); a.status != 461 {
			t.Errorf("UDP: %d", a.status)
		}
		c.setup("/vod", 2)
	})
}

func TestTransportIsNotMixed(t *testing.T) {
	s := NewServer(Config{})
	defer s.Close()
	c := dial(t, s)
	c.ok("SETUP", "/vod/trackID=0", "Transport", "RTP/AVP;unicast;client_port=6000-6001")
	if a := c.do("SETUP", "/vod/trackID=1", "Transport", tcpTransport); a.status != 461 {
		t.Errorf("TCP after UDP: %d", a.status)
	}
	if got, want := s.Methods(), []string{"SETUP", "SETUP"}; !slices.Equal(got, want) {
		t.Errorf("methods %v, want %v", got, want)
	}
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestSessionTimesOut(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		c.setup("/vod", 2)
		for range 3 {
			time.Sleep(sessionTimeout - time.Second)
			c.ok("OPTIONS", "/vod")
		}
		asked := time.Now()
		if _, err := c.next(); err != io.EOF {
			t.Fatalf("got %v, want the end", err)
		}
		if got := time.Since(asked); got != sessionTimeout {
			t.Errorf("cut after %v", got)
		}
	})
}

func TestParseTransport(t *testing.T) {
	for _, test := range transports {
		got, err := parseTransport(test.field, 1)
		if (err == nil) != (test.want != nil) || err == nil && !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %+v, %v, want %+v", test.field, got, err, test.want)
		}
	}
}

var transports = []struct {
	field string
	want  *transport // nil: an error
}{
	{"RTP/AVP;unicast;client_port=4588-4589", &transport{low: 4588, high: 4589}},
	{"RTP/AVP/UDP;unicast;client_port=4588", &transport{low: 4588, high: 4589}},
	{"rtp/avp/tcp;unicast;interleaved=4-5;mode=PLAY", &transport{tcp: true, low: 4, high: 5}},
	{"RTP/AVP/TCP", &transport{tcp: true, low: 2, high: 3}},
	{"RTP/SAVP;unicast;client_port=1-2, RTP/AVP ;unicast; client_port=6-7", &transport{low: 6, high: 7}},
	{"RTP/AVP;unicast", nil},
	{"RTP/AVP;multicast", nil},
	{"RTP/AVP;unicast;client_port=70000-70001", nil},
	{"RTP/AVP;unicast;client_port=x", nil},
	{"RTP/AVP/TCP;interleaved=255-256", nil},
	{"RTP/AVP/TCP;interleaved=-1", nil},
	{"", nil},
}

func TestParseRange(t *testing.T) {
	for _, test := range ranges {
		start, end, err := parseRange(test.field)
		if err != test.err || start != test.start || end != test.end {
			t.Errorf("%q: %v, %v, %v", test.field, start, end, err)
		}
	}
}

var ranges = []struct {
	field      string
	start, end time.Duration
	err        error
}{
	{"npt=0-", 0, 0, nil},
	{"npt=10.5-20", 10500 * time.Millisecond, 20 * time.Second, nil},
	{"npt=now-", 0, 0, nil},
	{"npt=0:01:05.25-", 65250 * time.Millisecond, 0, nil},
	{"npt=3-;time=19970123T143720Z", 3 * time.Second, 0, nil},
	{"npt=20-10", 0, 0, errRange},
	{"npt=-30", 0, 0, errRange},
	{"npt=NaN-", 0, 0, errRange},
	{"npt=1e300-", 0, 0, errRange},
	{"npt=10", 0, 0, errRange},
	{"npt=1:2-", 0, 0, errRange},
	{"smpte=10:12:33:20-", 0, 0, errRangeUnit},
	{"", 0, 0, errRangeUnit},
}

// FuzzRequest feeds the parsers of all that a client writes.
func FuzzRequest(f *testing.F) {
	for _, test := range transports {
		f.Add("SETUP rtsp://h/vod/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: " + test.field + "\r\n\r\n")
	}
	for _, test := range ranges {
		f.Add("PLAY rtsp://h/vod RTSP/1.0\r\nCSeq: 1\r\nRange: " + test.field + "\r\n\r\n")
	}
	f.Add("DESCRIBE rtsp://h/bench?mbit=1&pace=0 RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Digest username=\"a\\\"b\", realm=c , x\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		req, err := readRequest(bufio.NewReaderSize(strings.NewReader(text), maxLine))
		if err != nil {
			return
		}
		s := newServer(Config{})
		_, path, _ := splitURL(req.url)
		if src, err := s.source(path); err == nil {
			src.describe(req.url)
		}
		parseTransport(req.header.Get("Transport"), 0)
		parseParams(req.header.Get("Authorization"))
		if start, end, err := parseRange(req.header.Get("Range")); err == nil && (start < 0 || end < 0) {
			t.Errorf("range %v to %v", start, end)
		}
	})
}
