// Package tape keeps what a session has received, so that it can be played
// again: the bytes of the last chunks, their media times, and the points where
// a decoder can start.
//
// Pausing a live stream, going back in it, recording it and starting a crashed
// player again are one operation here: open a Reader at a key point. Many
// readers may read at once, each at its own pace; none of them makes the writer
// wait. What the tape can no longer hold falls off its old end, and a reader
// that was there is told so by a *Lost error.
//
//	        dropped |  oldest key point ......... a reader ......... newest
//	----------------[=====K=======K======K====^=====K=======K========]
//	                 ^ first kept byte        its position      end ^
//
// Offsets count every byte ever appended. The bytes lie in segments that are
// taken when needed and used again when they fall off: a tape that holds little
// costs little.
package tape

import (
	"bytes"
	"context"
	"sync"
	"time"

	"tapedeck/client/media"
)

const (
	// DefaultBytes and DefaultTime bound a tape whose Limits are zero.
	DefaultBytes = 16 << 20
	DefaultTime  = 2 * time.Hour

	segmentSize = 128 << 10

	// minKeyGap keeps the index small where every chunk is a key chunk, as in
	// radio: points closer than this to the last one are not worth an entry.
	minKeyGap = 200 * time.Millisecond
)

// Limits bound a tape. A zero field takes its default.
type Limits struct {
	Bytes int           // bytes kept; DefaultBytes
	Time  time.Duration // media time kept; DefaultTime
}

// Tape is safe for one writer and any number of readers.
type Tape struct {
	limits Limits

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when anything below changes
	waiting  bool          // somebody holds changed
	segments [][]byte      // of segmentSize bytes each; the first holds offset base
	spare    [][]byte
	base     int64 // offset of segments[0][0]
	first    int64 // offset of the oldest byte kept
	end      int64 // offset after the newest byte
	points   []point
	inits    []header // headers still needed by points, oldest first
	headers  int      // bytes of inits, which count towards the limit
	newest   time.Duration
	seek     int
	err      error // why no more will come; nil while open
	readers  map[*Reader]struct{}
}

// point is a place where a decoder can start.
type point struct {
	offset int64
	time   time.Duration
	init   []byte
	origin time.Duration
	seek   int
}

// header is an Init that must be sent again when the byte at offset is reached
// by a reader that had another one before, or timestamps with another origin.
type header struct {
	offset int64
	init   []byte
	origin time.Duration
}

// is reports whether h has the same bytes and the same timestamps.
func (h header) is(init []byte, origin time.Duration) bool {
	return h.origin == origin && bytes.Equal(h.init, init)
}

// New returns an empty tape.
func New(l Limits) *Tape {
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	if l.Time <= 0 {
		l.Time = DefaultTime
	}
	return &Tape{limits: l, changed: make(chan struct{}), readers: map[*Reader]struct{}{}}
}

// Append copies c to the tape. Appending after End is ignored.
func (t *Tape) Append(c media.Chunk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return
	}
	if c.Init != nil && (len(t.inits) == 0 || !t.inits[len(t.inits)-1].is(c.Init, c.Origin)) {
		t.inits = append(t.inits, header{t.end, c.Init, c.Origin})
		t.headers += len(c.Init)
	}
	if c.Key && len(t.inits) > 0 {
		h := t.inits[len(t.inits)-1]
		t.mark(point{t.end, c.Time, h.init, h.origin, c.Seek})
	}
	t.newest, t.seek = c.Time, c.Seek
	t.write(c.Data)
	t.trim()
	t.wake()
}

// mark adds p to the index unless the last point serves as well.
func (t *Tape) mark(p point) {
	if n := len(t.points); n > 0 {
		last := t.points[n-1]
		near := p.time-last.time < minKeyGap && p.time >= last.time
		if near && last.seek == p.seek && last.origin == p.origin && bytes.Equal(last.init, p.init) {
			return
		}
	}
	t.points = append(t.points, p)
}

func (t *Tape) write(data []byte) {
	for len(data) > 0 {
		at := int(t.end - t.base)
		if at == len(t.segments)*segmentSize {
			t.segments = append(t.segments, t.segment())
		}
		n := copy(t.segments[at/segmentSize][at%segmentSize:], data)
		data = data[n:]
		t.end += int64(n)
	}
}

func (t *Tape) segment() []byte {
	if n := len(t.spare); n > 0 {
		s := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return s
	}
	return make([]byte, segmentSize)
}

// trim lets the oldest bytes fall off until the limits hold.
func (t *Tape) trim() {
	if over := t.end - int64(max(t.limits.Bytes-t.headers, 0)); over > t.first {
		t.first = over
	}
	drop := 0
	for ; drop < len(t.points); drop++ {
		if t.points[drop].offset < t.first {
			continue
		}
		// A point is out of time when the one after it covers the span already.
		if drop+1 == len(t.points) {
			break
		}
		next := t.points[drop+1]
		if next.seek != t.seek || t.newest-next.time < t.limits.Time {
			break
		}
		t.first = next.offset
	}
	if drop > 0 {
		t.points = append(t.points[:0], t.points[drop:]...)
	}
	for len(t.inits) > 1 && t.inits[1].offset <= t.first {
		t.headers -= len(t.inits[0].init)
		t.inits = append(t.inits[:0], t.inits[1:]...)
	}
	free := int(t.first-t.base) / segmentSize
	if free > 0 {
		t.spare = append(t.spare, t.segments[:free]...)
		t.segments = append(t.segments[:0], t.segments[free:]...)
		t.base += int64(free * segmentSize)
	}
	if len(t.spare) > 2 { // enough for the steady state; the rest goes back
		clear(t.spare[2:])
		t.spare = t.spare[:2]
	}
}

// End says that nothing more will come: io.EOF for the stream's own end, or
// the failure. Readers get it after the last byte. Only the first call counts.
func (t *Tape) End(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
		t.wake()
	}
}

// Span is the part of the present timeline that can be played: from the oldest
// key point since the last seek to the newest chunk. ok is false while there is
// no key point.
func (t *Tape) Span() (oldest, newest time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.points {
		if p.seek == t.seek {
			return p.time, t.newest, true
		}
	}
	return 0, t.newest, false
}

// Bytes is how much was appended since the beginning.
func (t *Tape) Bytes() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end
}

// WaitRoom blocks while the slowest reader is more than ahead bytes behind the
// newest byte, or, where nobody reads, while more than ahead bytes lie unread.
// The writer of a stream that need not be taken in real time calls it before it
// asks for more, so that nothing falls off unread.
func (t *Tape) WaitRoom(ctx context.Context, ahead int64) error {
	for {
		t.mu.Lock()
		slowest := t.end
		if len(t.readers) == 0 {
			slowest = t.first
		}
		for r := range t.readers {
			slowest = min(slowest, r.offset)
		}
		if t.end-slowest <= ahead || t.err != nil {
			t.mu.Unlock()
			return nil
		}
		changed := t.watch()
		t.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// watch returns a channel that is closed at the next change; t.mu is held.
func (t *Tape) watch() <-chan struct{} {
	t.waiting = true
	return t.changed
}

// wake tells all that wait; t.mu is held. It costs nothing where nobody does.
func (t *Tape) wake() {
	if t.waiting {
		t.waiting = false
		close(t.changed)
		t.changed = make(chan struct{})
	}
}
