package mms

const (
	// blockSize is how much one read may bring: many packets for one system call.
	blockSize = 256 << 10

	// maxBlocks bounds what waits to be taken. Then nothing more is read from the
	// network, except while an answer is due, which lies behind it.
	maxBlocks        = 16
	maxBlocksAwaited = 4 * maxBlocks
)

// block is a piece of memory that was read into, and what lies in it. The reader
// of a socket fills it, next empties it, and neither copies a packet: they change
// hands a block at a time.
type block struct {
	buf     []byte
	end     int    // bytes that are filled
	items   []item // packets of buf, and what is to be known between them
	taken   int    // items that next has given
	filling bool   // a reader has it
}

// blocks is the line of them between the readers and next. The funnel's mutex is
// over it, but not over the bytes: a reader writes behind what it has pushed.
type blocks struct {
	line   []*block // those with items left, oldest first
	taking *block   // the one that next's last packet lies in
	free   []*block
}

// waiting is how many blocks wait to be taken.
func (q *blocks) waiting() int { return len(q.line) }

// space returns b if it has room for n bytes more, else another block in its
// place, into which its last bytes, rest of them, are moved. b may be nil.
func (q *blocks) space(b *block, n, rest int) *block {
	if b != nil && len(b.buf)-b.end >= n {
		return b
	}
	fresh := q.spare()
	fresh.filling = true
	if b != nil {
		fresh.end = copy(fresh.buf, b.buf[b.end-rest:b.end])
		b.filling = false
		q.settle(b)
	}
	return fresh
}

func (q *blocks) spare() *block {
	if n := len(q.free); n > 0 {
		b := q.free[n-1]
		q.free = q.free[:n-1]
		return b
	}
	return &block{buf: make([]byte, blockSize)}
}

// push adds an item to b, which a reader fills. There is one reader that pushes.
func (q *blocks) push(b *block, it item) {
	if b.taken == len(b.items) {
		b.items, b.taken = b.items[:0], 0
		q.line = append(q.line, b)
	}
	b.items = append(b.items, it)
}

// pop takes the oldest item. What it gave before is no longer valid.
func (q *blocks) pop() (item, bool) {
	var b *block
	if len(q.line) > 0 {
		b = q.line[0]
	}
	if old := q.taking; old != b {
		q.taking = b
		q.settle(old)
	}
	if b == nil {
		return item{}, false
	}
	it := b.items[b.taken]
	b.items[b.taken].header = nil // no programme is kept alive
	if b.taken++; b.taken == len(b.items) {
		q.line = append(q.line[:0], q.line[1:]...)
	}
	return it, true
}

// clear drops what waits.
func (q *blocks) clear() {
	for _, b := range q.line {
		clear(b.items)
		b.items, b.taken = b.items[:0], 0
		q.settle(b)
	}
	clear(q.line)
	q.line = q.line[:0]
}

// settle frees b if nobody has a use for it.
func (q *blocks) settle(b *block) {
	if b == nil || b.filling || b == q.taking || b.taken < len(b.items) {
		return
	}
	b.end, b.items, b.taken = 0, b.items[:0], 0
	q.free = append(q.free, b)
}
