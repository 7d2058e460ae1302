package web

import (
	"testing"
	"time"

	"tapedeck/client/media/clip"
)

// kept gives what a cache that holds all of data would.
func kept(data []byte) func(p []byte, off int64) int {
	return func(p []byte, off int64) int {
		if off < 0 || off >= int64(len(data)) {
			return 0
		}
		return copy(p, data[off:])
	}
}

func TestPlayingTime(t *testing.T) {
	mkv := []byte("\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" +
		"\x15\x49\xa9\x66\x95" + // Info
		"\x2a\xd7\xb1\x83\x0f\x42\x40" + // TimestampScale 1,000,000
		"\x44\x89\x88\x40\xe7\x70\x00\x00\x00\x00\x00" + // Duration 48,000.0
		"\x1f\x43\xb6\x75")
	mp4v1 := []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" +
		"\x00\x00\x00\x7cmoov\x00\x00\x00\x78mvhd\x01\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x03\xe8\x00\x00\x00\x00\x00\x00\x27\x10")
	mp4v1 = append(mp4v1, make([]byte, 96)...)
	tests := []struct {
		name, contentType string
		data              []byte
		bitRate           int
		want              time.Duration
	}{
		{"MP4, index first", "video/mp4", clip.MP4(), 0, clip.Duration},
		{"MP4, 64-bit times", "video/mp4", mp4v1, 0, 10 * time.Second},
		{"MP4, cut", "video/mp4", clip.MP4()[:20], 0, 0},
		{"Matroska", "video/x-matroska", mkv, 0, 48 * time.Second},
		{"Matroska, cut", "video/x-matroska", mkv[:30], 0, 0},
		{"MP3 of known rate", "audio/mpeg", make([]byte, 8000), 64000, time.Second},
		{"something else", "video/x-flv", mkv, 0, 0},
	}
	for _, tt := range tests {
		got := playingTime(tt.contentType, int64(len(tt.data)), tt.bitRate, kept(tt.data))
		if diff := got - tt.want; diff < -50*time.Millisecond || diff > 50*time.Millisecond {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func FuzzPlayingTime(f *testing.F) {
	f.Add(true, clip.MP4()[:200])
	f.Add(false, []byte("\x15\x49\xa9\x66\x44\x89\x84\x40\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, mp4 bool, data []byte) {
		contentType := "video/x-matroska"
		if mp4 {
			contentType = "video/mp4"
		}
		if d := playingTime(contentType, int64(len(data)), 0, kept(data)); d < 0 || d > maxLength {
			t.Errorf("%v", d)
		}
	})
}
