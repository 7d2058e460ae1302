package main

import (
	"encoding/json"
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
	"tapedeck/client/peers"
)

// recording is what ffmpeg makes of a file that was recorded.
type recording struct {
	lossy  bool
	size   int64
	codecs []string // as ffmpeg names them, sorted
	frames int      // pictures that could be decoded; 0 without a picture
	length float64  // seconds of the longest track, by its packets
	sound  ear
}

// openRecording decodes every track of the file. Of one that came over UDP a
// loaded machine may have lost some: it is lossy.
func openRecording(t *testing.T, path string, lossy bool) recording {
	t.Helper()
	ffprobe, ffmpeg := peers.Find(t, "ffprobe"), peers.Find(t, "ffmpeg")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	r := recording{lossy: lossy, size: info.Size()}
	out, err := exec.Command(ffprobe, "-v", "error", "-of", "json", "-count_frames",
		"-show_entries", "stream=codec_name,codec_type,nb_read_frames:packet=stream_index,pts_time", "-show_packets", path).Output()
	if err != nil {
		t.Fatalf("ffprobe: %v", err)
	}
	var found struct {
		Streams []struct {
			Name   string `json:"codec_name"`
			Type   string `json:"codec_type"`
			Frames string `json:"nb_read_frames"`
		}
		Packets []struct {
			Stream int    `json:"stream_index"`
			Time   string `json:"pts_time"`
		}
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	for _, s := range found.Streams {
		r.codecs = append(r.codecs, s.Name)
		if n, _ := strconv.Atoi(s.Frames); s.Type == "video" {
			r.frames = n
		}
	}
	slices.Sort(r.codecs)
	first, last := math.Inf(1), math.Inf(-1)
	for _, p := range found.Packets {
		if at, err := strconv.ParseFloat(p.Time, 64); err == nil {
			first, last = min(first, at), max(last, at)
		}
	}
	r.length = last - first

	wav := filepath.Join(t.TempDir(), "sound.wav")
	decode := exec.Command(ffmpeg, "-nostdin", "-v", "error", "-i", path, "-map", "0:a", wav, "-map", "0:v?", "-f", "null", "-")
	said, err := decode.CombinedOutput()
	// The first frames of MP3 and TS lean on what came before them.
	if err != nil || !lossy && filepath.Ext(path) == ".mkv" && len(said) > 0 {
		t.Errorf("ffmpeg: %v\n%s", err, said)
	}
	f, err := os.Open(wav)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	samples, rate, err := clip.ReadWAV(f)
	if err != nil {
		t.Fatal(err)
	}
	r.sound = ear{samples, rate}
	return r
}

// check sees to it that all is there and the sound is the clip's, second after
// second.
func (r recording) check(t *testing.T, codecs []string, bytes int64, seconds float64) {
	t.Helper()
	if !slices.Equal(r.codecs, codecs) {
		t.Errorf("the tracks are %v, want %v", r.codecs, codecs)
	}
	if r.size != bytes || bytes == 0 {
		t.Errorf("the file has %d bytes, %d were told", r.size, bytes)
	}
	if d := r.length - seconds; r.length <= 0 || d < -1 || d > 1 {
		t.Errorf("the file has %.2f s, %.2f were told", r.length, seconds)
	}
	least := (r.length - 1) * clip.FrameRate
	if r.lossy {
		least /= 2
	}
	if slices.Contains(codecs, "h264") && float64(r.frames) < least {
		t.Errorf("%d pictures in %.2f s", r.frames, r.length)
	}
	r.checkTones(t)
}

// checkTones listens twice in each second.
func (r recording) checkTones(t *testing.T) {
	t.Helper()
	most := 1 // seconds from one tone to the next
	if r.lossy {
		most = 4
	}
	var heard []string
	before, seconds := -1, 0
	for at := toneLength; at < r.sound.length()-2*toneLength; at += 500 * time.Millisecond {
		second, ok := clip.SecondOfTone(r.sound.tone(at))
		if !ok { // two seconds meet there
			second, ok = clip.SecondOfTone(r.sound.tone(at + toneLength))
		}
		heard = append(heard, strconv.Itoa(second))
		if before < 0 {
			before = second
		}
		step := (second - before + 60) % 60
		if !ok || step > most {
			t.Fatalf("at %v the tone of second %d (%v), after %s", at, second, ok, strings.Join(heard, " "))
		}
		seconds += step
		before = second
	}
	if d := float64(seconds+1) - r.length; d < -2 && !r.lossy || d > 2 || seconds == 0 {
		t.Errorf("the tones of %d seconds in %.2f s: %s", seconds+1, r.length, strings.Join(heard, " "))
	}
}
