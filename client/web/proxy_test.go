package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/web/webtest"
)

// relay is a proxy of all kinds. Whatever host it is asked for, it connects to
// the one that a test has given it.
type relay struct {
	t    *testing.T
	to   string // host and port of the real server
	user string // "user:password" that it wants; empty: nothing

	mu    sync.Mutex
	asked []string
	wait  sync.WaitGroup
}

func (p *relay) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, fmt.Sprintf(format, args...))
}

func (p *relay) lines() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.asked, "\n")
}

func (p *relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.note("%s %s", r.Method, r.RequestURI)
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user)); p.user != "" && r.Header.Get("Proxy-Authorization") != want {
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if r.Method == http.MethodConnect {
		if strings.HasPrefix(r.Host, "forbidden") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			p.t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		p.join(conn)
		return
	}
	out := r.Clone(r.Context())
	out.RequestURI, out.URL.Host = "", p.to
	out.Header.Del("Proxy-Authorization")
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	io.Copy(w, resp.Body)
}

func (p *relay) join(conn net.Conn) {
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		conn.Close()
		return
	}
	p.wait.Go(func() { io.Copy(far, conn); far.Close() })
	p.wait.Go(func() { io.Copy(conn, far); conn.Close() })
}

// socks serves SOCKS 5 (RFC 1928, RFC 1929).
func (p *relay) socks(conn net.Conn) {
	read := func(n int) []byte {
		b := make([]byte, n)
		io.ReadFull(conn, b)
		return b
	}
	read(int(read(2)[1])) // version, methods
	if p.user == "" {
		conn.Write([]byte{5, 0})
	} else {
		conn.Write([]byte{5, 2})
		user := read(int(read(2)[1]))
		password := read(int(read(1)[0]))
		if string(user)+":"+string(password) != p.user {
			conn.Write([]byte{1, 1})
			conn.Close()
			return
		}
		conn.Write([]byte{1, 0})
	}
	read(3) // version, CONNECT, reserved
	host := ""
	switch read(1)[0] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(int(read(1)[0])))
	case 4:
		host = net.IP(read(16)).String()
	}
	port := read(2)
	p.note("SOCKS %s:%d", host, int(port[0])<<8|int(port[1]))
	if strings.HasPrefix(host, "forbidden") {
		conn.Write([]byte{5, 2, 0, 1, 0, 0, 0, 0, 0, 0}) // not allowed by the rules
		conn.Close()
		return
	}
	conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	p.join(conn)
}

// start is the proxy of one kind, as the environment would have it.
func (p *relay) start(t *testing.T, kind, user string) (link *url.URL, cert *httptest.Server) {
	t.Helper()
	t.Cleanup(func() { http.DefaultTransport.(*http.Transport).CloseIdleConnections(); p.wait.Wait() })
	link = &url.URL{Scheme: kind}
	switch kind {
	case "socks5":
		server := webtest.NewHostile(webtest.Behaviour{Serve: func(c net.Conn) { p.socks(c); p.wait.Wait() }})
		t.Cleanup(server.Close)
		link.Host = server.Addr()
	case "https":
		server, _ := secureServer(t, false, p.ServeHTTP)
		link.Host, cert = server.Listener.Addr().String(), server
	default:
		server := httptest.NewServer(p)
		t.Cleanup(server.Close)
		link.Host = server.Listener.Addr().String()
	}
	if name, password, ok := strings.Cut(user, ":"); ok {
		link.User = url.UserPassword(name, password)
	}
	return link, cert
}

// always is a choice of one proxy for everything.
func always(link *url.URL) func(*url.URL) (*url.URL, error) {
	return func(*url.URL) (*url.URL, error) { return link, nil }
}

func TestProxies(t *testing.T) {
	data := movie(300_000)
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the proxy's login went to the server")
		}
		if user, password, _ := r.BasicAuth(); user+password != "mesecret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "a.mp4", time.Time{}, bytes.NewReader(data))
	}
	plain := httptest.NewServer(http.HandlerFunc(handler))
	defer plain.Close()
	secure, cfg := secureServer(t, true, handler)
	for _, kind := range []string{"http", "https", "socks5"} {
		for _, scheme := range []string{"http", "https"} {
			for _, user := range []string{"", "proxy-user:geheim"} {
				t.Run(strings.TrimSpace(kind+" for "+scheme+" "+user), func(t *testing.T) {
					p := &relay{t: t, to: plain.Listener.Addr().String(), user: user}
					if scheme == "https" {
						p.to = secure.Listener.Addr().String()
					}
					link, cert := p.start(t, kind, user)
					cfg := cfg
					if cert != nil {
						cfg.RootCAs = cfg.RootCAs.Clone()
						cfg.RootCAs.AddCert(cert.Certificate())
					}
					cfg.Proxy = always(link)
					var j journal
					cfg.Trace = j.add
					f := openFile(t, scheme+"://me:secret@example.com/a.mp4?x", cfg)
					reads(t, f, data, 200_000, 1000)
					f.Close()
					lines := strings.Join(j.lines(), "\n")
					if !strings.Contains(lines, "tcp: proxy ("+kind+" proxy "+link.Host+") <nil>") || strings.Contains(lines, "geheim") {
						t.Error(lines)
					}
					want := map[string]string{
						"http for http": "GET http://example.com/a.mp4?x", "https for http": "GET http://example.com/a.mp4?x",
						"http for https": "CONNECT example.com:443", "https for https": "CONNECT example.com:443",
						"socks5 for http": "SOCKS example.com:80", "socks5 for https": "SOCKS example.com:443",
					}[kind+" for "+scheme]
					if got := p.lines(); !strings.HasPrefix(got, want) {
						t.Errorf("asked %s", got)
					}
				})
			}
		}
	}
}

// TestProxyFails: the error names the proxy, and no password.
func TestProxyFails(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, c := range []struct {
		name, kind, user, wants, link string
		rung                          media.Rung
		words                         string
		code                          int
	}{
		{"nothing listens", "gone", "", "", "http://example.com/", media.RungTCP, "nothing listens", 0},
		{"no login, http", "http", "", "a:geheim", "http://me:secret@example.com/", media.RungReply, "407 Proxy Authentication Required", 407},
		{"a wrong login, http", "http", "a:geheim-not", "a:geheim", "http://example.com/", media.RungReply, "407 Proxy Authentication Required", 407},
		{"no login, https", "http", "", "a:geheim", "https://example.com/", media.RungTCP, "407 Proxy Authentication Required", 407},
		{"forbidden", "http", "", "", "https://forbidden.example.com/", media.RungTCP, "403 Forbidden", 403},
		{"forbidden, socks", "socks5", "", "", "http://forbidden.example.com/", media.RungTCP, "connection not allowed by ruleset", 0},
		{"a wrong login, socks", "socks5", "a:geheim-not", "a:geheim", "http://example.com/", media.RungTCP, "username/password authentication failed", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &relay{t: t, user: c.wants}
			link := &url.URL{Scheme: "http", Host: gone.Addr().String(), User: url.UserPassword("a", "geheim")}
			if c.kind != "gone" {
				link, _ = p.start(t, c.kind, c.user)
			}
			var j journal
			_, err := tryOpen(t, c.link, Config{Proxy: always(link), Trace: j.add})
			proxy, ok := errors.AsType[*ProxyError](err)
			if !ok || proxy.Proxy != link.Host || rungOf(err) != c.rung || !strings.Contains(err.Error(), "the proxy "+link.Host+": ") || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%s: %v", rungOf(err), err)
			}
			if status, _ := errors.AsType[*StatusError](err); c.code != 0 && (status == nil || status.Code != c.code) {
				t.Errorf("%+v", status)
			}
			if shown := fmt.Sprint(err, j.lines(), p.lines()); strings.Contains(shown, "geheim") || strings.Contains(shown, "secret") {
				t.Error(shown)
			}
		})
	}
	if _, err := tryOpen(t, "http://example.com/", Config{Proxy: always(&url.URL{Scheme: "gopher", Host: "x"})}); err == nil || !strings.Contains(err.Error(), `kind "gopher"`) {
		t.Error(err)
	}
}

// TestProxyIsSilent: it may take its time, but not for ever.
func TestProxyIsSilent(t *testing.T) {
	silent := webtest.NewHostile(webtest.Holds("silence", ""))
	defer silent.Close()
	for _, scheme := range []string{"http", "socks5"} {
		cfg := Config{Proxy: always(&url.URL{Scheme: scheme, Host: silent.Addr()}), Timeouts: Timeouts{Reply: 30 * time.Millisecond}}
		if _, err := tryOpen(t, "https://example.com/", cfg); !errors.Is(err, os.ErrDeadlineExceeded) || rungOf(err) != media.RungTCP {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

// TestNothingInsideThroughAProxy is as far as can be known.
func TestNothingInsideThroughAProxy(t *testing.T) {
	for link, refused := range map[string]bool{
		"http://192.168.1.1/admin": true, "http://[::1]/": true, "http://localhost/": true, "http://nas/": true, "http://router.lan/": true,
		"http://other.example/": false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "example.com" {
				http.Redirect(w, r, link, http.StatusFound)
				return
			}
			w.Write(webtest.SilentMP3(time.Second))
		}))
		p := &relay{t: t, to: server.Listener.Addr().String()}
		proxy, _ := p.start(t, "http", "")
		s, err := tryOpen(t, "http://example.com/", Config{Proxy: always(proxy)})
		if errors.Is(err, ErrPrivate) != refused || (err == nil) == refused {
			t.Errorf("%s: %v", link, err)
		}
		if s != nil {
			s.Close()
		}
		server.Close()
	}
}

func TestProxyFromTheEnvironment(t *testing.T) {
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "REQUEST_METHOD"} {
		t.Setenv(name, "")
	}
	ask := func(link string) string {
		c := newTestClient(t, Config{})
		u, err := c.proxyFor(mustParse(t, link))
		if err != nil || u == nil {
			return fmt.Sprint(err)
		}
		return u.Scheme + " " + proxyAddress(u).HostPort("")
	}
	t.Setenv("http_proxy", "u:p@one.example:3128")
	t.Setenv("HTTPS_PROXY", "http://two.example")
	t.Setenv("no_proxy", "inner.example,10.0.0.0/8")
	for link, want := range map[string]string{
		"http://a.example/": "http one.example:3128", "https://a.example:8443/": "http two.example:80",
		"http://x.inner.example/": "<nil>", "http://10.1.2.3/": "<nil>", "http://127.0.0.1:1/": "<nil>", "http://[::1]/": "<nil>", "http://localhost/": "<nil>",
	} {
		if got := ask(link); got != want {
			t.Errorf("%s: %s, want %s", link, got, want)
		}
	}
	t.Setenv("http_proxy", "")
	t.Setenv("all_proxy", "socks5://three.example")
	for link, want := range map[string]string{"http://a.example/": "socks5 three.example:1080", "https://a.example/": "http two.example:80"} {
		if got := ask(link); got != want {
			t.Errorf("%s: %s, want %s", link, got, want)
		}
	}
}
