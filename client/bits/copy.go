package bits

// Append appends n bits of src to dst, from bit pos on: the first becomes
// the high bit of the first new byte, and the last byte is filled with zeros.
// The bits are there: pos+n <= 8*len(src).
func Append(dst, src []byte, pos, n int) []byte {
	if n <= 0 {
		return dst
	}
	src = src[pos>>3:]
	shift := pos & 7
	size := (n + 7) / 8
	if shift == 0 {
		dst = append(dst, src[:size]...)
	} else {
		for i := range size {
			b := src[i] << shift
			if i+1 < len(src) {
				b |= src[i+1] >> (8 - shift)
			}
			dst = append(dst, b)
		}
	}
	if rest := n & 7; rest != 0 {
		dst[len(dst)-1] &= 0xff << (8 - rest)
	}
	return dst
}
