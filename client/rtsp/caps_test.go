package rtsp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"tapedeck/client/login"
	"tapedeck/client/sdp"
)

// TestCaps exercises the bounds of sheet 7.3 and the others of this package,
// each at its limit and one beyond.
func TestCaps(t *testing.T) {
	read := func(in string, body func() int) error {
		w := testWire(strings.NewReader(in))
		w.limit = body
		got, err := drain(w)
		if len(got) == 1 {
			return nil
		}
		return err
	}
	other := func() int { return maxOtherBody }
	const start = "RTSP/1.0 200 OK\r\n"
	for _, c := range []struct {
		name  string
		limit int
		try   func(n int) error // of n units of what is bounded
		is    error
	}{
		{"a line", maxLine, func(n int) error { return read(start+"A: "+strings.Repeat("x", n-3)+"\r\n\r\n", nil) }, errTooLong},
		{"lines, the first among them", maxHeaders, func(n int) error { return read(start+strings.Repeat("A: b\r\n", n-1)+"\r\n", nil) }, errTooLong},
		{"a head, without its empty line", maxHead, func(n int) error {
			line := "A: " + strings.Repeat("x", 1019) + "\r\n" // 1024 bytes
			head := start + strings.Repeat(line, 63)
			return read(head+"B: "+strings.Repeat("x", n-len(head)-5)+"\r\n\r\n", nil)
		}, errTooLong},
		{"a description", maxBody, func(n int) error {
			return read(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", start, n, strings.Repeat("x", n)), nil)
		}, errTooLong},
		{"another body", maxOtherBody, func(n int) error {
			return read(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", start, n, strings.Repeat("x", n)), other)
		}, errTooLong},
		{"a request's body", maxRequestBody, func(n int) error {
			return read(fmt.Sprintf("ANNOUNCE * RTSP/1.0\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n)), nil)
		}, errTooLong},
		{"a method", maxMethod, func(n int) error {
			_, err := parseRequest([]byte(strings.Repeat("A", n) + " * RTSP/1.0\r\n\r\n"))
			return err
		}, errMalformed},
		{"bytes to skip", maxResync, func(n int) error { return read(strings.Repeat("x", n)+okReply, nil) }, errOutOfSync},
		{"alternatives of Transport", maxAlternatives, func(n int) error {
			_, err := parseTransport(strings.Repeat("x/y,", n-1) + "RTP/AVP/TCP;interleaved=0-1")
			return err
		}, errTransportSyntax},
		{"a session's name", maxSessionID, func(n int) error {
			if id, _ := parseSession(strings.Repeat("x", n)); id == "" {
				return errTooLong
			}
			return nil
		}, errTooLong},
		{"entries of RTP-Info", maxInfos, func(n int) error { return more(n, len(parseRTPInfo(strings.Repeat("seq=1,", n)))) }, errTooLong},
		{"a base URL", maxURL, func(n int) error {
			u := "rtsp://h/" + strings.Repeat("x", n-9)
			if baseURL("rtsp://asked/", header{{"Content-Base", u}}) != u {
				return errTooLong
			}
			return nil
		}, errTooLong},
		{"a control URL", maxURL, func(n int) error {
			if len(controlCandidates("rtsp://h/", strings.Repeat("x", n-9), "rtsp://h/")[0]) != n {
				return errTooLong
			}
			return nil
		}, errTooLong},
		{"media of a description", sdp.MaxMedia, func(n int) error {
			s, err := sdp.Parse([]byte("v=0\n" + uniqueMedia(n)))
			return errors.Join(err, more(n, len(s.Media)))
		}, errTooLong},
		{"tracks", maxTracks, func(n int) error {
			s, err := sdp.Parse([]byte("v=0\n" + uniqueMedia(n)))
			return errors.Join(err, more(n, len(describeTracks(s, false, false))))
		}, errTooLong},
		{"hosts to remember", maxMemory, func(n int) error {
			m := new(Memory)
			for i := range n {
				m.set(fmt.Sprint(i), overTCP)
			}
			return more(n, len(m.hosts))
		}, errTooLong},
		{"redirects", maxRedirects, func(n int) error {
			return talk(t, func(l *line, r *request) *response {
				if l.number <= n {
					return &response{status: 302, header: header{{"Location", fmt.Sprint("/", l.number)}}}
				}
				return nil
			})
		}, ErrRedirect},
		{"logins for one request", login.Max, func(n int) error {
			tries := 0
			return talk(t, func(l *line, r *request) *response {
				if tries++; tries <= n {
					return &response{status: 401, header: header{{"WWW-Authenticate", `Digest realm="r", nonce="n", stale=true`}}}
				}
				return nil
			})
		}, login.ErrWanted},
		{"new connections", maxReconnects, func(n int) error {
			return talk(t, func(l *line, r *request) *response {
				if l.number > n {
					return nil
				}
				resp := &response{status: 401, header: header{{"CSeq", r.header.get("CSeq")}, {"WWW-Authenticate", fmt.Sprintf(`Digest realm="r", nonce="%d", stale=true`, l.number)}}}
				l.write(resp.append(nil))
				l.hangUp()
				return silence
			})
		}, errClosedAsking},
		{"1xx to one request", maxContinues, func(n int) error {
			return talk(t, func(l *line, r *request) *response {
				if r.method == "DESCRIBE" {
					l.write([]byte(strings.Repeat("RTSP/1.0 100 Continue\r\nCSeq: 2\r\n\r\n", n)))
				}
				return nil
			})
		}, &StatusError{Method: "DESCRIBE", Code: 100, Reason: "Continue"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.try(c.limit); err != nil {
				t.Errorf("%d: %v", c.limit, err)
			}
			if err := c.try(c.limit + 1); err == nil || !errors.Is(err, c.is) && !strings.Contains(err.Error(), c.is.Error()) {
				t.Errorf("%d: %v, want %v", c.limit+1, err, c.is)
			}
		})
	}
	if n := 2 * maxTracks; n > 128 {
		t.Errorf("%d channels", n)
	}
}

// more is errTooLong when fewer were kept than came.
func more(came, kept int) error {
	if kept < came {
		return errTooLong
	}
	return nil
}

// talk opens a link on a camera in a bubble of its own.
func talk(t *testing.T, on func(*line, *request) *response) (err error) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP, on: on}
		var s *Session
		if s, _, err = c.open("rtspt://user:secret@10.0.0.1/x", Config{}); err == nil {
			readUntil(t, s, 0)
		}
	})
	return err
}
