package rtp

// mpaClock finds out how fast the timestamps of MPEG audio run where the
// description says something else than 90000: as the standard has it, or as the
// description. The frames of the first packet are held back until the next one
// shows how far the timestamps went meanwhile.
type mpaClock struct {
	rate  int // in use
	told  int // by the description
	open  bool
	tries int

	held    []Unit // since the packet with timestamp first
	first   uint32
	samples int // of what is held
	perSec  int
}

const (
	maxClockTries = 8  // packets that fit neither, before the description counts
	maxClockHeld  = 64 // frames
)

func newMPAClock(told int) mpaClock {
	return mpaClock{rate: told, told: told, open: told != mpaRate}
}

// ticks is the time of so many samples.
func (c *mpaClock) ticks(samples, perSecond int) uint32 {
	return uint32(int64(samples) * int64(c.rate) / int64(perSecond))
}

// lost forgets what is held: the next timestamp tells nothing of it.
func (c *mpaClock) lost() { c.held = c.held[:0] }

// pass emits a frame, or keeps it. direct says that its timestamp is a packet's.
func (c *mpaClock) pass(u Unit, direct bool, f mpaFrame, emit func(Unit)) {
	if c.open && direct && len(c.held) > 0 {
		c.decide(u.Timestamp - c.first)
		before := 0
		for _, h := range c.held {
			h.Timestamp = c.first + c.ticks(before, c.perSec)
			emit(h)
			header, _ := parseMPA(h.Data)
			before += header.samples
		}
		c.held = c.held[:0]
	}
	if !c.open {
		emit(u)
		return
	}
	if len(c.held) == 0 {
		c.first, c.samples, c.perSec = u.Timestamp, 0, f.rate
	}
	if len(c.held) < maxClockHeld {
		u.Data = append([]byte(nil), u.Data...)
		c.held = append(c.held, u)
	}
	c.samples += f.samples
}

// decide compares the ticks that went by with the samples that they stand for.
func (c *mpaClock) decide(ticks uint32) {
	near := func(rate int) bool {
		want := int64(c.samples) * int64(rate) / int64(c.perSec)
		return int64(ticks) > want*3/4 && int64(ticks) < want*5/4
	}
	c.tries++
	switch {
	case near(mpaRate):
		c.rate, c.open = mpaRate, false
	case near(c.told) || c.tries == maxClockTries:
		c.open = false
	}
}
