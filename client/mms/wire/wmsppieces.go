package wire

const (
	maxPieces     = 4096
	maxWholePiece = 1 << 20 // bytes of a header or of a Metadata
)

// Pieces puts a header (H) or a Metadata (M) together that is longer than a
// chunk. Over HTTP pieces come in order.
type Pieces struct {
	whole []byte
	count int
	next  uint32
}

// Add takes a piece and returns the whole after the last one, nil before that.
// The result is valid until the next Add. A piece that was there already is
// dropped; location 0 begins anew.
func (p *Pieces) Add(c *Chunk) ([]byte, error) {
	switch {
	case p.count == 0 || c.Location == 0:
		p.whole, p.count = p.whole[:0], 0
	case c.Location < p.next:
		return nil, nil
	case c.Location > p.next:
		return nil, malformed("piece %d of a header where %d is due", c.Location, p.next)
	}
	if p.count == maxPieces || len(p.whole)+len(c.Payload) > maxWholePiece {
		return nil, malformed("a header of more than %d bytes or %d pieces", maxWholePiece, maxPieces)
	}
	p.whole = append(p.whole, c.Payload...)
	p.count++
	p.next = c.Location + 1
	if c.Flags&HeaderLast == 0 {
		return nil, nil
	}
	p.count = 0
	return p.whole, nil
}

// AppendPieces appends a header or a Metadata in pieces of at most so many
// bytes, 0 for the most that goes.
func AppendPieces(dst []byte, kind ChunkKind, whole []byte, size int) []byte {
	if size <= 0 || size > MaxPayload {
		size = MaxPayload
	}
	c := Chunk{Kind: kind, Flags: HeaderPiece}
	for {
		n := min(size, len(whole))
		c.Payload, whole = whole[:n], whole[n:]
		if len(whole) == 0 {
			c.Flags |= HeaderLast
		}
		dst = AppendChunk(dst, &c)
		if len(whole) == 0 {
			return dst
		}
		c.Location, c.Flags = c.Location+1, 0
	}
}
