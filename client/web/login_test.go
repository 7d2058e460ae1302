package web

import (
	"bytes"
	"crypto/md5"
	"crypto/sha512"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
)

// guarded is a server of one file that wants me:secret as a digest, with the
// algorithm that it is given.
type guarded struct {
	*httptest.Server
	algorithm string // "MD5" or "SHA-512-256"
	holds     int    // requests for which a nonce is good; 0: for ever
	next      bool   // the reply names the next nonce when one is used up
	proxy     bool   // it asks as a proxy
	data      []byte

	mu       sync.Mutex
	nonce    int
	uses     int
	requests int
	refusals int
}

func (g *guarded) start(t *testing.T) *guarded {
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.admits(w, r) {
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "a.mp4", time.Time{}, bytes.NewReader(g.data))
	}
}

// admits judges the login of a request, and asks for one.
func (g *guarded) admits(w http.ResponseWriter, r *http.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests++
	status, ask, answer, info := 401, "WWW-Authenticate", "Authorization", "Authentication-Info"
	if g.proxy {
		status, ask, answer, info = 407, "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info"
	}
	sent := login.Parse(r.Header.Values(answer))
	if len(sent) != 1 || !g.right(r, sent[0].Parameters) {
		g.refusals++
		stale := len(sent) == 1 && sent[0].Parameters["nonce"] != fmt.Sprint("n", g.nonce)
		w.Header().Set(ask, fmt.Sprintf(`Digest realm="r", qop="auth", nonce="n%d", algorithm=%s, stale=%v`, g.nonce, g.algorithm, stale))
		w.WriteHeader(status)
		return false
	}
	if g.uses++; g.uses == g.holds {
		g.nonce, g.uses = g.nonce+1, 0
		if g.next {
			w.Header().Set(info, fmt.Sprintf(`nextnonce="n%d"`, g.nonce))
		}
	}
	return true
}

// right checks an answer as RFC 7616 section 3.4.1 has it.
func (g *guarded) right(r *http.Request, p map[string]string) bool {
	h := func(parts ...string) string {
		text := []byte(strings.Join(parts, ":"))
		if g.algorithm == "MD5" {
			return fmt.Sprintf("%x", md5.Sum(text))
		}
		return fmt.Sprintf("%x", sha512.Sum512_256(text))
	}
	nonce, nc := fmt.Sprint("n", g.nonce), fmt.Sprintf("%08x", g.uses+1)
	return p["nonce"] == nonce && p["nc"] == nc && p["uri"] == r.RequestURI && p["username"] == "me" &&
		p["response"] == h(h("me", "r", "secret"), nonce, nc, p["cnonce"], "auth", h("GET", r.RequestURI))
}

// with puts a login into a link.
func with(link, user string) string { return strings.Replace(link, "//", "//"+user+"@", 1) }

// TestDigestRemembered reads a file in many requests: the login is asked for
// once, and again only where its nonce has run out.
func TestDigestRemembered(t *testing.T) {
	const jumps = 20
	data := movie((jumps + 2) << 20)
	for _, c := range []struct {
		name     string
		g        *guarded
		refusals func(requests int) int // of so many that were answered
	}{
		{"MD5", &guarded{algorithm: "MD5"}, func(int) int { return 1 }},
		{"SHA-512-256", &guarded{algorithm: "SHA-512-256"}, func(int) int { return 1 }},
		{"a proxy", &guarded{algorithm: "MD5", proxy: true}, func(int) int { return 1 }},
		{"a nonce holds for three", &guarded{algorithm: "MD5", holds: 3}, func(n int) int { return (n + 2) / 3 }},
		{"the next nonce is named", &guarded{algorithm: "MD5", holds: 1, next: true}, func(int) int { return 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := c.g
			g.data = data
			g.start(t)
			f := openFile(t, with(g.URL, "me:secret")+"/a.mp4?x=1", Config{})
			for i := jumps; i > 0; i-- { // backwards: each is another connection
				reads(t, f, data, i<<20, 1000)
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			if answered := g.requests - g.refusals; answered < jumps || g.refusals != c.refusals(answered) {
				t.Errorf("%d requests, %d of them refused", g.requests, g.refusals)
			}
		})
	}
}

func TestLoginRefused(t *testing.T) {
	digest := `Digest realm="r", nonce="%d", algorithm=SHA-256`
	for _, c := range []struct {
		name, user string
		offers     []string
		sent       string // the schemes that went out, in their order
		want       login.Error
		text       string
	}{
		{"no password", "", []string{`Basic realm="r"`}, "-", login.Error{}, "http: 401 Unauthorized: the server wants a user name and password"},
		{"a wrong one, Basic", "me:x-secret", []string{`Basic realm="r"`}, "- Basic", login.Error{Refused: true, Schemes: "basic"}, "refuses this user name and password"},
		{"a wrong one, Digest", "me:x-secret", []string{digest}, "- Digest", login.Error{Refused: true, Schemes: "digest sha-256"}, "refuses this user name and password"},
		{"not in clear text after a digest", "me:x-secret", []string{digest, `Basic realm="r"`}, "- Digest", login.Error{Refused: true, Schemes: "digest sha-256, basic"}, "refuses"},
		{"for ever stale", "me:x-secret", []string{digest + ", stale=true"}, "- Digest Digest Digest", login.Error{Refused: true}, "refuses"},
		{"unknown", "me:x-secret", []string{"Negotiate"}, "-", login.Error{Schemes: "negotiate"}, "of a kind that is not supported: negotiate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sent []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				if scheme == "" {
					scheme = "-"
				}
				sent = append(sent, scheme)
				for _, o := range c.offers {
					w.Header().Add("WWW-Authenticate", strings.ReplaceAll(o, "%d", fmt.Sprint(len(sent))))
				}
				w.WriteHeader(http.StatusUnauthorized)
			}))
			defer server.Close()
			link := server.URL
			if c.user != "" {
				link = with(link, c.user)
			}
			var j journal
			_, err := tryOpen(t, link, Config{Trace: j.add})
			status, _ := errors.AsType[*StatusError](err)
			why, ok := errors.AsType[*login.Error](err)
			if status == nil || status.Code != 401 || !ok || *why != c.want || !errors.Is(err, login.ErrWanted) || rungOf(err) != media.RungReply {
				t.Fatalf("%+v of %v", why, err)
			}
			lines := strings.Join(j.lines(), "\n")
			if !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error()+lines, "secret") {
				t.Errorf("%v\n%s", err, lines)
			}
			if got := strings.Join(sent, " "); got != c.sent || strings.Count(lines, "wants")+strings.Count(lines, "refuses") != 1 {
				t.Errorf("sent %s\n%s", got, lines)
			}
		})
	}
}

// TestLoginStaysWithItsServer has redirects to a server that asks as well.
func TestLoginStaysWithItsServer(t *testing.T) {
	data := movie(1 << 20)
	var got []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		if user, password, _ := r.BasicAuth(); user != "you" || password != "other" {
			w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.ServeContent(w, r, "a.mp4", time.Time{}, bytes.NewReader(data))
	}))
	defer other.Close()
	location := ""
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.Redirect(w, r, location, http.StatusFound)
	}))
	defer first.Close()

	location = other.URL
	if _, err := tryOpen(t, with(first.URL, "me:secret"), Config{}); !errors.Is(err, login.ErrWanted) || len(got) != 1 || got[0] != "" {
		t.Errorf("%v; sent %q", err, got)
	}
	got, location = nil, with(other.URL, "you:other") // a login that the redirect brings is for there
	reads(t, openFile(t, with(first.URL, "me:secret"), Config{}), data, 0, 1000)
	if len(got) != 2 || got[0] != "" {
		t.Errorf("sent %q", got)
	}
}

func TestLoginsAreBounded(t *testing.T) {
	c := NewClient(Config{})
	a := address.Address{Scheme: "http", User: "u", HasUser: true}
	for i := range 3 * maxLogins {
		a.Host = fmt.Sprint(i)
		a.Path = "/a"
		first := c.loginFor(a)
		if a.Path = "/b"; c.loginFor(a) != first || len(c.logins) > maxLogins {
			t.Fatalf("%d logins", len(c.logins))
		}
	}
	if a.HasUser = false; c.loginFor(a) != nil {
		t.Error("a login without a name")
	}
}
