package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// samples are the clip in other containers, made once.
var samples struct {
	sync.Mutex
	made map[string][]byte
}

// clipAs is the clip in the container that ext names, copied by ffmpeg, not
// coded again.
func clipAs(t *testing.T, ext string) []byte {
	t.Helper()
	ffmpeg := peers.Find(t, "ffmpeg")
	samples.Lock()
	defer samples.Unlock()
	if made, ok := samples.made[ext]; ok {
		return made
	}
	path := filepath.Join(t.TempDir(), "clip."+ext)
	out, err := exec.Command(ffmpeg, "-v", "error", "-i", clipFile(t), "-c", "copy", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	made, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if samples.made == nil {
		samples.made = map[string][]byte{}
	}
	samples.made[ext] = made
	return made
}

// clipFile is a file that holds the clip as MP4.
func clipFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(path, clip.MP4(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
