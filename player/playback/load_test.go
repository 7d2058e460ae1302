package playback

import (
	"testing"
	"time"
)

func TestWhatThePlayerDoes(t *testing.T) {
	for _, c := range []struct {
		contentType string
		shows, on   bool
	}{
		{"video/x-matroska", true, false}, {"audio/x-matroska", true, false}, {"video/webm", true, false},
		{"application/ogg", true, true}, {"audio/ogg; codecs=flac", true, false}, {"audio/flac", true, false},
		{"video/mp4", true, false}, {"video/x-ms-asf", true, false}, {"video/x-flv", false, false},
		{"video/mp2t", false, true}, {"audio/mpeg", false, true}, {"Audio/AAC", false, true}, {"", false, true},
	} {
		if shows, on := showsTimestamps(c.contentType), goesOn(c.contentType); shows != c.shows || on != c.on {
			t.Errorf("%q: shows timestamps %v, goes on %v", c.contentType, shows, on)
		}
	}
}

// TestClockLeaps: only a jump of the player's own counts, not that it stands
// still, is slow to tell, or has not begun.
func TestClockLeaps(t *testing.T) {
	start := time.Now()
	for _, c := range []struct {
		was, is, after, want time.Duration
	}{
		{10, 11, 1, 0}, {10, 10, 30, 0}, {10, 14, 1, 0}, {0, 1000, 1, 0},
		{10, 0, 1, -11}, {10, 2, 3, -9}, {1000, 5, 1, -996}, {10, 1000, 1, 989},
	} {
		var clock playerClock
		clock.fine(start, c.was*time.Second)
		if got := clock.leap(start.Add(c.after*time.Second), c.is*time.Second); got != c.want*time.Second {
			t.Errorf("from %d to %d s within %d s: %v", c.was, c.is, c.after, got)
		}
	}
	if got := (&playerClock{}).leap(start, time.Hour); got != 0 {
		t.Errorf("before it was asked: %v", got)
	}
}
