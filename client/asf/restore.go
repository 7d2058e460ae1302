package asf

// Restore appends a packet as it is in a file: exactly size bytes, with padding
// that its fields agree with. Broken payloads are left out; without a sound one
// it is an error.
//
// Servers cut the padding off before they send (as [MS-MMSP] has it), with its
// field set to 0 or left as it was. A packet without such a field gets one, from
// the bytes that are missing.
func Restore(dst, packet []byte, size int) ([]byte, error) {
	var p Packet
	if err := p.Parse(packet, size); err != nil {
		return dst, err
	}
	left := p.survey(nil)
	if left.count == 0 {
		if p.err == nil {
			p.err = errEmpty
		}
		return dst, p.err
	}
	return p.rebuild(dst, packet, left, nil), nil
}

// Filter is Restore with the payloads of some streams alone. It reports false,
// and appends nothing, if no payload is left.
func Filter(dst, packet []byte, size int, keep func(stream int) bool) ([]byte, bool) {
	var p Packet
	if p.Parse(packet, size) != nil {
		return dst, false
	}
	left := p.survey(keep)
	if left.count == 0 {
		return dst, false
	}
	return p.rebuild(dst, packet, left, keep), true
}

// Trim appends a packet without its padding, as servers send it: the padding
// field is 0, unless keepField has it stay as it was, as older servers do.
func Trim(dst, packet []byte, size int, keepField bool) ([]byte, error) {
	var p Packet
	if err := p.Parse(packet, size); err != nil {
		return dst, err
	}
	if left := p.survey(nil); left.count == 0 || p.err != nil {
		return append(dst, packet...), nil // whoever gets it may make sense of it
	}
	end := p.at
	start := len(dst)
	dst = append(dst, packet[:end]...)
	if !keepField {
		head := dst[start:]
		if p.length != 0 {
			setNumber(head[p.correction+2:p.sequence], uint32(end))
		}
		setNumber(head[p.sent-width(p.types>>3):p.sent], 0)
	}
	return dst, nil
}

// remains is what of a packet is kept.
type remains struct {
	count int // payloads
	bytes int // that they take
	whole bool
}

// survey walks over the sound payloads of the streams that are kept; nil keeps
// all.
func (p *Packet) survey(keep func(int) bool) (s remains) {
	p.rewind()
	for {
		r, ok := p.record()
		if !ok {
			break
		}
		if keep == nil || keep(r.pl.Stream) {
			s.count++
			s.bytes += r.to - r.from
		}
	}
	s.whole = s.count == p.count
	return s
}

// rebuild appends the packet with the payloads that survey saw.
func (p *Packet) rebuild(dst, packet []byte, left remains, keep func(int) bool) []byte {
	end := p.at // of the payloads, after survey
	if left.whole && len(packet) == p.size && len(p.b) >= end && (p.length == 0 || p.length == p.size) && uint(end)+p.padding == uint(p.size) {
		return append(dst, packet...)
	}
	start := len(dst)
	dst = append(dst, packet[:p.correction]...)
	several, sequence := 0, width(p.types>>1)
	if p.several {
		several = 1
	}
	kind, padding := paddingFor(p.size-(p.correction+2+sequence+6+several+left.bytes), p.types>>3&3)
	dst = append(dst, p.types&0x07|kind<<3, p.kinds) // without a length of its own
	dst = append(dst, packet[p.sequence:p.sequence+sequence]...)
	for range width(kind) {
		dst = append(dst, byte(padding))
		padding >>= 8
	}
	dst = append(dst, packet[p.sent:p.sent+6]...)
	if p.several {
		dst = append(dst, byte(left.count)|p.lengths<<6)
	}
	p.rewind()
	for {
		r, ok := p.record()
		if !ok {
			break
		}
		if keep == nil || keep(r.pl.Stream) {
			dst = append(dst, packet[r.from:r.to]...)
		}
	}
	for n := p.size - (len(dst) - start); n > 0; { // without a slice of zeros made each time
		k := min(n, len(zeros))
		dst = append(dst, zeros[:k]...)
		n -= k
	}
	return dst
}

var zeros [512]byte

// paddingFor is the type and the value of a padding field that fills room, its
// own bytes included. It keeps the packet's own type where that can say it.
func paddingFor(room int, own byte) (kind byte, padding int) {
	if value := room - width(own); value >= 0 && (own == 3 || value < 1<<(8*width(own))) {
		return own, value
	}
	for kind = range byte(2) {
		if value := room - width(kind); value >= 0 && value < 1<<(8*width(kind)) {
			return kind, value
		}
	}
	return 2, room - width(2)
}

func setNumber(b []byte, v uint32) {
	var n [4]byte
	le.PutUint32(n[:], v)
	copy(b, n[:])
}
