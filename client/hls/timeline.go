package hls

import (
	"time"

	"tapedeck/client/media"
)

const (
	// maxLeap and maxBack are how far timestamps may go on, or back, from one
	// packet to the next: pictures go back by their reordering, sound by how it
	// is woven in. More is a discontinuity, whether the playlist tells it or not.
	maxLeap = 10 * time.Second
	maxBack = 5 * time.Second

	// step is how far after the last packet a discontinuity goes on.
	step = 40 * time.Millisecond

	// wrap is after how long the timestamps of MPEG-2 begin anew: 33 bits of
	// 90 kHz.
	wrap = (1 << 33) * time.Second / 90000
)

// timeline is the media time of a session: what has to be added to a container's
// timestamps, by discontinuity sequence number. All playlists of a programme have
// the same timestamps (RFC 8216, section 6.2.4), so who comes first to an era
// finds its offset for all of them, and picture and sound stay together.
//
//	timestamps   1.4 ───────> 7.4 | 100.0 ───────> 106.0
//	offset         -1.4           |      -94.0
//	media time   0.0 ───────> 6.0 |   6.0 ───────> 12.0
type timeline map[int64]time.Duration

// maxEras bounds the eras that are remembered.
const maxEras = 4096

// clock is the timeline as one playlist's segments go along it.
type clock struct {
	line   timeline
	era    int64
	offset time.Duration
	before time.Duration // the offset before: packets of two tracks pass a border one after the other
	top    time.Duration // the latest media time so far, or where the next packet is expected
	slack  time.Duration // how far off the expectation is
	begun  bool          // the offset is that of the era

	// Of the segment; unset before its first packet, and that of a track. An MP4
	// may have all its pictures before all its sound.
	first time.Duration
	last  [trackCount]time.Duration
}

// trackCount is how many tracks a clock tells apart: the lanes, and timed tags.
const (
	tagTrack   = laneCount
	trackCount = laneCount + 1
)

// place expects the next packet at a media time, give or take slack.
func (c *clock) place(at, slack time.Duration) {
	c.top, c.slack, c.begun, c.offset = at, slack+maxLeap, false, unset
}

// enter begins a segment. Another era has timestamps of its own.
func (c *clock) enter(era int64) {
	if era != c.era && c.begun {
		c.begun = false
		c.top += step
	}
	c.era, c.first = era, unset
	for i := range c.last {
		c.last[i] = unset
	}
}

// leave ends a segment that the playlist says to be so long: what follows is
// expected at its end, which the last packet does not tell.
func (c *clock) leave(length time.Duration) {
	if c.first != unset {
		c.top = min(max(c.top, c.first+length-step), c.top+splice)
	}
}

// at is the media time of a timestamp of a track.
func (c *clock) at(track int, ts time.Duration) time.Duration {
	if !c.begun {
		c.begin(ts)
	}
	t, ok := c.follow(track, ts)
	if !ok {
		t = c.top + step
		c.before, c.offset = c.offset, t-ts
		c.first = t
	}
	if c.first == unset {
		c.first = t
	}
	c.top, c.last[track] = max(c.top, t), t
	return t
}

// follow tries the offsets that a timestamp may belong to.
func (c *clock) follow(track int, ts time.Duration) (time.Duration, bool) {
	if t := ts + c.offset; c.fits(track, t) {
		return t, true
	}
	if t := ts + c.before; c.fits(track, t) {
		return t, true
	}
	for _, offset := range [...]time.Duration{c.offset + wrap, c.offset - wrap} {
		if t := ts + offset; c.fits(track, t) {
			c.before, c.offset = c.offset, offset
			return t, true
		}
	}
	return 0, false
}

// fits reports whether a track may go on at t.
func (c *clock) fits(track int, t time.Duration) bool {
	low := c.top
	switch {
	case c.last[track] != unset:
		low = c.last[track]
	case c.first != unset:
		low = c.first
	}
	return t >= low-maxBack && t <= c.top+maxLeap
}

// begin finds the offset for the first packet of an era, or of a place.
func (c *clock) begin(ts time.Duration) {
	slack := max(c.slack, maxLeap)
	offset, known := c.line[c.era]
	found := false
	if known {
		for _, o := range [...]time.Duration{offset, offset + wrap, offset - wrap} {
			if d := ts + o - c.top; d <= slack && d >= -slack {
				offset, found = o, true
				break
			}
		}
	}
	if !found {
		offset = c.top - ts
		if !known && len(c.line) < maxEras {
			c.line[c.era] = offset
		}
	}
	c.before, c.offset, c.begun, c.slack = c.offset, offset, true, 0
	c.top = ts + offset
}

// stamp puts a packet onto the timeline.
func (c *clock) stamp(track int, p media.Packet) media.Packet {
	p.Time = c.at(track, p.Time)
	return p
}
