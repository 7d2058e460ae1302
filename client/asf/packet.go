package asf

import (
	"fmt"
)

// maxObject bounds an object, in bytes: a picture of which a server says that it
// is longer is none.
const maxObject = 64 << 20

// What can be wrong with a packet. They are made once: a server that sends
// nonsense costs no memory.
var (
	errShort    = fmt.Errorf("%w: a packet of too few bytes", ErrFormat)
	errLong     = fmt.Errorf("%w: a packet longer than the header has them", ErrFormat)
	errHead     = fmt.Errorf("%w: the head of a packet", ErrFormat)
	errPadding  = fmt.Errorf("%w: more padding than packet", ErrFormat)
	errEmpty    = fmt.Errorf("%w: a packet without a payload", ErrFormat)
	errPayload  = fmt.Errorf("%w: a payload longer than its packet", ErrFormat)
	errCopied   = fmt.Errorf("%w: the replicated data of a payload", ErrFormat)
	errObject   = fmt.Errorf("%w: a payload outside of its object", ErrFormat)
	errGroup    = fmt.Errorf("%w: a group of objects longer than its payload", ErrFormat)
	errNoStream = fmt.Errorf("%w: a payload of stream 0", ErrFormat)
)

// Packet is a data packet under examination (section 5.2). Its methods allocate
// nothing.
//
//	[0x80 + n, n bytes of error correction] | length types | property types
//	[packet length] [sequence] [padding length] | sent(4, ms) duration(2, ms)
//	[several: number of payloads(6 bits) type of their length(2)]  payload ...
//
//	length types    0 packet length(2 bits) padding(2) sequence(2) several(1)
//	property types  stream(2 bits: 1) object(2) offset(2) replicated data(2)
//
// A type is two bits: no number, or one of 1, 2 or 4 bytes.
//
//	var p asf.Packet
//	if err := p.Parse(b, h.PacketSize); err != nil { ... }
//	for pl := (asf.Payload{}); p.Next(&pl); { ... }
//	err := p.Err()
type Packet struct {
	b    []byte // as far as payloads may reach
	size int    // of the packet in a file
	send uint32

	types   byte // the length types
	kinds   byte // the property types
	lengths byte // the type of a payload's length, where there are several
	count   int  // payloads, 0 to 63
	several bool

	correction int  // bytes of error correction, with their flags
	sequence   int  // where the sequence number is
	length     int  // the packet's own; 0: none
	padding    uint // the field's value
	sent       int  // where the send time is
	body       int  // where the payloads begin

	at, left int // of the walk
	group    group
	err      error
}

// Payload is a part of an object, or a whole one: a picture or some sound.
type Payload struct {
	Stream int
	Key    bool   // of a key picture
	Object uint32 // the number of the object, which wraps at the width of its field
	Offset uint32 // of Data in the object
	Size   uint32 // of the object; 0 where the packet does not say
	Time   uint32 // presentation time, ms with the preroll; the send time where the packet does not say
	Timed  bool   // the packet says it
	Data   []byte // in the packet, not empty
}

// Parse reads the head of a packet, of which a server may have cut the padding;
// size is the header's PacketSize, 0 if it is not known. b must stay as it is
// while p is used.
func (p *Packet) Parse(b []byte, size int) error {
	*p = Packet{}
	switch {
	case len(b) > MaxPacket, size > MaxPacket, size > 0 && len(b) > size:
		return errLong
	case len(b) == 0:
		return errShort
	}
	p.b, p.size = b, size
	if size <= 0 {
		p.size = len(b)
	}
	at := 0
	if b[0]&0x80 != 0 {
		if b[0]&0x60 != 0 { // no other way to say the length was ever defined
			return errHead
		}
		p.correction = 1 + int(b[0]&0x0f)
		at = p.correction
	}
	if len(b) < at+2 {
		return errShort
	}
	p.types, p.kinds = b[at], b[at+1]
	if p.types&0x80 != 0 || p.kinds>>6 != 1 { // stream numbers are bytes
		return errHead
	}
	return p.parseHead(at + 2)
}

// parseHead reads what follows the flags.
func (p *Packet) parseHead(at int) error {
	b := p.b
	length, sequence, padding := width(p.types>>5), width(p.types>>1), width(p.types>>3)
	p.sequence = at + length
	p.sent = p.sequence + sequence + padding
	p.body = p.sent + 6
	p.several = p.types&1 != 0
	if p.several {
		p.body++
	}
	if len(b) < p.body {
		return errShort
	}
	p.length = int(number(b[at:p.sequence]))
	p.padding = uint(number(b[p.sequence+sequence : p.sent]))
	p.send = le.Uint32(b[p.sent:])
	if p.length != 0 && p.length < p.body {
		return errHead
	}
	whole := len(b)
	if p.length != 0 && p.length < whole {
		whole = p.length
	}
	p.b = b[:whole]
	p.count = 1
	if p.several {
		p.count, p.lengths = int(b[p.body-1]&0x3f), b[p.body-1]>>6
	} else {
		p.single(len(b))
	}
	p.rewind()
	return nil
}

// single finds where the data of the only payload ends. Servers cut the padding
// off and set its field to 0, as [MS-MMSP] has it; older ones leave the field as
// it was. What the payload says of its object decides where it may be either.
func (p *Packet) single(received int) {
	whole := len(p.b)
	if p.padding == 0 {
		return
	}
	places := [2]int{whole - int(min(p.padding, MaxPacket)), whole}
	cut := received < p.size && (p.length == 0 || p.length > received)
	switch {
	case !cut: // the field is right
		places[1] = places[0]
	case uint(received)+p.padding == uint(p.size):
		places[0], places[1] = places[1], places[0]
	}
	for _, end := range places {
		if end <= p.body {
			continue
		}
		if r, ok := p.parsePayload(p.body, end); ok && r.wrong == nil {
			p.b = p.b[:end]
			return
		}
	}
	if !cut && places[0] <= p.body {
		p.err = errPadding
	}
	p.b = p.b[:max(p.body, places[0])]
}

// rewind begins the walk over the payloads.
func (p *Packet) rewind() { p.at, p.left, p.group = p.body, p.count, group{} }

// Send is the time at which the packet is sent, ms on a clock that wraps.
func (p *Packet) Send() uint32 { return p.send }

// Err is what was wrong with a payload; the first such.
func (p *Packet) Err() error { return p.err }

// fail keeps the first error.
func (p *Packet) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Next gives the next payload. Those that are broken are passed over.
func (p *Packet) Next(pl *Payload) bool {
	for {
		if p.group.next(pl) {
			return true
		}
		r, ok := p.record()
		switch {
		case !ok:
			return false
		case r.grouped:
			p.group = group{pl: r.pl, rest: r.pl.Data, step: r.step}
		default:
			*pl = r.pl
			return true
		}
	}
}

// record gives the next payload of which all is sound and that has data.
func (p *Packet) record() (r record, ok bool) {
	for p.left > 0 {
		p.left--
		r, ok = p.parsePayload(p.at, len(p.b))
		if !ok {
			p.left = 0
			p.fail(r.wrong)
			return r, false
		}
		p.at = r.to
		if r.wrong != nil {
			p.fail(r.wrong)
		} else if len(r.pl.Data) > 0 {
			return r, true
		}
	}
	return r, false
}

// width is how many bytes a number of that type has.
func width(kind byte) int { return [4]int{0, 1, 2, 4}[kind&3] }

func number(b []byte) (v uint32) {
	for i, c := range b {
		v |= uint32(c) << (8 * i)
	}
	return v
}
