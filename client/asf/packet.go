package asf

import "time"

// Packet is a data packet under examination. Its methods allocate nothing.
//
//	var p asf.Packet
//	if err := p.Parse(b, h.PacketSize); err != nil { ... }
//	for pl := (asf.Payload{}); p.Next(&pl); { ... }
//	err := p.Err()
type Packet struct {
	send uint32
}

// Payload is a part of an object, or a whole one: a picture or some sound.
type Payload struct {
	Stream int
	Key    bool   // of a key picture
	Object uint32 // the number of the object, which wraps at the width of its field
	Offset uint32 // of Data in the object
	Size   uint32 // of the object; 0 where the packet does not say
	Time   uint32 // presentation time, ms with the preroll; the send time where the packet does not say
	Data   []byte // in the packet
}

// Parse reads the head of a packet, of which a server may have cut the padding;
// size is the header's PacketSize, 0 if it is not known. b must stay as it is
// while p is used.
func (p *Packet) Parse(b []byte, size int) error { return ErrFormat }

// Send is the time at which the packet is sent, ms on a clock that wraps.
func (p *Packet) Send() uint32 { return p.send }

// Next gives the next payload. Those that are broken are passed over.
func (p *Packet) Next(pl *Payload) bool { return false }

// Err is what was wrong with a payload; the first such.
func (p *Packet) Err() error { return nil }

// Restore appends a packet as it is in a file: exactly size bytes, with padding
// that its fields agree with. Broken payloads are left out; without a sound one
// it is an error.
func Restore(dst, packet []byte, size int) ([]byte, error) { return dst, ErrFormat }

// Filter is Restore with the payloads of some streams alone. It reports false,
// and appends nothing, if no payload is left.
func Filter(dst, packet []byte, size int, keep func(stream int) bool) ([]byte, bool) {
	return dst, false
}

// Trim appends a packet without its padding, as servers send it: the padding
// field is 0, unless keepField has it stay as it was, as older servers do.
func Trim(dst, packet []byte, size int, keepField bool) ([]byte, error) { return dst, ErrFormat }

// Clock takes the wraps out of a time of 32 bits of milliseconds, 49.7 days.
type Clock struct {
	last  uint32
	total time.Duration
	runs  bool
}

// Unwrap is ms on a clock that does not wrap. The first is taken as it is;
// later ones may be a little behind.
func (c *Clock) Unwrap(ms uint32) time.Duration {
	if !c.runs {
		c.runs, c.last, c.total = true, ms, time.Duration(ms)*time.Millisecond
		return c.total
	}
	c.total += time.Duration(int32(ms-c.last)) * time.Millisecond
	c.last = ms
	return c.total
}
