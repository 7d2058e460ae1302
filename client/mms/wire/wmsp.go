package wire

import (
	"encoding/binary"
)

// ChunkKind is the letter of a chunk ([MS-WMSP] 2.2.3.1.1).
type ChunkKind byte

const (
	ChunkHeader   ChunkKind = 'H' // a piece of the ASF header
	ChunkData     ChunkKind = 'D' // one ASF packet
	ChunkMetadata ChunkKind = 'M' // a piece of a Metadata, before a header
	ChunkChange   ChunkKind = 'C' // the next entry of a playlist follows
	ChunkEnd      ChunkKind = 'E' // the end of the entry or of all
	ChunkPair     ChunkKind = 'P' // measures the link
	ChunkTest     ChunkKind = 'T' // tells whether requests can be pipelined
)

// Reasons of the end of an entry ([MS-WMSP] 2.2.3.4).
const (
	EndOfAll      = 0          // nothing follows
	EndOfEntry    = 1          // a change follows
	RewoundToHead = 0x000D2F09 // rewinding met the beginning
	WentBack      = 0x400D14BE // of a change: this is the entry before
)

const (
	chunkMark     = '$'
	chunkMarkNext = 0xA4 // the B bit is set: the next one follows at once

	chunkHead  = 4 // mark, letter, length
	reasonSize = 4
)

// Chunk is one element of the body of a reply:
//
//	 0     1     2     3
//	+-----+-----+-----+-----+
//	| '$' | 'D' |  length   |   0xA4 in place of '$': the next one follows at once
//	+-----+-----+-----+-----+
//	H, D, M: a data packet of MMS
//	|       location        |   number of the piece, or of the packet in the file
//	| inc | flg |   size    |   flg: of a piece, or the low byte of a sequence
//	|  payload ...          |
//	C, E, P:
//	|        reason         |
//
// The length counts what follows it. In a packet pair it does not: see
// pairSizes.
type Chunk struct {
	Kind   ChunkKind
	AtOnce bool // the B bit

	Reason uint32 // C, E and P

	Location    uint32 // H, D and M
	Incarnation uint8
	Flags       uint8

	Payload []byte // H, D and M; valid until the buffer is read into again
}

// parse takes the first chunk off b and says how many bytes it takes, 0 where
// there are too few to tell. pairs is how many packets of a pair came before.
func (c *Chunk) parse(b []byte, pairs int) (int, error) {
	if len(b) > 0 && !IsChunk(b[0]) {
		return 0, malformed("a chunk that begins with 0x%02X", b[0])
	}
	if len(b) < chunkHead {
		return 0, nil
	}
	kind := ChunkKind(b[1])
	length := int(binary.LittleEndian.Uint16(b[2:]))
	if kind == ChunkPair {
		return c.parsePair(b, pairs)
	}
	whole := chunkHead + length
	if len(b) < whole {
		return 0, tooShort(kind, length)
	}
	*c = Chunk{Kind: kind, AtOnce: b[0] == chunkMarkNext}
	b = b[chunkHead:whole]
	if err := tooShort(kind, length); err != nil {
		return 0, err
	}
	switch kind {
	case ChunkHeader, ChunkData, ChunkMetadata:
		size := int(binary.LittleEndian.Uint16(b[6:]))
		if size < dataHead {
			return 0, malformed("chunk %q with a packet of %d bytes", kind, size)
		}
		c.Location, c.Incarnation, c.Flags = binary.LittleEndian.Uint32(b), b[4], b[5]
		c.Payload = b[dataHead:min(size, length)]
	case ChunkChange, ChunkEnd:
		c.Reason = binary.LittleEndian.Uint32(b)
	case ChunkPair, ChunkTest: // nothing to know
	}
	return whole, nil
}

// tooShort refuses a length that cannot hold what the kind must have.
func tooShort(kind ChunkKind, length int) error {
	least := 0
	switch kind {
	case ChunkHeader, ChunkData, ChunkMetadata:
		least = dataHead
	case ChunkChange, ChunkEnd:
		least = reasonSize
	case ChunkPair, ChunkTest:
	}
	if length < least {
		return malformed("chunk %q of %d bytes", kind, length)
	}
	return nil
}

// IsChunk reports whether a body that begins with b is one of chunks.
func IsChunk(b byte) bool { return b == chunkMark || b == chunkMarkNext }

// AppendChunk appends one of the kinds H, D and M; the payload has at most
// MaxPayload bytes.
func AppendChunk(dst []byte, c *Chunk) []byte {
	size := uint16(dataHead + len(c.Payload))
	dst = appendChunkHead(dst, c, size)
	dst = binary.LittleEndian.AppendUint32(dst, c.Location)
	dst = append(dst, c.Incarnation, c.Flags)
	dst = binary.LittleEndian.AppendUint16(dst, size)
	return append(dst, c.Payload...)
}

// AppendReason appends one of the kinds C and E.
func AppendReason(dst []byte, kind ChunkKind, reason uint32) []byte {
	dst = appendChunkHead(dst, &Chunk{Kind: kind}, reasonSize)
	return binary.LittleEndian.AppendUint32(dst, reason)
}

// AppendTest appends a pipeline test.
func AppendTest(dst []byte) []byte { return appendChunkHead(dst, &Chunk{Kind: ChunkTest}, 0) }

func appendChunkHead(dst []byte, c *Chunk, length uint16) []byte {
	mark := byte(chunkMark)
	if c.AtOnce {
		mark = chunkMarkNext
	}
	dst = append(dst, mark, byte(c.Kind))
	return binary.LittleEndian.AppendUint16(dst, length)
}
