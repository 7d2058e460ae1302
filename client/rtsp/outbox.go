package rtsp

import (
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mux"
)

const (
	// chunkSize is how many bytes a chunk holds before the next is begun, when
	// more has come than the reader of the session takes.
	chunkSize = 64 << 10

	// maxQueue bounds the bytes that wait for the reader of the session. Beyond
	// it a server that can wait is not read, and of a live stream the oldest
	// chunks are dropped. maxQueueWaiting is for the time in which a server that
	// could wait must be read because a reply is awaited.
	maxQueue        = 8 << 20
	maxQueueWaiting = 32 << 20

	maxSpare     = 16      // chunks kept for reuse
	maxSpareSize = 1 << 20 // and the largest of them
)

// block is a chunk in the making. Its bytes are used again and again.
type block struct {
	data []byte
	init []byte // nil, or the header that must come before data
	time time.Duration
	key  bool
	seek int
}

// outbox is the queue of chunks between the goroutine that receives packets
// and the one that calls Next. It belongs to the funnel's mutex.
type outbox struct {
	current *block // being filled; nil when it would be empty
	queue   []*block
	spare   []*block
	lent    *block // given out by the last take
	bytes   int    // in queue and current, with the headers

	header  []byte // goes with the next block, nil when none is due
	seek    int
	waitKey bool // chunks were dropped: nothing before the next key point is of use
	dropped uint64
}

// add appends p to the current chunk, or begins one. cut says that p may be a
// key point, and that its bytes had better begin a chunk.
func (o *outbox) add(w *mux.Writer, p media.Packet, cut bool) {
	if o.current != nil && (cut || len(o.current.data) >= chunkSize) {
		o.close()
	}
	b := o.current
	if b == nil {
		b = o.begin()
	}
	n := len(b.data)
	data, mark := w.Append(b.data, p)
	switch {
	case o.waitKey && !mark.Key:
		b.data = data[:n]
		return
	case len(data) == n:
		return
	}
	o.waitKey = false
	o.bytes += len(data) - n
	b.data = data
	if n > 0 && mark.Key { // a key point in the middle: its bytes move on
		b.data = data[:n]
		o.close()
		b = o.begin()
		b.data = append(b.data, data[n:]...)
		n = 0
	}
	if n == 0 {
		b.time, b.key = mark.Time, mark.Key
	}
}

func (o *outbox) begin() *block {
	var b *block
	if n := len(o.spare); n > 0 {
		b, o.spare = o.spare[n-1], o.spare[:n-1]
		*b = block{data: b.data[:0]}
	} else {
		b = new(block)
	}
	o.current = b
	return b
}

// close puts the current chunk into the queue.
func (o *outbox) close() {
	b := o.current
	o.current = nil
	if b == nil {
		return
	}
	if len(b.data) == 0 {
		o.recycle(b)
		return
	}
	b.seek = o.seek
	b.init, o.header = o.header, nil
	o.bytes += len(b.init)
	o.queue = append(o.queue, b)
}

func (o *outbox) recycle(b *block) {
	if len(o.spare) < maxSpare && cap(b.data) <= maxSpareSize {
		b.init = nil
		o.spare = append(o.spare, b)
	}
}

// trim drops the oldest chunks until what is left begins with a key point and
// is below limit. What was dropped is counted.
func (o *outbox) trim(limit int) {
	if o.bytes <= limit {
		return
	}
	o.close()
	var init []byte
	drop := 0
	for drop < len(o.queue) && (o.bytes > limit || !o.queue[drop].key) {
		b := o.queue[drop]
		o.bytes -= len(b.data) + len(b.init)
		if b.init != nil {
			init = b.init
		}
		o.dropped++
		o.recycle(b)
		drop++
	}
	o.queue = append(o.queue[:0], o.queue[drop:]...)
	switch {
	case len(o.queue) > 0 && o.queue[0].init == nil:
		o.queue[0].init = init
		o.bytes += len(init)
	case len(o.queue) == 0:
		o.waitKey = true
		if o.header == nil {
			o.header = init
		}
	}
}

// take gives the oldest chunk, and the current one too when nothing is about to
// be added to it.
func (o *outbox) take(idle bool) (media.Chunk, bool) {
	if o.lent != nil {
		o.recycle(o.lent)
		o.lent = nil
	}
	if len(o.queue) == 0 && idle {
		o.close()
	}
	if len(o.queue) == 0 {
		return media.Chunk{}, false
	}
	b := o.queue[0]
	o.queue = append(o.queue[:0], o.queue[1:]...)
	o.bytes -= len(b.data) + len(b.init)
	o.lent = b
	return media.Chunk{Init: b.init, Time: b.time, Key: b.key, Seek: b.seek, Data: b.data}, true
}

// restart drops everything and begins the next range with header.
func (o *outbox) restart(header []byte) {
	if o.current != nil {
		o.recycle(o.current)
		o.current = nil
	}
	for _, b := range o.queue {
		o.recycle(b)
	}
	o.queue = o.queue[:0]
	o.bytes = 0
	o.seek++
	o.header = header
	o.waitKey = false
}
