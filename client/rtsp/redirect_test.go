package rtsp

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
)

func TestRedirects(t *testing.T) {
	moved := func(to string) *response { return &response{status: 302, header: header{{"Location", to}}} }
	for _, c := range []struct {
		name, link string
		on         func(l *line, r *request) *response
		dialled    string
		text       string // of the error; "" when it is to open
	}{
		{"to another host, without the login", "rtspt://u:secret@1.1.1.1/a", func(l *line, r *request) *response {
			if l.number == 1 {
				return moved("rtsp://2.2.2.2:8554/b?token=1")
			}
			if r.header.get("Authorization") != "" {
				l.c.t.Error("the login went to another host")
			}
			return nil
		}, "1.1.1.1:554 2.2.2.2:8554", ""},
		{"login after the redirect", "rtspt://u:secret@1.1.1.1/a", func(l *line, r *request) *response {
			if l.number == 1 {
				return moved("rtsp://2.2.2.2/b")
			}
			return &response{status: 401, header: header{{"WWW-Authenticate", "Basic realm=x"}}}
		}, "1.1.1.1:554 2.2.2.2:554", "wants a user name"},
		{"to another path", "rtspt://1.1.1.1/a", func(l *line, r *request) *response {
			if l.number == 1 && r.method == "DESCRIBE" {
				return moved("/b")
			}
			if l.number == 2 && r.target != "rtsp://1.1.1.1/b" && r.method == "DESCRIBE" {
				l.c.t.Error(r.target)
			}
			return nil
		}, "1.1.1.1:554 1.1.1.1:554", ""},
		{"at PLAY", "rtspt://1.1.1.1/a", func(l *line, r *request) *response {
			if l.number == 1 && r.method == "PLAY" {
				return moved("rtspt://1.1.1.2/a")
			}
			return nil
		}, "1.1.1.1:554 1.1.1.2:554", ""},
		{"for ever", "rtspt://1.1.1.1/a", func(l *line, r *request) *response { return moved("rtsp://1.1.1.1/a") },
			strings.TrimSpace(strings.Repeat("1.1.1.1:554 ", maxRedirects+1)), "one redirect too many"},
		{"to HTTP", "rtspt://1.1.1.1/a", func(l *line, r *request) *response { return moved("http://1.1.1.1/a") }, "1.1.1.1:554", "it is not RTSP"},
		{"to nowhere", "rtspt://1.1.1.1/a", func(l *line, r *request) *response { return moved("") }, "1.1.1.1:554", "it names no place"},
		{"to a file", "rtspt://1.1.1.1/a", func(l *line, r *request) *response { return moved("refuse/unavailable_media.wmv") }, "1.1.1.1:554", "refuses the link"},
		{"to no address", "rtspt://1.1.1.1/a", func(l *line, r *request) *response { return moved("rtsp://:1/") }, "1.1.1.1:554", "it is not an address"},
		{"to MMS", "rtspt://1.1.1.1/a", func(l *line, r *request) *response { return moved("mms://1.1.1.1/a") }, "1.1.1.1:554", "it is not RTSP"},
		{"to a file", "rtspt://1.1.1.1/a", func(l *line, r *request) *response { return moved("file:///etc/passwd") }, "1.1.1.1:554", "it is not an address"},
		{"loopback to loopback", "rtspt://127.0.0.1/a", func(l *line, r *request) *response {
			if l.number == 1 {
				return moved("rtsp://127.0.0.2/a")
			}
			return nil
		}, "127.0.0.1:554 127.0.0.2:554", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &camera{t: t, sdp: soundSDP, on: c.on}
				_, ev, err := cam.open(c.link, Config{})
				if got := strings.Join(cam.dialled, " "); got != c.dialled {
					t.Errorf("dialled %s\n%s", got, ev)
				}
				if c.text == "" && err != nil || c.text != "" && (err == nil || !strings.Contains(err.Error(), c.text)) {
					t.Errorf("error %v, want %q", err, c.text)
				}
				if ev.has("secret") {
					t.Errorf("a secret in\n%s", ev)
				}
			})
		})
	}
}

func TestRedirectInside(t *testing.T) {
	cfg := Config{Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr("::ffff:127.0.0.1")}, nil
	}}.withDefaults()
	for _, link := range []string{"rtsp://127.0.0.1/", "rtsp://10.1.2.3/", "rtsp://[fe80::1%25eth0]/", "rtsp://[::ffff:192.168.1.1]/", "rtsp://rebound.example/", "rtsp://0.0.0.0/"} {
		_, err := cfg.dial(t.Context(), parse(t, link), true)
		if !errors.Is(err, ErrRedirect) || !strings.Contains(err.Error(), "private network") {
			t.Errorf("%s: %v", link, err)
		}
	}
	if _, err := follow(parse(t, "rtsps://h/a"), "rtsp://h/a"); !errors.Is(err, ErrRedirect) {
		t.Errorf("TLS was given up: %v", err)
	}
}
