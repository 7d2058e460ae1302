package mux

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// EBML (RFC 8794) is a tree of elements, each
//
//	ID (1 to 4 bytes, length marker kept) | size (1 to 8 bytes) | data
//
// A size is a variable-length integer: the number of zero bits before the
// first one says how many bytes follow the first.
//
//	1xxxxxxx                             7 bits
//	01xxxxxx xxxxxxxx                   14 bits
//	001xxxxx xxxxxxxx xxxxxxxx          21 bits ... up to 56 bits in 8 bytes
//
// A size with all value bits set means "not known": the element ends where
// one begins that cannot be its child.
type id uint32

// The elements that are written here (RFC 8794 section 11, RFC 9559 section 5).
const (
	idEBML               id = 0x1A45DFA3
	idEBMLVersion        id = 0x4286
	idEBMLReadVersion    id = 0x42F7
	idEBMLMaxIDLength    id = 0x42F2
	idEBMLMaxSizeLength  id = 0x42F3
	idDocType            id = 0x4282
	idDocTypeVersion     id = 0x4287
	idDocTypeReadVersion id = 0x4285

	idSegment        id = 0x18538067
	idInfo           id = 0x1549A966
	idTimestampScale id = 0x2AD7B1
	idMuxingApp      id = 0x4D80
	idWritingApp     id = 0x5741

	idTracks            id = 0x1654AE6B
	idTrackEntry        id = 0xAE
	idTrackNumber       id = 0xD7
	idTrackUID          id = 0x73C5
	idTrackType         id = 0x83
	idFlagLacing        id = 0x9C
	idLanguage          id = 0x22B59C
	idCodecID           id = 0x86
	idCodecPrivate      id = 0x63A2
	idCodecDelay        id = 0x56AA
	idSeekPreRoll       id = 0x56BB
	idVideo             id = 0xE0
	idPixelWidth        id = 0xB0
	idPixelHeight       id = 0xBA
	idAudio             id = 0xE1
	idSamplingFrequency id = 0xB5
	idChannels          id = 0x9F
	idBitDepth          id = 0x6264

	idCluster     id = 0x1F43B675
	idTimestamp   id = 0xE7
	idSimpleBlock id = 0xA3
)

// unknownSize is the eight-byte form, which every reader takes.
const unknownSize = 0x01FFFFFFFFFFFFFF

func appendID(dst []byte, v id) []byte {
	switch {
	case v > 0xFFFFFF:
		return binary.BigEndian.AppendUint32(dst, uint32(v))
	case v > 0xFFFF:
		return append(dst, byte(v>>16), byte(v>>8), byte(v))
	case v > 0xFF:
		return append(dst, byte(v>>8), byte(v))
	}
	return append(dst, byte(v))
}

// vintLen is the number of bytes that appendVint needs: n bytes hold 7n bits,
// less the value of all ones.
func vintLen(v uint64) int { return max(1, (bits.Len64(v+1)+6)/7) }

// appendVint writes v, at most 1<<56 - 2, in the fewest bytes.
func appendVint(dst []byte, v uint64) []byte {
	n := vintLen(v)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v|1<<(7*n))
	return append(dst, b[8-n:]...)
}

// appendOpen begins an element whose end is not known.
func appendOpen(dst []byte, v id) []byte {
	return binary.BigEndian.AppendUint64(appendID(dst, v), unknownSize)
}

// uintLen is the number of bytes that appendUint needs for an ID of one byte.
func uintLen(value uint64) int { return 2 + max(1, (bits.Len64(value)+7)/8) }

func appendUint(dst []byte, v id, value uint64) []byte {
	n := uintLen(value) - 2
	dst = append(appendID(dst, v), 0x80|byte(n))
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], value)
	return append(dst, b[8-n:]...)
}

func appendFloat(dst []byte, v id, value float64) []byte {
	dst = append(appendID(dst, v), 0x88)
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(value))
}

func appendString(dst []byte, v id, value string) []byte {
	return append(appendVint(appendID(dst, v), uint64(len(value))), value...)
}

// appendBytes is for binary elements and for masters whose children are built.
func appendBytes(dst []byte, v id, value []byte) []byte {
	return append(appendVint(appendID(dst, v), uint64(len(value))), value...)
}
