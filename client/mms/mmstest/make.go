package mmstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// TB is what Make uses of a testing.TB.
type TB interface {
	peers.TB
	TempDir() string
}

// MakeOptions say what Make makes.
type MakeOptions struct {
	Length time.Duration // default 20 s
	// Rates are the bit rates of the pictures, one stream each. Where there are
	// several the header says that they exclude each other. Default: 300000.
	Rates []int
	Args  []string // more of ffmpeg's arguments for the output
}

// Make has ffmpeg make an ASF file of the built-in clip, WMV2 and WMA2, with a
// key picture each second. The pictures are streams 1 and on, the sound is the
// last one. Where ffmpeg is missing the test is skipped, or fails in CI.
func Make(t TB, o MakeOptions) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "clip.mp4"), filepath.Join(dir, "clip.asf")
	if err := os.WriteFile(in, clip.MP4(), 0o644); err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	if o.Length == 0 {
		o.Length = 20 * time.Second
	}
	if len(o.Rates) == 0 {
		o.Rates = []int{300_000}
	}
	args := []string{"-v", "error", "-nostdin", "-y", "-i", in, "-t", strconv.FormatFloat(o.Length.Seconds(), 'f', 3, 64)}
	for i, rate := range o.Rates {
		args = append(args, "-map", "0:v", "-b:v:"+strconv.Itoa(i), strconv.Itoa(rate))
	}
	args = append(args, "-map", "0:a", "-c:v", "wmv2", "-g", "25", "-c:a", "wmav2", "-b:a", "64k", "-fflags", "+bitexact")
	args = append(append(args, o.Args...), "-f", "asf", out)
	if said, err := exec.Command(peers.Find(t, "ffmpeg"), args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, said)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	if len(o.Rates) > 1 {
		streams := make([]int, len(o.Rates))
		for i := range streams {
			streams[i] = i + 1
		}
		b = exclude(b, streams)
	}
	return b
}
