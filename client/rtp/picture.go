package rtp

// pictureCoding is what the assembler asks of a coding whose pictures are not
// made of NAL units.
type pictureCoding interface {
	// complete looks at all the bytes that were gathered; data is valid until the
	// next packet.
	complete(data []byte) picture
}

// picture is what becomes of gathered bytes.
type picture struct {
	data []byte // what is emitted; empty: nothing
	key  bool   // a decoder can start here
	held bool   // no picture yet, but what belongs in front of the next one

	// Small pictures may come several in a packet, with the first one's time.
	rest []byte // what follows the first
	step uint32 // ticks from it to the next
}

// pictureAssembler gathers the parts of pictures. A picture ends with the
// marker or with another timestamp, whichever comes first. Its beginning is
// where the coding says; parts without one, or behind a hole, are dropped.
//
// H.261 and H.263 cut their pictures between any two bits; the bits go on where
// those of the part before ended:
//
//	buf: |xxxxxxxx|xxxxxxxx|xxxxx000|
//	                             ^^^ spare
type pictureAssembler struct {
	coding pictureCoding

	buf     []byte
	spare   int    // bits of the last byte that are not used
	ts      uint32 // of the picture
	packets int
	active  bool // buf holds a picture from its beginning on
}

// reset drops what is partial.
func (a *pictureAssembler) reset() {
	a.buf, a.spare, a.packets, a.active = a.buf[:0], 0, 0, false
}

// begin is called first for each packet.
func (a *pictureAssembler) begin(ts uint32, lost bool, emit func(Unit)) error {
	switch {
	case lost:
		a.reset()
	case a.active && ts != a.ts:
		a.flush(emit)
	}
	a.ts = ts
	if a.packets++; a.packets > maxUnitPackets && a.active {
		a.reset()
		return ErrTooLarge
	}
	return nil
}

// start is called where a picture begins; one that has not ended does now.
func (a *pictureAssembler) start(emit func(Unit)) {
	if a.active {
		a.flush(emit)
	}
	a.open()
}

// open is called where a picture may begin or go on.
func (a *pictureAssembler) open() {
	if !a.active {
		a.reset()
		a.active = true
	}
}

// add adds a part of the picture in hand, if there is one.
func (a *pictureAssembler) add(part []byte) error {
	if !a.active {
		return nil
	}
	if len(a.buf)+len(part) > maxVideoUnit {
		a.reset()
		return ErrTooLarge
	}
	a.buf = append(a.buf, part...)
	return nil
}

// addBits adds a part without its first and its last bits, less than 8 each.
func (a *pictureAssembler) addBits(part []byte, first, last int) error {
	if !a.active || len(part) == 0 {
		return nil
	}
	if first+last >= 8*len(part) {
		a.reset()
		return ErrMalformed
	}
	if len(a.buf)+len(part) > maxVideoUnit {
		a.reset()
		return ErrTooLarge
	}
	a.put(part[0]&(0xff>>first), 8-first)
	if a.spare == 0 { // as where senders cut a byte and send it twice
		a.buf = append(a.buf, part[1:]...)
	} else {
		for _, b := range part[1:] {
			a.put(b, 8)
		}
	}
	if a.spare += last; a.spare >= 8 {
		a.spare -= 8
		a.buf = a.buf[:len(a.buf)-1]
	}
	a.buf[len(a.buf)-1] &= 0xff << a.spare
	return nil
}

// put adds the low n bits of v, of which there is at least one.
func (a *pictureAssembler) put(v byte, n int) {
	v <<= 8 - n
	if a.spare > 0 {
		a.buf[len(a.buf)-1] |= v >> (8 - a.spare)
		if n <= a.spare {
			a.spare -= n
			return
		}
		v <<= a.spare
		n -= a.spare
	}
	a.buf = append(a.buf, v)
	a.spare = 8 - n
}

// end is called last for each packet.
func (a *pictureAssembler) end(marker bool, emit func(Unit)) {
	if marker && a.active {
		a.flush(emit)
	}
}

// flush ends the picture.
func (a *pictureAssembler) flush(emit func(Unit)) {
	ts := a.ts
	for data := a.buf; len(data) > 0; {
		p := a.coding.complete(data)
		if p.held {
			a.buf = a.buf[:copy(a.buf, data)]
			return
		}
		if len(p.data) > 0 {
			emit(Unit{Timestamp: ts, Key: p.key, Data: p.data})
		}
		data = p.rest
		ts += p.step
	}
	a.reset()
}
