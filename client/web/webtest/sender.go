package webtest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"

	"tapedeck/client/peers"
)

// Sender answers each request with what a fresh ffmpeg writes: an endless
// stream in whatever container it knows, from the beginning for everybody.
type Sender struct {
	Server
	ffmpeg      string
	contentType string
	args        []string
}

// NewSender sends what ffmpeg makes with args, which end in its format: "-re",
// "-i", "clip.mp4", "-c", "copy", "-f", "flv". It ends with the test. Where
// ffmpeg is missing the test is skipped, in CI it fails.
func NewSender(t TB, contentType string, args ...string) *Sender {
	t.Helper()
	s := &Sender{ffmpeg: peers.Find(t, "ffmpeg"), contentType: contentType, args: args}
	s.start("/live", s.serve)
	t.Cleanup(s.Close)
	return s
}

func (s *Sender) serve(conn net.Conn) {
	if _, err := s.request(conn); err != nil {
		return
	}
	cmd := exec.Command(s.ffmpeg, append(append([]string{"-nostdin", "-loglevel", "error"}, s.args...), "pipe:1")...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	// Chunked, as the servers of such streams send: that tells its end from the
	// connection's.
	head := "HTTP/1.1 200 OK\r\nServer: webtest\r\nTransfer-Encoding: chunked\r\nContent-Type: " + s.contentType + "\r\n\r\n"
	if _, err := io.Copy(conn, strings.NewReader(head)); err != nil {
		return
	}
	for buf := make([]byte, 32<<10); ; {
		n, err := out.Read(buf)
		if n > 0 {
			if _, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", n, buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			io.WriteString(conn, "0\r\n\r\n")
			return
		}
	}
}
