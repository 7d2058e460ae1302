package rtsp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"tapedeck/client/login"
)

func TestHTTPTunnelLogin(t *testing.T) {
	for _, challenge := range []string{`Basic realm="r"`, `Digest realm="r", nonce="1", qop="auth", algorithm=SHA-256`} {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			g.on = func(q *webAsk) string {
				if q.header.get("Authorization") == "" {
					return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " + challenge + "\r\nContent-Length: 0\r\n\r\n"
				}
				return ""
			}
			s, ev := g.mustOpen("rtsph://user:secret@10.0.0.1/live", Config{})
			s.Close()
			post := g.asked("POST")[0].header.get("Authorization")
			if len(g.dialled) != 3 || strings.HasPrefix(challenge, "Digest") && !strings.Contains(post, `uri="/live"`) ||
				strings.HasPrefix(challenge, "Basic") && post != "Basic dXNlcjpzZWNyZXQ=" {
				t.Errorf("%q; %s", g.dialled, post)
			}
			if ev.has("secret") {
				t.Error(ev)
			}
			// What the GET and the POST carried is for HTTP: RTSP asks on its own.
			if r := g.cam.requests("OPTIONS")[0]; r.header.get("Authorization") != "" {
				t.Error("the login was not asked for by RTSP")
			}
			g.asks = nil
			if _, _, err := g.open("rtsph://10.0.0.1/live", Config{}); !errors.Is(err, login.ErrWanted) || len(g.asks) != 1 {
				t.Errorf("%v after %d requests", err, len(g.asks))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.on = func(q *webAsk) string {
			return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=r, nonce=" + fmt.Sprint(q.number) + ", stale=true\r\n\r\n"
		}
		_, ev, err := g.open("rtsph://user:secret@10.0.0.1/live", Config{})
		if !errors.Is(err, login.ErrWanted) || len(g.asks) > maxTries || ev.has("secret") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v after %d requests", err, len(g.asks))
		}
	})
}

// TestHTTPTunnelPostLogin has a server whose nonces hold once: what was sent
// with the POST that it refuses goes out again.
func TestHTTPTunnelPostLogin(t *testing.T) {
	for _, forever := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			g.on = func(q *webAsk) string {
				nonce := map[string]string{"GET": "1", "POST": "2"}[q.method]
				if strings.Contains(q.header.get("Authorization"), `nonce="`+nonce+`"`) && !(forever && q.method == "POST") {
					return ""
				}
				return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=r, stale=true, nonce=" + nonce + "\r\n\r\n..."
			}
			_, ev, err := g.open("rtsph://user:secret@10.0.0.1/live", Config{})
			if forever {
				if !errors.Is(err, login.ErrWanted) || len(g.asked("POST")) > 3*maxTries {
					t.Errorf("%v after %d POSTs\n%s", err, len(g.asked("POST")), ev)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, ev)
			}
			if n := len(g.asked("POST")); n != 2 {
				t.Errorf("%d POSTs", n)
			}
		})
	}
}

// TestHTTPTunnelNextNonce has a server whose nonces hold once: each reply of its
// HTTP names the next one, and nothing is asked for twice.
func TestHTTPTunnelNextNonce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.extra = "Authentication-Info: nextnonce=\"2\"\r\n"
		g.on = func(q *webAsk) string {
			nonce := map[string]string{"GET": "1", "POST": "2"}[q.method]
			sent := q.header.get("Authorization")
			switch {
			case strings.Contains(sent, `nonce="`+nonce+`"`) && strings.Contains(sent, "nc=00000001"):
				return ""
			case q.method == "POST":
				t.Errorf("the POST has %s", sent)
			}
			return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=r, qop=auth, nonce=" + nonce + "\r\n\r\n"
		}
		g.mustOpen("rtsph://user:secret@10.0.0.1/live", Config{})
		if n := len(g.asks); n != 3 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestHTTPTunnelNoClear has a device whose HTTP takes a digest and whose RTSP
// takes Basic: one does not make the other suspicious. Its HTTP may not fall
// back to clear text.
func TestHTTPTunnelNoClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.cam.login = `Basic realm="r"`
		challenge := `Digest realm="r", nonce="1"`
		g.on = func(q *webAsk) string {
			if q.header.get("Authorization") == "" {
				return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " + challenge + "\r\n\r\n"
			}
			return ""
		}
		memory := new(Memory)
		for range 2 {
			s, _ := g.mustOpen("rtsph://user:secret@10.0.0.1/live", Config{Memory: memory})
			s.Close()
		}
		challenge = `Basic realm="r"`
		_, _, err := g.open("rtsph://user:secret@10.0.0.1/live", Config{Memory: memory})
		if e, ok := errors.AsType[*login.Error](err); !ok || !e.Downgrade {
			t.Errorf("%v", err)
		}
	})
}
