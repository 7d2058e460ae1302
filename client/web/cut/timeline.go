package cut

import "time"

const (
	// maxBack is how far a container's time may go back without meaning anything:
	// sound and picture are not in step. Further, and its encoder was restarted.
	maxBack = 3 * time.Second
	// maxGap is how far it may go ahead from one unit to the next. Further, and
	// its clock was set; or nothing came for so long, which nobody wants to wait
	// for again.
	maxGap = 10 * time.Second

	// maxStamp bounds a container's time, so that no sum runs over.
	maxStamp = 1 << 61 * time.Nanosecond
)

// timeline makes media time of a container's own: it begins at out, never goes
// back, and where the container's clock jumps it goes on.
type timeline struct {
	raw     time.Duration // of the newest unit, in the container's time
	out     time.Duration // of the newest unit, in media time
	origin  time.Duration // raw less out, where both are in step
	begun   bool          // there was a unit
	started bool          // and what comes continues it
	jumped  bool          // since the flag was taken down
}

// at is the media time of a unit whose own time is raw.
func (t *timeline) at(raw time.Duration) time.Duration {
	raw = max(min(raw, maxStamp), -maxStamp)
	if d := raw - t.raw; !t.started || d < -maxBack || d > maxGap {
		t.jumped = t.jumped || t.begun && raw-t.out != t.origin
		t.begun, t.started = true, true
		t.origin = raw - t.out
	}
	t.raw = raw
	t.out = max(t.out, raw-t.origin)
	return t.out
}

// restart has the next unit follow the newest, whatever its own time is.
func (t *timeline) restart() { t.started = false }

// ticks is n units of 1/rate seconds.
func ticks(n int64, rate int64) time.Duration {
	if rate <= 0 {
		return 0
	}
	whole, part := n/rate, n%rate
	if limit := int64(maxStamp / time.Second); whole > limit || whole < -limit {
		return maxStamp
	}
	return time.Duration(whole)*time.Second + time.Duration(float64(part)/float64(rate)*float64(time.Second))
}
