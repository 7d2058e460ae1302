//go:build unix

package rtsptest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

const (
	vlcPatience = 30 * time.Second      // for its description, and for the end
	vlcLook     = 20 * time.Millisecond // between two questions: nothing tells when it listens
	vlcAnswer   = 2 * time.Second       // for one answer

	// vlcNobody is the user for VLC where we are root, whom it refuses, and the
	// system has no nobody.
	vlcNobody = 65534
)

// VLCOutput says what VLC sends; its zero value sends the clip as it is.
type VLCOutput struct {
	Transcode string // options of its transcode module: "vcodec=mpgv,acodec=mpga"
	RTP       string // options of its rtp module: "mux=ts"
}

// chain is VLC's --sout for an output at url.
func (o VLCOutput) chain(url string) string {
	options := "sdp=" + url
	if o.RTP != "" {
		options = o.RTP + "," + options
	}
	if o.Transcode == "" {
		return "#rtp{" + options + "}"
	}
	return "#transcode{" + o.Transcode + "}:rtp{" + options + "}"
}

// tracks is how many m= sections its description has.
func (o VLCOutput) tracks() int {
	if strings.Contains(o.RTP, "mux=") {
		return 1
	}
	return 2
}

// StartVLC starts VLC's own RTSP server, which sends the clip in a loop, live and
// over UDP only, and returns its address. It ends with the test. Where VLC is
// missing the test is skipped, or fails if CI is set.
func StartVLC(t TB, out VLCOutput) (url string) {
	t.Helper()
	vlc := peers.Find(t, "vlc")
	dir, err := os.MkdirTemp("", "vlc-server-") // t.TempDir is closed to other users
	if err != nil {
		t.Fatalf("vlc: %v", err)
	}
	file := filepath.Join(dir, "clip.mp4")
	if err := os.WriteFile(file, clip.MP4(), 0o644); err != nil {
		t.Fatalf("vlc: %v", err)
	}
	url = fmt.Sprintf("rtsp://127.0.0.1:%d/clip", freePort(t))
	// Its interface ends it when standard input does, so that it does not
	// outlive the test.
	cmd := exec.Command(vlc, "-I", "oldrc", "--rc-fake-tty", "--ignore-config", "--no-dbus", "--no-color",
		"--no-auto-preparse", "--loop", "--sout-keep", file, "--sout", out.chain(url))
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
		stdin.Close()
		kill := time.AfterFunc(vlcPatience, func() { cmd.Process.Kill() })
		defer kill.Stop()
		if err := <-ended; err != nil || t.Failed() {
			t.Logf("vlc ended (%v); its last words: %s", err, said.String())
		}
		os.RemoveAll(dir)
	})
	if err := awaitVLC(url, out.tracks(), ended); err != nil {
		t.Fatalf("vlc --sout %q: %v: %s", out.chain(url), err, said.String())
	}
	return url
}

// awaitVLC returns when the server describes as many tracks as it shall have: it
// adds one after another.
func awaitVLC(url string, tracks int, ended chan error) error {
	var last error
	for end := time.Now().Add(vlcPatience); time.Now().Before(end); {
		sdp, err := describe(url)
		if n := strings.Count("\n"+sdp, "\nm="); err == nil && n < tracks {
			err = fmt.Errorf("%d tracks of %d", n, tracks)
		}
		if last = err; err == nil {
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

// describe asks a server for the description of url.
func describe(url string) (sdp string, err error) {
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "rtsp://"), "/")
	conn, err := net.DialTimeout("tcp", host, vlcAnswer)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(vlcAnswer)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "DESCRIBE %s RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n", url); err != nil {
		return "", err
	}
	r := textproto.NewReader(bufio.NewReader(conn))
	status, err := r.ReadLine()
	if err != nil {
		return "", err
	}
	header, err := r.ReadMIMEHeader()
	if err != nil {
		return "", err
	}
	size, err := strconv.Atoi(header.Get("Content-Length"))
	if !strings.Contains(status, " 200 ") || err != nil || size < 0 || size > maxBody {
		return "", fmt.Errorf("describe: %s", status)
	}
	body := make([]byte, size)
	_, err = io.ReadFull(r.R, body)
	return string(body), err
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

func freePort(t TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("no port: %v", err)
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
