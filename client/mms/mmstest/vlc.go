//go:build unix

package mmstest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"tapedeck/client/mms/wire"
	"tapedeck/client/peers"
)

const (
	vlcPatience = 30 * time.Second      // for its header, and for its end
	vlcLook     = 20 * time.Millisecond // between two questions: nothing tells when it listens
	vlcAnswer   = 2 * time.Second       // for one answer
	vlcNobody   = 65534                 // its user where we are root, whom it refuses, and there is no nobody
)

// ServerTB is what StartVLC uses of a testing.TB.
type ServerTB interface {
	peers.TB
	Logf(format string, args ...any)
	Failed() bool
	Cleanup(func())
}

// StartVLC starts VLC's own server of MMSH, which sends an ASF file in a loop,
// live, and returns the file's address. The server ends with the test. Where VLC
// is missing the test is skipped, or fails in CI.
//
// It speaks HTTP/1.0 and calls itself "Cougar 4.1.0.3921"; it answers a Play as
// it answers a Describe, and what streams a client chooses is all the same to it.
func StartVLC(t ServerTB, file []byte) (url string) {
	t.Helper()
	vlc := peers.Find(t, "vlc")
	dir, err := os.MkdirTemp("", "vlc-mmsh-") // t.TempDir is closed to other users
	if err != nil {
		t.Fatalf("vlc: %v", err)
	}
	in := filepath.Join(dir, "in.asf")
	if err := os.WriteFile(in, file, 0o644); err != nil {
		t.Fatalf("vlc: %v", err)
	}
	at := "127.0.0.1:" + strconv.Itoa(freePort(t))
	chain := "#std{access=mmsh,mux=asfh,dst=" + at + "/live}"
	// Its interface ends it when standard input does, so that it does not
	// outlive the test.
	cmd := exec.Command(vlc, "-I", "oldrc", "--rc-fake-tty", "--ignore-config", "--no-dbus", "--no-color",
		"--no-auto-preparse", "--loop", "--sout-keep", in, "--sout", chain)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "LC_ALL=C.UTF-8"}
	if err := asNobody(cmd, dir); err != nil {
		t.Fatalf("vlc: %v", err)
	}
	said := new(lockedBuffer)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = said, said, time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("vlc: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("vlc: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = stdin.Close()
		kill := time.AfterFunc(vlcPatience, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		if err := <-ended; err != nil || t.Failed() {
			t.Logf("vlc ended (%v); its last words: %s", err, said)
		}
		_ = os.RemoveAll(dir)
	})
	if err := awaitVLC(at, ended); err != nil {
		t.Fatalf("vlc --sout %q: %v: %s", chain, err, said)
	}
	return "mmsh://" + at + "/live"
}

// awaitVLC returns when the server sends packets: by then its header has all
// streams.
func awaitVLC(at string, ended chan error) error {
	var last error
	for end := time.Now().Add(vlcPatience); time.Now().Before(end); {
		if last = askVLC(at); last == nil {
			return nil
		}
		select {
		case err := <-ended:
			ended <- err // for the cleanup
			return fmt.Errorf("it ended: %w", errors.Join(err, last))
		case <-time.After(vlcLook):
		}
	}
	return fmt.Errorf("it is not there after %v: %w", vlcPatience, last)
}

// askVLC reads until the first packet.
func askVLC(at string) error {
	conn, err := net.DialTimeout("tcp", at, vlcAnswer)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(vlcAnswer)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "GET /live HTTP/1.0\r\nUser-Agent: NSPlayer/7.10.0.3059\r\nHost: %s\r\nPragma: xPlayStrm=1\r\n\r\n", at); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	var b wire.ChunkBuffer
	for c := (wire.Chunk{}); c.Kind != wire.ChunkData; {
		more, err := b.Next(&c)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		n, err := res.Body.Read(b.Room())
		if b.Filled(n); err != nil {
			return err
		}
	}
	return nil
}

// asNobody makes cmd run as nobody, who then owns dir, where we are root.
func asNobody(cmd *exec.Cmd, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := vlcNobody, vlcNobody
	if u, err := user.Lookup("nobody"); err == nil {
		id, uidErr := strconv.Atoi(u.Uid)
		group, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && id > 0 { // macOS writes -2
			uid, gid = id, group
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return os.Chown(dir, uid, gid)
}

func freePort(t ServerTB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("no port: %v", err)
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// lockedBuffer holds what a process says.
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
