package rtp

// donOrder puts NAL units back into the order in which they are decoded, for
// streams that are sent interleaved (RFC 6184, 7; RFC 7798, 6). Each unit has a
// decoding order number of 16 bits, which are followed over their wrap:
//
//	sent:     0 3 6   1 4 7   2 5 8
//	waiting:  0 3 6 | 1 3 4 6 7 | ...        passed on: 0 1 2 ...
//
// A unit is passed on as soon as more than depth units wait, or one whose number
// is more than span higher.
type donOrder struct {
	depth int   // units that count, 0: no matter how many wait
	span  int64 // numbers, 0: no matter how far apart they are

	waiting []donUnit // by number, the lowest first
	counted int       // those that count
	bytes   int
	free    [][]byte // buffers, to be used again

	started bool
	newest  int64 // the highest number that came
	passed  int64 // the last that was passed on, 0: none was
	wary    int   // units for which a gap in the numbers means that some were lost

	part donUnit // a unit that comes in fragments
	open bool    // there is one
}

// donUnit is a NAL unit that waits.
type donUnit struct {
	number int64
	ts     uint32
	counts bool // towards depth
	data   []byte
}

// Limits on what waits, far above what encoders ask for.
const (
	maxDONUnits = 256
	maxDONBytes = maxVideoUnit
	maxDONSpare = 64 << 10        // bytes of a buffer that is kept for another unit
	maxDONOver  = 2 * maxDONUnits // units until it is the turn of any: one packet may have thousands
)

// donWary is for how many units a loss is remembered. A sender may leave numbers
// out; only after a loss are missing ones taken for missing units.
const donWary = 2 * maxDONUnits

func newDONOrder(depth, span int) *donOrder {
	depth = min(max(depth, 0), maxDONUnits)
	if depth == 0 && span <= 0 {
		depth = 1 // something has to wait
	}
	return &donOrder{depth: depth, span: int64(max(span, 0))}
}

// reset forgets what waits.
func (q *donOrder) reset() {
	for _, u := range q.waiting {
		q.release(u.data)
	}
	q.waiting, q.counted, q.bytes = q.waiting[:0], 0, 0
	q.started, q.open = false, false
}

// lost notes that packets are missing: a unit in fragments has a hole, and
// others never came.
func (q *donOrder) lost() {
	q.open = false
	q.wary = donWary
}

// extend makes 16 bits a number that does not wrap.
func (q *donOrder) extend(don uint16) int64 {
	if !q.started {
		q.started = true
		// Room below, for those that came later and go first.
		q.newest = 1<<16 + int64(don)
		q.passed, q.wary = 0, donWary // it was joined in the middle
		return q.newest
	}
	n := q.newest + int64(int16(don-uint16(q.newest)))
	q.newest = max(q.newest, n)
	return n
}

// next is the number of a unit that has none: it follows the one before.
func (q *donOrder) next() uint16 {
	if !q.started {
		return 0
	}
	return uint16(q.newest + 1)
}

// add takes a whole NAL unit.
func (q *donOrder) add(don uint16, ts uint32, counts bool, nal []byte) error {
	q.close()
	if len(nal) == 0 {
		return nil
	}
	if len(nal) > maxDONBytes || len(q.waiting) >= maxDONOver {
		q.lost()
		return ErrTooLarge
	}
	q.put(donUnit{q.extend(don), ts, counts, append(q.buffer(), nal...)})
	return nil
}

// start begins a NAL unit that comes in fragments.
func (q *donOrder) start(don uint16, ts uint32, counts bool, header []byte) {
	q.close()
	q.part = donUnit{q.extend(don), ts, counts, append(q.part.data[:0], header...)}
	q.open = true
}

// fragment adds a part of it.
func (q *donOrder) fragment(part []byte, end bool) error {
	if !q.open {
		if len(part) == 0 {
			return nil
		}
		q.lost()
		return ErrMalformed
	}
	if len(q.part.data)+len(part) > maxDONBytes {
		q.lost()
		return ErrTooLarge
	}
	q.part.data = append(q.part.data, part...)
	if end {
		q.close()
	}
	return nil
}

// close completes the unit in fragments: some senders never set the end bit.
func (q *donOrder) close() {
	if !q.open {
		return
	}
	q.open = false
	u := q.part
	u.data = append(q.buffer(), u.data...)
	q.put(u)
}

func (q *donOrder) buffer() []byte {
	n := len(q.free)
	if n == 0 {
		return nil
	}
	b := q.free[n-1][:0]
	q.free = q.free[:n-1]
	return b
}

func (q *donOrder) release(b []byte) {
	if cap(b) <= maxDONSpare {
		q.free = append(q.free, b)
	}
}

func (q *donOrder) put(u donUnit) {
	q.bytes += len(u.data)
	if u.counts {
		q.counted++
	}
	q.waiting = append(q.waiting, u)
	for i := len(q.waiting) - 1; i > 0 && q.waiting[i-1].number > u.number; i-- {
		q.waiting[i-1], q.waiting[i] = q.waiting[i], q.waiting[i-1]
	}
}

// pop passes the next unit on if it need not wait, valid until the next call.
// hole says that units before it were lost.
func (q *donOrder) pop() (u donUnit, hole, ok bool) {
	n := len(q.waiting)
	if n == 0 {
		return donUnit{}, false, false
	}
	u = q.waiting[0]
	ripe := q.depth > 0 && q.counted > q.depth ||
		q.span > 0 && q.waiting[n-1].number-u.number > q.span
	if !ripe && n <= maxDONUnits && q.bytes <= maxDONBytes {
		return donUnit{}, false, false
	}
	copy(q.waiting, q.waiting[1:])
	q.waiting = q.waiting[:n-1]
	q.bytes -= len(u.data)
	if u.counts {
		q.counted--
	}
	q.release(u.data)
	hole = u.number > q.passed+1 && q.passed > 0 && q.wary > 0
	q.passed, q.wary = max(q.passed, u.number), max(q.wary-1, 0)
	return u, hole, true
}
