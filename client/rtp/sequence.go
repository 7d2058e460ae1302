package rtp

import (
	"time"
)

// Limits of the sequence numbers' logic (RFC 3550, A.1).
const (
	maxDropout   = 3000 // a step forward beyond it is a new beginning
	maxMisorder  = 100  // a step back beyond it is one too
	maxOld       = 64   // so are this many old packets one after the other
	maxReorder   = 512  // packets that the buffer may be told to hold
	maxSlotBytes = 4 << 20
	maxSlotSpare = 16 << 10 // bytes of a buffer that is used again
	historyWords = 16       // 64 numbers each: those of which we know if they came
	history      = historyWords * 64
)

// sequencer puts packets in order by their sequence numbers and says where
// some are missing. On UDP it holds back what came too early:
//
//	            next                       top
//	-- passed --|  .  |held|held|  .  |held|
//	               ^ waited for, at most maxWait and len(slots) packets
//
// On TCP nothing is held: what is missing was never sent.
//
// push never gives a gap up for the time that has passed: after a stall what is
// missing may be the next to be read. That is expire's, once all has been read.
type sequencer struct {
	slots   []slot   // nil: nothing is held
	free    [][]byte // buffers for slots, to be used again
	maxWait time.Duration
	out     func(raw []byte, lost bool)

	started bool
	base    uint64 // extended number (16 bits of them and the turns) of the first packet
	next    uint64 // of the packet that is due
	top     uint64 // one above the highest that came
	seen    [historyWords]uint64
	gap     bool // packets are missing before next

	held  int       // slots in use...
	size  int       // ...and the bytes in them
	since time.Time // arrival of the one that has waited longest

	old     int    // packets older than next, one after the other
	jump    []byte // a packet with a number from nowhere; empty when there is none
	jumpSeq uint16 // its number: when the next one follows it, it was right

	received   uint64 // since base, as RFC 3550 counts: duplicates too
	passed     uint64
	lost       uint64
	reordered  uint64
	duplicates uint64
}

// slot holds a packet.
type slot struct {
	used bool
	at   time.Time
	raw  []byte
}

// push takes a packet as it came.
func (q *sequencer) push(seq uint16, raw []byte, now time.Time) {
	if !q.started {
		q.restart(seq)
	}
	q.received++
	delta := int(int16(seq - uint16(q.next)))
	misorder := max(maxMisorder, len(q.slots))
	switch {
	case delta == 0 && q.held == 0:
		q.regular()
		q.pass(raw)
	case delta < 0 && delta >= -misorder:
		q.behind(seq, q.next-uint64(-delta), raw)
	case delta < 0 || delta > maxDropout:
		q.nowhere(seq, raw)
	case q.slots == nil:
		q.regular()
		q.lose(uint64(delta))
		q.pass(raw)
	default:
		q.regular()
		q.hold(q.next+uint64(delta), raw, now)
	}
}

// restart begins a new count at seq. Nothing counts as lost before it.
func (q *sequencer) restart(seq uint16) {
	q.started = true
	q.next = uint64(seq)
	q.base, q.top = q.next, q.next
	q.seen = [historyWords]uint64{}
	q.received = 0
	q.regular()
}

// stop forgets all that is held; the next packet begins a new count.
func (q *sequencer) stop() {
	for i := range q.slots {
		if q.slots[i].used {
			q.release(&q.slots[i])
		}
	}
	q.started, q.gap = false, false
	q.regular()
}

// regular notes that a packet fits: what did not fit before it was a stray.
func (q *sequencer) regular() { q.old, q.jump = 0, q.jump[:0] }

// pass hands out the packet that is due.
func (q *sequencer) pass(raw []byte) {
	q.mark(q.next, true)
	q.next++
	q.top = max(q.top, q.next)
	gap := q.gap
	q.gap = false
	q.passed++
	q.out(raw, gap)
}

func (q *sequencer) mark(ext uint64, came bool) {
	word, bit := &q.seen[ext/64%historyWords], uint64(1)<<(ext%64)
	if *word &^= bit; came {
		*word |= bit
	}
}

// lose gives n packets up.
func (q *sequencer) lose(n uint64) {
	if n == 0 {
		return
	}
	for i := range min(n, history) {
		q.mark(q.next+n-1-i, false)
	}
	q.next += n
	q.lost += n
	q.gap = true
}

// behind takes a packet that is older than the one that is due: it came twice,
// or too late.
func (q *sequencer) behind(seq uint16, ext uint64, raw []byte) {
	if q.seen[ext/64%historyWords]>>(ext%64)&1 == 1 {
		q.duplicates++
	} else {
		q.reordered++
	}
	if q.old++; q.old >= maxOld {
		q.begin(seq)
		q.pass(raw)
	}
}

// nowhere takes a packet whose number is far from the one that is due. Alone
// it is a stray; with another that follows it, the sender began anew.
func (q *sequencer) nowhere(seq uint16, raw []byte) {
	if len(q.jump) == 0 || seq != q.jumpSeq+1 {
		q.jump, q.jumpSeq = append(q.jump[:0], raw...), seq
		q.received--
		return
	}
	first := q.jump
	q.begin(q.jumpSeq)
	q.received = 2
	q.pass(first)
	q.pass(raw)
}

// begin hands out what is held and begins a new count at seq.
func (q *sequencer) begin(seq uint16) {
	q.flush()
	q.restart(seq)
	q.received = 1
	q.gap = true
}

// hold keeps a packet that may be early until those before it are here.
func (q *sequencer) hold(ext uint64, raw []byte, now time.Time) {
	size := uint64(len(q.slots))
	// No room: the oldest gap is given up.
	for q.held > 0 && (ext >= q.next+size || q.size+len(raw) > maxSlotBytes) {
		q.giveUp()
	}
	if ext >= q.next+size {
		q.lose(ext - size + 1 - q.next)
	}
	s := &q.slots[ext%size]
	if s.used { // by this very packet: the window is as long as the buffer
		q.duplicates++
		return
	}
	if ext < q.top {
		q.reordered++
	}
	q.top = max(q.top, ext+1)
	if ext == q.next {
		q.pass(raw)
		q.drain()
		return
	}
	var room []byte
	if n := len(q.free); n > 0 {
		room, q.free = q.free[n-1], q.free[:n-1]
	}
	s.used, s.at, s.raw = true, now, append(room, raw...)
	q.size += len(raw)
	if q.held++; q.held == 1 {
		q.since = now
	}
}

// release empties a slot.
func (q *sequencer) release(s *slot) {
	q.held--
	q.size -= len(s.raw)
	if cap(s.raw) <= maxSlotSpare {
		q.free = append(q.free, s.raw[:0])
	}
	s.used, s.raw = false, nil
}

// drain hands out what is held and due.
func (q *sequencer) drain() {
	for q.held > 0 {
		s := &q.slots[q.next%uint64(len(q.slots))]
		if !s.used {
			break
		}
		q.pass(s.raw)
		q.release(s)
	}
	if q.held == 0 {
		return
	}
	first := true
	for i := range q.slots {
		if s := &q.slots[i]; s.used && (first || s.at.Before(q.since)) {
			q.since, first = s.at, false
		}
	}
}

// giveUp loses the packets before the first one held, and hands that out.
func (q *sequencer) giveUp() {
	n := uint64(0)
	for !q.slots[(q.next+n)%uint64(len(q.slots))].used {
		n++
	}
	q.lose(n)
	q.drain()
}

// expire gives up gaps that have been waited for long enough.
func (q *sequencer) expire(now time.Time) {
	for q.held > 0 && now.Sub(q.since) >= q.maxWait {
		q.giveUp()
	}
}

// flush hands out all that is held.
func (q *sequencer) flush() {
	for q.held > 0 {
		q.giveUp()
	}
}

// deadline is when expire has something to do; zero when nothing is held.
func (q *sequencer) deadline() time.Time {
	if q.held == 0 {
		return time.Time{}
	}
	return q.since.Add(q.maxWait)
}
