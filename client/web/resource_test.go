package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/web/webtest"
)

// counted is net/http's server with a count of its connections.
func countedServer(t *testing.T, secure bool, h http.HandlerFunc) (url string, cfg Config, made func() int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	count := func(_ net.Conn, s http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		if s == http.StateNew {
			n++
		}
	}
	server := httptest.NewUnstartedServer(h)
	if secure {
		server, cfg = secureServer(t, true, h)
		return server.URL, cfg, func() int { return 0 }
	}
	server.Config.ConnState = count
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, cfg, func() int { mu.Lock(); defer mu.Unlock(); return n }
}

// ask fetches a link and reads it to its end.
func fetchAll(ctx context.Context, t testing.TB, c *Client, r Request) (string, *Response, error) {
	t.Helper()
	resp, err := c.Fetch(ctx, r)
	if err != nil {
		return "", nil, err
	}
	defer resp.Close()
	b, err := io.ReadAll(resp)
	return string(b), resp, err
}

func newTestClient(t testing.TB, cfg Config) *Client {
	t.Helper()
	c := NewClient(cfg)
	t.Cleanup(func() { c.Close() })
	return c
}

// TestFetchKeepsItsConnection asks many times, also across redirects, logins
// and refusals, over one connection.
func TestFetchKeepsItsConnection(t *testing.T) {
	var peers sync.Map
	handler := func(w http.ResponseWriter, r *http.Request) {
		peers.Store(r.RemoteAddr, r.Proto)
		switch user, password, _ := r.BasicAuth(); {
		case user != "me" || password != "secret":
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, "who are you?")
		case r.URL.Path == "/away":
			http.Redirect(w, r, "/here", http.StatusFound)
		case r.URL.Path == "/none":
			http.NotFound(w, r)
		default:
			io.WriteString(w, "<"+r.URL.Path+">")
		}
	}
	for _, secure := range []bool{false, true} {
		url, cfg, _ := countedServer(t, secure, handler)
		c := newTestClient(t, cfg)
		// The link's login is for all that its server has.
		s, err := c.Open(t.Context(), mustParse(t, with(url, "me:secret")+"/list"))
		if s != nil || !errors.Is(err, ErrNotMedia) {
			t.Fatalf("%v", err)
		}
		for i := range 20 {
			link := fmt.Sprintf("%s/%d", url, i)
			if got, resp, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, link)}); err != nil || got != fmt.Sprintf("</%d>", i) || resp.Length != int64(len(got)) {
				t.Fatalf("%q, %v", got, err)
			}
		}
		if got, resp, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, url+"/away")}); got != "</here>" || err != nil || resp.Link.Path != "/here" {
			t.Errorf("%q, %v", got, err)
		}
		_, _, err = fetchAll(t.Context(), t, c, Request{Link: mustParse(t, url+"/none")})
		if status, ok := errors.AsType[*StatusError](err); !ok || status.Code != 404 || rungOf(err) != media.RungReply {
			t.Errorf("%v", err)
		}
		n := 0
		peers.Range(func(_, proto any) bool {
			n++
			if want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[secure]; proto != want {
				t.Errorf("spoke %v", proto)
			}
			return true
		})
		if n != 1 {
			t.Errorf("secure %v: %d connections", secure, n)
		}
		peers.Clear()
	}
}

// TestFetchAtOnce has several requests at the same time.
func TestFetchAtOnce(t *testing.T) {
	body := strings.Repeat("0123456789", 50_000)
	for _, secure := range []bool{false, true} {
		url, cfg, _ := countedServer(t, secure, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body+r.URL.Path) })
		c := newTestClient(t, cfg)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if got, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, fmt.Sprint(url, "/", i))}); err != nil || got != fmt.Sprint(body, "/", i) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			})
		}
		all.Wait()
		c.mu.Lock()
		if len(c.idle) > maxKept || len(c.conns) > maxKept || len(c.bodies) > 0 {
			t.Errorf("%d kept, %d in all, %d bodies", len(c.idle), len(c.conns), len(c.bodies))
		}
		c.mu.Unlock()
	}
}

// TestKeptConnectionWasClosed: the server gave it up meanwhile, in silence or
// with a farewell.
func TestKeptConnectionWasClosed(t *testing.T) {
	const reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for name, after := range map[string]string{
		"silence":      "",
		"farewell":     "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		"more than it": "rubbish",
	} {
		more := make(chan bool)
		server := webtest.NewHostile(webtest.Behaviour{Serve: func(conn net.Conn) {
			webtest.Says("", reply).Serve(conn)
			<-more
			conn.Write([]byte(after))
			conn.Close()
			more <- true
		}})
		c := NewClient(Config{})
		for range 3 {
			if got, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, server.URL)}); got != "ok" || err != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			more <- true
			<-more
		}
		if n := server.Connections(); n != 3 {
			t.Errorf("%s: %d connections", name, n)
		}
		c.Close()
		server.Close()
	}
	// Where a new connection gives no answer either, that is it.
	synctest.Test(t, func(t *testing.T) {
		cfg, wait := piped(func(net.Conn) {})
		c := NewClient(cfg)
		if _, err := c.Fetch(t.Context(), Request{Link: mustParse(t, "http://10.0.0.1/a")}); !errors.Is(err, errUnanswered) {
			t.Errorf("%v", err)
		}
		c.Close()
		wait()
	})
}

// TestNotKept has replies behind which a connection cannot be used again.
func TestNotKept(t *testing.T) {
	for _, head := range []string{
		"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore",
	} {
		server := webtest.NewHostile(webtest.Says("", head))
		c := newTestClient(t, Config{})
		if got, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, server.URL)}); got != "ok" || err != nil {
			t.Errorf("%q: %q, %v", head, got, err)
		}
		if len(c.idle)+len(c.conns) != 0 {
			t.Errorf("kept after %q", head)
		}
		server.Close()
	}
}

func TestFetchPart(t *testing.T) {
	data := movie(300_000)
	for _, o := range []webtest.FileOptions{{}, {NoRanges: true}, {NoRanges: true, Chunked: true}} {
		file := webtest.NewFile("a.ts", "video/mp2t", data, o)
		c := newTestClient(t, Config{})
		for _, part := range [][2]int64{{0, 0}, {0, 100}, {1000, 0}, {1000, 200_000}, {299_990, 10}} {
			got, resp, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, file.URL), From: part[0], Size: part[1]})
			end := int64(len(data))
			if part[1] > 0 {
				end = part[0] + part[1]
			}
			want := data[part[0]:end]
			if err != nil || !bytes.Equal([]byte(got), want) || !o.Chunked && resp.Length != int64(len(want)) {
				t.Errorf("%+v, %v: %d bytes of %d, %v", o, part, len(got), len(want), err)
			}
		}
		file.Close()
	}
	more := webtest.NewHostile(webtest.Says("", "HTTP/1.1 206 Partial\r\nContent-Range: bytes 4-5/10\r\nContent-Length: 6\r\n\r\n456789"))
	defer more.Close()
	if got, resp, err := fetchAll(t.Context(), t, newTestClient(t, Config{}), Request{Link: mustParse(t, more.URL), From: 4, Size: 2}); err != nil || got != "45" || resp.Length != 2 {
		t.Errorf("%q, %v", got, err)
	}
	other := webtest.NewHostile(webtest.Says("", "HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789"))
	defer other.Close()
	c := newTestClient(t, Config{})
	if _, err := c.Fetch(t.Context(), Request{Link: mustParse(t, other.URL), From: 4, Size: 5}); err == nil || !strings.Contains(err.Error(), "another part") {
		t.Errorf("%v", err)
	}
}

// TestFetchOnlyPublic: nothing inside is asked for where a list from the outside
// names it, though the first answer came from inside.
func TestFetchOnlyPublic(t *testing.T) {
	file := webtest.NewFile("a.ts", "video/mp2t", []byte("x"), webtest.FileOptions{})
	defer file.Close()
	c := newTestClient(t, Config{})
	r := Request{Link: mustParse(t, file.URL)}
	if _, resp, err := fetchAll(t.Context(), t, c, r); err != nil || resp.Public {
		t.Fatal(err)
	}
	r.OnlyPublic = true
	if _, _, err := fetchAll(t.Context(), t, c, r); !errors.Is(err, ErrPrivate) {
		t.Errorf("%v", err)
	}
}

func TestFetchIsTracedWhereAsked(t *testing.T) {
	file := webtest.NewFile("a.ts", "video/mp2t", []byte("x"), webtest.FileOptions{})
	defer file.Close()
	var j journal
	c := newTestClient(t, Config{Trace: j.add})
	for _, step := range []string{"", "segment", ""} {
		if _, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, file.URL), Step: step}); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Join(j.lines(), "\n")
	if !strings.HasPrefix(got, "attempt "+file.URL+" http\n") || !strings.HasSuffix(got, "reply: segment (200 OK, webtest) <nil>") {
		t.Errorf("%s", got)
	}
}

// TestFetchStalls: a body may take long, but not be silent for long.
func TestFetchStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, wait := piped(webtest.Holds("", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").Serve)
		c := NewClient(cfg)
		start := time.Now()
		got, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, "http://10.0.0.1/a")})
		if got != "abc" || !errors.Is(err, os.ErrDeadlineExceeded) || rungOf(err) != media.RungTransport || time.Since(start) != StallTimeout {
			t.Errorf("%q, %v after %v", got, err, time.Since(start))
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
		defer cancel()
		if got, _, err := fetchAll(ctx, t, c, Request{Link: mustParse(t, "http://10.0.0.1/a")}); got != "abc" || err == nil || err.Error() != "enough" {
			t.Errorf("%q, %v", got, err)
		}
		c.Close()
		wait()
	})
}

// TestClientClose ends what is under way, in HTTP/1.1 and 2.
func TestClientClose(t *testing.T) {
	for _, secure := range []bool{false, true} {
		hold := make(chan struct{})
		url, cfg, _ := countedServer(t, secure, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "FLV\x01"+strings.Repeat("x", 200_000))
			http.NewResponseController(w).Flush()
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		})
		c := NewClient(cfg)
		s, err := c.Open(t.Context(), mustParse(t, url))
		if err != nil {
			t.Fatal(err)
		}
		abandoned, err := c.Fetch(t.Context(), Request{Link: mustParse(t, url)})
		if err != nil {
			t.Fatal(err)
		}
		read, err := c.Fetch(t.Context(), Request{Link: mustParse(t, url)})
		if err != nil {
			t.Fatal(err)
		}
		begun, done := make(chan struct{}), make(chan error)
		go func() {
			io.ReadFull(read, make([]byte, 200_004))
			close(begun)
			_, err := read.Read(make([]byte, 1))
			done <- err
		}()
		<-begun
		c.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("secure %v: a blocked Read: %v", secure, err)
		}
		if _, err := drain(t.Context(), s); !errors.Is(err, net.ErrClosed) && !errors.Is(err, ErrDropped) {
			t.Errorf("secure %v: the session: %v", secure, err)
		}
		if _, err := c.Fetch(t.Context(), Request{Link: mustParse(t, url)}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("secure %v: afterwards: %v", secure, err)
		}
		for _, closer := range []io.Closer{abandoned, read, s, c} {
			closer.Close()
		}
		close(hold)
	}
}

func zipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.Bytes()
}

// TestPackedLists: gzip is asked for where the path names a list, and
// understood wherever a server sends it.
func TestPackedLists(t *testing.T) {
	const list = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n"
	asked := map[string]string{}
	url, cfg, _ := countedServer(t, false, func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path] = r.Header.Get("Accept-Encoding") + " " + r.Header.Get("Range")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped(list))
	})
	c := newTestClient(t, cfg)
	for _, path := range []string{"/a.m3u8", "/b.M3U8?x=.ts", "/play"} {
		_, err := c.Open(t.Context(), mustParse(t, url+path))
		got, ok := errors.AsType[*ListError](err)
		if !ok || got.Format != "HLS" || string(got.Body) != list || got.Public || got.Link.Path != path {
			t.Errorf("%s: %v, %+v", path, err, got)
		}
		if got, resp, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, url+"/f"+path[1:])}); got != list || err != nil || resp.Length != -1 {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for path, want := range map[string]string{"/a.m3u8": "gzip ", "/b.M3U8": "gzip ", "/play": "identity bytes=0-", "/fa.m3u8": "gzip ", "/fplay": "identity "} {
		if asked[path] != want {
			t.Errorf("%s asked with %q", path, asked[path])
		}
	}
}

// TestBadLists are too long, too slow, or packed badly.
func TestBadLists(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: audio/x-mpegurl\r\n"
	bomb := string(zipped("#EXTM3U\n" + strings.Repeat("x", maxList)))
	for _, c := range []struct {
		name  string
		serve webtest.Behaviour
		rung  media.Rung
		words string
	}{
		{"a line without end", webtest.Repeats("", head+"\r\n#EXTM3U\n", strings.Repeat("x", 64<<10), 0), media.RungContainer, "does not end within 32 MiB"},
		{"byte by byte", webtest.Repeats("", head+"\r\n#EXTM3U\n"+strings.Repeat("#\n", 1000), "x", time.Second), media.RungContainer, "the list did not end within 30s"},
		{"a bomb", webtest.Says("", head+"Content-Encoding: gzip\r\n\r\n"+bomb), media.RungTransport, "does not end within 32 MiB"},
		{"packed badly", webtest.Says("", head+"Content-Encoding: gzip\r\n\r\nrubbish, and more of it"), media.RungTransport, "gzip: invalid header"},
		{"packed and cut", webtest.Says("", head+"Content-Encoding: gzip\r\n\r\n"+bomb[:500]), media.RungTransport, "unexpected EOF"},
		{"cut", webtest.Says("", head+"Content-Length: 99\r\n\r\n#EXTM3U\n"), media.RungContainer, "cut off after 8 of 99 bytes"},
		{"packed media", webtest.Says("", head+"Content-Encoding: gzip\r\n\r\n"+string(zipped(string(webtest.SilentMP3(time.Second))))), media.RungContainer, "compressed data (gzip)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg, wait := piped(c.serve.Serve)
				_, err := Open(t.Context(), mustParse(t, "http://10.0.0.1/a"), cfg)
				if err == nil || rungOf(err) != c.rung || !strings.Contains(err.Error(), c.words) {
					t.Errorf("%s: %v", rungOf(err), err)
				}
				wait()
			})
		})
	}
}
