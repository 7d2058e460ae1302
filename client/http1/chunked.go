package http1

import (
	"errors"
	"io"
)

// Limits of the chunked coding.
const (
	maxChunkDigits  = 16      // hexadecimal digits of a chunk's size
	maxChunkWords   = 4 << 10 // bytes of one chunk's extensions
	maxChunkTrailer = 16 << 10
)

// ErrChunk is a chunked body that breaks the coding.
var ErrChunk = errors.New("http: the server's chunked body is broken")

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
	behind int  // bytes of the last decode that stood behind the body
}

func (d *dechunker) done() bool { return d.state == chunkDone }

// decode moves the data in p to its front and returns its length, with io.EOF
// once the last chunk and the trailer have passed. What is behind them stays
// where it is.
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
		d.behind = len(p) - i
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
				return ErrChunk
			}
			d.size = d.size<<4 | uint64(v)
		case c == '\n':
			return d.sizeEnds()
		case c == '\r':
		case c == ';' || c == ' ' || c == '\t':
			d.state, d.words = chunkExtension, 0
		default:
			return ErrChunk
		}
	case chunkExtension:
		if c == '\n' {
			return d.sizeEnds()
		}
		if d.words++; d.words > maxChunkWords {
			return ErrChunk
		}
	case chunkDataEnd:
		switch c {
		case '\n':
			d.state, d.digits = chunkSize, 0
		case '\r':
		default:
			return ErrChunk
		}
	case chunkTrailer:
		if d.words++; d.words > maxChunkTrailer {
			return ErrChunk
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
		return ErrChunk
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
