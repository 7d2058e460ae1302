package asf

import "time"

// Clock takes the wraps out of a time of 32 bits of milliseconds, 49.7 days.
// Its zero value is ready for the first.
type Clock struct {
	last  uint32
	total time.Duration
	runs  bool
}

// Unwrap is ms on a clock that does not wrap. The first is taken as it is;
// later ones may be behind by less than half of a round.
func (c *Clock) Unwrap(ms uint32) time.Duration {
	if !c.runs {
		c.runs, c.last, c.total = true, ms, time.Duration(ms)*time.Millisecond
		return c.total
	}
	c.total += time.Duration(int32(ms-c.last)) * time.Millisecond
	c.last = ms
	return c.total
}
