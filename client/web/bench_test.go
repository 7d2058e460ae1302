package web

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/peers"
	"tapedeck/client/web/webtest"
)

// cpu is what this process has used so far.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkThroughput passes a large body from nginx, a process of its own,
// through Stream.Next, File.Next and, for comparison, curl to a pipe. What
// counts is the CPU time for a gigabyte.
func BenchmarkThroughput(b *testing.B) {
	const size = 512 << 20
	root := b.TempDir()
	// A hole of zeros, with a beginning that is recognised.
	path := filepath.Join(root, "a.flv")
	if err := os.WriteFile(path, []byte("FLV\x01"), 0o644); err != nil {
		b.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		b.Fatal(err)
	}
	url := webtest.StartNginx(b, root, "location /plain { alias "+root+"/; max_ranges 0; }")
	report := func(b *testing.B, used time.Duration) {
		b.SetBytes(size)
		b.ReportMetric(used.Seconds()/float64(b.N)/(size/1e9), "cpu-s/GB")
	}
	read := func(b *testing.B, link string) {
		before := cpu()
		for b.Loop() {
			s := open(b, link, Config{CacheDir: root})
			n := 0
			for {
				chunk, err := s.Next(b.Context())
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				n += len(chunk.Data)
			}
			if s.Close(); n != size {
				b.Fatalf("%d bytes", n)
			}
		}
		report(b, cpu()-before)
	}
	b.Run("stream", func(b *testing.B) { read(b, url+"/plain/a.flv") })
	b.Run("file", func(b *testing.B) { read(b, url+"/a.flv") })
	b.Run("curl", func(b *testing.B) {
		curl := peers.Find(b, "curl")
		var used time.Duration
		for b.Loop() {
			cmd := exec.Command(curl, "-s", url+"/plain/a.flv")
			out, err := cmd.StdoutPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
			n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, out, make([]byte, 1<<20))
			if err := cmd.Wait(); err != nil || n != size {
				b.Fatalf("%d bytes, %v", n, err)
			}
			used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		}
		report(b, used)
	})
}
