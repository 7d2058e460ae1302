package mms

import (
	"fmt"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
)

const (
	// maxChunk bounds a chunk in bytes and maxSpan in time: what is at hand goes
	// together, so that the tape has few pieces to keep.
	maxChunk = 64 << 10
	maxSpan  = 100 * time.Millisecond

	// keyGap is how far apart points are at which a decoder can start, where it
	// can start anywhere.
	keyGap = 200 * time.Millisecond

	// keyWait and keyBytes bound the wait for a picture at which a decoder can
	// start, pictureWait that for any picture: headers name streams of which
	// nothing is ever sent.
	keyWait     = 10 * time.Second
	keyBytes    = 16 << 20
	pictureWait = 3 * time.Second
	strangeWait = 500 * time.Millisecond // where the server has chosen the streams

	// maxBack and maxAhead are how far the send times of two packets may be
	// apart. Beyond that they count anew: an encoder was started again.
	maxBack  = 2 * time.Second
	maxAhead = 30 * time.Second

	// maxRun is how long the player's clock runs until it is begun anew: it has 32
	// bits of milliseconds, and half of them are for what was before.
	maxRun = 20 * 24 * time.Hour

	// maxBroken bounds packets in a row that cannot be read.
	maxBroken = 500
)

var errBroken = fmt.Errorf("mms: %w: what it sends is no ASF", ErrProtocol)

// reader makes chunks of the link's packets. Whoever holds Session.reading may
// touch it.
//
//	next ── packet ── wait for a key picture ── time ── restore ──> buf ──> Chunk
type reader struct {
	s *Session

	// The programme.
	head     *asf.Header
	size     int // of its packets
	live     bool
	base     time.Duration // the session's time at which it begins
	preroll  preroll       // that the player is asked for
	changes  int           // headers since the last packet
	sel      *selection
	init     []byte        // the header for sel
	fresh    bool          // something of the selection that is pending was seen
	patience time.Duration // after which pictures that do not come are not waited for

	// The turn.
	number int // of the call of play whose packets are read
	turn   *turn
	landed bool
	skip   bool // what it had already comes again
	waits  bool // for a key picture
	since  time.Duration
	begun  bool // since is set
	waited int  // bytes
	seen   [maxStream + 1]bool

	// The time.
	clock  asf.Clock
	based  bool          // shift is known
	shift  time.Duration // from send times, unwrapped, to the session's time
	zero   time.Duration // the session's time at which the player's clock has 0
	had    bool          // sent and id are of a packet
	sent   time.Duration
	id     uint32
	at     time.Duration // the time of the newest packet
	keyed  time.Duration // and of the newest key point
	broken int           // packets in a row

	// The chunks.
	chunk  media.Chunk // in the making: its Data is buf[fill]
	due    bool        // init goes with the next one
	seeks  int
	buf    [2][]byte // one is the reader's, one belongs to who called Next
	fill   int
	atHand bool  // the next item is there
	looked int64 // when it was last waited for, as Session.clock has it
	end    error // what follows after the chunk in the making

	meter meter
	keep  func(stream int) bool // of the selection
	p     asf.Packet
	pl    asf.Payload
}

// wait drops packets until a decoder can start.
func (r *reader) wait() {
	r.waits, r.begun, r.waited, r.due = true, false, 0, true
	r.seen = [maxStream + 1]bool{}
}

// take takes what the link gave. A packet with which another chunk begins ends
// the one in the making, which is returned.
func (r *reader) take(it item) (done media.Chunk, ok bool, err error) {
	if (it.play != r.number || r.turn == nil) && !r.adopt(it.play) {
		return done, false, nil
	}
	if it.header != nil {
		return done, false, r.change(it)
	}
	if len(it.packet) == 0 {
		return done, false, nil
	}
	if err := r.p.Parse(it.packet, r.size); err != nil {
		return done, false, r.bad()
	}
	sent := r.clock.Unwrap(r.p.Send())
	if r.skip {
		if it.id <= r.id && sent <= r.sent {
			return done, false, nil
		}
		r.skip = false
	}
	r.changes = 0
	jumped := r.had && (sent < r.sent-maxBack || r.live && sent > r.sent+maxAhead)
	if r.had {
		r.measure(sent-r.sent, jumped)
	}
	r.had, r.sent, r.id = true, sent, it.id
	l := r.look(it.packet)
	switch {
	case r.waits:
	case jumped:
		r.base, r.based = r.at+maxSpan, false
		r.wait()
	case r.based && sent+r.shift-r.zero > maxRun:
		r.zero = r.at
		r.wait()
	}
	if r.waits && !r.ready(&l, len(it.packet)) || !l.some {
		return done, false, nil
	}
	return r.put(it, l)
}

// bad counts a packet that cannot be read.
func (r *reader) bad() error {
	if r.broken++; r.broken > maxBroken {
		return media.At(media.RungContainer, errBroken)
	}
	return nil
}

// adopt begins the turn that packets are of. It reports false for packets that
// were sent before it.
func (r *reader) adopt(number int) bool {
	t := r.s.latest.Load()
	if t == nil || t.number != number {
		return false
	}
	r.turn, r.number, r.landed, r.patience = t, number, false, pictureWait
	r.meter.restart()
	if t.sel.head == r.head && t.sel != r.sel {
		r.pick(t.sel)
		if t.kind == resuming {
			r.wait()
		}
	}
	switch t.kind {
	case resuming:
		r.skip = r.had
	case seeking:
		r.clock, r.had = asf.Clock{}, false
		r.drop()
		r.wait()
	case beginning, entering:
		r.wait()
	}
	return true
}

// looked is what a packet holds.
type looked struct {
	key  bool // a key picture begins in it
	some bool // something of the selection is in it
	rest bool // something else is
	next bool // the selection that is pending begins in it

	lead time.Duration // that presentation is ahead of sending, at most
}

// look looks into a packet. Where the server was asked for other streams, their
// first key picture is where the selection changes.
func (r *reader) look(packet []byte) looked {
	next := r.s.pending.Load()
	if next != nil && next.head != r.head {
		next = nil
	}
	l := r.payloads(next)
	if next == nil {
		return l
	}
	r.fresh = r.fresh || l.next
	switch {
	case next.key != r.sel.key && !l.next, !r.fresh, next.key == r.sel.key && next.key != 0 && !l.key:
		return l
	}
	r.s.changed(r.sel, next)
	r.pick(next)
	if r.p.Parse(packet, r.size) != nil { // its payloads are looked at again
		return looked{}
	}
	return r.payloads(nil)
}

// payloads goes over the payloads of a packet.
func (r *reader) payloads(next *selection) (l looked) {
	for r.p.Next(&r.pl) {
		n := r.pl.Stream & maxStream
		r.seen[n] = true
		key := r.pl.Key && r.pl.Offset == 0
		if next != nil && next.on[n] && !r.sel.on[n] && (next.key == r.sel.key || key && n == next.key) {
			l.next = true
		}
		if !r.sel.on[n] {
			l.rest = true
			continue
		}
		l.some = true
		l.lead = max(l.lead, time.Duration(int32(r.pl.Time-r.p.Send()))*time.Millisecond)
		l.key = l.key || key && n == r.sel.key
		r.preroll.see(r.p.Send(), &r.pl)
	}
	return l
}

// ready reports whether a decoder can start at the packet, or nothing better is
// to be expected.
func (r *reader) ready(l *looked, size int) bool {
	if !r.begun {
		r.begun, r.since = true, r.sent
	}
	r.waited += size
	gone := r.sent - r.since
	switch {
	case l.key, l.some && r.sel.key == 0:
	case gone >= keyWait, r.waited >= keyBytes:
		if !l.some {
			return false
		}
		l.key = true
		r.s.trace.Note(fmt.Sprintf("no key picture in %v, starting without one", gone.Round(time.Second)))
	case gone >= r.patience && !r.seen[r.sel.key]:
		if f := r.sel.found(&r.seen); f.key != r.sel.key {
			if f.rate < r.sel.rate {
				r.meter.lowered++
			}
			r.pick(f)
		}
		return false
	default:
		return false
	}
	r.waits = false
	return true
}

// time is the session's time of the packet.
func (r *reader) time() time.Duration {
	if !r.based {
		r.based, r.shift = true, r.base-r.sent
		if r.base-r.zero > maxRun {
			r.zero = r.base
		}
	}
	at := r.sent + r.shift
	if r.landed {
		return max(at, r.at)
	}
	r.landed = true
	if r.turn.kind == seeking {
		r.seeks++
	} else {
		at = max(at, r.at)
	}
	r.turn.land(at, nil)
	return at
}

// put adds the packet to the chunk in the making.
func (r *reader) put(it item, l looked) (done media.Chunk, ok bool, err error) {
	if !r.based && l.lead < r.head.Preroll/2 {
		r.preroll.leaveOut()
	}
	at := r.time()
	r.lengthen(l.key || r.sel.key == 0)
	size, span := r.limits()
	cut := r.due || l.key && r.sel.key != 0 || at-r.chunk.Time >= span || len(r.buf[r.fill])+r.size > size
	if cut && r.making() {
		done, ok = r.hand(), true
	}
	if !r.restore(it.packet, l.rest) {
		return done, ok, r.bad()
	}
	r.broken = 0
	if len(r.buf[r.fill]) == r.size {
		r.chunk = media.Chunk{Time: at, Key: l.key, Seek: r.seeks}
		if r.due {
			r.chunk.Init, r.due = r.init, false
		}
		if r.sel.key == 0 && (r.chunk.Init != nil || at-r.keyed >= keyGap || at < r.keyed) {
			r.chunk.Key = true
		}
		if r.chunk.Key {
			r.keyed = at
		}
		r.chunk.Origin = -r.zero
	}
	r.at = at
	r.s.place.Store(int64(it.id))
	r.s.newest.Store(int64(at))
	return done, ok, nil
}

// restore appends the packet as a file has it, with the selection's streams
// alone.
func (r *reader) restore(packet []byte, rest bool) bool {
	b, n := r.buf[r.fill], len(r.buf[r.fill])
	ok := true
	if rest {
		b, ok = asf.Filter(b, packet, r.size, r.keep)
	} else if restored, err := asf.Restore(b, packet, r.size); err == nil {
		b = restored
	} else {
		ok = false
	}
	if !ok || len(b) != n+r.size {
		return false
	}
	sent := uint32((r.zero - r.shift) / time.Millisecond) // what the player's clock is behind that of the packets
	if shown := sent + r.preroll.ahead; shown != 0 && asf.Shift(b[n:], r.size, sent, shown) != nil {
		return false
	}
	r.buf[r.fill] = b
	return true
}

// keeps reports whether a stream is of the selection.
func (r *reader) keeps(stream int) bool { return r.sel.on[stream&maxStream] }

// making reports a chunk that has something in it.
func (r *reader) making() bool { return len(r.buf[r.fill]) > 0 }

// hand ends the chunk in the making. The other buffer takes what comes next.
func (r *reader) hand() media.Chunk {
	c := r.chunk
	c.Data = r.buf[r.fill]
	r.fill ^= 1
	r.buf[r.fill] = r.buf[r.fill][:0]
	r.chunk = media.Chunk{}
	return c
}

// drop forgets the chunk in the making. A header that was to go with it goes
// with the next one.
func (r *reader) drop() {
	r.due = r.due || r.chunk.Init != nil
	r.buf[r.fill] = r.buf[r.fill][:0]
	r.chunk = media.Chunk{}
}
