package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/player"
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

const (
	frameRuns = 9
	framePoll = 10 * time.Millisecond
)

// sighting is when a first picture was counted, and when it was shown, reckoned
// back from the count.
type sighting struct{ seen, shown time.Duration }

// sight polls how many pictures were displayed since began.
func sight(t *testing.T, began time.Time, displayed func() uint64) sighting {
	t.Helper()
	tick := time.NewTicker(framePoll)
	defer tick.Stop()
	for end := began.Add(ptyPatience); time.Now().Before(end); <-tick.C {
		if n := displayed(); n > 0 {
			seen := time.Since(began)
			return sighting{seen, seen - time.Duration(n-1)*time.Second/clip.FrameRate}
		}
	}
	t.Fatal("no picture was displayed")
	return sighting{}
}

// sightings are those of several runs.
type sightings []sighting

func (s sightings) median() (seen, shown time.Duration) {
	var a, b []time.Duration
	for _, one := range s {
		a, b = append(a, one.seen), append(b, one.shown)
	}
	return median(a), median(b)
}

func (s sightings) String() string {
	seen, shown := s.median()
	return fmt.Sprintf("%s (%s)", millis(shown), millis(seen))
}

// frames is the time to the first picture of what VLC cannot open by itself.
func (b *bench) frames(t *testing.T) {
	srv := rtsptest.NewServer(rtsptest.Config{})
	t.Cleanup(srv.Close)
	deck := newFrameDeck(t, "")
	for _, c := range []struct{ name, link string }{
		{"RTSP over UDP, live", srv.URL("/live")},
		{"RTSP over TCP, live", overTCP(srv.URL("/live"))},
		{"RTSP over TCP, on demand", overTCP(srv.URL("/vod"))},
	} {
		var ours sightings
		for range frameRuns {
			ours = append(ours, deck.open(t, c.link))
		}
		b.add("first picture, "+c.name, ours.String(), "vlc: cannot", "–", "")
	}
}

// serveEndless gives data over and over at the clip's pace, after a second's
// burst, as live servers do.
func serveEndless(t *testing.T, contentType string, data []byte) (link string) {
	rate := float64(len(data)) / clip.Duration.Seconds()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Transfer-Encoding", "identity")
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		began, sent := time.Now(), 0
		for {
			due := int((time.Since(began).Seconds() + 1) * rate)
			for sent < due {
				from := sent % len(data)
				n, err := w.Write(data[from:min(len(data), from+due-sent)])
				if err != nil {
					return
				}
				sent += n
			}
			w.(http.Flusher).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL + "/live.ts"
}

// frameDeck is the program's engine and deck, whose VLC can be asked beside it.
type frameDeck struct {
	deck *playback.Deck
	vlc  *player.VLC
}

// newFrameDeck starts a deck with the vlc at path, the one that is found where
// that is empty.
func newFrameDeck(t *testing.T, path string) *frameDeck {
	t.Helper()
	e, err := newEngine(options{vlc: path}, false)
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan *player.VLC, 1)
	cfg := e.deck(playback.Config{})
	cfg.Player = func(ctx context.Context) (playback.Player, error) {
		p, err := e.startPlayer(ctx)
		if err != nil {
			return nil, err
		}
		started <- p.(*player.VLC)
		return p, nil
	}
	d := &frameDeck{deck: playback.New(cfg)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.deck.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		e.close()
	})
	select {
	case d.vlc = <-started:
	case <-time.After(ptyPatience):
		t.Fatal("VLC does not start")
	}
	return d
}

// open plays link from rest.
func (d *frameDeck) open(t *testing.T, link string) sighting {
	t.Helper()
	d.deck.Do(playback.Stop{})
	for d.status(t).State == player.Playing {
		<-time.After(framePoll)
	}
	<-time.After(200 * time.Millisecond)
	began := time.Now()
	d.deck.Do(playback.Play{Entry: playlist.Entry{URL: link}})
	return sight(t, began, func() uint64 {
		if st := d.status(t); st.State == player.Playing {
			return st.Displayed
		}
		return 0
	})
}

func (d *frameDeck) status(t *testing.T) player.Status {
	t.Helper()
	st, err := d.vlc.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// plainVLC is VLC as a person starts it, with a remote control.
type plainVLC struct {
	t     *testing.T
	cmd   *exec.Cmd
	conn  net.Conn
	in    *bufio.Reader
	began time.Time
}

// newPlainVLC starts VLC with args, as nobody where we are root.
func newPlainVLC(t *testing.T, args ...string) *plainVLC {
	t.Helper()
	dir, err := os.MkdirTemp("", "bench-vlc-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "rc")
	v := &plainVLC{t: t, cmd: exec.Command(peers.Find(t, "vlc"), append([]string{
		"-I", "oldrc", "--rc-unix", socket, "--rc-fake-tty", "--aout=dummy", "--vout=dummy", "--avcodec-hw=none"}, args...)...)}
	v.cmd.Dir, v.cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8"}
	if asNobody(v.cmd) {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	v.began = time.Now()
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		if v.conn, err = net.Dial("unix", socket); err == nil {
			break
		}
		if time.Since(v.began) > ptyPatience {
			v.cmd.Process.Kill()
			t.Fatal(err)
		}
		<-time.After(5 * time.Millisecond)
	}
	v.in = bufio.NewReader(v.conn)
	return v
}

// nobody is the user for VLC, which does not run as root.
const nobody = 65534

// asNobody makes cmd run as nobody where we are root.
func asNobody(cmd *exec.Cmd) bool {
	if os.Geteuid() != 0 {
		return false
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return true
}

// ask sends a command and returns its answer, whose last line says so.
func (v *plainVLC) ask(command string) []string {
	v.t.Helper()
	verb, _, _ := strings.Cut(command, " ")
	_, err := fmt.Fprintf(v.conn, "%s\n", command)
	var lines []string
	for err == nil {
		var line string
		line, err = v.in.ReadString('\n')
		lines = append(lines, strings.TrimSpace(line))
		if strings.HasPrefix(line, verb+": returned") {
			return lines
		}
	}
	v.t.Fatalf("vlc: %s: %v", command, err)
	return nil
}

func (v *plainVLC) end() {
	fmt.Fprintln(v.conn, "quit")
	kill := time.AfterFunc(5*time.Second, func() { v.cmd.Process.Kill() })
	defer kill.Stop()
	var exit *exec.ExitError
	if err := v.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		v.t.Error(err)
	}
	v.conn.Close()
}
