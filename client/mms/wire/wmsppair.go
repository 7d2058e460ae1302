package wire

import (
	"encoding/binary"
)

// pairSizes are the lengths that the three packets of a pair tell ([MS-WMSP]
// 2.2.3.7). With the reply's head before them they shall fill 512, 512 and 1056
// bytes, so each says in its reason how long the head was, R at most 504, and
// the first one is so much shorter and the last one longer than it tells:
//
//	told   after the reason
//	 504   504-R
//	 504   504
//	1048   1048+R
var pairSizes = [3]int{504, 504, 1048}

// maxPairReason is the largest reason of a packet of a pair.
const maxPairReason = 504

// parsePair is parse for a packet of a pair, of which pairs came before.
func (c *Chunk) parsePair(b []byte, pairs int) (int, error) {
	if len(b) < chunkHead+reasonSize {
		return 0, nil
	}
	told, reason := int(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint32(b[4:])
	if pairs >= len(pairSizes) || told != pairSizes[pairs] || reason > maxPairReason {
		return 0, malformed("number %d of a packet pair, %d bytes, reason %d", pairs+1, told, reason)
	}
	whole := chunkHead + reasonSize + pairSize(pairs, int(reason))
	if len(b) < whole {
		return 0, nil
	}
	*c = Chunk{Kind: ChunkPair, AtOnce: b[0] == chunkMarkNext, Reason: reason}
	return whole, nil
}

// pairSize is how many bytes follow the reason of packet n.
func pairSize(n, reason int) int {
	switch n {
	case 0:
		return pairSizes[0] - reason
	case 1:
		return pairSizes[1]
	default:
		return pairSizes[2] + reason
	}
}

// AppendPair appends a packet pair, all three, behind a reply's head of so many
// bytes.
func AppendPair(dst []byte, head int) []byte {
	reason := min(head, maxPairReason)
	for n, told := range pairSizes {
		dst = appendChunkHead(dst, &Chunk{Kind: ChunkPair}, uint16(told))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(reason))
		for i := range pairSize(n, reason) {
			dst = append(dst, byte(i*167+n)) // shall not be compressed on the way
		}
	}
	return dst
}
