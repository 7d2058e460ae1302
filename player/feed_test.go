package player

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// client is an HTTP client that keeps nothing open after the test.
func client(t testing.TB) *http.Client {
	t.Helper()
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience}
}

func request(t testing.TB, method, url, ranges string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ranges != "" {
		req.Header.Set("Range", ranges)
	}
	return req
}

func fetch(t testing.TB, method, url, ranges string) (*http.Response, []byte, error) {
	t.Helper()
	resp, err := client(t).Do(request(t, method, url, ranges))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// chunks gives its pieces, one a read, and then err.
type chunks struct {
	pieces [][]byte
	err    error
	once   sync.Once
	closed chan struct{}
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.pieces) == 0 {
		return 0, c.err
	}
	n := copy(p, c.pieces[0])
	if c.pieces[0] = c.pieces[0][n:]; len(c.pieces[0]) == 0 {
		c.pieces = c.pieces[1:]
	}
	return n, nil
}

func (c *chunks) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func TestStream(t *testing.T) {
	f := newFeed(t)
	big := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	for _, c := range []struct {
		name   string
		pieces [][]byte
		err    error
		status int
	}{
		{"whole", [][]byte{[]byte("G\x00\x01"), big, []byte("end")}, io.EOF, 200},
		{"empty", nil, io.EOF, 200},
		{"cut", [][]byte{[]byte("G\x00\x01")}, errors.New("lost"), 200},
		{"a list", [][]byte{[]byte("#EXTM3U\nhttp://127.0.0.1/\n")}, io.EOF, 502},
		{"a reader that gives nothing", [][]byte{[]byte("G\x00")}, nil, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &chunks{pieces: append([][]byte{}, c.pieces...), err: c.err, closed: make(chan struct{})}
			want := bytes.Join(c.pieces, nil)
			if c.status != 200 {
				want = nil
			}
			url := f.Stream("video/mp2t", func() (io.ReadCloser, error) { return in, nil })
			resp, body, err := fetch(t, "GET", url, "bytes=0-")
			if resp.StatusCode != c.status || !bytes.Equal(body, want) || err != nil {
				t.Errorf("status %d, %d bytes of %d, %v", resp.StatusCode, len(body), len(want), err)
			}
			if h := resp.Header; c.status == 200 && (h.Get("Content-Type") != "video/mp2t" || h.Get("Accept-Ranges") != "" ||
				h.Get("Cache-Control") != "no-store" || !resp.Close || resp.ContentLength != -1) {
				t.Errorf("header %v", h)
			}
			<-in.closed
		})
	}
}

func TestStreamRefused(t *testing.T) {
	f := newFeed(t)
	var opened int
	url := f.Stream("video/mp2t", func() (io.ReadCloser, error) { opened++; return nil, errors.New("no tape") })
	resp, body, _ := fetch(t, "GET", url, "")
	if resp.StatusCode != http.StatusServiceUnavailable || strings.Contains(string(body), "no tape") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if resp, body, _ := fetch(t, "HEAD", url, ""); resp.StatusCode != 200 || len(body) != 0 || resp.Header.Get("Content-Type") != "video/mp2t" {
		t.Errorf("HEAD: %d %v", resp.StatusCode, resp.Header)
	}
	if resp, _, _ := fetch(t, "GET", url, "bytes=5-"); resp.StatusCode != http.StatusNotImplemented {
		t.Errorf("from the middle: %d", resp.StatusCode)
	}
	if opened != 1 {
		t.Errorf("opened %d times", opened)
	}
	if resp, _, _ := fetch(t, "POST", url, ""); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", resp.StatusCode)
	}
	if resp, _, _ := fetch(t, "GET", url+"0", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("another path: %d", resp.StatusCode)
	}
}

// A reader that writes itself gives the same bytes.
func TestStreamWriterTo(t *testing.T) {
	f := newFeed(t)
	const size = 3 << 20
	url := f.Stream("video/mp2t", func() (io.ReadCloser, error) { return &inPlace{pieces{left: size}}, nil })
	_, body, err := fetch(t, "GET", url, "")
	if err != nil || len(body) < size || bytes.Count(body, []byte{0}) != len(body) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

// endless is a reader that gives one byte and then waits for its Close.
type endless struct {
	once   sync.Once
	given  bool
	closed chan struct{}
}

func newEndless() *endless { return &endless{closed: make(chan struct{})} }

func (e *endless) Read(p []byte) (int, error) {
	if !e.given {
		e.given = true
		p[0] = 'G'
		return 1, nil
	}
	<-e.closed
	return 0, io.ErrClosedPipe
}

func (e *endless) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

// listen opens url and reads its first byte.
func listen(t *testing.T, url string) *http.Response {
	t.Helper()
	resp, err := client(t).Do(request(t, "GET", url, ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestStreamEnds(t *testing.T) {
	f := newFeed(t)
	readers := make(chan *endless, 10)
	url := f.Stream("audio/mpeg", func() (io.ReadCloser, error) {
		e := newEndless()
		readers <- e
		return e, nil
	})
	one, two := listen(t, url), listen(t, url)
	first, second := <-readers, <-readers
	if first == second {
		t.Fatal("two connections share a reader")
	}
	// A client that goes takes its reader with it, and no other.
	one.Body.Close()
	select {
	case <-first.closed:
	case <-second.closed:
		first, second = second, first
	}
	select {
	case <-second.closed:
		t.Fatal("both readers are closed")
	default:
	}
	f.Drop(url)
	<-second.closed
	if rest, err := io.ReadAll(two.Body); len(rest) != 0 {
		t.Errorf("a dropped response goes on with %q, %v", rest, err)
	}
	if resp, _, _ := fetch(t, "GET", url, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("after Drop: %d", resp.StatusCode)
	}
	f.Drop(url)
	f.Drop("http://elsewhere/")
}

// Close ends what waits to read and what waits to write.
func TestFeedClose(t *testing.T) {
	f, err := NewFeed()
	if err != nil {
		t.Fatal(err)
	}
	silent := newEndless()
	url := f.Stream("audio/mpeg", func() (io.ReadCloser, error) { return silent, nil })
	listen(t, url)
	flood := f.Stream("audio/mpeg", func() (io.ReadCloser, error) { return io.NopCloser(forever{}), nil })
	listen(t, flood)
	inFile := make(chan struct{})
	slow := f.File("video/mp4", 1<<40, func(ctx context.Context, p []byte, off int64) (int, error) {
		if off > 0 {
			close(inFile)
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}
		clear(p)
		return len(p), nil
	})
	listen(t, slow)
	full := f.File("video/mp4", 1<<40, func(_ context.Context, p []byte, _ int64) (int, error) { clear(p); return len(p), nil })
	listen(t, full)
	<-inFile
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := net.Dial("tcp", f.listener.Addr().String()); err == nil {
		t.Error("the port is open after Close")
	}
}

type forever struct{}

func (forever) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFeedPaths(t *testing.T) {
	f := newFeed(t)
	seen := map[string]bool{}
	for range 100 {
		url := f.Stream("x/y", func() (io.ReadCloser, error) { return nil, io.EOF })
		if !loopback(url) || seen[url] || len(url) < len("http://127.0.0.1:1/")+2*tokenBytes {
			t.Fatalf("%s", url)
		}
		seen[url] = true
	}
	if addr := f.listener.Addr().(*net.TCPAddr); !addr.IP.IsLoopback() {
		t.Errorf("listens on %v", addr)
	}
}

// A peer that is not on this machine is refused, should one ever get through.
func TestFeedPeers(t *testing.T) {
	f := newFeed(t)
	url := f.Stream("x/y", func() (io.ReadCloser, error) { t.Error("opened"); return nil, io.EOF })
	for _, from := range []string{"192.0.2.1:80", "[2001:db8::1]:80", "nonsense"} {
		req := request(t, "GET", url, "")
		req.RemoteAddr = from
		w := &recorder{header: http.Header{}}
		f.ServeHTTP(w, req)
		if w.status != http.StatusForbidden {
			t.Errorf("%s: %d", from, w.status)
		}
	}
}

type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }
func (r *recorder) WriteHeader(status int)      { r.status = status }
