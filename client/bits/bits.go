// Package bits reads fields that are not whole bytes, as codecs' headers and
// their packets have them.
//
//	b := bits.Reader{Data: header}
//	profile, id := b.Read(8), b.UE()
//	if b.Short { ... }
package bits

// Reader reads a bit string, high bit first. Reading past its end yields zeros
// and sets Short; so a parser may run to its own end and ask once.
type Reader struct {
	Data  []byte
	Pos   int // in bits
	Short bool
}

// Left is how many bits have not been read.
func (b *Reader) Left() int { return len(b.Data)*8 - b.Pos }

// Read takes the next n bits, at most 32.
func (b *Reader) Read(n int) uint32 {
	if n > b.Left() {
		b.Pos, b.Short = len(b.Data)*8, true
		return 0
	}
	var v uint32
	for range n {
		v = v<<1 | uint32(b.Data[b.Pos>>3]>>(7-b.Pos&7)&1)
		b.Pos++
	}
	return v
}

func (b *Reader) Flag() bool { return b.Read(1) == 1 }

func (b *Reader) Skip(n int) {
	if n > b.Left() {
		n, b.Short = b.Left(), true
	}
	b.Pos += n
}

// UE takes an unsigned Exp-Golomb number (H.264, 9.1).
func (b *Reader) UE() uint32 {
	zeros := 0
	for b.Left() > 0 && !b.Flag() {
		zeros++
	}
	if zeros > 31 {
		b.Short = true
		return 0
	}
	return 1<<zeros - 1 + b.Read(zeros)
}

// SE takes a signed Exp-Golomb number (H.264, 9.1.1).
func (b *Reader) SE() int32 {
	v := b.UE()
	if v&1 == 1 {
		return int32(v/2) + 1
	}
	return -int32(v / 2)
}
