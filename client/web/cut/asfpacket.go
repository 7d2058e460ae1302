package cut

import (
	"encoding/binary"
	"time"
)

// asfPayloads is how many payloads a packet may have.
const asfPayloads = 63

// asfPacket is a packet under examination (section 5.2).
//
//	0x82 0 0 | length types(1) property types(1) [length] [sequence] [padding] sent(4, ms) duration(2)
//	[several: count(6 bits) type of their length(2)]  payload ...
//
// A type is two bits: no number, or one of 1, 2 or 4 bytes.
type asfPacket struct {
	ok      bool
	sent    time.Duration
	b       []byte
	several bool
	left    int  // payloads to come
	kinds   byte // types of a payload's object number, offset and replicated data
	lengths byte // type of a payload's length
}

func readASFPacket(b []byte) (p asfPacket) {
	if len(b) < minPacket || !asfBegins(b) {
		return p
	}
	at := 3
	types := b[at]
	if types&0x80 != 0 { // the packet's own, 0 in packets of one size
		return p
	}
	p.kinds, p.several = b[at+1], types&1 != 0
	at += 2 + width(types>>5) + width(types>>1) + width(types>>3)
	if p.kinds>>6 != 1 || len(b) < at+7 { // stream numbers are bytes
		return p
	}
	p.sent = time.Duration(binary.LittleEndian.Uint32(b[at:])) * time.Millisecond
	at += 6
	p.left = 1
	if p.several {
		p.left, p.lengths = int(b[at]&0x3f), b[at]>>6
		at++
	}
	p.ok, p.b = true, b[at:]
	return p
}

// width is how many bytes a number of that type has.
func width(kind byte) int { return [4]int{0, 1, 2, 4}[kind&3] }

// next is the next payload: its stream, with the flag of key pictures, and
// whether its object begins in it.
//
//	key(1 bit) stream(7) | object, offset in it, replicated data: by their types | [length] data
func (p *asfPacket) next() (stream byte, first, ok bool) {
	if p.left == 0 || len(p.b) == 0 {
		return 0, false, false
	}
	p.left--
	stream = p.b[0]
	object, offset, copied := width(p.kinds>>4), width(p.kinds>>2), width(p.kinds)
	at := 1 + object
	if len(p.b) < at+offset+copied {
		return 0, false, false
	}
	place, n := small(p.b[at:at+offset]), small(p.b[at+offset:at+offset+copied])
	at += offset + copied + int(min(n, Window))
	if n == 1 { // several small objects in one payload: the offset is a time
		place = 0
	}
	p.b = p.b[min(at, len(p.b)):]
	if p.several {
		l := width(p.lengths)
		if len(p.b) < l {
			return 0, false, false
		}
		p.b = p.b[min(l+int(min(small(p.b[:l]), Window)), len(p.b)):]
	}
	return stream, place == 0, true
}

func small(b []byte) (v uint32) {
	for i, c := range b {
		v |= uint32(c) << (8 * i)
	}
	return v
}
