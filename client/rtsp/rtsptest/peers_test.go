package rtsptest

import (
	"bytes"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// watched is what a peer has decoded: gray pictures and mono sound at 48 kHz.
type watched struct {
	gray  []byte
	sound []int16
}

const pictureSize = clip.Width * clip.Height

// ffmpeg plays url and decodes some seconds of it.
func ffmpeg(t *testing.T, url, transport string, seconds string, args ...string) watched {
	t.Helper()
	dir := t.TempDir()
	gray, wav := filepath.Join(dir, "gray"), filepath.Join(dir, "wav")
	args = append([]string{"-v", "warning", "-nostdin", "-rtsp_transport", transport, "-timeout", "10000000"}, args...)
	args = append(args, "-i", url,
		"-map", "0:v", "-t", seconds, "-vsync", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", gray)
	if !strings.Contains(url, "/bench") {
		args = append(args, "-map", "0:a", "-t", seconds, "-ac", "1", "-ar", "48000", "-f", "wav", wav)
	}
	out, err := exec.CommandContext(t.Context(), peers.Find(t, "ffmpeg"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	t.Logf("ffmpeg: %s", out)
	var w watched
	if w.gray, err = os.ReadFile(gray); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(wav); err == nil {
		defer f.Close()
		if w.sound, _, err = clip.ReadWAV(f); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// begins says at which second picture and sound begin, and fails unless both go
// on from there, a second each second, for at least length.
func (w watched) begins(t *testing.T, length time.Duration) int {
	t.Helper()
	const margin = 300 * time.Millisecond // at either end, for what is not in step
	pictures := len(w.gray) / pictureSize
	if pictures < int((length-margin)*clip.FrameRate/time.Second) {
		t.Fatalf("%d pictures in %v", pictures, length)
	}
	first := -1
	var changes []int // pictures with which a new second begins
	for i := range pictures {
		second, ok := clip.SecondOfPicture(w.gray[i*pictureSize:], clip.Width, clip.Height)
		if !ok {
			t.Fatalf("picture %d tells no second", i)
		}
		if first < 0 {
			first = second
		}
		if second == (first+len(changes)+1)%60 {
			changes = append(changes, i)
		} else if second != (first+len(changes))%60 {
			t.Fatalf("picture %d tells second %d, the first %d", i, second, first)
		}
	}
	const half = clip.SampleRate / 2
	for i := 1; i < len(changes); i++ {
		if d := changes[i] - changes[i-1]; d != clip.FrameRate {
			t.Errorf("a second of %d pictures", d)
		}
	}
	if len(w.sound) == 0 {
		return first
	}
	for _, at := range changes { // the middle of the second, by the picture's place
		from := at*clip.SampleRate/clip.FrameRate + half/2
		if from+half > len(w.sound) {
			continue
		}
		hz, level := clip.Tone(w.sound[from:from+half], clip.SampleRate)
		second, ok := clip.SecondOfTone(hz)
		if want, _ := clip.SecondOfPicture(w.gray[at*pictureSize:], clip.Width, clip.Height); !ok || second != want || math.Abs(level-clip.ToneLevel) > 0.05 {
			t.Errorf("sound: %.1f Hz at %.2f tells second %d, %v, the picture %d", hz, level, second, ok, want)
		}
	}
	if got := time.Duration(len(w.sound)) * time.Second / clip.SampleRate; got < length-margin {
		t.Errorf("%v of sound in %v", got, length)
	}
	return first
}

func TestFFmpegPlays(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"tcp", "udp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := NewServer(Config{User: "alice", Password: "p@ss:word", Digest: transport == "tcp"})
			defer s.Close()
			url := func(path string) string {
				return strings.Replace(s.URL(path), "rtsp://", "rtsp://alice:p%40ss%3Aword@", 1)
			}
			before := time.Since(s.started)
			first := ffmpeg(t, url("/live"), transport, "3").begins(t, 3*time.Second)
			if at := int(before / time.Second); first < at-1 || first > at+3 {
				t.Errorf("live begins at %d, joined at %v", first, before)
			}
			if first := ffmpeg(t, url("/vod"), transport, "3").begins(t, 3*time.Second); first != 0 {
				t.Errorf("on demand begins at %d", first)
			}
			if first := ffmpeg(t, url("/vod"), transport, "3", "-ss", "37.5").begins(t, 3*time.Second); first != 37 {
				t.Errorf("seek to 37.5 begins at %d", first)
			}
			w := ffmpeg(t, url("/bench?mbit=10&seconds=2"), transport, "9")
			// Over UDP the last packet and BYE race to a client's two sockets.
			if n := len(w.gray) / pictureSize; n < 49 || transport == "tcp" && n != 50 || w.begins(t, 2*time.Second) != 0 {
				t.Errorf("%d pictures of 2 s", n)
			}
			if log := s.Methods(); !slices.Contains(log, "TEARDOWN") {
				t.Errorf("methods %v", log)
			}
		})
	}
}

// TestPeersPlayOverFaults: on UDP, what is doubled or out of order is put right
// by a client that does that. FFmpeg lets doubled packets pass.
func TestPeersPlayOverFaults(t *testing.T) {
	t.Parallel()
	s := NewServer(Config{Reorder: 0.1})
	defer s.Close()
	ffmpeg(t, s.URL("/vod"), "udp", "3").begins(t, 3*time.Second)
	both := NewServer(Config{Duplicate: 0.1, Reorder: 0.1})
	defer both.Close()
	gstreamer(t, both.URL("/vod"), "udp", 80).begins(t, 3*time.Second)
	if sent := both.Sent(); s.Sent().Reordered == 0 || sent.Duplicated == 0 || sent.Reordered == 0 || sent.Dropped != 0 {
		t.Errorf("sent %+v and %+v", s.Sent(), sent)
	}
}

func TestFFmpegMeetsRefusalAndSilence(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{"refused": {RefuseUDP: true}, "silent": {SilentUDP: true}} {
		s := NewServer(cfg)
		defer s.Close()
		cmd := exec.CommandContext(t.Context(), peers.Find(t, "ffmpeg"), "-v", "error", "-nostdin", "-rtsp_transport", "udp",
			"-timeout", "1000000", "-i", s.URL("/vod"), "-t", "1", "-f", "null", "-")
		out, err := cmd.CombinedOutput()
		if name == "refused" && !bytes.Contains(out, []byte("461")) {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		if sent := s.Sent(); sent.Packets > 0 && name == "refused" {
			t.Errorf("%s: sent %+v", name, sent)
		}
		log := s.Requests()
		if name == "silent" && !slices.ContainsFunc(log, func(r Request) bool {
			return r.Method == "SETUP" && r.Status == 200 && strings.Contains(r.Header.Get("Transport"), "client_port")
		}) {
			t.Errorf("%s: %+v", name, log)
		}
	}
}

// gstreamer plays url with rtspsrc and decodes it until it has so many pictures.
func gstreamer(t *testing.T, url, protocol string, pictures int) watched {
	t.Helper()
	peers.Find(t, "gst-launch-1.0")
	peers.Find(t, gstPython)
	sound := filepath.Join(t.TempDir(), "sound")
	cmd := exec.CommandContext(t.Context(), gstPython, "testdata/gst-client.py", url, protocol, sound)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(gstPatience, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	w := watched{gray: make([]byte, pictures*pictureSize)}
	n, err := io.ReadFull(stdout, w.gray)
	stdin.Close()
	io.Copy(io.Discard, stdout)
	ended := cmd.Wait()
	if err != nil || ended != nil {
		t.Fatalf("GStreamer: %d pictures, %v, %v: %s", n/pictureSize, err, ended, stderr.Bytes())
	}
	raw, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	for ; len(raw) >= 2; raw = raw[2:] {
		w.sound = append(w.sound, int16(uint16(raw[0])|uint16(raw[1])<<8))
	}
	return w
}

func TestGStreamerPlays(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"tcp", "udp"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := NewServer(Config{})
			defer s.Close()
			if first := gstreamer(t, s.URL("/vod"), protocol, 80).begins(t, 3*time.Second); first != 0 {
				t.Errorf("on demand begins at %d", first)
			}
			gstreamer(t, s.URL("/live"), protocol, 80).begins(t, 3*time.Second)
			if log := s.Methods(); !slices.Contains(log, "TEARDOWN") {
				t.Errorf("methods %v", log)
			}
		})
	}
}
