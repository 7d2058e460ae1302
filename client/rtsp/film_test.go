package rtsp

import (
	"bytes"
	"fmt"
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

// record takes chunks of one seek until they reach length of media time, and
// returns the bytes, the header first, and the time of the first key picture.
func record(t *testing.T, s *Session, seek int, length time.Duration) (data []byte, begin time.Duration) {
	t.Helper()
	begin = -1
	for {
		c, err := s.Next(t.Context())
		if err != nil {
			t.Fatalf("after %d bytes: %v", len(data), err)
		}
		if c.Seek != seek {
			continue
		}
		if begin < 0 {
			if !c.Key {
				data = append(data, c.Init...)
				continue
			}
			begin = c.Time
			if data == nil {
				data = append(data, c.Init...)
			}
		}
		data = append(data, c.Data...)
		if c.Time >= begin+length {
			return data, begin
		}
	}
}

// film is what ffmpeg makes of recorded bytes: which second of the clip each
// picture shows and each half second of sound is.
type film struct {
	pictures []int
	sound    []int
	contrast int // pictures that have both light and dark in them
	words    string
}

const pictureSize = clip.Width * clip.Height

// decode decodes recorded bytes of pictures and sound.
func decode(t *testing.T, data []byte) film {
	t.Helper()
	return decodeTracks(t, data, true, true)
}

func decodeTracks(t *testing.T, data []byte, video, audio bool) film {
	t.Helper()
	ffmpeg := peers.Find(t, "ffmpeg")
	dir := t.TempDir()
	gray, wav := filepath.Join(dir, "gray"), filepath.Join(dir, "wav")
	args := []string{"-v", "warning", "-i", "-"}
	if video {
		args = append(args, "-map", "0:v", "-vf", fmt.Sprintf("scale=%d:%d", clip.Width, clip.Height),
			"-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", gray)
	}
	if audio {
		args = append(args, "-map", "0:a", "-ac", "1", "-ar", "48000", "-f", "wav", wav)
	}
	cmd := exec.CommandContext(t.Context(), ffmpeg, args...)
	cmd.Stdin = bytes.NewReader(data)
	var words bytes.Buffer
	cmd.Stderr = &words
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, &words)
	}
	f := film{words: words.String()}
	if video {
		f.look(t, gray)
	}
	if audio {
		f.sound = hear(t, wav)
	}
	return f
}

// look reads the second that each picture shows.
func (f *film) look(t *testing.T, gray string) {
	t.Helper()
	pictures, err := os.ReadFile(gray)
	if err != nil {
		t.Fatal(err)
	}
	for ; len(pictures) >= pictureSize; pictures = pictures[pictureSize:] {
		second, ok := clip.SecondOfPicture(pictures, clip.Width, clip.Height)
		if !ok {
			second = -1
		}
		f.pictures = append(f.pictures, second)
		if one := pictures[:pictureSize]; slices.Min(one) < 50 && slices.Max(one) > 200 {
			f.contrast++
		}
	}
}

// hear tells which second each quarter of a second sounds like.
func hear(t *testing.T, wav string) (seconds []int) {
	t.Helper()
	file, err := os.Open(wav)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	samples, rate, err := clip.ReadWAV(file)
	if err != nil {
		t.Fatal(err)
	}
	for ; len(samples) >= rate/4; samples = samples[rate/4:] {
		hz, _ := clip.Tone(samples[:rate/4], rate)
		if second, ok := clip.SecondOfTone(hz); ok {
			seconds = append(seconds, second)
		}
	}
	return seconds
}

// check fails unless pictures and sound go from one second to another without
// a step back or a second left out.
func (f film) check(t *testing.T, first, last, pictures int) {
	t.Helper()
	if len(f.pictures) < pictures {
		t.Errorf("%d pictures, want %d", len(f.pictures), pictures)
	}
	for name, list := range map[string][]int{"pictures": f.pictures, "sound": f.sound} {
		early := 0
		if name == "pictures" {
			// GStreamer sends the pictures from the key picture on that come before
			// the place it says it starts at, all with that place's time.
			early = 1
		}
		if len(list) == 0 || list[0] < first-early || list[0] > first || list[len(list)-1] < last {
			t.Errorf("%s: %v, want %d to %d", name, list, first, last)
		}
	}
	f.goesOn(t)
}

// goesOn fails unless each second follows the one before it, and the end the
// beginning.
func (f film) goesOn(t *testing.T) {
	t.Helper()
	for name, list := range map[string][]int{"pictures": f.pictures, "sound": f.sound} {
		for i := 1; i < len(list); i++ {
			if d := list[i] - list[i-1]; d != 0 && d != 1 && d != -59 {
				t.Errorf("%s: %d follows %d in %v", name, list[i], list[i-1], list)
			}
		}
	}
	if strings.Contains(f.words, "rror") {
		t.Errorf("ffmpeg: %s", f.words)
	}
}
