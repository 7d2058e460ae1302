package http1

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Body is the body of a reply, the transfer coding removed. It reads from the
// connection straight into the caller's buffer and takes the chunked coding out
// in place: one system call for as much as the caller has room for, no copy on
// the side, no allocation.
type Body struct {
	conn   Conn
	left   []byte     // came with the head
	want   int64      // announced length, -1 for none
	got    int64      // handed out so far
	chunks *dechunker // nil: not chunked
	rest   []byte     // came behind a chunked body
	end    error      // sticky

	done  func(whole bool)
	whole atomic.Bool

	mu     sync.Mutex
	closed bool // the connection is somebody else's
}

// Conn is a connection as far as a Body needs it.
type Conn interface {
	io.Reader
	SetReadDeadline(t time.Time) error
}

// NewBody is the body behind h, of which left came with the head. done is told by
// Close whether all of it was read, and nothing behind it: then the connection is
// fit for another request if h.Keeps says so too.
func NewBody(conn Conn, h *Head, left []byte, done func(whole bool)) (*Body, error) {
	length, chunked, err := h.BodyLength()
	if err != nil {
		return nil, err
	}
	b := &Body{conn: conn, left: left, want: length, done: done}
	if chunked {
		b.chunks = &dechunker{}
	}
	return b, nil
}

// Length is what was announced, -1 where nothing was.
func (b *Body) Length() int64 { return b.want }

// Marked reports whether the body has an end of its own, apart from the
// connection's.
func (b *Body) Marked() bool { return b.want >= 0 || b.chunks != nil }

// Rest is what came with the body and is behind its end, which Read has met: the
// head of the next reply, where several were asked for at once.
func (b *Body) Rest() []byte {
	if b.chunks != nil {
		return b.rest
	}
	return b.left
}

// SetReadDeadline ends a Read that waits. That does no harm: the next one goes on
// where it stood.
func (b *Body) SetReadDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return net.ErrClosed
	}
	return b.conn.SetReadDeadline(t)
}

// Close gives the connection back: see NewBody.
func (b *Body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		b.done(b.whole.Load())
	}
	return nil
}

// Skim reads what has come already, of a body that nobody wants: where that is
// all of it the connection can be kept. No Read is under way.
func (b *Body) Skim() {
	var waste [512]byte
	for b.end == nil && (len(b.left) > 0 || b.want == b.got) {
		b.Read(waste[:])
	}
}

// Read returns what is there and does not wait to fill p.
func (b *Body) Read(p []byte) (int, error) {
	for b.end == nil && len(p) > 0 {
		n, err := b.read(p)
		b.got += int64(n)
		if err != nil && isTimeout(err) {
			return n, err
		}
		b.end = b.ending(err)
		if b.end == io.EOF {
			b.whole.Store(b.exact())
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, b.end
}

// read takes one run of bytes off the wire. n may be 0 without an error: then
// all of it was coding.
func (b *Body) read(p []byte) (n int, err error) {
	if b.want >= 0 {
		if b.want == b.got {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), b.want-b.got)]
	}
	if len(b.left) > 0 {
		n = copy(p, b.left)
		if b.left = b.left[n:]; len(b.left) == 0 {
			b.left = nil
		}
	} else {
		n, err = b.conn.Read(p)
	}
	if b.chunks == nil {
		return n, err
	}
	got := n
	n, wrong := b.chunks.decode(p[:got])
	if wrong == io.EOF {
		b.rest = append(append(b.rest, p[got-b.chunks.behind:got]...), b.left...)
		b.left = nil
	}
	if wrong != nil {
		return n, wrong
	}
	return n, err
}

// exact reports whether the body's end was marked and nothing came behind it.
func (b *Body) exact() bool {
	if b.chunks != nil {
		return b.chunks.done() && len(b.rest) == 0
	}
	return b.want >= 0 && len(b.left) == 0
}

// ending says what the end of the connection means for this body.
func (b *Body) ending(err error) error {
	switch {
	case b.want >= 0 && b.got == b.want:
		return io.EOF
	case err != io.EOF:
		return err
	case b.want >= 0:
		return &ShortError{Got: b.got, Want: b.want}
	case b.chunks != nil && !b.chunks.done():
		return &ShortError{Got: b.got, Want: -1}
	}
	return io.EOF
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// ShortError is a body that ended before its announced length.
type ShortError struct{ Got, Want int64 } // bytes; Want is -1 where only the end mark is missing

func (e *ShortError) Error() string {
	if e.Want < 0 {
		return fmt.Sprintf("http: the body was cut off after %d bytes", e.Got)
	}
	return fmt.Sprintf("http: the body was cut off after %d of %d bytes", e.Got, e.Want)
}
