package mms

import (
	"bytes"
	"fmt"

	"tapedeck/client/mms/wire"
)

// maxPieces bounds the pieces of a header: one of the largest size that comes in
// datagrams of the smallest has fewer.
const maxPieces = 4096

// collector puts an ASF header together from its pieces ([MS-MMSP] 2.2.2), which
// UDP may bring twice, in any order, and not all:
//
//	location 0, 0x04 | location 1, 0x04 or 0 | location 2, 0x0C or 0x08: the last
type collector struct {
	pieces [][]byte // by location; nil is missing
	have   int
	size   int
	last   int // location of the last piece, -1 while not known
}

func newCollector() *collector { return &collector{last: -1} }

// add takes a piece and reports whether the header is whole.
func (c *collector) add(location uint32, flags byte, piece []byte) (bool, error) {
	switch {
	case flags&wire.PairFlags != 0 && (location == wire.PairFirst || location == wire.PairSecond):
		return false, nil // a packet pair, which nobody asked for
	case len(piece) == 0:
		return false, nil
	case location >= maxPieces:
		return false, fmt.Errorf("mms: %w: piece %d of a header", ErrProtocol, location)
	}
	at := int(location)
	if at < len(c.pieces) && c.pieces[at] != nil {
		if bytes.Equal(c.pieces[at], piece) {
			return false, nil
		}
		*c = collector{last: -1} // it is another header
	}
	if c.last >= 0 && at > c.last {
		return false, fmt.Errorf("mms: %w: piece %d of a header behind its last one", ErrProtocol, at)
	}
	if c.size += len(piece); c.size > maxHeader {
		return false, fmt.Errorf("mms: %w: a header of more than %d bytes", ErrProtocol, maxHeader)
	}
	for len(c.pieces) <= at {
		c.pieces = append(c.pieces, nil)
	}
	c.pieces[at] = bytes.Clone(piece)
	c.have++
	if flags&wire.HeaderLast != 0 {
		if at != len(c.pieces)-1 {
			return false, fmt.Errorf("mms: %w: the last piece of a header is %d of %d", ErrProtocol, at, len(c.pieces))
		}
		c.last = at
	}
	return c.last >= 0 && c.have == c.last+1, nil
}

// header is the whole of it, once add has said so.
func (c *collector) header() []byte {
	return bytes.Join(c.pieces, nil)
}
