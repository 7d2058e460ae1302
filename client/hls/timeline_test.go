package hls

import (
	"testing"
	"time"
)

const ms = time.Millisecond

func TestTimeline(t *testing.T) {
	line := make(timeline)
	picture, sound := clock{line: line}, clock{line: line}
	picture.place(0, 0)
	picture.enter(7)
	at := func(c *clock, track int, ts, want time.Duration) {
		t.Helper()
		if got := c.at(track, ts); got != want {
			t.Errorf("%v is %v, want %v", ts, got, want)
		}
	}
	at(&picture, videoLane, 1400*ms, 0)
	at(&picture, audioLane, 1380*ms, -20*ms)
	at(&picture, videoLane, 1520*ms, 120*ms) // and back, by its reordering
	at(&picture, videoLane, 1440*ms, 40*ms)

	// The sound's own list begins a little earlier, with the same timestamps.
	sound.place(0, 0)
	sound.enter(7)
	at(&sound, audioLane, 400*ms, -1000*ms)

	// A discontinuity: the list tells that the segment ended at 6 s.
	picture.leave(6 * time.Second) // but only as far as media came
	if picture.top != 120*ms+splice {
		t.Errorf("expected at %v", picture.top)
	}
	at(&picture, videoLane, 7200*ms, 5800*ms)
	picture.leave(6 * time.Second)
	picture.enter(8)
	at(&picture, videoLane, 99*time.Second, 6*time.Second)
	sound.at(audioLane, 7300*ms)
	sound.enter(8)
	at(&sound, audioLane, 99020*ms, 6020*ms)

	// An MP4 has all its pictures first.
	at(&picture, videoLane, 107*time.Second, 14*time.Second)
	at(&picture, audioLane, 99*time.Second, 6*time.Second)

	// Timestamps that jump without a word: both tracks pass the border.
	at(&picture, videoLane, 3*time.Second, 14040*ms)
	at(&picture, audioLane, 106990*ms, 13990*ms)
	at(&picture, audioLane, 3*time.Second, 14040*ms)
	at(&picture, videoLane, 3040*ms, 14080*ms)

	// Tags are far apart.
	at(&picture, videoLane, 12*time.Second, 23040*ms)
	at(&picture, tagTrack, 12*time.Second, 23040*ms)
}

func TestTimelineWraps(t *testing.T) {
	c := clock{line: make(timeline)}
	c.place(0, 0)
	c.enter(0)
	start := wrap - time.Second
	if got := c.at(videoLane, start); got != 0 {
		t.Error(got)
	}
	if got := c.at(videoLane, wrap); got != time.Second {
		t.Error(got)
	}
	// Another demuxer counts from the wrap on.
	if got := c.at(videoLane, time.Second); got != 2*time.Second {
		t.Error(got)
	}
	// And one that begins there finds the same media time.
	d := clock{line: c.line}
	d.place(5*time.Second, 0)
	d.enter(0)
	if got := d.at(videoLane, 4*time.Second); got != 5*time.Second {
		t.Error(got)
	}
}

// TestTimelineSeek: a list with rounded durations does not move the timestamps
// that are known.
func TestTimelineSeek(t *testing.T) {
	c := clock{line: timeline{0: -10 * time.Second}}
	c.place(100*time.Second, 100*time.Second/8)
	c.enter(0)
	if got := c.at(videoLane, 118*time.Second); got != 108*time.Second {
		t.Error(got)
	}
	c.place(100*time.Second, 0)
	c.enter(0)
	if got := c.at(videoLane, 500*time.Second); got != 100*time.Second {
		t.Error(got)
	}
}
