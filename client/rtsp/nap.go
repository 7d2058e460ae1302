package rtsp

import "time"

const (
	// A reader that has taken all there was sleeps for so long before it looks
	// again, so that one system call brings many packets.
	shortNap = 2 * time.Millisecond
	longNap  = 10 * time.Millisecond

	// calm is how long no burst may have come for the long naps: longer than
	// most cameras take from one key picture to the next.
	calm = 4 * time.Second

	// burst is the part of a socket's buffer that a nap may fill and be calm.
	burst = 8
)

// patience decides how long the reader of a UDP socket naps. What comes
// meanwhile has to fit the socket's buffer, which is small on most systems: two
// milliseconds of a gigabit, and a key picture comes as fast as the wire is. So
// the naps are short, unless for a while none of them has found much.
type patience struct {
	room int // bytes of media that the socket's buffer holds
	last time.Time
}

// nap is how long to sleep after what the last one has brought.
func (p *patience) nap(brought int, now time.Time) time.Duration {
	if p.last.IsZero() || brought > p.room/burst {
		p.last = now
	}
	if now.Sub(p.last) < calm {
		return shortNap
	}
	return longNap
}
