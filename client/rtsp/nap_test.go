package rtsp

import (
	"testing"
	"time"
)

func TestPatience(t *testing.T) {
	p := patience{room: 200_000}
	now := time.Unix(1000, 0)
	for _, c := range []struct {
		after   time.Duration
		brought int
		want    time.Duration
	}{
		{0, 1400, shortNap},
		{time.Second, 1400, shortNap},
		{calm, 1400, longNap}, // nothing but a trickle
		{time.Second, 20_000, longNap},
		{time.Second, 120_000, shortNap}, // a key picture
		{2 * time.Second, 1400, shortNap},
		{time.Second, 120_000, shortNap}, // and the next
		{calm, 1400, longNap},
	} {
		now = now.Add(c.after)
		if got := p.nap(c.brought, now); got != c.want {
			t.Errorf("%v later, after %d bytes: %v, want %v", c.after, c.brought, got, c.want)
		}
	}
}
