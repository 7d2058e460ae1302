package player

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tapedeck/client/peers"
)

// samples are made once for all tests: 20 s of a moving picture, 320x240 at 25
// a second with a key frame each second, and a tone of 440 Hz.
var samples struct {
	sync.Mutex
	dir string
}

// sample is the path of the sample in the container that ext names.
func sample(t testing.TB, ext string) string {
	t.Helper()
	ffmpeg := peers.Find(t, "ffmpeg")
	samples.Lock()
	defer samples.Unlock()
	if samples.dir == "" {
		dir, err := os.MkdirTemp("", "player-samples-")
		if err != nil {
			t.Fatal(err)
		}
		samples.dir = dir
	}
	path := filepath.Join(samples.dir, "sample."+ext)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	args := []string{
		"-v", "error", "-y",
		"-f", "lavfi", "-i", "testsrc=size=320x240:rate=25", "-f", "lavfi", "-i", "sine=440:sample_rate=48000", "-t", "20",
	}
	if ext == "mp3" {
		args = append(args, "-vn", "-c:a", "libmp3lame", "-b:a", "128k")
	} else {
		args = append(args, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart")
	}
	if out, err := exec.Command(ffmpeg, append(args, path)...).CombinedOutput(); err != nil {
		os.Remove(path) // half a sample would fail the next test
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}

func removeSamples() {
	if samples.dir != "" {
		os.RemoveAll(samples.dir)
	}
}

// offerFile offers the file at path through f.
func offerFile(t testing.TB, f *Feed, contentType, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f.File(contentType, int64(len(data)), readAtBytes(data))
}

func readAtBytes(data []byte) func(context.Context, []byte, int64) (int, error) {
	return func(_ context.Context, p []byte, off int64) (int, error) {
		n := copy(p, data[min(off, int64(len(data))):])
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
}

func newFeed(t testing.TB) *Feed {
	t.Helper()
	f, err := NewFeed()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// startVLC starts the real VLC, without devices, and sees to its end.
func startVLC(t testing.TB, cfg Config) *VLC {
	t.Helper()
	cfg.Path = peers.Find(t, "vlc")
	if cfg.Audio == Auto {
		cfg.Audio = Dummy
	}
	if cfg.Video == Auto {
		cfg.Video = Dummy
	}
	v, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("VLC's last words: %s", v.log.last())
		}
	})
	return v
}

// patience bounds what a test waits for; only a failure takes so long.
const patience = 20 * time.Second

// await polls VLC until met, and returns the status that met it.
func await(t testing.TB, v *VLC, what string, met func(Status) bool) Status {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		st, err := v.Status(t.Context())
		if err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		if met(st) {
			return st
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waiting for %s: VLC is at %+v", what, st)
		}
	}
}

func playing(st Status) bool { return st.State == Playing && st.Displayed > 0 }

// pacedReader gives data over and over, rate bytes a second after a burst.
type pacedReader struct {
	data   []byte
	rate   int
	burst  int
	began  time.Time
	given  int
	closed chan struct{}
	once   sync.Once
}

func newPacedReader(data []byte, rate, burst int) *pacedReader {
	return &pacedReader{data: data, rate: rate, burst: burst, closed: make(chan struct{})}
}

func (p *pacedReader) Read(b []byte) (int, error) {
	if p.began.IsZero() {
		p.began = time.Now()
	}
	due := p.burst + int(time.Since(p.began).Seconds()*float64(p.rate)) - p.given
	if due <= 0 {
		timer := time.NewTimer(20 * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.closed:
			return 0, io.ErrClosedPipe
		}
		due = max(1, due)
	}
	at := p.given % len(p.data)
	n := copy(b[:min(len(b), due)], p.data[at:])
	p.given += n
	return n, nil
}

func (p *pacedReader) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// serveText answers with a text, without the feed's look at it.
func serveText(text string) func(context.Context, http.ResponseWriter, *http.Request) {
	return func(_ context.Context, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}
