package web

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tapedeck/client/web/webtest"
)

// fill puts data's bytes into c from pos on, n of them.
func fill(t *testing.T, c *cache, data []byte, n int) {
	t.Helper()
	for n > 0 && c.at() < c.size {
		room, err := c.room()
		if err != nil || len(room) == 0 {
			t.Fatalf("%d bytes of room at %d, %v", len(room), c.at(), err)
		}
		k := min(n, len(room), 100_000)
		copy(room[:k], data[c.at():])
		c.filledBy(k)
		n -= k
	}
}

// TestCacheIsAFile fills it in runs from anywhere and compares what it gives.
func TestCacheIsAFile(t *testing.T) {
	data := movie(40<<20 + 777)
	for name, maxBytes := range map[string]int64{"room for all": 1 << 30, "little room": 1, "some room": 20 << 20} {
		t.Run(name, func(t *testing.T) {
			c := newCache(t.TempDir(), int64(len(data)), maxBytes)
			defer c.close()
			random := rand.New(rand.NewPCG(3, 4))
			p := make([]byte, 300_000)
			for range 80 {
				off := random.Int64N(int64(len(data)))
				if at := c.start(off); at > off || at < off-blockSize {
					t.Fatalf("start(%d) is %d", off, at)
				}
				fill(t, c, data, random.IntN(2<<20))
				for range 10 {
					c.reader = random.Int64N(int64(len(data)))
					at, have := c.missing(c.reader)
					n, err := c.readAt(p, c.reader)
					if err != nil || (n > 0) != have || have && int64(n) < min(at-c.reader, int64(len(p))) || !bytes.Equal(p[:n], data[c.reader:][:n]) {
						t.Fatalf("at %d: %d bytes, %v; missing is %d, %v", c.reader, n, err, at, have)
					}
				}
			}
			if len(c.segments) > c.max+inMemory || len(c.memory) > inMemory || c.slots > int64(c.max) {
				t.Errorf("%d segments, %d in memory, %d places", len(c.segments), len(c.memory), c.slots)
			}
		})
	}
}

// readOnly is an empty file that takes no writes, as a full disc does.
func readOnly(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "full")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestDiscFull: what has come lately is kept, and the user is told.
func TestDiscFull(t *testing.T) {
	data := movie(30 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	var j journal
	f := openFile(t, server.URL, Config{Trace: j.add})
	f.mu.Lock()
	f.cache.file.Close()
	f.cache.file = readOnly(t)
	f.mu.Unlock()
	got, err := drain(t.Context(), f)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d of %d bytes, %v", len(got), len(data), err)
	}
	if n := server.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
	if lines := strings.Join(j.lines(), "\n"); strings.Count(lines, "only the last 10 MB of the file are kept") != 1 {
		t.Errorf("%s", lines)
	}
	reads(t, f, data, len(data)-4<<20, 1<<20)
	if n := server.Connections(); n != 1 {
		t.Errorf("%d connections for what is in memory", n)
	}
	reads(t, f, data, 0, 1<<20) // gone, and fetched again
	reads(t, f, data, 25<<20, 1<<20)
}

// TestDiscLost: what the disc does not give back is not there any more; it is
// never something else.
func TestDiscLost(t *testing.T) {
	data := movie((inMemory + 4) * segmentSize)
	c := newCache(t.TempDir(), int64(len(data)), int64(len(data)))
	defer c.close()
	c.reader = c.size
	fill(t, c, data, len(data))
	c.file.Close()
	p := make([]byte, 1000)
	if n, err := c.readAt(p, 0); n > 0 || err == nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := c.readAt(p, 0); n > 0 || err != nil {
		t.Errorf("then %d bytes, %v", n, err)
	}
	c.start(0)
	fill(t, c, data, 2000)
	if n, err := c.readAt(p, 0); n != len(p) || err != nil || !bytes.Equal(p, data[:n]) {
		t.Errorf("fetched again: %d bytes, %v", n, err)
	}
}

func TestNoFolderAtAll(t *testing.T) {
	data := movie(30 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	var j journal
	f := openFile(t, server.URL, Config{Trace: j.add, CacheDir: filepath.Join(os.TempDir(), "too")})
	got, err := drain(t.Context(), f)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d of %d bytes, %v", len(got), len(data), err)
	}
	if lines := strings.Join(j.lines(), "\n"); !strings.Contains(lines, "no place for a temporary file") {
		t.Errorf("%s", lines)
	}
}

// TestSeekBackAsksNothing: a file larger than the memory, read once, then here
// and there.
func TestSeekBackAsksNothing(t *testing.T) {
	data := movie(60 << 20)
	server := webtest.NewFile("a.mp4", "video/mp4", data, webtest.FileOptions{})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	if got, err := drain(t.Context(), f); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	requests, sent := len(server.Requests()), server.Bytes()
	for _, off := range []int{0, 30 << 20, 5<<20 + 17, 59 << 20, 100} {
		reads(t, f, data, off, 1<<20)
	}
	if len(server.Requests()) != requests || server.Bytes() != sent || requests != 1 {
		t.Errorf("%d requests and %d bytes more", len(server.Requests())-requests, server.Bytes()-sent)
	}
}
