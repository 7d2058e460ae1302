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
	alignMin   = 40 * time.Millisecond  // what nobody notices is left as it is
	alignAgain = 80 * time.Millisecond  // so is this of streams that were aligned once
	alignMax   = 10 * time.Second       // what is above it, are clocks of their own
	alignSoon  = 2 * time.Second        // until then streams are moved at once
	alignStep  = 500 * time.Millisecond // later only when they are that far apart
	reportAge  = 100 * time.Millisecond // by which one stream's reports may be older than another's
)

// Clock is what the receivers of one session share: the media time to which
// each maps its timestamps. The zero value is ready.
//
// Streams start aligned by the arrival of their first packets, so that nothing
// waits for RTCP. RTP-Info, where there is any, does it better and is believed
// before sender reports. The first reports of two streams correct the arrival;
// later ones only what two of them in a row agree on: sources drift, but a clock
// that is set (NTP) makes the reports of one stream contradict the other's until
// both have told of it. A correction moves streams forward only: what lags is
// moved, what is ahead stays.
//
// Some cameras give the timestamp of the last key picture for that of the
// report's moment. Such a report is older than what has come already while the
// other stream's is not, and counts for nothing.
type Clock struct {
	mu      sync.Mutex
	turn    int       // how often the session was rebased
	start   time.Time // arrival of the first packet since then
	members []*member
	cname   string
}

// member is a receiver as its Clock sees it.
type member struct {
	clock  *Clock
	turn   int
	byInfo bool // aligned by RTP-Info

	known   bool          // there was a report
	offset  time.Duration // its wall clock less media time, corrections included
	age     time.Duration // by which its timestamp was older than the newest one
	reports int           // how many there were
	paired  bool          // it was compared with another stream's
	drift   time.Duration // by how much it was off, not yet confirmed; 0: it was not
	against int           // the other stream's reports at that time

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

// pending is what take will return in the end.
func (m *member) pending() time.Duration { return time.Duration(m.jump.Load() + m.slew.Load()) }

func (m *member) reset() {
	m.forget()
	m.jump.Store(0)
	m.slew.Store(0)
}

// forget drops what is known of the sender's clock.
func (m *member) forget() {
	m.byInfo, m.known, m.paired, m.drift = false, false, false, 0
}

// cut says that the stream goes on with timestamps that are not related to
// those before: the alignment is by arrival again until there are reports.
func (m *member) cut() {
	m.clock.mu.Lock()
	defer m.clock.mu.Unlock()
	m.forget()
}

// join adds a receiver.
func (c *Clock) join() *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &member{clock: c, turn: c.turn}
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

// align uses a sender report of m: offset is its wall clock less the media time
// of its timestamp, age how much older that is than the newest that came.
func (c *Clock) align(m *member, offset, age time.Duration, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.known, m.offset, m.age = true, offset, age
	m.reports++
	o := c.other(m)
	if o == nil || m.byInfo && o.byInfo {
		return
	}
	lag := m.offset - o.offset // by which m has to be moved forward
	if lag.Abs() > alignMax || max(m.age, o.age) > reportAge && (m.age-o.age).Abs() > reportAge {
		return
	}
	if !m.off(o, lag) {
		return
	}
	if lag > 0 {
		m.forward(lag, c.soon(now))
		return
	}
	for _, o := range c.members {
		if o != m && o.known {
			o.forward(-lag, c.soon(now))
		}
	}
}

// other is the first of the other streams that had a report.
func (c *Clock) other(m *member) *member {
	for _, o := range c.members {
		if o != m && o.known {
			return o
		}
	}
	return nil
}

// off decides whether a lag behind o is to be corrected.
func (m *member) off(o *member, lag time.Duration) bool {
	first := !m.paired
	m.paired, o.paired = true, true
	if first {
		return lag.Abs() >= alignMin
	}
	if lag.Abs() < alignAgain {
		m.drift = 0
		return false
	}
	if m.drift == 0 || (lag-m.drift).Abs() >= alignMin {
		m.drift, m.against = lag, o.reports
		return false
	}
	if m.against == o.reports { // o may not have told yet of what m has
		return false
	}
	m.drift = 0
	return true
}

func (c *Clock) soon(now time.Time) bool { return now.Sub(c.start) < alignSoon }

// forward moves the stream by d.
func (m *member) forward(d time.Duration, soon bool) {
	m.offset -= d
	m.drift = 0
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
