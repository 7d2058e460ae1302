package rtsp

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/login"
	"tapedeck/client/media"
)

func TestHTTPTunnel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.cam.split = true
		s, ev := g.mustOpen("rtsph://cam.example/live?x=%zz", Config{UserAgent: "test", Lookup: oneAddress("10.0.0.1")})
		stop := make(chan struct{})
		go g.cam.line(1).keepSending(stop)
		readUntil(t, s, 6*time.Second)
		close(stop)
		if n := g.cam.line(1).frames.Load(); n == 0 {
			t.Error("no receiver report came")
		}
		s.Close()
		g.workers.Wait()
		get, posts := g.asked("GET"), g.asked("POST")
		if len(get) != 1 || len(posts) != 1 || strings.Join(g.dialled, " ") != "10.0.0.1:80 10.0.0.1:80" {
			t.Fatalf("%d GET, %d POST, %q", len(get), len(posts), g.dialled)
		}
		cookie := get[0].header.get("x-sessioncookie")
		if !regexp.MustCompile(`^[0-9A-Za-z]{16,22}$`).MatchString(cookie) {
			t.Errorf("cookie %q", cookie)
		}
		if want := strings.ReplaceAll("GET /live?x=%zz HTTP/1.0\nHost: cam.example\nx-sessioncookie: "+cookie+
			"\nAccept: application/x-rtsp-tunnelled\nPragma: no-cache\nCache-Control: no-cache\nUser-Agent: test\n\n", "\n", "\r\n"); get[0].head != want {
			t.Errorf("%q", get[0].head)
		}
		if want := strings.ReplaceAll("POST /live?x=%zz HTTP/1.0\nHost: cam.example\nx-sessioncookie: "+cookie+
			"\nContent-Type: application/x-rtsp-tunnelled\nContent-Length: 32767\nExpires: Sun, 9 Jan 1972 00:00:00 GMT"+
			"\nPragma: no-cache\nCache-Control: no-cache\nUser-Agent: test\n\n", "\n", "\r\n"); posts[0].head != want {
			t.Errorf("%q", posts[0].head)
		}
		if r := g.cam.requests("DESCRIBE")[0]; r.target != "rtsp://cam.example/live?x=%zz" {
			t.Error(r.target)
		}
		if got, want := strings.Join(g.cam.methods(), " "), "OPTIONS DESCRIBE SETUP PLAY TEARDOWN"; got != want {
			t.Error(got)
		}
		if i := s.Info(); i.Transport != "http tunnel" || !ev.has("http tunnel 0s (gateway)") || !ev.has("tcp connect") {
			t.Errorf("%+v\n%s", i, ev)
		}
	})
}

func TestHTTPTunnelRedirects(t *testing.T) {
	to := func(location string) func(*webAsk) string {
		return func(q *webAsk) string {
			if q.number == 1 || strings.Contains(location, "loop") {
				return "HTTP/1.0 302 Found\r\nLocation: " + location + "\r\n\r\n"
			}
			return ""
		}
	}
	for _, c := range []struct {
		name, link string
		on         func(*webAsk) string
		dialled    string
		target     string // of RTSP
		text       string
	}{
		{"to another host", "rtsph://u:secret@1.1.1.1/a", to("http://1.1.1.2:8080/b?c=d"), "1.1.1.1:80 1.1.1.2:8080 1.1.1.2:8080", "rtsp://1.1.1.2:8080/b?c=d", ""},
		{"to another path", "rtsph://u:secret@1.1.1.1/a", to("/b"), "1.1.1.1:80 1.1.1.1:80 1.1.1.1:80", "rtsp://1.1.1.1/b", ""},
		{"for ever", "rtsph://1.1.1.1/a", to("http://1.1.1.1/loop"), strings.TrimSpace(strings.Repeat("1.1.1.1:80 ", maxRedirects+1)), "", "one redirect too many"},
		{"to the inside", "rtsph://1.1.1.1/a", to("http://192.168.1.1/a"), "1.1.1.1:80", "", "private network"},
		{"to loopback", "rtsph://1.1.1.1/a", to("http://127.0.0.1/a"), "1.1.1.1:80", "", "private network"},
		{"to a file", "rtsph://1.1.1.1/a", to("file:///etc/passwd"), "1.1.1.1:80", "", "it is not an address"},
		{"to FTP", "rtsph://1.1.1.1/a", to("ftp://1.1.1.1/a"), "1.1.1.1:80", "", "it is not RTSP"},
		{"to nowhere", "rtsph://1.1.1.1/a", to(""), "1.1.1.1:80", "", "it names no place"},
		{"WebSocket", "rtsp+ws://1.1.1.1/a", to("http://10.1.1.1/a"), "1.1.1.1:80", "", "private network"},
		{"WebSocket for ever", "rtsp+ws://1.1.1.1/a", to("ws://1.1.1.1/loop"), strings.TrimSpace(strings.Repeat("1.1.1.1:80 ", maxRedirects+1)), "", "one redirect too many"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				g.on = c.on
				_, ev, err := g.open(c.link, Config{})
				if got := strings.Join(g.dialled, " "); got != c.dialled {
					t.Errorf("dialled %s\n%s", got, ev)
				}
				if c.text == "" && err != nil || c.text != "" && (err == nil || !errors.Is(err, ErrRedirect) || !strings.Contains(err.Error(), c.text)) {
					t.Errorf("error %v, want %q", err, c.text)
				}
				if err == nil && g.cam.requests("DESCRIBE")[0].target != c.target {
					t.Error(g.cam.requests("DESCRIBE")[0].target)
				}
				for _, q := range g.asks {
					if q.header.get("Authorization") != "" {
						t.Errorf("a login went to %s", q.to)
					}
				}
			})
		})
	}
}

func TestFollowWeb(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"rtsph://h/a", "https://h/b", "rtspsh://h/b"},
		{"rtsph://h/a", "rtsp://h:8554/b", "rtsph://h:8554/b"},
		{"rtspsh://h/a", "rtsp://h/b", "rtspsh://h/b"},
		{"rtspsh://h/a", "http://h/b", ""},
		{"rtsp+wss://h/a", "ws://h/b", ""},
		{"rtsp+ws://h/a", "wss://h/b", "rtsp+wss://h/b"},
		{"rtspt://h/a", "rtsps://h/b", "rtspst://h/b"},
		{"rtsp://h/a", "rtsps://h/b", "rtsps://h/b"},
		{"rtspst://h/a", "rtspt://h/b", ""},
		{"rtsp://h/a", "http://h/b", ""},
		{"rtsps://h/a", "https://h/b", ""},
	} {
		to, err := follow(parse(t, c.from), c.to)
		if got := to.String(); (c.want == "") != (err != nil) || err == nil && got != c.want {
			t.Errorf("%s to %s: %s, %v", c.from, c.to, got, err)
		}
	}
}

func oneAddress(a string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) { return addrs(a), nil }
}

// TestHTTPTunnelServerAddress is QuickTime Streaming Server's header for
// clusters, and what a hostile server could want with it.
func TestHTTPTunnelServerAddress(t *testing.T) {
	for _, c := range []struct{ link, header, post, note string }{
		{"rtsph://1.1.1.1/a", "1.1.1.9", "1.1.1.9:80", ""},
		{"rtsph://1.1.1.1:8080/a", "[2606:4700::1]", "[2606:4700::1]:8080", ""},
		{"rtsph://10.0.0.1/a", "10.0.0.2", "10.0.0.2:80", ""},
		{"rtsph://10.0.0.1/a", "10.0.0.1", "10.0.0.1:80", ""},
		{"rtsph://1.1.1.1/a", "192.168.0.1", "1.1.1.1:80", "private network"},
		{"rtsph://10.0.0.1/a", "127.0.0.1", "10.0.0.1:80", "private network"},
		{"rtsph://10.0.0.1/a", "::ffff:127.0.0.1", "10.0.0.1:80", "private network"},
		{"rtsph://10.0.0.1/a", "0.0.0.0", "10.0.0.1:80", "private network"},
		{"rtsph://10.0.0.1/a", "239.1.1.1", "10.0.0.1:80", "private network"},
		{"rtsph://u:secret@1.1.1.1/a", "1.1.1.9", "1.1.1.1:80", "the login would go to another host"},
		{"rtsph://1.1.1.1/a", "evil.example", "1.1.1.1:80", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			g.extra = "x-server-ip-address: " + c.header + "\r\n"
			_, ev := g.mustOpen(c.link, Config{})
			if got := g.asked("POST")[0].to; got != c.post || c.note != "" && !ev.has(c.note) || c.note == "" && ev.has("other half") {
				t.Errorf("%s, %s: POST to %s\n%s", c.link, c.header, got, ev)
			}
		})
	}
}

func TestHTTPTunnelPostEnds(t *testing.T) {
	t.Run("the server closes it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			g.hangUp = 1
			s, _ := g.mustOpen("rtsph://10.0.0.1/live", Config{})
			s.Close()
			posts := g.asked("POST")
			if got := strings.Join(g.cam.methods(), " "); got != "OPTIONS DESCRIBE SETUP PLAY TEARDOWN" || len(posts) < 5 || len(posts) > 6 {
				t.Errorf("%s in %d POSTs", got, len(posts))
			}
			for _, p := range posts {
				if p.header.get("x-sessioncookie") != g.asked("GET")[0].header.get("x-sessioncookie") {
					t.Error("another cookie")
				}
			}
		})
	})
	t.Run("its length is used up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			s, _ := g.mustOpen("rtsph://10.0.0.1/live?"+strings.Repeat("x", 6000), Config{})
			s.Close()
			posts := g.asked("POST")
			if got := strings.Join(g.cam.methods(), " "); got != "OPTIONS DESCRIBE SETUP PLAY TEARDOWN" || len(posts) != 2 {
				t.Errorf("%s in %d POSTs", got, len(posts))
			}
			for _, p := range posts {
				if p.length > postLength {
					t.Errorf("%d bytes in a POST", p.length)
				}
			}
		})
	})
	t.Run("it is refused while the stream plays", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			g.hangUp = 4
			g.on = func(q *webAsk) string {
				if q.method == "POST" && q.number > 2 {
					return "HTTP/1.0 503 Busy\r\n\r\n"
				}
				return ""
			}
			s, _ := g.mustOpen("rtsph://10.0.0.1/live", Config{})
			stop := make(chan struct{})
			defer close(stop)
			go g.cam.line(1).keepSending(stop)
			_, err := readToEnd(t, s)
			if status(err) != 503 || !strings.Contains(err.Error(), "http tunnel: 503 Busy") {
				t.Error(err)
			}
		})
	})
}

func TestHTTPTunnelChunks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.chunks, g.extra = true, "Transfer-Encoding: chunked\r\n"
		s, _ := g.mustOpen("rtsph://10.0.0.1/live", Config{})
		readUntil(t, s, 0)
	})
}

func TestHTTPTunnelFailures(t *testing.T) {
	always := func(answer string) func(*webAsk) string { return func(*webAsk) string { return answer } }
	onPost := func(answer string) func(*webAsk) string {
		return func(q *webAsk) string {
			if q.method == "POST" {
				return answer
			}
			return ""
		}
	}
	for _, c := range []struct {
		name string
		on   func(*webAsk) string
		is   error
		text string
		took time.Duration
	}{
		{"not there", always("HTTP/1.1 404 Not Found\r\n\r\n"), nil, "rtsp: http tunnel: 404 Not Found", 0},
		{"no method", always("HTTP/1.1 405 \r\n\r\n"), nil, "rtsp: http tunnel: 405 Method Not Allowed", 0},
		{"a web page", always("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>"), nil, "answers with text/html; charset=utf-8, not with a tunnel", 0},
		{"an RTSP server without tunnels", always("RTSP/1.0 400 Bad Request\r\n\r\n"), errNotHTTP, "speaks RTSP at this port", 0},
		{"something else", always("SSH-2.0-OpenSSH\r\n"), errMalformed, "does not speak HTTP", 0},
		{"an endless line", always("HTTP/1.0 200 OK\r\nA: " + strings.Repeat("x", maxLine+1) + "..."), errTooLong, "http tunnel: message is too long", 0},
		{"endless headers", always("HTTP/1.0 200 OK\r\n" + strings.Repeat("A: b\r\n", 20_000) + "..."), errTooLong, "http tunnel: message is too long", 0},
		{"many headers", always("HTTP/1.0 200 OK\r\n" + strings.Repeat("A: b\r\n", maxHeaders+1) + "\r\n..."), errTooLong, "header lines", 0},
		{"endless 100", always(strings.Repeat("HTTP/1.0 100 Continue\r\n\r\n", maxContinues+1) + "..."), errTooLong, "", 0},
		{"no status", always("HTTP/1.0 OK\r\n\r\n"), errMalformed, "its status is not a number", 0},
		{"half a head", always("HTTP/1.0 200 OK\r\nContent-"), ErrConnection, "", 0},
		{"nothing", always("..."), nil, "rtsp: http tunnel: no answer in 10s", 10 * time.Second},
		{"one byte and nothing", always("H..."), nil, "rtsp: http tunnel: no answer in 10s", 10 * time.Second},
		{"the POST is refused", onPost("HTTP/1.0 403 Forbidden\r\n\r\n"), nil, "http tunnel: 403 Forbidden", 0},
		{"the POST leads elsewhere", onPost("HTTP/1.0 302 Found\r\nLocation: http://1.2.3.4/\r\n\r\n"), nil, "http tunnel: 302 Found", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				g.on = c.on
				begin := time.Now()
				_, ev, err := g.open("rtsph://10.0.0.1/live", Config{})
				rung, ok := errors.AsType[*media.RungError](err)
				if !ok || rung.Rung != media.RungReply || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
					t.Errorf("%v\n%s", err, ev)
				}
				if took := time.Since(begin); took != c.took {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestHTTPTunnelDeafPost has a server that does not read the POST any more:
// Close does not wait for it.
func TestHTTPTunnelDeafPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.hangUp = 4
		deaf := make(chan struct{})
		g.on = func(q *webAsk) string {
			if q.method == "POST" && q.number > 2 {
				<-deaf
			}
			return ""
		}
		s, _ := g.mustOpen("rtsph://10.0.0.1/live", Config{})
		begin := time.Now()
		s.Close()
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		close(deaf)
	})
}

// TestThroughHTTP is a plain link whose port is an HTTP server's.
func TestThroughHTTP(t *testing.T) {
	isHTTP := func(get string) func(*webAsk) string {
		return func(q *webAsk) string {
			switch {
			case strings.Contains(q.head, " RTSP/1.0\r\n"):
				return "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>"
			case q.method == "GET":
				return get
			}
			return ""
		}
	}
	for _, c := range []struct {
		name, link, get string
		is              error
		dialled         string
	}{
		{"Axis", "rtsp://10.0.0.1:80/axis-media/media.amp", "", nil, "10.0.0.1:80 10.0.0.1:80 10.0.0.1:80"},
		{"at the usual port", "rtsp://10.0.0.1/a", "", nil, "10.0.0.1:554 10.0.0.1:554 10.0.0.1:554"},
		{"a web server", "rtsp://10.0.0.1:8080/a", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", ErrHTTP, "10.0.0.1:8080 10.0.0.1:8080"},
		{"a web server with a file", "rtsp://10.0.0.1:8080/a", "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n", ErrHTTP, "10.0.0.1:8080 10.0.0.1:8080"},
		{"wants a login", "rtsp://10.0.0.1:8080/a", "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=x\r\n\r\n", login.ErrWanted, "10.0.0.1:8080 10.0.0.1:8080"},
		{"TCP was asked for", "rtspt://10.0.0.1:80/a", "", ErrHTTP, "10.0.0.1:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				g.on = isHTTP(c.get)
				begin := time.Now()
				s, ev, err := g.open(c.link, Config{})
				if !errors.Is(err, c.is) || strings.Join(g.dialled, " ") != c.dialled || time.Since(begin) > time.Second {
					t.Errorf("%v after %v; %q\n%s", err, time.Since(begin), g.dialled, ev)
				}
				if err == nil && (s.Info().Transport != "http tunnel" || !ev.has("trying http tunnel")) {
					t.Errorf("%+v", s.Info())
				}
			})
		})
	}
}
