package mmstest

import (
	"encoding/binary"
	"math/bits"
)

// md4 is the digest of RFC 1320, of which NTLM's secret is made and which the
// standard library lacks.
func md4(message []byte) (digest [16]byte) {
	const block = 64
	le := binary.LittleEndian
	padded := append(append([]byte{}, message...), 0x80)
	for len(padded)%block != block-8 {
		padded = append(padded, 0)
	}
	padded = le.AppendUint64(padded, uint64(len(message))*8)

	state := [4]uint32{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476}
	for ; len(padded) > 0; padded = padded[block:] {
		var x [16]uint32
		for i := range x {
			x[i] = le.Uint32(padded[4*i:])
		}
		s := state
		for round := range md4Rounds {
			s = md4Rounds[round].run(s, &x)
		}
		for i := range state {
			state[i] += s[i]
		}
	}
	for i, v := range state {
		le.PutUint32(digest[4*i:], v)
	}
	return digest
}

// md4Round is one of the three passes over a block.
type md4Round struct {
	mix    func(x, y, z uint32) uint32
	plus   uint32
	order  [16]int // of the block's words
	rotate [4]int
}

var md4Rounds = [3]md4Round{
	{
		mix:    func(x, y, z uint32) uint32 { return x&y | ^x&z },
		order:  [16]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		rotate: [4]int{3, 7, 11, 19},
	},
	{
		mix:    func(x, y, z uint32) uint32 { return x&y | x&z | y&z },
		plus:   0x5A827999,
		order:  [16]int{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
		rotate: [4]int{3, 5, 9, 13},
	},
	{
		mix:    func(x, y, z uint32) uint32 { return x ^ y ^ z },
		plus:   0x6ED9EBA1,
		order:  [16]int{0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15},
		rotate: [4]int{3, 9, 11, 15},
	},
}

func (r *md4Round) run(s [4]uint32, x *[16]uint32) [4]uint32 {
	a, b, c, d := s[0], s[1], s[2], s[3]
	for i, word := range r.order {
		t := bits.RotateLeft32(a+r.mix(b, c, d)+x[word]+r.plus, r.rotate[i%4])
		a, b, c, d = d, t, b, c
	}
	return [4]uint32{a, b, c, d}
}
