package hls

import (
	"time"

	"tapedeck/client/media"
)

const (
	// slabSize is the memory in which the packets of a lane lie together, and
	// maxSlabs how many are kept for reuse.
	slabSize = 256 << 10
	maxSlabs = 16
)

// Lanes: the tracks of the stream that comes out, by their IDs there.
const (
	videoLane = iota
	audioLane
	laneCount
)

// lane is the queue of one track's packets, in the order of the container,
// between the goroutine that takes segments apart and Next.
type lane struct {
	reel  *reel // who fills it; nil: there is no such track
	items []item
	head  int // of items, the first that is not taken
	bytes int // of memory that what waits takes

	top     time.Duration // the latest time so far
	reorder time.Duration // how far a packet came behind a later one
	order   time.Duration // of the last item
	skip    bool          // what is not later than top came already, from another variant
	waitKey bool          // and pictures are of use from a key picture on

	slabs []*slab // the last one is being filled
	spare []*slab
}

// itemSize is about what an item takes besides its data, in bytes: a segment may
// have a hundred million packets of one byte.
const itemSize = 96

// item is a packet that waits.
type item struct {
	time    time.Duration
	order   time.Duration // by which tracks are brought together: never falls in a lane
	key     bool
	setting *setting
	slab    *slab
	data    []byte
}

// setting is what one run of packets needs to be decoded.
type setting struct {
	track media.Track
	known bool
}

// slab is memory for some packets.
type slab struct {
	data []byte
	left int // items that lie in it
}

func (l *lane) empty() bool { return l.head == len(l.items) }

func (l *lane) first() *item { return &l.items[l.head] }

// push adds a copy of p. It allocates nothing once there are enough slabs.
func (l *lane) push(p media.Packet, s *setting) {
	if l.skip {
		if p.Time <= l.top || l.waitKey && !p.Key {
			return
		}
		l.skip = false
	}
	if p.Time > l.top || l.order == unset {
		l.top = p.Time
	}
	l.reorder = max(l.reorder, min(l.top-p.Time, maxReorder))
	l.order = max(l.order, l.top-l.reorder)
	b := l.room(len(p.Data))
	n := len(b.data)
	b.data = append(b.data, p.Data...)
	b.left++
	l.bytes += len(p.Data) + itemSize
	l.items = append(l.items, item{p.Time, l.order, p.Key, s, b, b.data[n:len(b.data):len(b.data)]})
}

const (
	unset      = time.Duration(-1 << 62)
	maxReorder = time.Second
)

// room is a slab with so many bytes free.
func (l *lane) room(n int) *slab {
	if len(l.slabs) > 0 {
		if b := l.slabs[len(l.slabs)-1]; cap(b.data)-len(b.data) >= n {
			return b
		}
	}
	var b *slab
	switch k := len(l.spare); {
	case n > slabSize:
		b = &slab{data: make([]byte, 0, n)}
	case k > 0:
		b, l.spare = l.spare[k-1], l.spare[:k-1]
	default:
		b = &slab{data: make([]byte, 0, slabSize)}
	}
	l.slabs = append(l.slabs, b)
	return b
}

// take drops the first item. Its data stay as they are until the next push.
func (l *lane) take() {
	it := &l.items[l.head]
	l.bytes -= len(it.data) + itemSize
	it.slab.left--
	*it = item{}
	l.head++
	if l.head == len(l.items) {
		l.items, l.head = l.items[:0], 0
	} else if l.head >= 1024 && l.head*2 > len(l.items) {
		n := copy(l.items, l.items[l.head:])
		clear(l.items[n:])
		l.items, l.head = l.items[:n], 0
	}
	for len(l.slabs) > 0 && l.slabs[0].left == 0 {
		b := l.slabs[0]
		l.slabs = append(l.slabs[:0], l.slabs[1:]...)
		b.data = b.data[:0]
		if cap(b.data) == slabSize && len(l.spare) < maxSlabs {
			l.spare = append(l.spare, b)
		}
	}
}

// clear forgets everything for another beginning; the memory stays.
func (l *lane) clear() {
	for !l.empty() {
		l.take()
	}
	*l = lane{items: l.items, spare: l.spare, top: unset, order: unset}
}
