package mms

import (
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

const (
	// reorderWindow is how many datagrams are held behind a missing one. A
	// datagram says the low 8 bits of its number, so that more than 127 ahead
	// cannot be told from late.
	reorderWindow = 128

	// plausibleJump is how far the first packet of a play may be from the number
	// that is due, or from 0: what lies between was lost.
	plausibleJump = 32

	// freshStart is how far from 0 the first packet of a play may be if the server
	// counts each play anew.
	freshStart = 3

	// lateJump is how far ahead a packet must seem that is late by its place in
	// the file. Less is a broadcast that began its file again.
	lateJump = 64

	// maxTail is how many packets may be missing behind the last one that came.
	maxTail = 16

	// shortHold is how long a gap is waited for where nothing can be sent again:
	// datagrams only overtake each other.
	shortHold = 100 * time.Millisecond
)

// reorder puts the datagrams of an MMSU play in their order, and says which
// ones are missing. Their numbers count over the whole session ([MS-MMSP] 2.2.2,
// AFFlags: the low 8 bits of them):
//
//	      next            high
//	given | ? 12 13 ? ? 16 | not yet seen
//	        └ held ┘
//
// A number may belong to an earlier play: its packet was under way when the
// server was stopped. It fills its place and is not given.
type reorder struct {
	give func(location uint32, packet []byte)

	begun    bool   // a packet of this play came
	next     uint32 // the first that was not given
	high     uint32 // the highest that came; of an earlier play before begun
	end      uint32 // behind the highest that is known or guessed to have been sent
	location uint32 // of the packet high
	counted  bool   // something of the session came: high is one

	slots [reorderWindow]slot
	fates [256]fate // of the numbers before next, by their low 8 bits

	rtt       time.Duration // of the control connection
	resends   bool          // the server can be asked again
	asked     time.Time     // when it was asked last
	wanted    [wire.MaxResend]uint32
	requests  uint32 // datagrams of ours
	recovered uint32 // packets that came after they were asked for
	run, runs uint32 // lost in a row: now, at most
	stats     media.Stats
}

// newReorder expects the first packet of a session.
func newReorder(give func(location uint32, packet []byte)) reorder {
	return reorder{give: give, high: ^uint32(0)}
}

// slot is a number between next and end.
type slot struct {
	state    slotState
	location uint32
	packet   []byte // reused
	since    time.Time
	asked    time.Time
	asks     int
}

type slotState uint8

const (
	missing slotState = iota
	guessed           // missing, if it was sent at all
	held
	stale // of an earlier play
)

// fate is what became of a number.
type fate uint8

const (
	fateUnknown fate = iota
	fateGiven
	fateLost
)

// hold is how long a packet is waited for: until the answer to the last request
// for it, at least a second; until one answer, where it is not known whether it
// was sent at all.
func (r *reorder) hold(t *slot) time.Duration {
	switch {
	case !r.resends:
		return shortHold
	case t.state == guessed:
		return resendPatience + r.again()
	}
	return min(max(minHold, resendPatience+maxAsks*r.again()), maxHold)
}

// restart begins another play, whose numbers go on from those of the last one
// with most servers. What is held is dropped.
func (r *reorder) restart() {
	r.begun = false
	if r.counted {
		r.next = r.high + 1
	}
	r.end, r.run = r.next, 0
}

// take is given a datagram; ours says that it is of this play.
func (r *reorder) take(now time.Time, location uint32, flags byte, packet []byte, ours bool) {
	gap := missing
	if !r.begun {
		if !ours {
			r.takeBefore(flags)
			return
		}
		if r.counted {
			gap = guessed // it may be of the play before, or of none
		}
		r.begin(flags)
		r.location = location - 1
	}
	seq, ok := r.number(location, flags, ours)
	if !ok {
		return
	}
	switch {
	case !ours && (int32(seq-r.next) < 0 || int32(seq-r.high) > 0):
		return
	case int32(seq-r.next) < 0:
		if r.fates[byte(seq)] == fateLost {
			r.stats.Reordered++ // too late, and stays lost
		} else {
			r.stats.Duplicates++
		}
		return
	case int32(seq-r.high) > 0:
		r.advance(now, seq, gap)
		r.location = location
		if gap == guessed && flags == 0 && seq != r.next {
			r.slot(seq - 1).state = stale // a new play skips 0xFF behind 0xFE
			r.release()
		}
	}
	if seq == r.next && ours {
		r.arrived(seq)
		r.pass(location, packet)
		r.release()
		return
	}
	r.keep(seq, location, packet, ours)
	r.release()
}

// takeBefore learns from a packet of an earlier play how far that one came:
// whatever was sent before it is of that play too.
func (r *reorder) takeBefore(flags byte) {
	d := int8(flags - byte(r.next))
	if d >= 0 && d <= plausibleJump || !r.counted {
		r.counted = true
		r.next += uint32(byte(d)) + 1
		r.high, r.end = r.next-1, r.next
	}
}

// begin finds the place of a play's first packet.
func (r *reorder) begin(flags byte) {
	r.begun = true
	d := int8(flags - byte(r.next))
	switch {
	case d >= 0 && d <= plausibleJump:
	case flags <= freshStart: // it counts each play from 0
		r.next = 0
		r.fates = [256]fate{}
	default:
		r.next += uint32(int32(d))
	}
	r.counted = true
	r.high, r.end = r.next-1, r.next
}

// number is a packet's full number. Where more than 127 in a row were lost the
// low 8 bits are ambiguous, and the place in the file, which grows by 1 at least
// with every packet, tells late ones from those that are ahead.
func (r *reorder) number(location uint32, flags byte, ours bool) (seq uint32, ok bool) {
	d := int8(flags - byte(r.high))
	ahead := int32(location-r.location) > 0
	switch {
	case !ours:
	case d <= 0 && ahead:
		up := uint32(byte(d))
		if up == 0 {
			up = 256
		}
		seq = r.high + up
		r.skip(seq)
		return seq, true
	case d > lateJump && int32(location-r.location) < 0:
		r.stats.Reordered++
		return 0, false
	}
	return r.high + uint32(int32(d)), true
}

// skip gives up everything before seq.
func (r *reorder) skip(seq uint32) {
	for r.next != r.end {
		r.giveUp()
	}
	lost := seq - r.next
	r.lost(lost)
	r.next, r.end, r.high = seq, seq, seq-1
	r.fates = [256]fate{}
}

// advance makes seq the highest; what is between was not received, and is in the
// given state.
func (r *reorder) advance(now time.Time, seq uint32, gap slotState) {
	for s := r.high + 1; s != r.end && s != seq; s++ {
		if t := r.slot(s); t.state == guessed { // it was sent
			t.state = missing
		}
	}
	for ; int32(seq-r.end) >= 0; r.end++ {
		if r.end-r.next == reorderWindow {
			r.giveUp()
			r.release()
		}
		r.open(r.end, now, gap)
	}
	r.high = seq
}

func (r *reorder) slot(seq uint32) *slot { return &r.slots[seq%reorderWindow] }

func (r *reorder) open(seq uint32, now time.Time, state slotState) {
	t := r.slot(seq)
	t.state, t.since, t.asks = state, now, 0
}

// arrived counts a packet that came after a later one, or because it was asked
// for.
func (r *reorder) arrived(seq uint32) {
	if seq != r.high {
		r.stats.Reordered++
	}
	if r.slot(seq).asks > 0 {
		r.recovered++
	}
}

// keep holds a packet that is not next, or marks the place of a stale one.
func (r *reorder) keep(seq, location uint32, packet []byte, ours bool) {
	t := r.slot(seq)
	if t.state == held || t.state == stale {
		r.stats.Duplicates++
		return
	}
	if !ours {
		// All before it was sent before this play.
		for s := r.next; s != seq+1; s++ {
			if t := r.slot(s); t.state == missing || t.state == guessed {
				t.state = stale
			}
		}
		return
	}
	r.arrived(seq)
	t.state, t.location = held, location
	t.packet = append(t.packet[:0], packet...)
}

// pass gives the packet that is next.
func (r *reorder) pass(location uint32, packet []byte) {
	r.fates[byte(r.next)] = fateGiven
	r.next++
	r.run = 0
	r.stats.Packets++
	r.give(location, packet)
}

// release gives what is no longer behind a gap.
func (r *reorder) release() {
	for r.next != r.end {
		switch t := r.slot(r.next); t.state {
		case held:
			r.pass(t.location, t.packet)
		case stale:
			r.fates[byte(r.next)] = fateUnknown
			r.next++
		default:
			return
		}
	}
}

// giveUp lets next go, whatever is there.
func (r *reorder) giveUp() {
	switch t := r.slot(r.next); t.state {
	case held:
		r.pass(t.location, t.packet)
		return
	case missing:
		r.fates[byte(r.next)] = fateLost
		r.lost(1)
	default:
		r.fates[byte(r.next)] = fateUnknown
	}
	r.next++
}

func (r *reorder) lost(n uint32) {
	r.stats.Lost += uint64(n)
	r.run += n
	r.runs = max(r.runs, r.run)
}

// expire gives up what was missing too long.
func (r *reorder) expire(now time.Time) {
	for r.next != r.end {
		t := r.slot(r.next)
		if t.state != held && t.state != stale && now.Sub(t.since) < r.hold(t) {
			return
		}
		r.giveUp()
	}
}

// finish says that the server has sent everything: up to location last, if that
// is known, else up to nobody knows where.
func (r *reorder) finish(now time.Time, last uint32, known bool) {
	tail := uint32(maxTail)
	if known && r.begun {
		tail = uint32(min(max(int32(last-r.location), 0), maxTail))
	}
	for ; int32(r.high+tail-r.end) >= 0 && r.end-r.next < reorderWindow; r.end++ {
		r.open(r.end, now, guessed)
	}
}

// empty reports that nothing is waited for.
func (r *reorder) empty() bool { return r.next == r.end }

// deadline is when something is to be done, the zero time if nothing is.
func (r *reorder) deadline() time.Time {
	if r.empty() {
		return time.Time{}
	}
	first := r.slot(r.next)
	at := first.since.Add(r.hold(first))
	if ask := r.nextAsk(); !ask.IsZero() && ask.Before(at) {
		at = ask
	}
	return at
}
