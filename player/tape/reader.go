package tape

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// ErrEmpty is returned where no reader can be opened: the tape holds no point at
// which a decoder could start.
var ErrEmpty = errors.New("tape: nothing to play from yet")

// Lost is returned once by a Reader whose bytes fell off the tape before it read
// them. The reader has moved to the oldest key point and goes on from there.
type Lost struct {
	Bytes int64         // that were not read
	Now   time.Duration // media time at which it goes on
}

func (l *Lost) Error() string {
	return fmt.Sprintf("tape: %d bytes fell off before they were read; going on at %v", l.Bytes, l.Now)
}

// Break is returned, again and again, by a Reader that was told to stop there:
// what follows has another header, or timestamps that do not go on. Pass leads
// over it.
type Break struct {
	At time.Duration // media time of what follows: a reader opened there has it
}

func (b *Break) Error() string { return fmt.Sprintf("tape: a new beginning at %v", b.At) }

// Reader reads a tape from a key point on: the header first, then the bytes as
// they come. Its methods are for one goroutine, but Close may be called from
// any, and ends a Read that waits.
type Reader struct {
	tape   *Tape
	start  time.Duration
	from   time.Duration // origin at start
	offset int64         // next byte to read
	init   []byte        // header the reader's consumer has
	head   []byte        // of init, what is not read yet
	origin time.Duration
	stops  bool // at a Break
	pass   bool // over the next one
	broken bool // one is due here: it was led over it by a loss

	closing sync.Once
	closed  chan struct{}
}

// ReadAt opens a reader at the last key point at or before time at, or at the
// oldest one of the present timeline where at lies before it.
func (t *Tape) ReadAt(at time.Duration) (*Reader, error) {
	return t.open(func(now []point) point {
		for i := len(now) - 1; i > 0; i-- {
			if now[i].time <= at {
				return now[i]
			}
		}
		return now[0]
	})
}

// ReadOldest opens a reader at the oldest key point of the present timeline.
func (t *Tape) ReadOldest() (*Reader, error) {
	return t.open(func(now []point) point { return now[0] })
}

// ReadNewest opens a reader at the newest key point.
func (t *Tape) ReadNewest() (*Reader, error) {
	return t.open(func(now []point) point { return now[len(now)-1] })
}

func (t *Tape) open(choose func(now []point) point) (*Reader, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.points
	for len(now) > 0 && now[0].seek != t.seek {
		now = now[1:]
	}
	if len(now) == 0 {
		return nil, ErrEmpty
	}
	r := &Reader{tape: t, closed: make(chan struct{})}
	r.place(choose(now))
	r.start, r.from = t.timeAt(r.offset), r.origin
	t.readers[r] = struct{}{}
	return r, nil
}

func (t *Tape) timeAt(offset int64) time.Duration {
	for i := len(t.points) - 1; i >= 0; i-- {
		if t.points[i].offset <= offset {
			return t.points[i].time
		}
	}
	return t.newest
}

// place moves the reader to p; the tape is locked.
func (r *Reader) place(p point) {
	r.offset = p.offset
	if r.init == nil || r.origin != p.origin || !bytes.Equal(r.init, p.init) {
		r.init, r.head = p.init, p.init
	}
	r.origin = p.origin
}

// StopAtBreaks has the reader end with a *Break instead of going on with what a
// player would not understand. It is called before the first Read.
func (r *Reader) StopAtBreaks() { r.stops = true }

// Pass has the reader go on behind the Break that it has just returned, with the
// header of what follows.
func (r *Reader) Pass() { r.pass = true }

// Origin is the media.Chunk.Origin at Start.
func (r *Reader) Origin() time.Duration { return r.from }

// Start is the media time of the first byte after the header.
func (r *Reader) Start() time.Duration { return r.start }

// Time is the media time of the key point at or before the reader's place.
func (r *Reader) Time() time.Duration {
	r.tape.mu.Lock()
	defer r.tape.mu.Unlock()
	return r.tape.timeAt(r.offset)
}

// Read waits for bytes and copies as many as there are into p. After the last
// it returns what End was told, after Close os.ErrClosed, and once a *Lost
// where bytes fell off unread.
func (r *Reader) Read(p []byte) (int, error) {
	for {
		n, changed, err := r.take(p)
		if n > 0 || err != nil {
			return n, err
		}
		select {
		case <-changed:
		case <-r.closed:
			return 0, os.ErrClosed
		}
	}
}

// take copies what is there, or returns a channel to wait on.
func (r *Reader) take(p []byte) (int, <-chan struct{}, error) {
	t := r.tape
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-r.closed:
		return 0, nil, os.ErrClosed
	default:
	}
	if r.offset < t.first {
		if lost := r.recover(); lost != nil {
			return 0, nil, lost
		}
		return 0, t.watch(), nil
	}
	if r.broken {
		if !r.pass {
			return 0, nil, &Break{At: t.timeAt(r.offset)}
		}
		r.broken, r.pass = false, false
	}
	limit := t.end
	for _, h := range t.inits {
		if h.offset < r.offset {
			continue
		}
		if h.offset > r.offset {
			limit = min(limit, h.offset)
			break
		}
		if h.is(r.init, r.origin) {
			continue
		}
		if r.stops && !r.pass {
			return 0, nil, &Break{At: t.timeAt(h.offset)}
		}
		r.pass = false
		r.init, r.head, r.origin = h.init, h.init, h.origin
	}
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil, nil
	}
	n := 0
	for n < len(p) && r.offset < limit {
		at := int(r.offset - t.base)
		from := t.segments[at/segmentSize][at%segmentSize:]
		c := copy(p[n:], from[:min(int64(len(from)), limit-r.offset)])
		n += c
		r.offset += int64(c)
	}
	if n > 0 {
		t.wake() // somebody may wait for room
		return n, nil, nil
	}
	if t.err != nil {
		return 0, nil, t.err
	}
	return 0, t.watch(), nil
}

// recover moves a reader whose place is gone to the oldest key point. Where
// there is none yet it stays, and nil is returned. One that stops at a Break
// meets it there if it was among what is gone.
func (r *Reader) recover() *Lost {
	for _, p := range r.tape.points {
		if p.offset >= r.tape.first {
			lost := &Lost{Bytes: p.offset - r.offset, Now: p.time}
			old := header{init: r.init, origin: r.origin}
			r.place(p)
			switch {
			case r.stops && r.pass: // what follows begins anew already
				r.head, r.broken, r.pass = p.init, false, false
			case r.stops:
				r.broken = r.broken || !old.is(p.init, p.origin)
			}
			return lost
		}
	}
	return nil
}

// Close ends the reader. It may be called twice.
func (r *Reader) Close() error {
	r.closing.Do(func() { close(r.closed) })
	r.tape.mu.Lock()
	defer r.tape.mu.Unlock()
	delete(r.tape.readers, r)
	r.tape.wake()
	return nil
}
