package web

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// body is what comes after the head, transfer coding removed. Read returns
// what is there and does not wait to fill p. A Read that ends by the deadline
// does no harm: the next one goes on where it stood.
type body interface {
	io.ReadCloser
	SetReadDeadline(t time.Time) error
}

// past is a deadline that ends a Read at once.
var past = time.Unix(1, 0)

// wireBody is the body of an HTTP/1.x reply. It reads from the connection
// straight into the caller's buffer and takes the chunked coding out in place:
// one system call for as much as the caller has room for, no copy on the side,
// no allocation.
type wireBody struct {
	conn   net.Conn
	left   []byte     // came with the head
	want   int64      // announced length, -1 for none
	got    int64      // handed out so far
	chunks *dechunker // nil: not chunked
	end    error      // sticky

	// done is told by Close whether the whole body was read, and nothing
	// behind it: then the connection is fit for another request.
	done  func(whole bool)
	whole atomic.Bool

	mu     sync.Mutex
	closed bool // the connection is somebody else's
}

func (b *wireBody) SetReadDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return net.ErrClosed
	}
	return b.conn.SetReadDeadline(t)
}

func (b *wireBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		b.done(b.whole.Load())
	}
	return nil
}

// skim reads what has come already, of a body that nobody wants: where that is
// all of it the connection can be kept. No Read is under way.
func (b *wireBody) skim() {
	var waste [512]byte
	for b.end == nil && (len(b.left) > 0 || b.want == b.got) {
		b.Read(waste[:])
	}
}

func (b *wireBody) Read(p []byte) (int, error) {
	for b.end == nil && len(p) > 0 {
		n, err := b.read(p)
		b.got += int64(n)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
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
func (b *wireBody) read(p []byte) (n int, err error) {
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
	n, wrong := b.chunks.decode(p[:n])
	if wrong != nil {
		return n, wrong
	}
	return n, err
}

// exact reports whether the body's end was marked and nothing came behind it.
func (b *wireBody) exact() bool {
	if b.chunks != nil {
		return b.chunks.done() && !b.chunks.more && len(b.left) == 0
	}
	return b.want >= 0 && len(b.left) == 0
}

// ending says what the end of the connection means for this body.
func (b *wireBody) ending(err error) error {
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

// Limits of the chunked coding.
const (
	maxChunkDigits  = 16      // hexadecimal digits of a chunk's size
	maxChunkWords   = 4 << 10 // bytes of one chunk's extensions
	maxChunkTrailer = 16 << 10
)

var errChunk = errors.New("http: the server's chunked body is broken")

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkExtension
	chunkData
	chunkDataEnd
	chunkTrailer
	chunkDone
)

// dechunker takes the chunked coding (RFC 9112, section 7.1) out of a body that
// arrives in pieces cut anywhere.
//
//	1a;words\r\n  26 bytes  \r\n ... 0\r\n  trailer lines  \r\n
type dechunker struct {
	state  chunkState
	size   uint64 // left of the chunk
	digits int
	words  int  // bytes of extensions or trailer seen
	blank  bool // the trailer's line is empty so far
	more   bool // something stood behind the body
}

func (d *dechunker) done() bool { return d.state == chunkDone }

// decode moves the data in p to its front and returns its length, with io.EOF
// once the last chunk and the trailer have passed.
func (d *dechunker) decode(p []byte) (n int, err error) {
	i := 0
	for i < len(p) && d.state != chunkDone {
		if d.state == chunkData {
			k := len(p) - i
			if uint64(k) > d.size {
				k = int(d.size)
			}
			if i != n {
				copy(p[n:], p[i:i+k])
			}
			i, n = i+k, n+k
			if d.size -= uint64(k); d.size == 0 {
				d.state = chunkDataEnd
			}
			continue
		}
		if err := d.coding(p[i]); err != nil {
			return n, err
		}
		i++
	}
	if d.state == chunkDone {
		d.more = d.more || i < len(p)
		return n, io.EOF
	}
	return n, nil
}

// coding takes one byte that is not data.
func (d *dechunker) coding(c byte) error {
	switch d.state {
	case chunkSize:
		v, isDigit := hexDigit(c)
		switch {
		case isDigit:
			if d.digits++; d.digits > maxChunkDigits {
				return errChunk
			}
			d.size = d.size<<4 | uint64(v)
		case c == '\n':
			return d.sizeEnds()
		case c == '\r':
		case c == ';' || c == ' ' || c == '\t':
			d.state, d.words = chunkExtension, 0
		default:
			return errChunk
		}
	case chunkExtension:
		if c == '\n' {
			return d.sizeEnds()
		}
		if d.words++; d.words > maxChunkWords {
			return errChunk
		}
	case chunkDataEnd:
		switch c {
		case '\n':
			d.state, d.digits = chunkSize, 0
		case '\r':
		default:
			return errChunk
		}
	case chunkTrailer:
		if d.words++; d.words > maxChunkTrailer {
			return errChunk
		}
		switch {
		case c == '\n' && d.blank:
			d.state = chunkDone
		case c == '\n':
			d.blank = true
		case c != '\r':
			d.blank = false
		}
	}
	return nil
}

func (d *dechunker) sizeEnds() error {
	switch {
	case d.digits == 0:
		return errChunk
	case d.size == 0:
		d.state, d.words, d.blank = chunkTrailer, 0, true
	default:
		d.state = chunkData
	}
	return nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
