package wire

import "encoding/binary"

const (
	// chunkBuffer holds the longest chunk and a large read behind it.
	chunkBuffer = 256 << 10

	// maxEnds bounds the copies of an end. A server that wants to keep the
	// connection sends 512 of them, to push the end through a proxy's buffer
	// ([MS-WMSP] 3.2.4.1).
	maxEnds = 1024
)

// ChunkBuffer cuts what is read of a body into chunks, without copying them. Its
// zero value is ready:
//
//	for {
//		for more, err := b.Next(&c); more; more, err = b.Next(&c) { ... }
//		n, err := body.Read(b.Room())
//		b.Filled(n)
//	}
type ChunkBuffer struct {
	buf        []byte
	start, end int // of what is not parsed yet
	pairs      int
	ends       int // the same in a row
	last       uint32
}

// Next takes the next chunk; false means that more has to be read. Unknown kinds
// are skipped, and so are the copies of an end. After an error the body is lost.
func (b *ChunkBuffer) Next(c *Chunk) (bool, error) {
	for {
		n, err := c.parse(b.buf[b.start:b.end], b.pairs)
		if n == 0 || err != nil {
			return false, err
		}
		b.start += n
		switch c.Kind {
		case ChunkEnd:
			if b.ends++; b.ends > maxEnds {
				return false, malformed("%d ends in a row", b.ends)
			}
			if b.ends > 1 && c.Reason == b.last {
				continue
			}
			b.last = c.Reason
			return true, nil
		case ChunkPair:
			b.pairs++
			return true, nil
		case ChunkHeader, ChunkData, ChunkMetadata, ChunkChange, ChunkTest:
			b.ends, b.pairs = 0, 0
			return true, nil
		}
	}
}

// Room is where to read into, never empty. It may move what is not parsed yet:
// the payloads of earlier chunks are lost.
func (b *ChunkBuffer) Room() []byte {
	if b.buf == nil {
		b.buf = make([]byte, chunkBuffer)
	}
	if b.start > 0 {
		b.end = copy(b.buf, b.buf[b.start:b.end])
		b.start = 0
	}
	return b.buf[b.end:]
}

// Filled says how much was read into Room.
func (b *ChunkBuffer) Filled(n int) { b.end += n }

// Pending is how many bytes are left that are no whole chunk.
func (b *ChunkBuffer) Pending() int { return b.end - b.start }

// Reset makes it ready for another body.
func (b *ChunkBuffer) Reset() { *b = ChunkBuffer{buf: b.buf} }

// Ready reports whether Next has a packet without another read.
func (b *ChunkBuffer) Ready() bool {
	head := b.buf[b.start:b.end]
	return len(head) >= chunkHead && IsChunk(head[0]) && ChunkKind(head[1]) == ChunkData &&
		len(head) >= chunkHead+int(binary.LittleEndian.Uint16(head[2:]))
}
