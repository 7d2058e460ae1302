package rtsp

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"tapedeck/client/login"
)

func TestOpenLogin(t *testing.T) {
	for _, closes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: soundSDP}
			nonce := "1"
			c.on = func(l *line, r *request) *response {
				a := r.header.get("Authorization")
				switch {
				case r.method == "PLAY" && nonce == "1":
					nonce = "2" // runs out in the middle
					return &response{status: 401, header: header{{"WWW-Authenticate", `Digest realm="r", nonce="2", stale=true`}}}
				case strings.Contains(a, `nonce="`+nonce+`"`) && strings.Contains(a, `username="us:er"`):
					return nil
				}
				l.write((&response{status: 401, header: header{
					{"CSeq", r.header.get("CSeq")}, {"WWW-Authenticate", `Basic realm="r"`},
					{"WWW-Authenticate", `Digest realm="r", nonce="` + nonce + `"`}}}).append(nil))
				if closes {
					l.hangUp()
				}
				return silence
			}
			s, ev := c.mustOpen("rtspt://us%3Aer:se@cret@10.0.0.1/live", Config{})
			s.Close()
			want := "OPTIONS OPTIONS DESCRIBE SETUP PLAY PLAY TEARDOWN"
			if got := strings.Join(c.methods(), " "); got != want && !closes || len(c.lines) > 2 {
				t.Errorf("%s over %d connections", got, len(c.lines))
			}
			for _, r := range c.asked {
				if strings.Contains(r.target, "@") {
					t.Errorf("%s %s", r.method, r.target)
				}
			}
			if ev.has("cret") || ev.has("us:er") {
				t.Errorf("a secret in\n%s", ev)
			}
		})
	}
}

func TestOpenLoginRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		n := 0
		c.on = func(l *line, r *request) *response {
			n++
			return &response{status: 401, header: header{{"WWW-Authenticate", `Digest realm="r", nonce="` + strings.Repeat("x", n) + `"`}}}
		}
		_, ev, err := c.open("rtspt://user:secret@10.0.0.1/live", Config{})
		if e, ok := errors.AsType[*login.Error](err); !ok || !e.Refused || n != 2 {
			t.Errorf("%v after %d requests", err, n)
		}
		if ev.has("secret") || strings.Contains(err.Error(), "secret") {
			t.Error("a secret was told")
		}
		// However stale the server says that the nonces are, it comes to an end.
		n = 0
		c.on = func(l *line, r *request) *response {
			n++
			return &response{status: 401, header: header{{"WWW-Authenticate", `Digest realm="r", nonce="n", stale=true`}}}
		}
		if _, _, err := c.open("rtspt://user:secret@10.0.0.1/live", Config{}); !errors.Is(err, login.ErrWanted) || n > maxTries {
			t.Errorf("%v after %d requests", err, n)
		}
	})
}
