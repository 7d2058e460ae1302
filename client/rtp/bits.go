package rtp

// bits reads a bit string, high bit first. Reading past its end yields zeros
// and sets short; so a parser may run to its own end and ask once.
type bits struct {
	data  []byte
	pos   int // in bits
	short bool
}

// left is how many bits have not been read.
func (b *bits) left() int { return len(b.data)*8 - b.pos }

// read takes the next n bits, at most 32.
func (b *bits) read(n int) uint32 {
	if n > b.left() {
		b.pos, b.short = len(b.data)*8, true
		return 0
	}
	var v uint32
	for range n {
		v = v<<1 | uint32(b.data[b.pos>>3]>>(7-b.pos&7)&1)
		b.pos++
	}
	return v
}

func (b *bits) flag() bool { return b.read(1) == 1 }

func (b *bits) skip(n int) {
	if n > b.left() {
		n, b.short = b.left(), true
	}
	b.pos += n
}

// ue takes an unsigned Exp-Golomb number (H.264, 9.1).
func (b *bits) ue() uint32 {
	zeros := 0
	for b.left() > 0 && !b.flag() {
		zeros++
	}
	if zeros > 31 {
		b.short = true
		return 0
	}
	return 1<<zeros - 1 + b.read(zeros)
}

// se takes a signed Exp-Golomb number (H.264, 9.1.1).
func (b *bits) se() int32 {
	v := b.ue()
	if v&1 == 1 {
		return int32(v/2) + 1
	}
	return -int32(v / 2)
}

// unescape appends nal to dst without its emulation prevention bytes: the 3 in
// 00 00 03 (H.264, 7.4.1).
func unescape(dst, nal []byte) []byte {
	zeros := 0
	for _, c := range nal {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		dst = append(dst, c)
	}
	return dst
}
