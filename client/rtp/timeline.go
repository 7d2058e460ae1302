package rtp

import (
	"time"
)

// Limits of what timestamps may do.
const (
	maxJump     = 10 * time.Second // forward, unless the packet came as much later
	maxBack     = 2 * time.Second  // pictures go back by their reordering only
	jumpSlack   = 2 * time.Second
	minimumStep = time.Millisecond // of media time over a discontinuity
	slewPart    = 200              // 5 ms for each second
)

// timeline maps the timestamps of one stream to media time:
//
//	time = start + (timestamp - first timestamp) / clock + shift
//
// Timestamps are followed over their wrap. A jump that no stream makes begins a
// new piece, which goes on where the last one ended, by the time of arrival.
type timeline struct {
	rate   int64 // ticks a second
	member *member

	begun   bool
	cut     bool          // the next timestamp is not related to the last
	start   time.Duration // media time of the piece's beginning
	ts      uint32        // the last timestamp...
	elapsed int64         // ...in ticks since the beginning of the piece
	newest  time.Duration // the highest time given out, without shift
	arrival time.Time     // of the last timestamp
	shift   time.Duration // by which the stream was moved to fit the others
}

// begin says which media time the timestamp of the first packet has.
func (t *timeline) begin(ts uint32, start time.Duration, arrival time.Time) {
	m, r := t.member, t.rate
	*t = timeline{rate: r, member: m, begun: true, start: start, ts: ts, newest: start, arrival: arrival}
}

// tick changes how many ticks a second has, from the last timestamp on.
func (t *timeline) tick(rate int) {
	if int64(rate) == t.rate {
		return
	}
	t.start += t.span(t.elapsed)
	t.elapsed, t.rate = 0, int64(rate)
}

// at returns the media time of a unit that is complete now.
func (t *timeline) at(ts uint32, now time.Time) time.Duration {
	step := int64(int32(ts - t.ts))
	waited := now.Sub(t.arrival)
	if t.cut || t.strange(t.span(step), waited) {
		t.start = t.newest + min(max(waited, minimumStep), maxJump)
		t.elapsed, step, t.cut = 0, 0, false
		t.member.cut()

	}
	t.ts, t.arrival = ts, now
	t.elapsed += step
	d := t.start + t.span(t.elapsed)
	ahead := max(0, d-t.newest)
	t.newest += ahead
	t.shift += t.member.take(ahead / slewPart)
	return max(0, d+t.shift)
}

// strange reports whether no stream in good order makes that step.
func (t *timeline) strange(step, waited time.Duration) bool {
	if step > maxJump { // fine after as long a silence
		return step > waited+jumpSlack || step < waited-jumpSlack
	}
	return step < -maxBack
}

// near returns the media time of a timestamp close to the last, with all
// corrections that are due, and by how much the newest is ahead of it; not ok
// when it is too far away to mean anything.
func (t *timeline) near(ts uint32) (at, age time.Duration, ok bool) {
	step := t.span(int64(int32(ts - t.ts)))
	d := t.start + t.span(t.elapsed) + step
	return d + t.shift + t.member.pending(), t.newest - d, t.begun && !t.cut && step < maxJump && step > -maxJump
}

// span turns ticks into time, without overflow for any number of them that 64
// bits of nanoseconds can hold.
func (t *timeline) span(ticks int64) time.Duration {
	whole, rest := ticks/t.rate, ticks%t.rate
	return time.Duration(whole)*time.Second + time.Duration(rest)*time.Second/time.Duration(t.rate)
}
