package clip_test

import (
	"bytes"
	"math"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// decode runs ffmpeg on input and returns what it wrote.
func decode(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	path := peers.Find(t, "ffmpeg")
	cmd := exec.CommandContext(t.Context(), path, append([]string{"-v", "error", "-nostdin"}, args...)...)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("ffmpeg: %v: %s", err, stderr.Bytes())
	}
	return out
}

func TestPictureTellsTheSecond(t *testing.T) {
	pictures := map[string][]byte{"mp4": clip.MP4(), "h264": clip.H264()}
	for format, file := range pictures {
		t.Run(format, func(t *testing.T) {
			gray := decode(t, file, "-f", format, "-i", "-", "-an", "-pix_fmt", "gray", "-f", "rawvideo", "-")
			const size = clip.Width * clip.Height
			if got, want := len(gray)/size, 1500; got != want {
				t.Fatalf("%d pictures, want %d", got, want)
			}
			for n := range len(gray) / size {
				got, ok := clip.SecondOfPicture(gray[n*size:(n+1)*size], clip.Width, clip.Height)
				if want := n / clip.FrameRate; !ok || got != want {
					t.Fatalf("picture %d tells second %d, %v, want %d", n, got, ok, want)
				}
			}
		})
	}
}

func TestPictureTellsTheSecondWhenScaled(t *testing.T) {
	for _, size := range [][2]int{{160, 90}, {640, 360}, {1280, 720}, {400, 400}} {
		scale := "select=not(mod(n\\,25)),scale=" + strconv.Itoa(size[0]) + ":" + strconv.Itoa(size[1])
		gray := decode(t, clip.MP4(), "-f", "mp4", "-i", "-", "-an", "-vsync", "0", "-vf", scale, "-pix_fmt", "gray", "-f", "rawvideo", "-")
		area := size[0] * size[1]
		for n := range len(gray) / area {
			got, ok := clip.SecondOfPicture(gray[n*area:], size[0], size[1])
			if !ok || got != n {
				t.Fatalf("%v: picture %d tells second %d, %v", size, n, got, ok)
			}
		}
	}
}

func TestNoSecondInOtherPictures(t *testing.T) {
	const size = clip.Width * clip.Height
	for name, gray := range map[string][]byte{
		"black": make([]byte, size),
		"white": bytes.Repeat([]byte{255}, size),
		"gray":  bytes.Repeat([]byte{128}, size),
		"short": make([]byte, size-1),
		"none":  nil,
	} {
		if got, ok := clip.SecondOfPicture(gray, clip.Width, clip.Height); ok {
			t.Errorf("%s picture tells second %d", name, got)
		}
	}
	if _, ok := clip.SecondOfPicture(nil, 0, 0); ok {
		t.Error("empty picture tells a second")
	}
}

// TestSoundTellsTheSecond listens in the middle of each second.
func TestSoundTellsTheSecond(t *testing.T) {
	sounds := map[string][]byte{"mp4": clip.MP4(), "aac": clip.AAC(), "mp3": clip.MP3()}
	for format, file := range sounds {
		t.Run(format, func(t *testing.T) {
			wav := decode(t, file, "-f", format, "-i", "-", "-vn", "-c:a", "pcm_s16le", "-f", "wav", "-")
			samples, rate, err := clip.ReadWAV(bytes.NewReader(wav))
			if err != nil || rate != clip.SampleRate {
				t.Fatalf("ReadWAV: %d Hz, %v", rate, err)
			}
			if got := time.Duration(len(samples)) * time.Second / clip.SampleRate; (got - clip.Duration).Abs() > 100*time.Millisecond {
				t.Fatalf("%v of sound", got)
			}
			for want := range 60 {
				from := want*rate + rate/4
				hz, level := clip.Tone(samples[from:from+rate/2], rate)
				if got, ok := clip.SecondOfTone(hz); !ok || got != want {
					t.Errorf("second %d: %.2f Hz tells %d, %v", want, hz, got, ok)
				}
				at := time.Duration(want)*time.Second + time.Second/2
				if math.Abs(hz-clip.ToneAt(at)) > 0.5 || math.Abs(level-clip.ToneLevel) > 0.04 {
					t.Errorf("second %d: %.2f Hz at %.3f, want %.0f at %.1f", want, hz, level, clip.ToneAt(at), clip.ToneLevel)
				}
			}
		})
	}
}

func TestUnits(t *testing.T) {
	video, audio := clip.Video(), clip.Audio()
	if len(video) != 1500 || len(audio) != 2813 {
		t.Fatalf("%d pictures and %d units of sound, want 1500 and 2813", len(video), len(audio))
	}
	for n, au := range video {
		if au.Time != time.Duration(n)*40*time.Millisecond || au.Duration != 40*time.Millisecond || au.Key != (n%25 == 0) {
			t.Fatalf("picture %d: time %v, duration %v, key %v", n, au.Time, au.Duration, au.Key)
		}
		var kinds []byte
		for _, nal := range au.NALs {
			kinds = append(kinds, nal[0]&0x1f)
		}
		want := []byte{9, 1}
		if au.Key {
			want = []byte{9, 7, 8, 5}
		}
		if !bytes.Equal(kinds, want) {
			t.Fatalf("picture %d: NAL units %v, want %v", n, kinds, want)
		}
	}
	for n, au := range audio {
		if n > 0 && au.Time != audio[n-1].Time+audio[n-1].Duration || !au.Key || len(au.Data) == 0 {
			t.Fatalf("unit %d of sound: time %v, key %v, %d bytes", n, au.Time, au.Key, len(au.Data))
		}
	}
	if sps := clip.SPS(); sps[0] != 0x67 || sps[1] != 66 {
		t.Errorf("SPS % x, want baseline", sps)
	}
	if pps := clip.PPS(); pps[0] != 0x68 {
		t.Errorf("PPS % x", pps)
	}
	if got, want := clip.AudioSpecificConfig(), []byte{0x11, 0x88}; !bytes.Equal(got, want) {
		t.Errorf("AudioSpecificConfig % x, want % x", got, want)
	}
}

func TestSize(t *testing.T) {
	if sum := len(clip.MP4()) + len(clip.H264()) + len(clip.AAC()) + len(clip.MP3()); sum > 2_000_000 {
		t.Errorf("the files take %d bytes, want at most 2 MB", sum)
	}
}

func TestToneAt(t *testing.T) {
	for at, want := range map[time.Duration]float64{
		0: 400, 999 * time.Millisecond: 400, time.Second: 410, 59 * time.Second: 990, 61 * time.Second: 410, -time.Second: 990,
	} {
		if got := clip.ToneAt(at); got != want {
			t.Errorf("ToneAt(%v) = %v, want %v", at, got, want)
		}
	}
}
