package rtsptest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"tapedeck/client/peers"
)

// TB is what is needed of a testing.TB. It keeps package testing out of a
// program that serves the demo.
type TB interface {
	peers.TB
	Logf(format string, args ...any)
	Failed() bool
	Cleanup(func())
}

const (
	gstPython   = "/usr/bin/python3" // the one that Debian's gi belongs to
	gstPatience = 30 * time.Second   // for the ready line, and for the end
)

// StartGStreamer starts GStreamer's RTSP server, client/rtsp/testdata/gst-server.py,
// with args and returns its address, such as "rtsp://127.0.0.1:40123", to which
// a path is added. The server ends with the test. Where GStreamer is missing
// the test is skipped, or fails if CI is set.
func StartGStreamer(t TB, args ...string) (baseURL string) {
	t.Helper()
	return StartGStreamerBy(t, nil, args...)
}

// StartGStreamerBy has another command start the server, such as `ip netns exec
// NAME`. With --address it listens elsewhere than baseURL says.
func StartGStreamerBy(t TB, by []string, args ...string) (baseURL string) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(here), "..", "testdata", "gst-server.py")
	if err := exec.Command(gstPython, script, "--help").Run(); err != nil {
		missing := t.Skipf
		if os.Getenv("CI") != "" {
			missing = t.Fatalf
		}
		missing("missing peer: gst-rtsp-server")
		return ""
	}
	argv := append(append(slices.Clone(by), gstPython, script), args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	var stderr lockedBuffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("gst-server: %v", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("gst-server: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("gst-server: %v", err)
	}
	kill := time.AfterFunc(gstPatience, func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	kill.Stop()
	t.Cleanup(func() {
		stdin.Close()
		kill := time.AfterFunc(gstPatience, func() { cmd.Process.Kill() })
		defer kill.Stop()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("gst-server ended (%v); its last words: %s", err, stderr.String())
		}
	})
	port, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		t.Fatalf("gst-server is not ready (%v): %s", err, stderr.String())
	}
	return fmt.Sprintf("rtsp://127.0.0.1:%s", port)
}

// lockedBuffer is a buffer that may be read while a child writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
