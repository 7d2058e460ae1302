package mms

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/dial"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/mms/wire"
)

// TestHTTPAnswers: what a server may say in place of a description.
func TestHTTPAnswers(t *testing.T) {
	const web = "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\n\r\n"
	for _, row := range []struct {
		name, answer string
		user         bool
		check        func(err error) bool
	}{
		{"not found", "HTTP/1.0 404 Not Found\r\nServer: Cougar/9.1.1.5001\r\n\r\n", false, isStatus(404, false)},
		{"busy", "HTTP/1.0 503 Busy\x1b[31m\r\nServer: Rex/9.0.0.2980\r\n\r\n", false, isStatus(503, false)},
		{"not found by another kind of server", "HTTP/1.1 404 Not Found\r\nServer: Apache\r\n\r\n", false, isStatus(404, true)},
		{"a login", "HTTP/1.0 401 No\r\nServer: Cougar/9.1\r\nWWW-Authenticate: NTLM\r\n\r\n", false, is(login.ErrWanted)},
		{"a login of an unknown kind", "HTTP/1.0 401 No\r\nWWW-Authenticate: Kerberos\r\n\r\n", true, is(login.ErrWanted)},
		{"a proxy", "HTTP/1.0 305 Use Proxy\r\nServer: Cougar/9.1\r\nLocation: http://10.0.0.1/\r\n\r\n", false, is(errProxy)},
		{"another protocol", "HTTP/1.0 302 Found\r\nServer: Cougar/9.1\r\nLocation: rtsp://10.0.0.1/a\r\n\r\n", false, isRedirect("rtsp://10.0.0.1/a")},
		{"mms", "HTTP/1.0 301 Found\r\nLocation: mms://10.0.0.1/a%20b?c\r\n\r\n", false, isRedirect("mms://10.0.0.1/a%20b?c")},
		{"a list", web + "<ASX version=3><entry><ref href=\"mms://a/b\"></entry></ASX>", false, isList},
		{"an old list", web + "[Reference]\r\nRef1=http://a/b?MSWMExt=.asf\r\n", false, isList},
		{"a web page", web + "<html><body>$H</body></html>", false, is(errWebServer)},
		{"a picture", web + "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 1000), false, is(errWebServer)},
		{"a file", web + string(mmstest.Sample()), false, isRedirect("http://")},
		{"nothing", web, false, is(ErrProtocol)},
		{"an error in the body", someHead + endChunk(wire.ChunkEnd, 0xC00D001A), false, isCode(0xC00D001A)},
		{"no header", someHead + endChunk(wire.ChunkEnd, 0), false, is(ErrProtocol)},
		{"TLS", "\x15\x03\x01\x00\x02\x02\x28", false, is(ErrProtocol)},
		{"RTSP", "RTSP/1.0 400 Bad Request\r\n\r\n", false, is(ErrProtocol)},
		{"hangs up", "", false, is(errUnanswered)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := &rawServer{answer: func(int, string) string { return row.answer }}
			at := s.start(t)
			if row.user {
				at = "user:secret@" + at
			}
			_, _, err := httpTo(t, linkTo(at), Config{Timeouts: Timeouts{Connect: time.Second}})
			if err == nil || !row.check(err) {
				t.Fatalf("%v", err)
			}
			if at, ok := errors.AsType[*media.RungError](err); !ok || at.Rung != media.RungReply {
				t.Errorf("%v: no rung", err)
			}
			if strings.ContainsAny(err.Error(), "\x1b\r\n") || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q", err)
			}
		})
	}
}

func is(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }

func isStatus(code int, foreign bool) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*StatusError](err)
		return ok && e.Code == code && errors.Is(err, ErrProtocol) == foreign
	}
}

func isCode(code HResult) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*ServerError](err)
		return ok && e.Code == code
	}
}

func isRedirect(prefix string) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*RedirectError](err)
		return ok && strings.HasPrefix(e.Link, prefix)
	}
}

func isList(err error) bool {
	e, ok := errors.AsType[*MetafileError](err)
	return ok && len(e.Body) > 0 && !e.Public
}

// TestHTTPScriptCommand: how servers redirect players that know no redirect.
func TestHTTPScriptCommand(t *testing.T) {
	const to = "rtsp://other.example/there.asf"
	s := webServer(t, mmstest.Options{Redirect: map[string]string{"gone.asf": to}, Web: mmstest.WebOptions{ScriptRedirect: true}})
	if _, _, err := httpTo(t, s.URL("mmsh", "gone.asf"), Config{}); !isRedirect(to)(err) {
		t.Errorf("%v", err)
	}
}

// TestHTTPRedirects: they are followed to servers of this protocol, with bounds,
// and the password stays where it belongs.
func TestHTTPRedirects(t *testing.T) {
	t.Run("to another server", func(t *testing.T) {
		there := &rawServer{answer: func(_ int, r string) string { return describes(okHead) }}
		to := there.start(t)
		here := &rawServer{answer: func(n int, r string) string {
			if n == 1 {
				return "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n\r\n" + keepOpen
			}
			return "HTTP/1.1 302 Found\r\nLocation: http://" + to + "/other.asf\r\n\r\n"
		}}
		l, o := mustHTTP(t, "mmsh://user:secret@"+here.start(t)+"/film.asf", Config{})
		if !strings.Contains(o.notes(), "redirected to http://"+to+"/other.asf") {
			t.Errorf("notes %q", o.notes())
		}
		if r := here.asked(); len(r) != 2 || !strings.Contains(r[1], "Authorization: Basic") {
			t.Errorf("asked %q", r)
		}
		if r := there.asked(); len(r) != 1 || strings.Contains(r[0], "uthorization:") || !strings.HasPrefix(r[0], "GET /other.asf ") || l.to.HasUser {
			t.Errorf("asked %q", r)
		}
	})
	t.Run("relative", func(t *testing.T) {
		s := &rawServer{answer: func(n int, r string) string {
			if n == 1 {
				return "HTTP/1.1 302 Found\r\nLocation: /b/c.asf?d\r\n\r\n"
			}
			return describes(okHead)
		}}
		mustHTTP(t, linkTo(s.start(t)), Config{})
		if r := s.asked(); len(r) != 2 || !strings.HasPrefix(r[1], "GET /b/c.asf?d ") {
			t.Errorf("asked %q", r)
		}
	})
	t.Run("in a circle", func(t *testing.T) {
		s := &rawServer{}
		s.answer = func(n int, r string) string { return fmt.Sprintf("HTTP/1.1 302 Found\r\nLocation: /%d\r\n\r\n", n%3) }
		if _, _, err := httpTo(t, linkTo(s.start(t)), Config{}); !errors.Is(err, errLoops) || len(s.asked()) > 5 {
			t.Errorf("%v after %d", err, len(s.asked()))
		}
	})
	t.Run("without end", func(t *testing.T) {
		s := &rawServer{answer: func(n int, r string) string { return fmt.Sprintf("HTTP/1.1 302 Found\r\nLocation: /%d\r\n\r\n", n) }}
		if _, _, err := httpTo(t, linkTo(s.start(t)), Config{}); !errors.Is(err, errHops) || len(s.asked()) != maxHops+1 {
			t.Errorf("%v after %d", err, len(s.asked()))
		}
	})
	t.Run("to a web page", func(t *testing.T) {
		s := &rawServer{answer: func(n int, r string) string {
			if n == 1 {
				return "HTTP/1.1 302 Found\r\nLocation: /page\r\n\r\n"
			}
			return "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n<html>"
		}}
		at := s.start(t)
		if _, _, err := httpTo(t, linkTo(at), Config{}); !isRedirect("http://" + at + "/page")(err) {
			t.Errorf("%v", err)
		}
	})
}

// TestHTTPOldRequest: a server that refuses HTTP/1.1 is asked in 1.0.
func TestHTTPOldRequest(t *testing.T) {
	s := &rawServer{answer: func(n int, r string) string {
		if strings.Contains(r, "HTTP/1.1\r\n") {
			return "HTTP/1.0 400 Bad Request\r\n\r\n"
		}
		return describes(okHead)
	}}
	mustHTTP(t, linkTo(s.start(t)), Config{})
	if r := s.asked(); len(r) != 2 || strings.Contains(r[1], "pipeline") {
		t.Errorf("%q", r)
	}
}

// TestHTTPReasonIsCleaned: the words of a status line are in an event.
func TestHTTPReasonIsCleaned(t *testing.T) {
	s := &rawServer{answer: func(int, string) string {
		return "HTTP/1.0 404 No\u009b31m\u202e" + strings.Repeat("x", 1000) + "\r\nServer: Cougar/9.1\r\n\r\n"
	}}
	_, o, _ := httpTo(t, linkTo(s.start(t)), Config{})
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.events {
		if step, ok := e.(media.Step); ok && (strings.ContainsAny(step.Detail, "\u009b\u202e") || len(step.Detail) > 200) {
			t.Errorf("%q", step.Detail)
		}
	}
}

// TestHTTPPublic: a server of the public network does not lead inside.
func TestHTTPPublic(t *testing.T) {
	for name, row := range map[string]struct {
		answer string
		check  func(error) bool
	}{
		"inside":          {"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/a\r\n\r\n", is(dial.ErrPrivate)},
		"another program": {"HTTP/1.1 302 Found\r\nLocation: rtsp://10.0.0.1/a\r\n\r\n", func(err error) bool { r, ok := errors.AsType[*RedirectError](err); return ok && r.Public }},
		"a list":          {"HTTP/1.1 200 OK\r\n\r\n[Reference]\r\nRef1=http://10.0.0.1/a\r\n", func(err error) bool { r, ok := errors.AsType[*MetafileError](err); return ok && r.Public }},
	} {
		cfg := Config{Dial: func(_ context.Context, _, to string) (net.Conn, error) {
			host, _, _ := net.SplitHostPort(to)
			return &cannedConn{reply: []byte(row.answer), far: net.ParseIP(host)}, nil
		}}
		if _, _, err := httpTo(t, "mmsh://198.51.100.7/film.asf", cfg); !row.check(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHTTPCookies: they go back with every request.
func TestHTTPCookies(t *testing.T) {
	s := &rawServer{answer: func(n int, r string) string {
		if n == 1 {
			return describes(okHead + "Set-Cookie: a=1; path=/\r\nset-cookie: b=\"2\"; expires=never\r\n")
		}
		return okHead + "Set-Cookie: a=3\r\n\r\n" + hChunk(sampleHeader()) + dChunk(1, "x")
	}}
	l, _, err := playTo(t, s, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if r := s.asked(); !strings.Contains(r[1], "\r\nCookie: a=1; b=\"2\"\r\n") || !slices.Equal(l.session.cookies, []string{"a=3", `b="2"`}) {
		t.Errorf("%q, then %q", r[1], l.session.cookies)
	}
}
