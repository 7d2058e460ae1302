package rtsp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"tapedeck/client/login"
	"tapedeck/client/media"
)

// hostile is one input of sheet 7.2 from a server that means ill, or is broken
// beyond what devices are. It ends at a rung, in time, or plays all the same.
type hostile struct {
	name   string
	sdp    string // "" for soundSDP
	link   string // "" for one with a login
	on     func(l *line, r *request) *response
	rung   media.Rung // "" when it plays
	is     error
	text   string
	within time.Duration
	taken  int64 // bytes that the client may read; 0 for 1 MiB
	check  func(t *testing.T, c *camera, s *Session)
}

// slack is how much time more than it says a case may take.
const slack = time.Second

// maxAllocated bounds what one case may allocate, the camera's part included.
const maxAllocated = 48 << 20

func (h hostile) run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: h.sdp, on: h.on}
		if c.sdp == "" {
			c.sdp = soundSDP
		}
		link := h.link
		if link == "" {
			link = "rtspt://user:secret@10.0.0.1/x"
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		s, ev, err := c.open(link, Config{})
		if err == nil && h.rung == "" {
			readUntil(t, s, 40*time.Millisecond)
		} else if err == nil {
			_, err = readToEnd(t, s)
		}
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > maxAllocated {
			t.Errorf("%d bytes were allocated", n)
		}
		if took > h.within+slack {
			t.Errorf("it took %v", took)
		}
		if n := c.taken.Load(); n > max(h.taken, 1<<20) {
			t.Errorf("%d bytes were read", n)
		}
		if ev.has("secret") || strings.ContainsFunc(ev.String(), func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
			t.Errorf("secrets or control bytes in\n%s", ev)
		}
		h.judge(t, err, ev)
		if h.check != nil {
			h.check(t, c, s)
		}
	})
}

func (h hostile) judge(t *testing.T, err error, ev *events) {
	t.Helper()
	if h.rung == "" {
		if err != nil {
			t.Errorf("%v\n%s", err, ev)
		}
		return
	}
	rung, ok := errors.AsType[*media.RungError](err)
	switch {
	case !ok || rung.Rung != h.rung:
		t.Errorf("%v, not at %s\n%s", err, h.rung, ev)
	case h.is != nil && !errors.Is(err, h.is), !strings.Contains(err.Error(), h.text):
		t.Errorf("%v, want %q", err, h.text)
	case len(err.Error()) > 4*maxReason || strings.ContainsFunc(err.Error(), unicode.IsControl) || strings.Contains(err.Error(), "secret"):
		t.Errorf("the error is not fit to be shown: %q", err)
	}
}

// answers gives text as the answer to a method, CSeq and all; %s is the CSeq.
func answers(method, text string) func(*line, *request) *response {
	return func(l *line, r *request) *response {
		if r.method != method {
			return nil
		}
		l.write([]byte(strings.ReplaceAll(text, "%s", r.header.get("CSeq"))))
		return silence
	}
}

// slowly writes n pieces, one after each pause, as long as the client is there.
func (l *line) slowly(pause time.Duration, n int, piece func(i int) []byte) {
	l.c.workers.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for i := range n {
			select {
			case <-l.gone:
				return
			case <-tick.C:
				l.write(piece(i))
			}
		}
	})
}

// drip sends text a byte a second once a method was asked.
func drip(method, text string) func(*line, *request) *response {
	return func(l *line, r *request) *response {
		if r.method != method {
			return nil
		}
		l.slowly(time.Second, len(text), func(i int) []byte { return []byte{text[i]} })
		return silence
	}
}

// repeats sends text for as long as the client takes it, a piece every ten
// milliseconds, once a method was asked, and then answers as usual.
func repeats(method, text string) func(*line, *request) *response {
	return func(l *line, r *request) *response {
		if r.method == method {
			l.slowly(10*time.Millisecond, math.MaxInt, func(int) []byte { return []byte(text) })
		}
		return nil
	}
}

const described = "RTSP/1.0 200 OK\r\nCSeq: %s\r\n"

func TestHostileText(t *testing.T) {
	answered := "RTSP/1.0 200 OK\r\nCSeq: %s\r\nContent-Length: " + fmt.Sprint(len(soundSDP)) + "\r\n"
	big := strings.Repeat("x", 1<<20)
	for _, h := range []hostile{
		{name: "a status line without end", on: answers("OPTIONS", "RTSP/1.0 200 "+big),
			rung: media.RungReply, is: errTooLong, text: "rtsp: options: message is too long"},
		{name: "a status that is no number", on: answers("DESCRIBE", "RTSP/1.0 two hundred\r\n\r\n"), rung: media.RungReply, is: errMalformed},
		{name: "a status of 20 digits", on: answers("DESCRIBE", "RTSP/1.0 "+strings.Repeat("2", 20)+"\r\n\r\n"), rung: media.RungReply, is: errMalformed},
		{name: "10 000 headers", on: answers("OPTIONS", "RTSP/1.0 200 OK\r\n"+strings.Repeat("A: b\r\n", 10_000)+"\r\n"), rung: media.RungReply, is: errTooLong},
		{name: "a header folded 10 000 times", on: answers("OPTIONS", "RTSP/1.0 200 OK\r\nA: b\r\n"+strings.Repeat(" c\r\n", 20_000)+"\r\n"), rung: media.RungReply, is: errTooLong},
		{name: "a header without a colon", on: answers("DESCRIBE", answered+"nonsense\r\n: x\r\n\r\n"+soundSDP)},
		{name: "NULs", on: answers("DESCRIBE", "\x00\x00"+answered+"\x00X\x00: a\x00b\x00\r\n\r\n"+soundSDP)},
		{name: "$ in headers", on: answers("DESCRIBE", answered+"X: $\x00\x00\x05$$\r\n$\x01: 1\r\n\r\n"+soundSDP)},
		{name: "leading blanks", on: answers("DESCRIBE", "   \t "+answered+"\r\n"+soundSDP)},
		{name: "a request with leading blanks", on: answers("DESCRIBE", "  OPTIONS * RTSP/1.0\r\n  CSeq: 1\r\n\r\n"+answered+"\r\n"+soundSDP)}, // CVE-2013-6933

		{name: "Content-Length: -1", on: answers("DESCRIBE", described+"Content-Length: -1\r\n\r\n"), rung: media.RungReply, is: errMalformed, text: "Content-Length is not a number"},
		{name: "Content-Length: -9223372036854775808", on: answers("DESCRIBE", described+"Content-Length: -9223372036854775808\r\n\r\n"), rung: media.RungReply, is: errMalformed},
		{name: "Content-Length of 2^64", on: answers("DESCRIBE", described+"Content-Length: 18446744073709551616\r\n\r\n"), rung: media.RungReply, is: errMalformed},
		{name: "Content-Length of 2^63", on: answers("DESCRIBE", described+"Content-Length: 9223372036854775808\r\n\r\n"), rung: media.RungReply, is: errTooLong},
		{name: "Content-Length of 100 MiB", on: answers("DESCRIBE", described+"Content-Length: 104857600\r\n\r\n"+big), rung: media.RungReply, is: errTooLong, text: "above 1048576"},
		{name: "Content-Length of no number", on: answers("DESCRIBE", described+"Content-Length: 0x10\r\n\r\n"), rung: media.RungReply, is: errMalformed},
		{name: "two Content-Lengths", on: answers("DESCRIBE", described+"Content-Length: 5\r\nContent-Length: 6\r\n\r\nv=0\r\n"), rung: media.RungReply, is: errMalformed, text: "two Content-Lengths"},
		{name: "Content-Length of a 1xx", on: answers("DESCRIBE", "RTSP/1.0 100 Continue\r\nCSeq: %s\r\nContent-Length: 9999999999\r\n\r\n"+answered+"\r\n"+soundSDP)},
		{name: "Content-Length of a 3xx", on: answers("DESCRIBE", "RTSP/1.0 302 Found\r\nCSeq: %s\r\nLocation: http://h/\r\nContent-Length: 9999999999\r\n\r\n"), rung: media.RungReply, is: ErrRedirect},
		{name: "a body that is cut off", on: answers("DESCRIBE", described+"Content-Length: 500\r\n\r\nv=0\r\n"), rung: media.RungReply, text: "rtsp: describe: no answer in 30s", within: 30 * time.Second},
		{name: "a head that is cut off", on: answers("DESCRIBE", described), rung: media.RungReply, text: "rtsp: describe: no answer in 30s", within: 30 * time.Second},
		{name: "a byte a second", on: drip("DESCRIBE", strings.Repeat(described, 10)), rung: media.RungReply, text: "rtsp: describe: no answer in 30s", within: 30 * time.Second},

		{name: "100 for ever", on: answers("DESCRIBE", strings.Repeat("RTSP/1.0 100 Continue\r\nCSeq: %s\r\n\r\n", 10_000)), rung: media.RungReply, text: "rtsp: describe: 100 Continue"},
		{name: "100 now and then", on: slowContinues, rung: media.RungReply, text: "rtsp: open: no success in 1m0s", within: time.Minute},
		{name: "401 for ever", on: func(l *line, r *request) *response {
			l.seq++
			return &response{status: 401, header: header{{"WWW-Authenticate", fmt.Sprintf(`Digest realm="r", nonce="%d", stale=true`, l.seq)}}}
		}, rung: media.RungReply, is: login.ErrWanted, text: "refuses", check: func(t *testing.T, c *camera, _ *Session) {
			if n := len(c.methods()); n != maxTries {
				t.Errorf("%d requests", n)
			}
		}},
		{name: "3xx for ever", on: func(l *line, r *request) *response {
			return &response{status: 301, header: header{{"Location", fmt.Sprintf("rtsp://10.0.0.1/%d", l.number)}}}
		}, rung: media.RungReply, is: ErrRedirect, text: "one redirect too many", check: func(t *testing.T, c *camera, _ *Session) {
			if n := len(c.dialled); n != maxRedirects+1 {
				t.Errorf("%d connections", n)
			}
		}},
		{name: "a long way of closed connections", on: func(l *line, r *request) *response {
			l.write((&response{status: 401, header: header{{"CSeq", r.header.get("CSeq")}, {"WWW-Authenticate", `Digest realm="r", nonce="1", stale=true`}}}).append(nil))
			l.hangUp()
			return silence
		}, rung: media.RungReply, text: "closed the connection", check: func(t *testing.T, c *camera, _ *Session) {
			if n := len(c.dialled); n != maxReconnects+1 {
				t.Errorf("%d connections", n)
			}
		}},
		{name: "a storm of wrong CSeqs", on: answers("DESCRIBE", strings.Repeat("RTSP/1.0 200 OK\r\nCSeq: 99999999999999999999\r\n\r\n", 10_000)), rung: media.RungReply, text: "not a session description"},
		{name: "replies that nobody asked for", on: repeats("PLAY", strings.Repeat("RTSP/1.0 454 Gone\r\nCSeq: 2\r\n\r\nRTSP/1.0 200 OK\r\n\r\n", 20))},
		{name: "requests without end", on: repeats("PLAY", strings.Repeat("OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n", 20))},
		{name: "requests of unknown methods", on: repeats("PLAY", "FROBNICATE * RTSP/1.0\r\nCSeq: 2\r\n\r\n")},
		{name: "a request with a body of 1 MiB", on: answers("PLAY", "ANNOUNCE * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 1048576\r\n\r\n"+big), rung: media.RungSession, is: errTooLong},
		{name: "a reply to PLAY with a body of 1 MiB", on: answers("PLAY", described+"Content-Length: 1048576\r\n\r\n"+big), rung: media.RungSession, is: errTooLong, text: "above 65536"},

		{name: "a session of 1 MiB", on: answers("SETUP", described+"Session: "+big+"\r\n\r\n"), rung: media.RungSession, is: errTooLong},
		{name: "Public of 1 MiB", on: answers("OPTIONS", described+"Public: "+strings.Repeat("PLAY, ", 1<<18)+"\r\n\r\n"), rung: media.RungReply, is: errTooLong},
		{name: "60 kB of methods", on: answers("OPTIONS", described+"Public: A\r\n"+strings.Repeat(" "+strings.Repeat("QRS, ", 1000)+"\r\n", 12)+"\r\n")},
		{name: "a reason full of tricks", on: answers("DESCRIBE", "RTSP/1.0 404 \x1b[2J\x07rtsp://user:secret@h/ "+strings.Repeat("\u202e!", 1000)+"\r\nCSeq: %s\r\n\r\n"), rung: media.RungReply, text: "rtsp: describe: 404 "},
		{name: "a server's name full of tricks", on: answers("OPTIONS", described+"Server: \x1b[2Jrtsp://user:secret@h/\r\n\r\n")},
		{name: "Location with a line in it", on: answers("DESCRIBE", "RTSP/1.0 302 x\r\nCSeq: %s\r\nLocation: rtsp://10.0.0.1/a\x0b\x85\x00X: y\r\n\r\n"), rung: media.RungReply, is: ErrRedirect, within: 30 * time.Second},
		{name: "RTSP is HTTP", on: answers("OPTIONS", "HTTP/1.1 200 OK\r\n\r\n"), rung: media.RungReply, is: ErrHTTP},
		{name: "garbage", on: repeats("OPTIONS", strings.Repeat("x", 64<<10)), rung: media.RungTransport, is: errOutOfSync, taken: maxResync + wireBuffer, within: time.Second},
	} {
		t.Run(h.name, h.run)
	}
}

func slowContinues(l *line, r *request) *response {
	if r.method != "DESCRIBE" {
		return nil
	}
	l.slowly(20*time.Second, math.MaxInt, func(int) []byte {
		return []byte("RTSP/1.0 100 Continue\r\nCSeq: " + r.header.get("CSeq") + "\r\n\r\n")
	})
	return silence
}

// TestHostileDeaf is a server that reads nothing.
func TestHostileDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		cfg := Config{}
		cfg.Dial = pipeDialer(ours)
		start := time.Now()
		_, err := Open(t.Context(), parse(t, "rtspt://10.0.0.1/x"), cfg)
		rung, ok := errors.AsType[*media.RungError](err)
		if !ok || rung.Rung != media.RungReply || time.Since(start) > 2*writeTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func pipeDialer(nc net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return nc, nil }
}
