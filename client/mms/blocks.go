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
	buf   []byte
	end   int    // bytes that are filled
	items []item // packets of buf, and what is to be known between them
	taken int    // items that next has given
}

// blocks is the line of them between the reader and next. The funnel's mutex is
// over it, but not over the bytes: the reader writes behind what it has pushed.
type blocks struct {
	line    []*block // those with items left, oldest first
	filling *block   // the reader's
	taking  *block   // the one that next's last packet lies in
	free    []*block
}

// space is the block that is being filled, another one if it has less room than
// n. What of the old one was not used yet, its last rest bytes, is moved.
func (q *blocks) space(n, rest int) *block {
	old := q.filling
	if old != nil && len(old.buf)-old.end >= n {
		return old
	}
	b := q.spare(max(blockSize, n+rest))
	q.filling = b
	if old != nil {
		b.end = copy(b.buf, old.buf[old.end-rest:old.end])
		q.settle(old)
	}
	return b
}

func (q *blocks) spare(size int) *block {
	if n := len(q.free); n > 0 && size == blockSize {
		b := q.free[n-1]
		q.free = q.free[:n-1]
		return b
	}
	return &block{buf: make([]byte, size)}
}

// push adds an item of the block that is being filled.
func (q *blocks) push(it item) {
	b := q.filling
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
	b.items[b.taken] = item{} // no programme is kept alive
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
	if b == nil || b == q.filling || b == q.taking || b.taken < len(b.items) || len(b.buf) != blockSize {
		return
	}
	b.end, b.items, b.taken = 0, b.items[:0], 0
	q.free = append(q.free, b)
}
