package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/client/peers"
	"tapedeck/client/rtsp/rtsptest"
)

const (
	receiveWarm    = time.Second     // from the last PLAY on, so that everything has its size
	receiveStretch = 4 * time.Second // that is measured
	silentRuns     = 3
)

// load is what a server sends to one receiver: so many channels of a rate.
type load struct {
	name     string
	udp      bool
	channels int
	mbit     float64 // of each
}

func (l load) link(base string) string { return fmt.Sprintf("%s/bench?mbit=%g", base, l.mbit) }

// gigabytes is what comes in a time.
func (l load) gigabytes(d time.Duration) float64 {
	return float64(l.channels) * l.mbit / 8 * d.Seconds() / 1000
}

// receive is the CPU time for each gigabyte that comes at a steady rate, and
// what is allocated for each packet.
func (b *bench) receive(t *testing.T) {
	server := startBenchServer(t)
	for _, l := range []load{
		{"RTSP over TCP, 8 Mbit/s", false, 1, 8},
		{"RTSP over UDP, 8 Mbit/s", true, 1, 8},
		{"RTSP over TCP, 50 Mbit/s", false, 1, 50},
		{"RTSP over UDP, 50 Mbit/s", true, 1, 50},
		{"64 channels of 1 Mbit/s over TCP", false, 64, 1},
		{"64 channels of 1 Mbit/s over UDP", true, 64, 1},
	} {
		ours, counts := ourReceiver(t, server, l)
		ffmpeg := measured(t, server, l, ffmpegReceivers(t, server, l)...)
		gst := measured(t, server, l, gstReceiver(t, server, l))
		t.Logf("%s: ours %.2f, ffmpeg %.2f, gst %.2f s/GB; %+v", l.name, ours, ffmpeg, gst, counts)
		b.add("receiving, per GB, "+l.name, fmt.Sprintf("%.2f s", ours), fmt.Sprintf("ffmpeg -c copy: %.2f s", ffmpeg), ratio(ours, ffmpeg), "≤ 0.5")
		b.add("the same", fmt.Sprintf("%.2f s", ours), fmt.Sprintf("rtspsrc ! rtph264depay: %.2f s", gst), ratio(ours, gst), "")
		b.add("its allocations per packet", fmt.Sprintf("%.3f", float64(counts.Mallocs)/float64(max(counts.Packets, 1))), "", "", "0")
		if l.channels > 1 {
			b.add("its packets lost", fmt.Sprintf("%d of %d", counts.Lost, counts.Packets+counts.Lost), "", "", "0")
		}
	}
}

// received is what a receiver of ours has counted.
type received struct{ Packets, Lost, Bytes, Mallocs uint64 }

func (r received) since(before received) received {
	return received{r.Packets - before.Packets, r.Lost - before.Lost, r.Bytes - before.Bytes, r.Mallocs - before.Mallocs}
}

// ourReceiver measures all channels in one process of ours.
func ourReceiver(t *testing.T, server *benchServer, l load) (perGB float64, counts received) {
	t.Helper()
	scheme := "rtspt"
	if l.udp {
		scheme = "rtspu"
	}
	job, err := json.Marshal(receiverJob{Link: over(scheme, l.link(server.url)), Channels: l.channels})
	if err != nil {
		t.Fatal(err)
	}
	child := startTalker(t, "TestBenchReceiver", receiverVariable+"="+string(job))
	count := func() (r received) {
		if err := json.Unmarshal([]byte(child.ask()), &r); err != nil {
			t.Fatalf("the receiver: %v", err)
		}
		return r
	}
	child.answer() // all are open
	var before received
	perGB = steadily(t, server, l, func() { before = count() }, child.cmd)
	counts = count().since(before)
	child.end()
	if share := float64(counts.Bytes) / 1e9 / l.gigabytes(receiveStretch); share < 0.97 {
		t.Logf("%s: only %.0f %% came", l.name, 100*share)
	}
	return perGB, counts
}

// measured is the CPU time of receivers that nobody here wrote.
func measured(t *testing.T, server *benchServer, l load, receivers ...*exec.Cmd) float64 {
	t.Helper()
	for _, cmd := range receivers {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	perGB := steadily(t, server, l, func() {}, receivers...)
	for _, cmd := range receivers {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	}
	return perGB
}

// steadily waits until all channels play, and measures the processes for a
// while. start is called when that begins.
func steadily(t *testing.T, server *benchServer, l load, start func(), receivers ...*exec.Cmd) float64 {
	t.Helper()
	server.playing(l.channels)
	<-time.After(receiveWarm)
	start()
	began, before := time.Now(), cpuTime(t, receivers)
	<-time.After(receiveStretch)
	spent, took := cpuTime(t, receivers)-before, time.Since(began)
	return spent.Seconds() / l.gigabytes(took)
}

// cpuTime is the time that all threads of processes have run, to the nanosecond
// (the kernel's schedstat; /proc/PID/stat counts ticks of 10 ms).
func cpuTime(t *testing.T, processes []*exec.Cmd) (sum time.Duration) {
	t.Helper()
	for _, cmd := range processes {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", cmd.Process.Pid))
		if err != nil || len(threads) == 0 {
			t.Fatalf("%s has ended", filepath.Base(cmd.Path))
		}
		for _, path := range threads {
			text, _ := os.ReadFile(path) // a thread may have ended
			running, _, _ := strings.Cut(string(text), " ")
			n, _ := strconv.ParseInt(running, 10, 64)
			sum += time.Duration(n)
		}
	}
	return sum
}

func ffmpegReceivers(t *testing.T, server *benchServer, l load) (all []*exec.Cmd) {
	t.Helper()
	transport := "tcp"
	if l.udp {
		transport = "udp"
	}
	for range l.channels {
		all = append(all, exec.CommandContext(t.Context(), peers.Find(t, "ffmpeg"), "-nostdin", "-v", "quiet",
			"-rtsp_transport", transport, "-i", l.link(server.url), "-c", "copy", "-f", "matroska", "-y", os.DevNull))
	}
	return all
}

// gstReceiver has all channels in one process, as ours.
func gstReceiver(t *testing.T, server *benchServer, l load) *exec.Cmd {
	t.Helper()
	transport := "tcp"
	if l.udp {
		transport = "udp"
	}
	args := []string{"-q"}
	for range l.channels {
		args = append(args, "rtspsrc", "location="+l.link(server.url), "protocols="+transport, "!", "rtph264depay", "!", "fakesink")
	}
	return exec.CommandContext(t.Context(), peers.Find(t, "gst-launch-1.0"), args...)
}

// talker is the test binary, started anew, that answers each line with a line.
type talker struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
	once  sync.Once
}

// startTalker runs one test of this binary in a process of its own, which ends
// when its standard input does.
func startTalker(t *testing.T, test, variable string) *talker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &talker{t: t, cmd: exec.Command(self, "-test.run", "^"+test+"$")}
	c.cmd.Env, c.cmd.Stderr = append(os.Environ(), variable), os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.end)
	return c
}

func (c *talker) answer() string {
	c.t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.t.Fatalf("it says %q: %v", line, err)
	}
	return strings.TrimSpace(line)
}

func (c *talker) ask() string {
	c.t.Helper()
	if _, err := io.WriteString(c.stdin, "\n"); err != nil {
		c.t.Fatal(err)
	}
	return c.answer()
}

func (c *talker) end() {
	c.once.Do(func() {
		c.stdin.Close()
		watchdog := time.AfterFunc(ptyPatience, func() { c.cmd.Process.Kill() })
		defer watchdog.Stop()
		_, _ = io.Copy(io.Discard, c.out)
		_ = c.cmd.Wait()
	})
}

// benchServer is a server in a process of its own, so that what it spends is
// not in the figures.
type benchServer struct {
	*talker
	url   string
	plays int // that were there when the last receivers began
}

func startBenchServer(t *testing.T) *benchServer {
	t.Helper()
	s := &benchServer{talker: startTalker(t, "TestBenchServer", serverVariable+"=1")}
	s.url = s.answer()
	return s
}

// playing waits until so many more channels play.
func (s *benchServer) playing(channels int) {
	s.t.Helper()
	for end := time.Now().Add(ptyPatience); ; <-time.After(20 * time.Millisecond) {
		n, err := strconv.Atoi(s.ask())
		switch {
		case err != nil:
			s.t.Fatal(err)
		case n >= s.plays+channels:
			s.plays = n
			return
		case time.Now().After(end):
			s.t.Fatalf("%d of %d channels play", n-s.plays, channels)
		}
	}
}

// serverVariable makes TestBenchServer serve; receiverVariable has what
// TestBenchReceiver plays.
const (
	serverVariable   = "TAPEDECK_BENCH_SERVER"
	receiverVariable = "TAPEDECK_BENCH_RECEIVER"
)

// TestBenchServer is the server's process: it says its address, and then for
// each line how many PLAY requests have come.
func TestBenchServer(t *testing.T) {
	if os.Getenv(serverVariable) == "" {
		t.Skip("started by TestBench only")
	}
	srv := rtsptest.NewServer(rtsptest.Config{})
	defer srv.Close()
	fmt.Println(srv.URL(""))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		n := 0
		for _, method := range srv.Methods() {
			if method == "PLAY" {
				n++
			}
		}
		fmt.Println(n)
	}
}

type receiverJob struct {
	Link     string
	Channels int
}

// TestBenchReceiver is the process of ours that is measured: it opens channels,
// takes their chunks and drops them, and says for each line what it has counted.
func TestBenchReceiver(t *testing.T) {
	text := os.Getenv(receiverVariable)
	if text == "" {
		t.Skip("started by TestBench only")
	}
	var job receiverJob
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		t.Fatal(err)
	}
	debug.SetGCPercent(50) // as main does
	var c client.Client
	sessions := make([]client.Session, job.Channels)
	var all sync.WaitGroup
	for i := range sessions {
		s, err := c.Open(t.Context(), job.Link, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sessions[i] = s
		all.Go(func() {
			for {
				if _, err := s.Next(t.Context()); err != nil {
					return
				}
			}
		})
	}
	fmt.Println("open")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var sum received
		for _, s := range sessions {
			n := s.Stats()
			sum.Packets, sum.Lost, sum.Bytes = sum.Packets+n.Packets, sum.Lost+n.Lost, sum.Bytes+n.Bytes
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		sum.Mallocs = memory.Mallocs
		line, _ := json.Marshal(sum)
		fmt.Println(string(line))
	}
	var closing sync.WaitGroup
	for _, s := range sessions {
		closing.Go(func() { s.Close() })
	}
	closing.Wait()
	all.Wait()
}

// silence is the time to the first media where UDP is dropped on the way,
// against a link that has TCP from the start.
func (b *bench) silence(t *testing.T) {
	srv := rtsptest.NewServer(rtsptest.Config{SilentUDP: true})
	t.Cleanup(srv.Close)
	var first, second, alone []time.Duration
	for range silentRuns {
		visitor := new(client.Client)
		first = append(first, firstMedia(t, visitor, srv.URL("/live")))
		second = append(second, firstMedia(t, visitor, srv.URL("/live")))
		alone = append(alone, firstMedia(t, new(client.Client), overTCP(srv.URL("/live"))))
	}
	t.Logf("UDP dropped: %v, again %v; TCP alone %v", first, second, alone)
	more := func(d time.Duration) string { return fmt.Sprintf("+%.2f s", (d - median(alone)).Seconds()) }
	b.add("first media, UDP silently dropped, first visit", millis(median(first)), "TCP alone: "+millis(median(alone)), more(median(first)), "≤ +1 s")
	b.add("the same, second visit", millis(median(second)), "TCP alone: "+millis(median(alone)), more(median(second)), "+0 s")
}

// firstMedia is how long it takes from the link to the first bytes that a
// decoder can start with.
func firstMedia(t *testing.T, c *client.Client, link string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), ptyPatience)
	defer cancel()
	began := time.Now()
	s, err := c.Open(ctx, link, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for {
		chunk, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if hasPicture(s.Info()) && chunk.Key {
			return time.Since(began)
		}
	}
}

func hasPicture(i media.Info) bool {
	for _, track := range i.Tracks {
		if track.Kind == media.Video && track.Problem == "" {
			return true
		}
	}
	return false
}
