package asf

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// vlcPatience is how long VLC may take for 4 seconds on a busy machine.
const vlcPatience = 40 * time.Second

// TestVLCPlays: VLC finds its way through what Keep leaves of a header, live and
// in a file: all of the sound is heard, and every picture is decoded.
func TestVLCPlays(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   string
		chosen []int
		finish bool
	}{
		{"live", reals[0].args, []int{1, 2}, false},
		{"finished, one of several", several, []int{3, 4}, true},
		{"sound of a film", reals[2].args, []int{2}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, packets := split(t, real(t, c.args))
			b := saved(t, h, packets, c.chosen)
			if c.finish {
				b = finished(t, b)
			}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "video/x-ms-asf")
				w.Write(b)
			}))
			defer srv.Close()
			samples, rate, pictures, log := played(t, "http/asf://"+strings.TrimPrefix(srv.URL, "http://")+"/film")
			if got := time.Duration(len(samples)) * time.Second / time.Duration(max(1, rate)); got < 3500*time.Millisecond || got > 5*time.Second {
				t.Errorf("%v of sound\n%s", got, log)
			}
			for second := range 3 { // the last may be cut
				// Not its first half: VLC begins late if the machine is busy.
				from := (2*second + 1) * rate / 2
				if from+rate/2 > len(samples) {
					break
				}
				hz, level := clip.Tone(samples[from:from+rate/2], rate)
				if got, ok := clip.SecondOfTone(hz); !ok || got < second-1 || got > second+1 || level < clip.ToneLevel/4 {
					t.Errorf("second %d: a tone of %.1f Hz, level %.2f", second, hz, level)
				}
			}
			if h.Stream(c.chosen[0]).Kind == media.Video && (!slices.IsSorted(pictures) || !slices.Contains(pictures, 1) || !slices.Contains(pictures, 2)) {
				t.Errorf("pictures of the seconds %d\n%s", pictures, log)
			}
		})
	}
}

// TestVLCBegins: the header asked for more than 3 seconds; VLC shows pictures
// when it has 1.5 of them.
func TestVLCBegins(t *testing.T) {
	h, packets := split(t, real(t, reals[0].args))
	if h.Preroll < 3*time.Second {
		t.Fatalf("a preroll of %v", h.Preroll)
	}
	var p Packet
	n := slices.IndexFunc(packets, func(b []byte) bool { return p.Parse(b, h.PacketSize) == nil && p.Send() > 1500 })
	b := saved(t, h, packets[:n], []int{1, 2})
	done := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "video/x-ms-asf")
		w.Write(b)
		w.(http.Flusher).Flush()
		<-done // the rest does not come
	}))
	defer srv.Close()
	defer close(done)
	home := homeOf(t)
	ctx, cancel := context.WithCancel(t.Context())
	cmd, out := vlcOf(ctx, t, home, "http/asf://"+strings.TrimPrefix(srv.URL, "http://")+"/film")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(vlcPatience); len(seconds(t, home)) == 0 && time.Now().Before(deadline); <-tick.C {
	}
	cancel()
	cmd.Wait()
	if got := seconds(t, home); len(got) == 0 || got[0] != 0 {
		t.Errorf("pictures of the seconds %d\n%s", got, out)
	}
}

// homeOf is a directory for VLC; t.TempDir is closed to other users.
func homeOf(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp("", "tapedeck-asf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	return home
}

// vlcOf is a VLC without devices, which writes what it plays into home.
func vlcOf(ctx context.Context, t *testing.T, home, link string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(ctx, peers.Find(t, "vlc"), "-I", "dummy", "--ignore-config", "--no-auto-preparse", "--network-caching=300", "--vout=dummy",
		"--aout=afile", "--audiofile-file="+filepath.Join(home, "out.wav"),
		"--video-filter=scene", "--scene-path="+home, "--scene-ratio=5", "--scene-format=png", "--no-color", "-vv", "--play-and-exit", link)
	cmd.Dir, cmd.Env = home, append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = nobody(t, home)
	}
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// played has VLC play a link and returns what would come out of a loudspeaker,
// the seconds that pictures show, and what VLC says.
func played(t *testing.T, link string) (samples []int16, rate int, pictures []int, log string) {
	t.Helper()
	home := homeOf(t)
	ctx, cancel := context.WithTimeout(t.Context(), vlcPatience)
	defer cancel()
	cmd, out := vlcOf(ctx, t, home, link)
	if err := cmd.Run(); err != nil {
		t.Fatalf("vlc: %v\n%s", err, out)
	}
	f, err := os.Open(filepath.Join(home, "out.wav"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	defer f.Close()
	samples, rate, err = clip.ReadWAV(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "asf") || strings.Contains(line, "error") || strings.Contains(line, "decoder") {
			lines = append(lines, line)
		}
	}
	return samples, rate, seconds(t, home), strings.Join(lines, "")
}

// seconds are those of the clock in the pictures in a directory.
func seconds(t *testing.T, dir string) (list []int) {
	names, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(f)
		f.Close()
		if err != nil {
			continue // VLC was ended while it wrote
		}
		size := img.Bounds().Size()
		gray := make([]byte, 0, size.X*size.Y)
		for y := range size.Y {
			for x := range size.X {
				gray = append(gray, color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
			}
		}
		if s, ok := clip.SecondOfPicture(gray, size.X, size.Y); ok {
			list = append(list, s)
		}
	}
	return list
}

func nobody(t *testing.T, home string) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := os.Chown(home, uid, gid); err != nil || err1 != nil || err2 != nil {
		t.Fatal(fmt.Errorf("%v %v %v", err, err1, err2))
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
