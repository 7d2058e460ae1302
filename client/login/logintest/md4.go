package logintest

import (
	"encoding/binary"
	"math/bits"
)

// md4 is RFC 1320, which the password goes through. Go's own has long been
// frozen, and the client's is in its module: two that agree are right.
func md4(message []byte) [16]byte {
	padded := append(append([]byte(nil), message...), 0x80)
	for len(padded)%64 != 56 {
		padded = append(padded, 0)
	}
	padded = binary.LittleEndian.AppendUint64(padded, uint64(len(message))*8)

	s := [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
	for ; len(padded) > 0; padded = padded[64:] {
		var x [16]uint32
		for i := range x {
			x[i] = binary.LittleEndian.Uint32(padded[4*i:])
		}
		before := s
		for i := range 48 {
			s = md4Step(s, x, i)
		}
		for i := range s {
			s[i] += before[i]
		}
	}
	var sum [16]byte
	for i, v := range s {
		binary.LittleEndian.PutUint32(sum[4*i:], v)
	}
	return sum
}

var (
	md4Turn  = [3][4]int{{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}}
	md4Order = [3][16]int{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
		{0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15},
	}
)

func md4Step(s [4]uint32, x [16]uint32, i int) [4]uint32 {
	a, b, c, d := s[0], s[1], s[2], s[3]
	round := i / 16
	switch round {
	case 0:
		a += b&c | ^b&d
	case 1:
		a += b&c | b&d | c&d
		a += 0x5a827999
	default:
		a += b ^ c ^ d
		a += 0x6ed9eba1
	}
	a = bits.RotateLeft32(a+x[md4Order[round][i%16]], md4Turn[round][i%4])
	return [4]uint32{d, a, b, c}
}
