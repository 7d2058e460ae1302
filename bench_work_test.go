package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/peers"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/web/webtest"
	"tapedeck/player"
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

const workRuns = 3

// work is the CPU time for each gigabyte of RTSP over TCP.
func (b *bench) work(t *testing.T) {
	srv := rtsptest.NewServer(rtsptest.Config{})
	t.Cleanup(srv.Close)
	for _, c := range []struct{ name, query string }{
		{"unpaced", "mbit=50&pace=0&seconds=160"},
		{"at 50 Mbit/s", "mbit=50&seconds=20"},
	} {
		var ours, theirs []float64
		var share []float64
		for range workRuns {
			w := deckWork(t, srv.URL("/bench?"+c.query))
			ours, share = append(ours, w.perGB()), append(share, float64(w.Given)/float64(w.Bytes))
			theirs = append(theirs, ffmpegWork(t, srv.URL("/bench?"+c.query)).perGB())
		}
		t.Logf("%s: ours %.2f, ffmpeg %.2f s/GB; given on %.3f", c.name, ours, theirs, share)
		b.add("work per GB, RTSP over TCP, "+c.name, fmt.Sprintf("%.2f s", median(ours)),
			fmt.Sprintf("ffmpeg -c copy: %.2f s", median(theirs)), ratio(median(ours), median(theirs)), "≤ 1")
	}
}

// passing is the CPU time for each gigabyte that passes through over HTTP: a
// file that is kept on the way, and a body without ranges.
func (b *bench) passing(t *testing.T) {
	const size = 1 << 30
	root := t.TempDir()
	path := filepath.Join(root, "large.flv") // a hole, with a beginning that is recognised
	if err := os.WriteFile(path, []byte("FLV\x01"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	nginx := webtest.StartNginx(t, root, "location /plain { alias "+root+"/; max_ranges 0; }")
	for _, c := range []struct{ name, link string }{
		{"a file with ranges", nginx + "/large.flv"},
		{"a body without ranges", nginx + "/plain/large.flv"},
	} {
		var ours, theirs []float64
		for range workRuns {
			ours = append(ours, deckWork(t, c.link).perGB())
			theirs = append(theirs, curlWork(t, c.link).perGB())
		}
		t.Logf("%s: ours %.2f, curl %.2f s/GB", c.name, ours, theirs)
		b.add("work per GB, HTTP, "+c.name, fmt.Sprintf("%.2f s", median(ours)),
			fmt.Sprintf("curl to a pipe: %.2f s", median(theirs)), ratio(median(ours), median(theirs)), "≤ 1.5")
	}
}

// curlWork fetches link into a pipe that this process reads.
func curlWork(t *testing.T, link string) worked {
	t.Helper()
	cmd := exec.Command(peers.Find(t, "curl"), "-s", link)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, out, make([]byte, 1<<20))
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return worked{Seconds: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), Given: n}
}

// worked is what a process has done.
type worked struct {
	Seconds float64 // of CPU, user and system
	Given   int64   // bytes handed on to another process
	Bytes   uint64  // that came in, where it is known
}

func (w worked) perGB() float64 { return w.Seconds / (float64(w.Given) / 1e9) }

// ffmpegWork copies link into a pipe that another process reads.
func ffmpegWork(t *testing.T, link string) worked {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*ptyPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, peers.Find(t, "ffmpeg"), "-v", "error", "-rtsp_transport", "tcp", "-i", link,
		"-c", "copy", "-f", "matroska", "-")
	count := exec.CommandContext(ctx, "sh", "-c", "cat | wc -c")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, count.Stdin = write, read
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	out, err := count.Output()
	read.Close()
	if werr := cmd.Wait(); err != nil || werr != nil {
		t.Fatalf("ffmpeg: %v, %v: %s", err, werr, said.String())
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return worked{Seconds: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), Given: n}
}

// deckVariable names the link that the test binary, started anew, plays as the
// program does, with curl in VLC's place; profileVariable a file for its profile.
const (
	deckVariable    = "TAPEDECK_BENCH_LINK"
	profileVariable = "TAPEDECK_BENCH_PROFILE"
)

// deckWork plays link in a process of its own.
func deckWork(t *testing.T, link string) worked {
	t.Helper()
	peers.Find(t, "curl")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*ptyPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.run", "^TestBenchDeck$")
	cmd.Env = append(os.Environ(), deckVariable+"="+overTCP(link))
	out, err := cmd.CombinedOutput()
	var w worked
	line, _, _ := strings.Cut(string(out), "\n")
	if jsonErr := json.Unmarshal([]byte(line), &w); err != nil || jsonErr != nil {
		t.Fatalf("the deck: %v, %v: %s", err, jsonErr, out)
	}
	// Waiting for curl costs nothing; what curl does is not in it.
	w.Seconds = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() - w.Seconds
	return w
}

// TestBenchDeck is the process that deckWork measures.
func TestBenchDeck(t *testing.T) {
	link := os.Getenv(deckVariable)
	if link == "" {
		t.Skip("started by TestBench only")
	}
	if path := os.Getenv(profileVariable); path != "" {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			t.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	debug.SetGCPercent(50) // as main does
	e, err := newEngine(options{}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader := newCurlPlayer()
	var bytes uint64
	cfg := e.deck(playback.Config{OnEvent: func(ev playback.Event) {
		switch ev := ev.(type) {
		case playback.StatsEvent:
			bytes = ev.Bytes
		case playback.EndedEvent:
			cancel()
		case playback.ErrorEvent:
			t.Error(ev.Message)
			cancel()
		}
	}})
	cfg.Player = func(context.Context) (playback.Player, error) { return reader, nil }
	deck := playback.New(cfg)
	deck.Do(playback.Play{Entry: playlist.Entry{URL: link}})
	deck.Run(ctx)

	var children syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children); err != nil {
		t.Fatal(err)
	}
	spent := time.Duration(children.Utime.Nano() + children.Stime.Nano()).Seconds()
	line, _ := json.Marshal(worked{Seconds: spent, Given: reader.given, Bytes: bytes})
	fmt.Println(string(line))
}

// curlPlayer is a player that reads what the feed gives and shows nothing.
type curlPlayer struct {
	mu      sync.Mutex
	state   player.State
	given   int64
	done    chan struct{}
	running sync.WaitGroup
	stop    context.CancelFunc
}

func newCurlPlayer() *curlPlayer {
	return &curlPlayer{done: make(chan struct{}), stop: func() {}}
}

func (c *curlPlayer) Open(_ context.Context, url string) error {
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	cmd := exec.CommandContext(ctx, "curl", "-s", "-o", "/dev/null", "-w", "%{size_download}", url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.set(player.Playing, 0)
	c.running.Go(func() {
		text, _ := io.ReadAll(out)
		_ = cmd.Wait() // what it has counted is what matters
		n, _ := strconv.ParseInt(string(text), 10, 64)
		c.set(player.Ended, n)
	})
	return nil
}

func (c *curlPlayer) set(s player.State, given int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.given = s, c.given+given
}

func (c *curlPlayer) Status(context.Context) (player.Status, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := player.Status{State: c.state}
	st.Displayed = 1
	return st, nil
}

func (c *curlPlayer) Close() error {
	c.stop()
	c.running.Wait()
	return nil
}

func (c *curlPlayer) Stop(context.Context) error                   { return nil }
func (c *curlPlayer) Pause(context.Context) error                  { return nil }
func (c *curlPlayer) Resume(context.Context) error                 { return nil }
func (c *curlPlayer) Seek(context.Context, time.Duration) error    { return nil }
func (c *curlPlayer) SeekByte(context.Context, int64, int64) error { return nil }
func (c *curlPlayer) SetRate(context.Context, float64) error       { return nil }
func (c *curlPlayer) SetVolume(context.Context, int) error         { return nil }
func (c *curlPlayer) Outputs() player.Outputs                      { return player.Outputs{} }
func (c *curlPlayer) Done() <-chan struct{}                        { return c.done }
func (c *curlPlayer) Err() error                                   { return nil }
