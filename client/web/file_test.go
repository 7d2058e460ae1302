package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/web/webtest"
)

// movie is size bytes that begin like an MP4 and never repeat.
func movie(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(b)
	copy(b, "\x00\x00\x00\x18ftypisom")
	return b
}

func openFile(t testing.TB, link string, cfg Config) *File {
	t.Helper()
	if cfg.CacheDir == "" {
		cfg.CacheDir = t.TempDir()
	}
	s := open(t, link, cfg)
	f, ok := s.(*File)
	if !ok {
		t.Fatalf("a %T, not a file", s)
	}
	return f
}

// reads checks that f has data's bytes at off.
func reads(t testing.TB, f *File, data []byte, off, n int) {
	t.Helper()
	p := make([]byte, n)
	got, err := f.ReadAt(t.Context(), p, int64(off))
	want := data[off:min(off+n, len(data))]
	if got != len(want) || !bytes.Equal(p[:got], want) {
		t.Fatalf("%d bytes at %d: %d, %v, or others", n, off, got, err)
	}
	if (err == io.EOF) != (off+n > len(data)) || err != nil && err != io.EOF {
		t.Fatalf("%d bytes at %d: %v", n, off, err)
	}
}

func TestFile(t *testing.T) {
	data := movie(3<<20 + 12345)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	dir := t.TempDir()
	f := openFile(t, server.URL, Config{CacheDir: dir})
	info := f.Info()
	if info.Live || info.Can != (media.Capabilities{NoScale: media.NormalSpeed}) || info.ContentType != "video/mp4" || f.Size() != int64(len(data)) {
		t.Errorf("%+v, %d bytes", info, f.Size())
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("the temporary file has a name: %v", left)
	}
	reads(t, f, data, 0, 100)
	reads(t, f, data, blockSize-1, 2)
	reads(t, f, data, 1<<20, 1<<20)
	reads(t, f, data, len(data)-10, 10)
	reads(t, f, data, len(data)-10, 20)
	for _, off := range []int64{-1, f.Size(), f.Size() + 1} {
		if n, err := f.ReadAt(t.Context(), make([]byte, 1), off); n != 0 || err == nil || (off > 0) != (err == io.EOF) {
			t.Errorf("at %d: %d, %v", off, n, err)
		}
	}
	if err := errors.Join(f.Pause(t.Context()), f.Resume(t.Context())); err != nil {
		t.Error(err)
	}
	if _, err := f.Seek(t.Context(), time.Second); !errors.Is(err, media.ErrCannot) {
		t.Errorf("seek: %v", err)
	}
}

func TestFilesThatEndAtBlocks(t *testing.T) {
	for _, size := range []int{100, blockSize - 1, blockSize, blockSize + 1, 3 * blockSize} {
		for _, o := range []webtest.FileOptions{{}, {Chunked: true}, {NoLength: true}} {
			data := movie(size)
			server := webtest.NewFile("a.mp4", "video/mp4", data, o)
			f := openFile(t, server.URL, Config{})
			got, err := drain(t.Context(), f)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %+v: %d, %v", size, o, len(got), err)
			}
			reads(t, f, data, size-10, 20)
			f.Close()
			if n := server.Connections(); n != 1 {
				t.Errorf("%d bytes, %+v: %d connections", size, o, n)
			}
			server.Close()
		}
	}
}

// TestTwoReadersCostOneDownload: a player and a recording.
func TestTwoReadersCostOneDownload(t *testing.T) {
	data := movie(5 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	var all sync.WaitGroup
	all.Go(func() {
		got, err := drain(t.Context(), f)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("recorded %d of %d bytes, %v", len(got), len(data), err)
		}
	})
	for range 3 {
		all.Go(func() {
			for off := 0; off < len(data); off += 100_000 {
				p := make([]byte, min(100_000, len(data)-off))
				if _, err := f.ReadAt(t.Context(), p, int64(off)); err != nil || !bytes.Equal(p, data[off:off+len(p)]) {
					t.Errorf("at %d: %v", off, err)
					return
				}
			}
		})
	}
	all.Wait()
	if n := server.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
	if sent := server.Bytes(); sent > int64(len(data))+1000 {
		t.Errorf("%d bytes sent for %d", sent, len(data))
	}
	if n := f.Stats().Bytes; n != uint64(len(data)) {
		t.Errorf("%d bytes counted", n)
	}
}

func TestSeekInFile(t *testing.T) {
	data := movie(40 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	connections := func(want int, when string) {
		t.Helper()
		if n := server.Connections(); n != want {
			t.Errorf("%s: %d connections, want %d", when, n, want)
		}
	}
	reads(t, f, data, 0, 1000)
	reads(t, f, data, 300_000, 1000)
	connections(1, "a little ahead")
	reads(t, f, data, len(data)-2_000_000, 1000)
	connections(2, "to the end")
	last := server.Requests()[1].Header
	if from := (len(data) - 2_000_000) / blockSize * blockSize; last.Get("Range") != "bytes="+itoa(from)+"-" || last.Get("If-Range") != `"1"` || last.Get("Icy-Metadata") != "" {
		t.Errorf("asked with %v", last)
	}
	reads(t, f, data, len(data)-1_600_000, 1000)
	reads(t, f, data, 200_000, 100_000)
	reads(t, f, data, 0, 300_000)
	connections(2, "back inside what is kept")
}

func itoa(n int) string {
	var b []byte
	for ; n > 0 || len(b) == 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

func TestReadAheadIsBounded(t *testing.T) {
	data := movie(40 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	reads(t, f, data, 0, 1)
	for f.Stats().Bytes < readAhead {
		runtime.Gosched()
	}
	reads(t, f, data, 0, 1) // whatever the fetcher was at, it plans anew
	if n := f.Stats().Bytes; n > readAhead+segmentSize {
		t.Errorf("%d bytes fetched ahead", n)
	}
	reads(t, f, data, readAhead-1, 1<<20)
	if n := server.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestManyReadersEverywhere(t *testing.T) {
	data := movie(24 << 20)
	for _, c := range []struct {
		name string
		cfg  Config
		o    webtest.FileOptions
	}{
		{"room for all", Config{}, webtest.FileOptions{}},
		{"little room", Config{MaxCache: 1}, webtest.FileOptions{}},
		{"cut often", Config{}, webtest.FileOptions{CutAfter: 1 << 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := webtest.NewFile("a.mp4", "video/mp4", data, c.o)
			defer server.Close()
			f := openFile(t, server.URL, c.cfg)
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					random := rand.New(rand.NewPCG(1, uint64(i)))
					for range 10 {
						p := make([]byte, 1+random.IntN(200_000))
						off := random.IntN(len(data) - len(p))
						if _, err := f.ReadAt(t.Context(), p, int64(off)); err != nil || !bytes.Equal(p, data[off:off+len(p)]) {
							t.Errorf("%d bytes at %d: %v", len(p), off, err)
							return
						}
					}
				})
			}
			all.Wait()
			f.mu.Lock()
			defer f.mu.Unlock()
			if kept := len(f.cache.segments); kept > f.cache.max+inMemory || len(f.cache.memory) > inMemory {
				t.Errorf("%d segments kept, of %d, %d in memory", kept, f.cache.max, len(f.cache.memory))
			}
			if len(f.waiting) > 0 {
				t.Errorf("%d waiters are left", len(f.waiting))
			}
		})
	}
}

func TestFileGoesOnWhereTheConnectionBroke(t *testing.T) {
	data := movie(3 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{CutAfter: 500_000})
	defer server.Close()
	var j journal
	f := openFile(t, server.URL, Config{Trace: j.add})
	got, err := drain(t.Context(), f)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d of %d bytes, %v", len(got), len(data), err)
	}
	if want := len(data)/500_000 + 1; server.Connections() != want {
		t.Errorf("%d connections, want %d", server.Connections(), want)
	}
	if lines := strings.Join(j.lines(), "\n"); !strings.Contains(lines, "the connection broke at byte 500000") {
		t.Errorf("%s", lines)
	}
}

func TestFileThatBreaksTooOften(t *testing.T) {
	server := webtest.NewFile("a.mp4", "video/mp4", movie(3<<20), webtest.FileOptions{CutAfter: 5000})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	_, err := drain(t.Context(), f)
	var short *ShortError
	if !errors.As(err, &short) || rungOf(err) != media.RungTransport {
		t.Errorf("%v", err)
	}
	if n := server.Connections(); n > maxBreaks+2 {
		t.Errorf("%d connections", n)
	}
}

func TestTwoVersionsAreNeverMixed(t *testing.T) {
	old, other := movie(20<<20), movie(20<<20)
	for i := range other {
		other[i] ^= 0xff
	}
	for _, c := range []struct {
		name string
		data []byte
		etag string
	}{
		{"another tag", other, `"2"`},
		{"smaller", other[:1<<20], `"1"`},
		{"larger", append(other[:len(other):len(other)], 1), `"1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := webtest.NewFile("a.mp4", "video/mp4", old, webtest.FileOptions{})
			defer server.Close()
			f := openFile(t, server.URL, Config{})
			reads(t, f, old, 0, 1000)
			server.Change(c.data, c.etag)
			for range 2 {
				if _, err := f.ReadAt(t.Context(), make([]byte, 10), 19<<20); !errors.Is(err, ErrChanged) || rungOf(err) != media.RungTransport {
					t.Errorf("%v", err)
				}
			}
			reads(t, f, old, 0, 1000) // what is kept stays good
		})
	}
}

func TestServersThatClaimRanges(t *testing.T) {
	data := movie(20 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{ClaimAll: true})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	reads(t, f, data, 19<<20, 1000)
	reads(t, f, data, 0, 1000)

	liar := webtest.NewHostile(webtest.Says("a liar", "HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: 1000\r\n\r\n"+string(data[:1000])))
	defer liar.Close()
	s := open(t, liar.URL, Config{})
	if _, ok := s.(*Stream); !ok || s.Info().Can.NoSeek != whyNoRanges || s.Info().Live {
		t.Errorf("a %T, %+v", s, s.Info())
	}
	if got, err := drain(t.Context(), s); err != nil || !bytes.Equal(got, data[:1000]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestReadEndsWithItsContextAndWithClose(t *testing.T) {
	data := movie(1 << 20)
	server := webtest.NewHostile(webtest.Holds("slow", "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1048575/1048576\r\nContent-Length: 1048576\r\n\r\n"+string(data[:50_000])))
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	reads(t, f, data, 0, 50_000)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	p := make([]byte, 1000)
	n, err := f.ReadAt(ctx, p, 49_500)
	if n != 500 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d, %v", n, err)
	}
	done := make(chan error)
	go func() {
		_, err := f.ReadAt(t.Context(), p, 60_000)
		done <- err
	}()
	for waiting := 0; waiting == 0; {
		f.mu.Lock()
		waiting = len(f.waiting)
		f.mu.Unlock()
		runtime.Gosched()
	}
	f.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := f.ReadAt(t.Context(), p, 0); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestCacheElsewhereWhenTheFolderIsBad(t *testing.T) {
	data := movie(100_000)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	f := openFile(t, server.URL, Config{CacheDir: filepath.Join(t.TempDir(), "missing")})
	reads(t, f, data, 0, len(data))
}

func TestReadAtAllocatesNothing(t *testing.T) {
	data := movie(1 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	p := make([]byte, len(data))
	if _, err := f.ReadAt(t.Context(), p, 0); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(20, func() { f.ReadAt(ctx, p, 0) }); n > 0 {
		t.Errorf("%v allocations for what is kept", n)
	}
}

func TestLoginAndRangesBehindARedirect(t *testing.T) {
	data := movie(10 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	hop := webtest.NewHostile(webtest.Redirects(307, server.URL))
	defer hop.Close()
	f := openFile(t, hop.URL, Config{})
	reads(t, f, data, 9<<20, 1000)
	if hop.Connections() != 1 {
		t.Errorf("the first server was asked %d times", hop.Connections())
	}
}
