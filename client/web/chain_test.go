package web

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os/exec"
	"slices"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
	"tapedeck/client/web/webtest"
)

// link is some seconds of the clip's sound with a title, as ffmpeg codes it.
func link(t *testing.T, from, title string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(peers.Find(t, "ffmpeg"), slices.Concat([]string{"-v", "error", "-ss", from, "-t", "3", "-i", "pipe:0",
		"-metadata", "artist=Björk", "-metadata", "title=" + title}, args, []string{"pipe:1"})...)
	cmd.Stdin = bytes.NewReader(clip.AAC())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	return out
}

// TestChains: each link of a radio's chain tells its title, at its time, and the
// sound from its header on is decoded.
func TestChains(t *testing.T) {
	for name, args := range map[string][]string{
		"Vorbis": {"-c:a", "libvorbis", "-f", "ogg"}, "Opus": {"-c:a", "libopus", "-f", "ogg"}, "FLAC in Ogg": {"-c:a", "flac", "-f", "ogg"},
		"Speex": {"-c:a", "libspeex", "-ar", "16000", "-f", "ogg"}, "FLAC": {"-c:a", "flac", "-f", "flac"},
	} {
		t.Run(name, func(t *testing.T) {
			chain := slices.Concat(link(t, "5", "One", args...), link(t, "20", "Two", args...))
			file := webtest.NewFile("radio", "", chain, webtest.FileOptions{NoRanges: true, Chunked: true})
			defer file.Close()
			var j journal
			s := open(t, file.URL, Config{Trace: j.add})
			var header, second []byte
			for {
				c, err := s.Next(t.Context())
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if c.Init != nil {
					header, second = c.Init, nil
				}
				second = append(second, c.Data...)
			}
			var titles []media.Title
			for _, e := range j.events {
				if e, ok := e.(media.Title); ok {
					titles = append(titles, e)
				}
			}
			if len(titles) != 2 || titles[0] != (media.Title{Text: "Björk - One"}) || titles[1].Text != "Björk - Two" ||
				math.Abs(titles[1].Time.Seconds()-3) > 0.3 {
				t.Errorf("titles %v", titles)
			}
			if hz := toneOf(t, append(slices.Clone(header), second...)); math.Abs(hz-clip.ToneAt(21*time.Second)) > 3 {
				t.Errorf("the second link is heard at %.1f Hz", hz)
			}
		})
	}
}

// toneOf is the tone in the second second of what ffmpeg decodes.
func toneOf(t *testing.T, data []byte) float64 {
	t.Helper()
	cmd := exec.Command(peers.Find(t, "ffmpeg"), "-v", "error", "-i", "pipe:0", "-f", "wav", "-ac", "1", "-c:a", "pcm_s16le", "pipe:1")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	samples, rate, err := clip.ReadWAV(bytes.NewReader(out))
	if err != nil || len(samples) < 2*rate {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	hz, _ := clip.Tone(samples[rate+rate/4:rate+rate*3/4], rate)
	return hz
}
