package rtp

// deinterleaver puts access units back into the order of their timestamps, for
// formats whose senders spread neighbours over several packets so that a lost
// packet leaves small holes:
//
//	packet 1: units 0 3 6    packet 2: units 1 4 7    packet 3: units 2 5 8
//
// A packet's timestamp is that of its first unit and grows from packet to
// packet. So what is not later than a packet's timestamp is complete.
type deinterleaver struct {
	held []heldUnit // the first n by time, then spare ones
	n    int
	size int // bytes of the first n
}

type heldUnit struct {
	ts   uint32
	data []byte
}

// Limits of what waits for its turn.
const (
	maxHeldUnits = 256
	maxHeldBytes = 1 << 20
	maxSpare     = 8 << 10 // bytes of a buffer that is kept for the next unit
)

// add takes a copy of a unit; what exceeds the limits is emitted, the oldest
// first.
func (q *deinterleaver) add(ts uint32, data []byte, emit func(Unit)) {
	for q.n > 0 && (q.n == maxHeldUnits || q.size+len(data) > maxHeldBytes) {
		q.emit(emit)
	}
	if q.n == len(q.held) {
		q.held = append(q.held, heldUnit{})
	}
	u := q.held[q.n]
	u.ts, u.data = ts, append(u.data[:0], data...)
	i := q.n
	for ; i > 0 && int32(q.held[i-1].ts-ts) > 0; i-- {
		q.held[i] = q.held[i-1]
	}
	q.held[i] = u
	q.n++
	q.size += len(data)
}

// release emits what is not later than ts.
func (q *deinterleaver) release(ts uint32, emit func(Unit)) {
	for q.n > 0 && int32(q.held[0].ts-ts) <= 0 {
		q.emit(emit)
	}
}

// emit passes the oldest unit on.
func (q *deinterleaver) emit(emit func(Unit)) {
	u := q.held[0]
	emit(Unit{Timestamp: u.ts, Key: true, Data: u.data})
	copy(q.held, q.held[1:q.n])
	q.n--
	q.size -= len(u.data)
	if cap(u.data) > maxSpare {
		u.data = nil
	}
	q.held[q.n] = u
}

// reset drops everything.
func (q *deinterleaver) reset() { q.n, q.size = 0, 0 }
