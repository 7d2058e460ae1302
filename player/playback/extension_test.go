package playback

import "testing"

func TestMisnamed(t *testing.T) {
	for _, c := range []struct{ path, kind, want string }{
		{"a.mkv", "video/x-matroska", ""},
		{"a.webm", "audio/x-matroska", ""},
		{"a.mkv", "video/mp4", ".mp4"},
		{"a.MP3", "video/mp4", ".mp4"},
		{"a.opus", "audio/ogg; codecs=opus", ""},
		{"a.ts", "application/ogg", ".ogg"},
		{"a.part", "video/mp4", ""},
		{"a", "video/mp4", ""},
		{"a.mkv", "application/octet-stream", ""},
	} {
		if got := misnamed(c.path, c.kind); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.path, c.kind, got, c.want)
		}
	}
}
