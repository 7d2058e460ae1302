package player

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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
	closed atomic.Int32
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

func (c *chunks) Close() error { c.closed.Add(1); return nil }

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
			in := &chunks{pieces: append([][]byte{}, c.pieces...), err: c.err}
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
			f.Drop(url)
			if in.closed.Load() == 0 {
				t.Error("the reader was not closed")
			}
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

func TestFile(t *testing.T) {
	f := newFeed(t)
	data := make([]byte, 1<<20+7)
	for i := range data {
		data[i] = byte(i * 7 >> 3)
	}
	size := len(data)
	url := f.File("video/mp4", int64(size), readAtBytes(data))
	for _, c := range []struct {
		method, ranges string
		status         int
		from, to       int
	}{
		{"GET", "", 200, 0, size},
		{"GET", "bytes=0-", 206, 0, size},
		{"GET", "bytes=100-199", 206, 100, 200},
		{"GET", "bytes=1000000-9999999", 206, 1000000, size},
		{"GET", "bytes=-5", 206, size - 5, size},
		{"GET", fmt.Sprintf("bytes=%d-", size), 416, 0, 0},
		{"GET", "bytes=0-1,3-4", 200, 0, size},
		{"HEAD", "", 200, 0, size},
		{"HEAD", "bytes=5-", 206, 5, size},
	} {
		resp, body, err := fetch(t, c.method, url, c.ranges)
		if err != nil || resp.StatusCode != c.status {
			t.Errorf("%s %s: %d, %v", c.method, c.ranges, resp.StatusCode, err)
			continue
		}
		h := resp.Header
		switch {
		case c.status == 416:
			if got := h.Get("Content-Range"); got != fmt.Sprintf("bytes */%d", size) {
				t.Errorf("%s: Content-Range %q", c.ranges, got)
			}
			continue
		case c.status == 206:
			if got, want := h.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", c.from, c.to-1, size); got != want {
				t.Errorf("%s: Content-Range %q, want %q", c.ranges, got, want)
			}
		}
		if h.Get("Accept-Ranges") != "bytes" || resp.ContentLength != int64(c.to-c.from) {
			t.Errorf("%s %s: header %v", c.method, c.ranges, h)
		}
		if c.method == "GET" && !bytes.Equal(body, data[c.from:c.to]) {
			t.Errorf("%s: other bytes", c.ranges)
		}
	}
}

func TestFileFails(t *testing.T) {
	f := newFeed(t)
	for name, readAt := range map[string]func(context.Context, []byte, int64) (int, error){
		"in the middle": func(_ context.Context, p []byte, off int64) (int, error) {
			if off > 0 {
				return 0, errors.New("lost")
			}
			clear(p)
			return len(p), nil
		},
		"too short": func(_ context.Context, p []byte, off int64) (int, error) { clear(p); return min(len(p), 10), io.EOF },
		"nothing":   func(context.Context, []byte, int64) (int, error) { return 0, nil },
		"a list": func(_ context.Context, p []byte, off int64) (int, error) {
			return copy(p, "#EXTM3U\nhttp://127.0.0.1/\n"+strings.Repeat(" ", len(p))), nil
		},
	} {
		url := f.File("video/mp4", 1<<20, readAt)
		resp, err := client(t).Do(request(t, "GET", url, ""))
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: the response is whole", name)
		}
	}
}

// A client that goes ends the read that is under way for it.
func TestFileClientGone(t *testing.T) {
	f := newFeed(t)
	waiting, ended := make(chan struct{}), make(chan error)
	url := f.File("video/mp4", 1<<30, func(ctx context.Context, p []byte, off int64) (int, error) {
		close(waiting)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return 0, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if resp, err := client(t).Do(request(t, "GET", url, "").WithContext(ctx)); err == nil {
			_, _ = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
	}()
	<-waiting
	cancel()
	if err := <-ended; err == nil {
		t.Error("no cause")
	}
	<-done
}

// A slow source is read in small pieces, so that what it has is passed on.
func TestFilePieces(t *testing.T) {
	f := newFeed(t)
	var asked []int
	url := f.File("video/mp4", 1<<20, func(_ context.Context, p []byte, _ int64) (int, error) {
		asked = append(asked, len(p))
		clear(p)
		return len(p), nil
	})
	if _, _, err := fetch(t, "GET", url, ""); err != nil {
		t.Fatal(err)
	}
	f.Drop(url)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if asked[0] != firstPiece {
		t.Errorf("the first piece is %d", asked[0])
	}
	for i := 1; i < len(asked); i++ {
		if asked[i] > feedBuffer || asked[i] > 2*asked[i-1] {
			t.Errorf("pieces of %d", asked)
			break
		}
	}
}

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

var rangeCases = []struct {
	header   string
	size     int64
	from, to int64
	kind     rangeKind
}{
	{"", 100, 0, 100, rangeNone},
	{"bytes=0-", 100, 0, 100, rangeOne},
	{"bytes=0-0", 100, 0, 1, rangeOne},
	{"bytes=99-", 100, 99, 100, rangeOne},
	{"bytes=50-1000", 100, 50, 100, rangeOne},
	{"bytes=-30", 100, 70, 100, rangeOne},
	{"bytes=-300", 100, 0, 100, rangeOne},
	{"bytes= 1-2 ", 100, 1, 3, rangeOne},
	{"bytes=100-", 100, 0, 0, rangeOutside},
	{"bytes=-0", 100, 0, 0, rangeOutside},
	{"bytes=0-", 0, 0, 0, rangeOutside},
	{"bytes=-1", 0, 0, 0, rangeOutside},
	{"bytes=5-4", 100, 0, 100, rangeNone},
	{"bytes=0-1,2-3", 100, 0, 100, rangeNone},
	{"bytes=-", 100, 0, 100, rangeNone},
	{"bytes=x-", 100, 0, 100, rangeNone},
	{"bytes=+1-", 100, 0, 100, rangeNone},
	{"bytes=1-9223372036854775807", 100, 0, 100, rangeNone},
	{"bytes=99999999999999999999-", 100, 0, 100, rangeNone},
	{"lines=1-2", 100, 0, 100, rangeNone},
}

func TestParseRange(t *testing.T) {
	for _, c := range rangeCases {
		from, to, kind := parseRange(c.header, c.size)
		if from != c.from || to != c.to || kind != c.kind {
			t.Errorf("%q of %d: %d, %d, %d", c.header, c.size, from, to, kind)
		}
	}
}

func FuzzRange(f *testing.F) {
	for _, c := range rangeCases {
		f.Add(c.header, c.size)
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		from, to, kind := parseRange(header, size)
		if from < 0 || to > size || from > to || kind == rangeOne && from == to {
			t.Errorf("%q of %d: %d, %d, %d", header, size, from, to, kind)
		}
	})
}

// pieces gives its bytes from where they are, as the tape does.
type pieces struct{ left int }

var piece = make([]byte, 64<<10)

func (p *pieces) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, io.EOF
	}
	n := copy(b, piece)
	p.left -= n
	return n, nil
}

func (p *pieces) Close() error { return nil }

// inPlace is pieces that writes itself.
type inPlace struct{ pieces }

func (p *inPlace) WriteTo(w io.Writer) (int64, error) {
	var done int64
	batch := make(net.Buffers, 0, 8)
	for p.left > 0 {
		batch = batch[:0]
		for range 8 {
			batch = append(batch, piece)
		}
		turn := batch
		n, err := turn.WriteTo(w)
		done += n
		if p.left -= int(n); err != nil {
			return done, err
		}
	}
	return done, nil
}

func BenchmarkFeed(b *testing.B) {
	const size = 256 << 20
	f := newFeed(b)
	for name, url := range map[string]string{
		"stream":        f.Stream("video/mp2t", func() (io.ReadCloser, error) { return &pieces{left: size}, nil }),
		"stream/writev": f.Stream("video/mp2t", func() (io.ReadCloser, error) { return &inPlace{pieces{left: size}}, nil }),
		"file": f.File("video/mp4", size, func(_ context.Context, p []byte, _ int64) (int, error) {
			for n := 0; n < len(p); {
				n += copy(p[n:], piece)
			}
			return len(p), nil
		}),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			began := cpuTime()
			for b.Loop() {
				drain(b, url)
			}
			b.ReportMetric((cpuTime()-began).Seconds()/float64(b.N)*(1<<30)/size, "cpu-s/GB")
		})
	}
}

// drain reads the whole of url by bare reads, the cheapest client there is.
func drain(b *testing.B, url string) {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path)
	buf := make([]byte, 256<<10)
	for {
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}
