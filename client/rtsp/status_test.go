package rtsp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/login"
	"tapedeck/client/media"
)

// TestStatusCodes is sheet 1.3, row by row: what the client does after a reply
// to a method. A row whose reply comes once plays; one whose reply comes always
// says how it ends.
func TestStatusCodes(t *testing.T) {
	for _, c := range []struct {
		method string
		codes  []int
		always bool
		asked  string // the methods, in short
		end    string // of the error; "" when it plays
	}{
		// 1xx only lets the time begin anew; TestContinue has it in full.
		{"OPTIONS", []int{400, 403, 404, 405, 406, 410, 451, 454, 455, 500, 501, 503, 505, 551}, true, "ODSP", ""},
		{"DESCRIBE", []int{400, 403, 404, 405, 406, 410, 415, 451, 453, 500, 501, 502, 504, 505, 551, 464, 470, 553}, true, "OD", "rtsp: describe: %d"},
		{"DESCRIBE", []int{503}, false, "ODDSP", ""},
		{"DESCRIBE", []int{503}, true, "ODDDD", "rtsp: describe: 503"},
		{"DESCRIBE", []int{304}, true, "OD", "rtsp: describe: 304"}, // nothing is cached that could be meant
		{"DESCRIBE", []int{401, 407}, true, "OD", "the server wants a user name"},
		// Another reading of the control URL.
		{"SETUP", []int{400, 404, 451, 454, 455, 503}, false, "ODSSP", ""},
		{"SETUP", []int{400, 404, 451, 454, 455, 503}, true, "ODSS", "rtsp: setup: %d"},
		{"SETUP", []int{403, 453, 459, 460, 461, 462, 463, 500, 501}, true, "ODS", "rtsp: setup: %d"},
		{"SETUP", []int{401}, true, "ODS", "the server wants a user name"},
		// Without the header that may be what is disliked.
		{"PLAY", []int{400, 456, 457, 501}, false, "ODSPP", ""},
		{"PLAY", []int{400, 456, 457, 501}, true, "ODSPP", "rtsp: play: %d"},
		// For each track, or for the aggregate.
		{"PLAY", []int{459}, false, "ODSPP", ""},
		{"PLAY", []int{460}, false, "ODSPP", ""},
		// A session that was lost, with everything from the start.
		{"PLAY", []int{454}, false, "ODSPODSP", ""},
		{"PLAY", []int{454}, true, "ODSPODSP", "rtsp: play: 454"},
		{"PLAY", []int{403, 405, 453, 455, 500, 502, 503, 504, 551}, true, "ODSP", "rtsp: play: %d"},
		{"PLAY", []int{401}, true, "ODSP", "the server wants a user name"},
	} {
		for _, code := range c.codes {
			t.Run(fmt.Sprintf("%s %d %v", c.method, code, c.always), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n := 0
					cam := &camera{t: t, sdp: soundSDP}
					cam.on = func(l *line, r *request) *response {
						if r.method != c.method {
							return nil
						}
						if n++; n == 1 || c.always {
							return &response{status: code}
						}
						return nil
					}
					cam.edit = func(r *request, resp *response) {
						if r.method == "DESCRIBE" {
							resp.header.add("Content-Base", "rtsp://10.0.0.1/x")
						}
					}
					s, ev, err := cam.open("rtspt://10.0.0.1/live", Config{})
					asked := ""
					for _, m := range cam.methods() {
						asked += m[:1]
					}
					if want := c.asked; strings.ReplaceAll(asked, "T", "") != want {
						t.Errorf("asked %s, want %s\n%s", asked, want, ev)
					}
					if c.end == "" {
						if err != nil {
							t.Fatal(err)
						}
						readUntil(t, s, 0)
						return
					}
					end := c.end
					if strings.Contains(end, "%d") {
						end = fmt.Sprintf(end, code)
					}
					rung, ok := errors.AsType[*media.RungError](err)
					if !ok || !strings.Contains(err.Error(), end) {
						t.Fatalf("%v, want %s", err, end)
					}
					if want := map[bool]media.Rung{true: media.RungReply, false: media.RungSession}[c.method == "DESCRIBE"]; rung.Rung != want {
						t.Errorf("at %s", rung.Rung)
					}
				})
			})
		}
	}
}

// TestContinue has a server that says 100 for longer than a request may take.
func TestContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		c.on = func(l *line, r *request) *response {
			if r.method == "SETUP" {
				for range 4 {
					time.Sleep(8 * time.Second)
					// A 1xx has no body, whatever it says.
					l.write(fmt.Appendf(nil, "RTSP/1.0 100 Continue\r\nCSeq: %s\r\nContent-Length: 500\r\n\r\n", r.header.get("CSeq")))
				}
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		readUntil(t, s, 0)
	})
}

// TestRedirectAt sends the client on from each method, with each code.
func TestRedirectAt(t *testing.T) {
	const two = soundSDP + "m=audio 0 RTP/AVP 8\r\na=control:track2\r\n"
	for _, at := range []string{"OPTIONS", "DESCRIBE", "SETUP track1", "SETUP track2", "PLAY"} {
		for _, code := range []int{300, 301, 302, 303, 305, 307} {
			for _, location := range []string{"rtsp://10.0.0.2/b", "//10.0.0.2/b", "10.0.0.2:8554/b", "/b", "b", "b?x=1"} {
				synctest.Test(t, func(t *testing.T) {
					c := &camera{t: t, sdp: two, login: `Basic realm="r"`}
					method, track, _ := strings.Cut(at, " ")
					c.on = func(l *line, r *request) *response {
						if l.number == 1 && r.method == method && strings.HasSuffix(r.target, track) {
							return &response{status: code, header: header{{"Location", location}}, body: []byte("<html>moved</html>")}
						}
						if strings.HasPrefix(r.target, "rtsp://10.0.0.2") {
							if _, ok := r.header.lookup("Authorization"); ok {
								t.Error("the login went to another host")
							}
							return l.usual(r)
						}
						return nil
					}
					s, ev, err := c.open("rtspt://u:secret@10.0.0.1/a", Config{})
					if err != nil {
						t.Fatalf("%s, %d to %s: %v\n%s", at, code, location, err, ev)
					}
					readUntil(t, s, 0)
					want := "rtsp://10.0.0.2/b"
					if strings.Contains(location, "8554") {
						want = "rtsp://10.0.0.2:8554/b"
					}
					if !strings.Contains(location, "10.0.0.2") {
						want = "rtsp://10.0.0.1/" + strings.TrimPrefix(location, "/")
					}
					plays := c.requests("PLAY")
					expect(t, at, plays[len(plays)-1].target, want)
					if ev.has("secret") || len(c.lines) != 2 {
						t.Errorf("%d connections\n%s", len(c.lines), ev)
					}
				})
			}
		}
	}
}

// TestRedirectRules is what a redirect must not do (sheet 1.11, 7.2).
func TestRedirectRules(t *testing.T) {
	lookup := func(_ context.Context, host string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr(map[string]string{
			"public.example": "198.51.100.1", "inside.example": "192.168.1.1", "both.example": "198.51.100.2"}[host])}, nil
	}
	for _, c := range []struct{ name, link, location, dialled, end string }{
		{"public to private", "rtspt://public.example/a", "rtsp://10.0.0.1/a", "198.51.100.1:554", "it leads into a private network"},
		{"public to loopback", "rtspt://public.example/a", "rtsp://127.0.0.1:8080/a", "198.51.100.1:554", "it leads into a private network"},
		{"public to loopback of IPv6", "rtspt://public.example/a", "rtsp://[::1]/a", "198.51.100.1:554", "it leads into a private network"},
		{"public to a private name", "rtspt://public.example/a", "rtsp://inside.example/a", "198.51.100.1:554", "it leads into a private network"},
		{"public to public", "rtspt://public.example/a", "rtsp://both.example/a", "198.51.100.1:554 198.51.100.2:554", ""},
		{"private to private", "rtspt://inside.example/a", "rtsp://10.0.0.1/a", "192.168.1.1:554 10.0.0.1:554", ""},
		{"private to public", "rtspt://inside.example/a", "rtsp://public.example/a", "192.168.1.1:554 198.51.100.1:554", ""},
		{"HTTP", "rtspt://public.example/a", "http://public.example/a", "198.51.100.1:554", "it is not RTSP"},
		{"a file", "rtspt://public.example/a", "file://public.example/etc/passwd", "198.51.100.1:554", "it is not RTSP"},
		{"MMS", "rtspt://public.example/a", "mms://public.example/a", "198.51.100.1:554", "it is not RTSP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &camera{t: t, sdp: soundSDP, real: true}
				cam.on = func(l *line, r *request) *response {
					if l.number == 1 {
						return &response{status: 302, header: header{{"Location", c.location}}}
					}
					return nil
				}
				_, ev, err := cam.open(c.link, Config{Lookup: lookup})
				if got := strings.Join(cam.dialled, " "); got != c.dialled {
					t.Errorf("dialled %s\n%s", got, ev)
				}
				if c.end == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				rung, ok := errors.AsType[*media.RungError](err)
				if !ok || rung.Rung != media.RungReply || !errors.Is(err, ErrRedirect) || !strings.Contains(err.Error(), c.end) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// TestRedirectLogin keeps a login for its host and port: at another port nothing
// is sent before it is asked for.
func TestRedirectLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP, login: `Basic realm="r"`}
		var first []string // the login of each connection's first request
		c.on = func(l *line, r *request) *response {
			if len(first) < l.number {
				first = append(first, r.header.get("Authorization"))
			}
			if l.number < 3 && r.method == "DESCRIBE" && r.header.get("Authorization") != "" {
				return &response{status: 302, header: header{{"Location", []string{"rtsp://10.0.0.1:555/b", "rtsp://10.0.0.1/c"}[l.number-1]}}}
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://u:secret@10.0.0.1/a", Config{})
		readUntil(t, s, 0)
		if want := []string{"", "", "Basic dTpzZWNyZXQ="}; !slices.Equal(first, want) {
			t.Errorf("%q", first)
		}
	})
}

// TestLogins goes through whole dialogues with servers that ask in different ways.
func TestLogins(t *testing.T) {
	for _, c := range []struct {
		name  string
		ask   *response
		sent  string // what the login is to begin with
		asked string
	}{
		{"Basic", &response{status: 401, header: header{{"WWW-Authenticate", `Basic realm="r"`}}}, "Authorization: Basic ", "OODSP"},
		{"Digest", &response{status: 401, header: header{{"WWW-Authenticate", `Digest realm="r", nonce="n"`}}}, "Authorization: Digest ", "OODSP"},
		{"a proxy", &response{status: 407, header: header{{"Proxy-Authenticate", `Digest realm="r", nonce="n"`}}}, "Proxy-Authorization: Digest ", "OODSP"},
		{"404", &response{status: 404, header: header{{"WWW-Authenticate", `Basic realm="r"`}}}, "Authorization: Basic ", "OODSP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				name, scheme, _ := strings.Cut(c.sent, ": ")
				cam := &camera{t: t, sdp: soundSDP}
				cam.on = func(l *line, r *request) *response {
					if !strings.HasPrefix(r.header.get(name), scheme) {
						return &response{status: c.ask.status, header: slices.Clone(c.ask.header)}
					}
					return nil
				}
				cam.mustOpen("rtspt://u:p@10.0.0.1/a", Config{})
				asked := ""
				for _, m := range cam.methods() {
					asked += m[:1]
				}
				expect(t, "asked", asked, c.asked)
			})
		})
	}
	t.Run("next nonces", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cam := &camera{t: t, sdp: soundSDP}
			n := 1
			cam.on = func(l *line, r *request) *response {
				if p := r.header.get("Authorization"); !strings.Contains(p, fmt.Sprintf(`nonce="%d"`, n)) || !strings.Contains(p, "nc=00000001") {
					return &response{status: 401, header: header{{"WWW-Authenticate", fmt.Sprintf(`Digest realm="r", nonce="%d", qop="auth"`, n)}}}
				}
				n++
				resp := l.usual(r)
				resp.header.add("Authentication-Info", fmt.Sprintf(`nextnonce="%d"`, n))
				return resp
			}
			cam.mustOpen("rtspt://u:p@10.0.0.1/a", Config{})
			expect(t, "asked", strings.Join(cam.methods(), " "), "OPTIONS OPTIONS DESCRIBE SETUP PLAY")
		})
	})
	t.Run("no clear text after a digest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			memory := new(Memory)
			cam := &camera{t: t, sdp: soundSDP, login: `Digest realm="r", nonce="n"`}
			s, _ := cam.mustOpen("rtspt://u:secret@10.0.0.1/a", Config{Memory: memory})
			s.Close()
			cam.change(func() { cam.login = `Basic realm="r"` })
			_, _, err := cam.open("rtspt://u:secret@10.0.0.1/a", Config{Memory: memory})
			if e, ok := errors.AsType[*login.Error](err); !ok || !e.Downgrade {
				t.Errorf("%v", err)
			}
			cam.mustOpen("rtspt://u:secret@10.0.0.9/a", Config{Memory: memory}) // another host may have Basic
		})
	})
}
