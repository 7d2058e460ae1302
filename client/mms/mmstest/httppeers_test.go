package mmstest

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/mux/muxtest"
	"tapedeck/client/peers"
)

const (
	peerPatience = 40 * time.Second
	peerLook     = 20 * time.Millisecond // between two looks at how far a peer is: nothing tells
)

// saver starts a real client that saves url in a file, until the stream ends.
type saver func(t *testing.T, url, file string) *exec.Cmd

func byFFmpeg(t *testing.T, url, file string) *exec.Cmd {
	return exec.Command(peers.Find(t, "ffmpeg"), "-v", "error", "-nostdin", "-copyts", "-i", url, "-map", "0", "-c", "copy", file)
}

func byMPlayer(t *testing.T, url, file string) *exec.Cmd {
	return exec.Command(peers.Find(t, "mplayer"), "-noconfig", "all", "-nolirc", "-really-quiet", "-dumpstream", "-dumpfile", file, url)
}

func byVLC(t *testing.T, url, file string) *exec.Cmd {
	dir := filepath.Dir(file)
	cmd := exec.Command(peers.Find(t, "vlc"), "-I", "dummy", "--ignore-config", "--no-dbus", "--no-color",
		"--demux=dump", "--demuxdump-file="+file, url, "vlc://quit")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "LC_ALL=C.UTF-8"}
	if err := asNobody(cmd, dir); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func byLibmms(t *testing.T, url, file string) *exec.Cmd {
	program := filepath.Join(t.TempDir(), "libmms")
	said, err := exec.Command(peers.Find(t, "cc"), "-o", program, filepath.Join("testdata", "libmms.c"), "-lmms").CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("CI") == "" && strings.Contains(string(said), "libmms/"):
		t.Skip("missing peer: libmms-dev")
	default:
		t.Fatalf("cc: %v: %s", err, said)
	}
	return exec.Command(program, url, file)
}

var savers = map[string]saver{"ffmpeg": byFFmpeg, "MPlayer": byMPlayer, "VLC": byVLC, "libmms": byLibmms}

// save has a client save url. Once it is under way, meanwhile is called.
func save(t *testing.T, by saver, url string, meanwhile func()) (file string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "mmsh-") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file = filepath.Join(dir, "saved.asf")
	cmd := by(t, url, file)
	var said lockedBuffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(peerPatience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	meanwhile()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("%v: %s", err, &said)
	}
	return file
}

// TestPeersSaveFilm: what real clients save is all there is: each picture and all
// sound, as ffmpeg decodes them.
func TestPeersSaveFilm(t *testing.T) {
	t.Parallel()
	original := Make(t, MakeOptions{Length: 6 * time.Second})
	name := filepath.Join(t.TempDir(), "original.asf")
	if err := os.WriteFile(name, original, 0o600); err != nil {
		t.Fatal(err)
	}
	want := muxtest.Decoded(t, name)
	film, err := Film(original)
	if err != nil {
		t.Fatal(err)
	}
	for client, by := range savers {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, Options{Programmes: map[string]*Programme{"a film.asf": film}, Speed: 4})
			file := save(t, by, s.URL("mmsh", "a%20film.asf"), func() {})
			got := muxtest.Decoded(t, file)
			if len(got) == 0 || strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%d pictures and pieces of sound, want %d, or others", len(got), len(want))
			}
			watch(t, file).begins(t, 0, 5)
		})
	}
}

// TestPeersSaveLive: they join what is live, with numbers and times that are not
// 0.
func TestPeersSaveLive(t *testing.T) {
	t.Parallel()
	live, err := Live(Make(t, MakeOptions{Length: 20 * time.Second}))
	if err != nil {
		t.Fatal(err)
	}
	live.Clock = 7_200_000
	for client, by := range savers {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, Options{Programmes: map[string]*Programme{"live": live}, Speed: 3})
			file := save(t, by, s.URL("mmsh", "live"), func() { afterPackets(t, s, 90) })
			watch(t, file).begins(t, -1, 2)
		})
	}
}

// TestPeersSeek: ffmpeg and libmms begin at a second of their own.
func TestPeersSeek(t *testing.T) {
	t.Parallel()
	film, err := Film(Make(t, MakeOptions{Length: 14 * time.Second}))
	if err != nil {
		t.Fatal(err)
	}
	const second = "7.5"
	for _, row := range []struct {
		client string
		by     saver
		want   int
	}{
		{"ffmpeg", func(t *testing.T, url, file string) *exec.Cmd {
			cmd := byFFmpeg(t, url, file)
			cmd.Args = slices.Insert(cmd.Args, 1, "-ss", second)
			return cmd
		}, 7},
		{"libmms", func(t *testing.T, url, file string) *exec.Cmd {
			cmd := byLibmms(t, url, file)
			cmd.Args = append(cmd.Args, second)
			return cmd
		}, 10}, // it adds the preroll of 3.1 s
	} {
		t.Run(row.client, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, Options{Programmes: map[string]*Programme{"film.asf": film}, Speed: 6})
			file := save(t, row.by, s.URL("mmsh", "film.asf"), func() {})
			watch(t, file).begins(t, row.want, 3)
		})
	}
}

// TestVLCServer: ffmpeg saves what VLC's own server sends.
func TestVLCServer(t *testing.T) {
	t.Parallel()
	url := StartVLC(t, Make(t, MakeOptions{Length: 30 * time.Second}))
	file := save(t, func(t *testing.T, url, file string) *exec.Cmd {
		cmd := byFFmpeg(t, url, file)
		cmd.Args = slices.Insert(cmd.Args, len(cmd.Args)-1, "-t", "6")
		return cmd
	}, url, func() {})
	watch(t, file).begins(t, -1, 2)
}

// afterPackets cuts a server's connections when it has sent so many packets.
func afterPackets(t *testing.T, s *Server, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), peerPatience)
	defer cancel()
	tick := time.NewTicker(peerLook)
	defer tick.Stop()
	for s.Stats().Packets < n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Errorf("%d packets after %v", s.Stats().Packets, peerPatience)
			return
		}
	}
	s.Disconnect()
}

// watched is what ffmpeg decodes a file to: gray pictures and mono sound.
type watched struct {
	gray  []byte
	sound []int16
}

const pictureSize = clip.Width * clip.Height

func watch(t *testing.T, file string) watched {
	t.Helper()
	gray := muxtest.Run(t, "ffmpeg", "-v", "error", "-nostdin", "-i", file, "-map", "0:v:0", "-vsync", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-")
	wav := muxtest.Run(t, "ffmpeg", "-v", "error", "-nostdin", "-i", file, "-map", "0:a:0", "-ac", "1", "-ar", strconv.Itoa(clip.SampleRate), "-f", "wav", "-")
	sound, _, err := clip.ReadWAV(strings.NewReader(string(wav)))
	if err != nil {
		t.Fatal(err)
	}
	return watched{gray, sound}
}

// begins fails unless the clock in the picture begins with a second, any if it
// is below 0, and goes on from there picture by picture for some seconds, and
// unless the sound has the tones of the same seconds.
func (w watched) begins(t *testing.T, at, seconds int) {
	t.Helper()
	for range clip.FrameRate { // those in front of the first key picture
		if _, ok := clip.SecondOfPicture(w.gray, clip.Width, clip.Height); !ok && len(w.gray) >= pictureSize {
			w.gray = w.gray[pictureSize:]
		}
	}
	pictures := len(w.gray) / pictureSize
	if pictures < seconds*clip.FrameRate {
		t.Fatalf("%d pictures in %d seconds", pictures, seconds)
	}
	second := func(n int) int {
		s, ok := clip.SecondOfPicture(w.gray[n*pictureSize:], clip.Width, clip.Height)
		if !ok {
			t.Fatalf("picture %d tells no second", n)
		}
		return s
	}
	first := second(0)
	if at >= 0 && first != at {
		t.Errorf("it begins at second %d, want %d", first, at)
	}
	last, run := first, 0
	for n := range pictures {
		switch s := second(n); {
		case s == last:
			if run++; run > clip.FrameRate {
				t.Fatalf("%d pictures of second %d", run, s)
			}
		case s == last+1:
			last, run = s, 1
		default:
			t.Fatalf("picture %d tells second %d after %d", n, s, last)
		}
	}
	if last-first < seconds-1 {
		t.Errorf("seconds %d to %d", first, last)
	}
	w.tones(t, first, last)
}

// tones fails unless each whole second between has its tone somewhere in the
// sound, and they climb.
func (w watched) tones(t *testing.T, first, last int) {
	t.Helper()
	const window = clip.SampleRate / 4
	heard := make(map[int]bool)
	before := -1
	for from := 0; from+window <= len(w.sound); from += window / 2 {
		hz, level := clip.Tone(w.sound[from:from+window], clip.SampleRate)
		s, ok := clip.SecondOfTone(hz)
		if !ok || math.Abs(level-clip.ToneLevel) > 0.05 {
			continue // between two seconds
		}
		if s < before {
			t.Errorf("the tone of second %d after that of %d", s, before)
		}
		heard[s], before = true, s
	}
	for s := first + 1; s < last; s++ {
		if !heard[s] {
			t.Errorf("no tone of second %d; the picture has %d to %d", s, first, last)
		}
	}
}
