package mux

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/peers"
)

// vlcPatience is how long VLC may take to play a clip on a busy machine.
const vlcPatience = 30 * time.Second

// TestVLCDecodes plays samples to VLC as the deck does: an endless response,
// paced after a short burst, from an entry in the middle and with times of an
// hour. VLC must take its own Matroska demuxer, show the pictures, play the
// sound, and tell the media time.
func TestVLCDecodes(t *testing.T) {
	for _, s := range samples[:6] {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			const base = time.Hour
			w, packets, chunks := remux(t, s.encode(t), time.Second, base)
			v := startVLC(t)
			began := time.Now()
			v.say("add http/mkv://" + serve(t, w, packets, chunks) + "/live")

			pictures, sounds := 0, 0 // of a round
			for _, p := range packets {
				if s.video != "" && p.Track == 0 {
					pictures++
				} else {
					sounds++
				}
			}
			v.until("a round is played", func(seen map[string]int) bool {
				// On a busy machine a picture may come too late to be shown.
				return seen["frames displayed"]+seen["frames lost"] >= pictures && seen["frames displayed"] >= pictures/2 &&
					seen["buffers played"]+seen["buffers lost"] >= sounds && seen["buffers played"] >= sounds/2
			})
			at := time.Duration(v.number("get_time")) * time.Second
			if first := base + time.Second; at < first || at > first+time.Since(began)+time.Second {
				t.Errorf("get_time is %v %v after the beginning at %v", at, time.Since(began), first)
			}
			if log := v.log.String(); !strings.Contains(log, `using demux module "mkv"`) {
				t.Errorf("VLC took another demuxer:\n%s", log)
			}
		})
	}
}

// serve offers an endless stream, of chunks and then of the same packets again
// and again with later times, and returns "host:port".
func serve(t *testing.T, w *Writer, packets []media.Packet, chunks [][]byte) string {
	const burst = 500 * time.Millisecond
	first := packets[0].Time
	srv := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", w.ContentType())
		out.Header().Set("Accept-Ranges", "bytes") // or VLC refuses its own demuxer
		out.Write(w.Init())
		start := time.Now()
		for i := 0; ; i++ {
			p := packets[i%len(packets)]
			p.Time += time.Duration(i/len(packets)) * (clip - time.Second)
			if wait := p.Time - first - burst - time.Since(start); wait > 0 {
				out.(http.Flusher).Flush()
				select {
				case <-time.After(wait):
				case <-r.Context().Done():
					return
				}
			}
			chunk := chunks[i%len(chunks)]
			if i >= len(packets) {
				chunk, _ = w.Append(nil, p)
			}
			if _, err := out.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(func() {
		srv.CloseClientConnections() // the response has no end of its own
		srv.Close()
	})
	return strings.TrimPrefix(srv.URL, "http://")
}

// vlc is a VLC without devices, spoken to over its standard input.
type vlc struct {
	t     *testing.T
	in    io.Writer
	lines chan string
	log   *bytes.Buffer // the lines taken so far
}

// startVLC starts VLC as another user when this one is root, which it refuses.
func startVLC(t *testing.T) *vlc {
	t.Helper()
	path := peers.Find(t, "vlc")
	home, err := os.MkdirTemp("", "tapedeck-mux")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	cmd := exec.Command(path, "-I", "oldrc", "--rc-fake-tty", "--ignore-config", "--no-auto-preparse",
		"--network-caching=300", "--aout=dummy", "--vout=dummy", "--no-color", "-vv")
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = nobody(t, home)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	v := &vlc{t: t, in: in, lines: make(chan string), log: new(bytes.Buffer)}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	done := make(chan struct{})
	go func() {
		defer close(v.lines)
		for sc := bufio.NewScanner(read); sc.Scan(); {
			select {
			case v.lines <- sc.Text():
			case <-done:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(done)
		cmd.Process.Kill()
		cmd.Wait()
		for range v.lines {
		}
		read.Close()
	})
	return v
}

func nobody(t *testing.T, home string) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(home, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (v *vlc) say(command string) {
	v.t.Helper()
	if _, err := fmt.Fprintln(v.in, command); err != nil {
		v.t.Fatal(err)
	}
}

// next waits for a line that pattern matches and returns what it caught.
func (v *vlc) next(pattern string) []string {
	v.t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(vlcPatience)
	for {
		select {
		case line, ok := <-v.lines:
			if !ok {
				v.t.Fatalf("VLC ended before %s\n%s", pattern, v.log)
			}
			fmt.Fprintln(v.log, line)
			if m := re.FindStringSubmatch(line); m != nil {
				return m
			}
		case <-timeout:
			v.t.Fatalf("VLC did not say %s\n%s", pattern, v.log)
		}
	}
}

func (v *vlc) number(command string) int {
	v.t.Helper()
	v.say(command)
	n, _ := strconv.Atoi(v.next(`^(?:> )*(\d+)$`)[1])
	return n
}

// until asks for the statistics, which VLC renews four times a second, until
// ok holds of them.
func (v *vlc) until(what string, ok func(seen map[string]int) bool) {
	v.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	seen := map[string]int{}
	for deadline := time.Now().Add(vlcPatience); time.Now().Before(deadline); <-tick.C {
		v.say("stats")
		for {
			m := v.next(`^\| (video decoded|frames displayed|frames lost|audio decoded|buffers played|buffers lost) +: +(\d+)|stats: returned`)
			if m[1] == "" {
				break
			}
			seen[m[1]], _ = strconv.Atoi(m[2])
		}
		if ok(seen) {
			return
		}
	}
	v.t.Fatalf("never: %s; last seen %v\n%s", what, seen, v.log)
}
