package rtp

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Alignment of streams by their sender reports.
const (
	alignMin  = 40 * time.Millisecond  // what nobody notices is left as it is
	alignMax  = 10 * time.Second       // what is above it, are clocks of their own
	alignSoon = 2 * time.Second        // until then streams are moved at once
	alignStep = 500 * time.Millisecond // later only when they are that far apart
)

// Clock is what the receivers of one session share: the media time to which
// each maps its timestamps. The zero value is ready.
//
// Streams start aligned by the arrival of their first packets, so that nothing
// waits for RTCP. Sender reports correct that once for each stream; RTP-Info
// makes it unnecessary. A correction moves streams forward only: what lags is
// moved, what is ahead stays.
type Clock struct {
	mu      sync.Mutex
	turn    int       // how often the session was rebased
	start   time.Time // arrival of the first packet since then
	members []*member
	cname   string
}

// member is a receiver as its Clock sees it.
type member struct {
	turn    int
	byInfo  bool          // aligned by RTP-Info
	aligned bool          // offset is known
	offset  time.Duration // the sender's wall clock less media time, corrections included

	// Corrections for the receiver to take, in nanoseconds: at once, or bit by
	// bit with the time that passes.
	jump, slew atomic.Int64
}

// take returns how far the stream is to be moved forward now; slowly bounds
// what is not to be noticed.
func (m *member) take(slowly time.Duration) time.Duration {
	var d int64
	if m.jump.Load() > 0 {
		d = m.jump.Swap(0)
	}
	if s := min(m.slew.Load(), int64(slowly)); s > 0 {
		m.slew.Add(-s)
		d += s
	}
	return time.Duration(d)
}

func (m *member) reset() {
	m.byInfo, m.aligned = false, false
	m.jump.Store(0)
	m.slew.Store(0)
}

// join adds a receiver.
func (c *Clock) join() *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &member{turn: c.turn}
	c.members = append(c.members, m)
	return m
}

// rebase begins a new range for m. The first receiver of a session to do so
// does it for the clock; the others follow.
func (c *Clock) rebase(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.turn++
	if m.turn > c.turn {
		c.turn, c.start = m.turn, time.Time{}
		for _, o := range c.members {
			o.reset()
		}
	}
	m.reset()
}

// begin notes the first packet of m and returns how long after the session's
// first it came.
func (c *Clock) begin(m *member, arrival time.Time, byInfo bool) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.byInfo = byInfo
	if c.start.IsZero() {
		c.start = arrival
	}
	return max(0, arrival.Sub(c.start))
}

// align uses the first sender report of m that makes sense: offset is the
// report's wall clock less the media time of its timestamp.
func (c *Clock) align(m *member, offset time.Duration, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.aligned {
		return
	}
	group, byInfo := c.group()
	if group == nil {
		m.aligned, m.offset = true, offset
		return
	}
	lag := offset - group[0].offset // by which m has to be moved forward
	if lag > alignMax || lag < -alignMax {
		return
	}
	m.aligned, m.offset = true, group[0].offset
	if lag < alignMin && lag > -alignMin || byInfo && m.byInfo {
		return
	}
	if lag > 0 {
		m.forward(lag, c.soon(now))
		return
	}
	for _, o := range group {
		o.forward(-lag, c.soon(now))
		o.offset += lag
	}
	m.offset = offset
}

// group is the members whose offsets are known, all the same by now, and
// whether RTP-Info aligned every one of them.
func (c *Clock) group() (list []*member, byInfo bool) {
	byInfo = true
	for _, m := range c.members {
		if m.aligned {
			list = append(list, m)
			byInfo = byInfo && m.byInfo
		}
	}
	return list, byInfo
}

func (c *Clock) soon(now time.Time) bool { return now.Sub(c.start) < alignSoon }

// forward moves the stream by d.
func (m *member) forward(d time.Duration, soon bool) {
	if soon || d > alignStep {
		m.jump.Add(int64(d))
	} else {
		m.slew.Add(int64(d))
	}
}

// name is the session's CNAME: random, so that it says nothing about us (RFC
// 7022, 4.2), and one for all its streams.
func (c *Clock) name() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cname == "" {
		c.cname = fmt.Sprintf("%016x%08x", rand.Uint64(), rand.Uint32())
	}
	return c.cname
}
