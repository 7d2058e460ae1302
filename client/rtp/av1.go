package rtp

import (
	"bytes"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// av1 is the RTP Payload Format For AV1 (AOM, version 1.0). A payload is OBUs
// or parts of them, behind an aggregation header (4.4):
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+  Z, Y: the first goes on from the packet before, the last
//	|Z|Y| W |N|-|-|-|  goes on in the next; W: how many there are, 0: not told
//	+-+-+-+-+-+-+-+-+
//	| { length | OBU }... | OBU of the rest of the payload, where W is told
//
// and an OBU is (AV1 specification, 5.3)
//
//	|0| type4 |X|S|0| ( TID3 |SID2| 000 with X ) ( length with S ) | ...
//
// with lengths in LEB128. A unit is a temporal unit as Matroska has it: OBUs
// with their sizes, without temporal delimiters.
type av1 struct {
	format Format
	unit   []byte
	part   []byte // of an OBU that goes on in the next packet
	open   bool   // there is one

	active  bool // unit is a temporal unit from its beginning on
	skip    bool // this one is damaged
	ts      uint32
	packets int
	key     bool // it begins with a key frame
	frames  bool // it has one
	headed  bool // it has a sequence header

	sequence []byte // the last sequence header, with its size
	track    media.Track
}

const (
	av1Sequence  = 1
	av1Delimiter = 2
	av1Header    = 3
	av1Frame     = 6
	av1TileList  = 8
	av1Padding   = 15

	maxAV1Sequence = 1 << 10 // bytes
)

func newAV1(f Format) (Depacketizer, error) {
	return &av1{format: f, track: f.track(media.Video, media.AV1)}, nil
}

// Track is ready with the first sequence header.
func (d *av1) Track() (media.Track, bool) { return d.track, d.track.Private != nil }

func (d *av1) Reset() {
	d.clear()
	d.skip = false
}

// clear makes room for the next unit.
func (d *av1) clear() {
	d.unit, d.part, d.open = d.unit[:0], d.part[:0], false
	d.active, d.packets = false, 0
	d.key, d.frames, d.headed = false, false, false
}

func (d *av1) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	same := h.Timestamp == d.ts
	switch {
	case lost:
		d.skip = same && d.packets > 0
		d.clear()
	case !same:
		d.flush(emit)
		d.skip = false
	}
	d.ts = h.Timestamp
	d.packets++
	var err error
	if !d.skip {
		if err = d.payload(payload); err != nil {
			d.clear()
			d.skip = true
		}
	}
	if h.Marker {
		d.flush(emit)
		d.skip = false
	}
	return err
}

func (d *av1) payload(p []byte) error {
	if len(p) == 0 {
		return ErrMalformed
	}
	if d.packets > maxUnitPackets {
		return ErrTooLarge
	}
	flags := p[0]
	p = p[1:]
	goesOn := flags&0x80 != 0
	if !d.active {
		// Where the beginning of the first OBU is missing, so may be others.
		if goesOn {
			d.skip = true
			return nil
		}
		d.active = true
	}
	if d.open && !goesOn { // its end never came
		d.part, d.open = d.part[:0], false
	}
	count := int(flags >> 4 & 3)
	for i := 1; len(p) > 0; i++ {
		size := len(p)
		if i != count {
			n, rest, ok := leb128(p)
			if !ok || n > len(rest) {
				return ErrMalformed
			}
			size, p = n, rest
		}
		element := p[:size]
		p = p[size:]
		last := len(p) == 0
		if err := d.element(element, i == 1 && goesOn, last && flags&0x40 != 0); err != nil {
			return err
		}
	}
	return nil
}

// element takes an OBU or a part of one.
func (d *av1) element(b []byte, goesOn, more bool) error {
	if len(d.unit)+len(d.part)+len(b) > maxVideoUnit {
		return ErrTooLarge
	}
	switch {
	case goesOn && !d.open: // of a beginning that never came
		return nil
	case goesOn || more:
		d.part = append(d.part, b...)
		if d.open = more; more {
			return nil
		}
		b = d.part
		d.part = d.part[:0]
	}
	return d.obu(b)
}

// obu adds a complete OBU to the unit.
func (d *av1) obu(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	header := 1
	kind := b[0] >> 3 & 15
	if b[0]&4 != 0 {
		header = 2
	}
	if len(b) < header || b[0]&0x80 != 0 {
		return ErrMalformed
	}
	content := b[header:]
	if b[0]&2 != 0 { // with a size of its own
		n, rest, ok := leb128(content)
		if !ok || n > len(rest) {
			return ErrMalformed
		}
		content = rest[:n]
	}
	switch kind {
	case av1Delimiter, av1TileList, av1Padding:
		return nil
	case av1Header, av1Frame:
		if !d.frames {
			d.frames, d.key = true, av1KeyFrame(content)
		}
	}
	start := len(d.unit)
	d.unit = append(d.unit, b[0]|2)
	d.unit = append(d.unit, b[1:header]...)
	d.unit = appendLEB128(d.unit, len(content))
	d.unit = append(d.unit, content...)
	if kind == av1Sequence {
		d.headed = true
		d.learn(d.unit[start:], content)
	}
	return nil
}

// flush ends the temporal unit. One without a frame is left out.
func (d *av1) flush(emit func(Unit)) {
	if d.active && !d.open && d.frames {
		data := d.unit
		if d.key && !d.headed && len(d.sequence) > 0 {
			// A decoder that starts here needs it.
			d.part = append(append(d.part[:0], d.sequence...), d.unit...)
			data = d.part
		}
		emit(Unit{Timestamp: d.ts, Key: d.key && len(d.sequence) > 0, Data: data})
	}
	d.clear()
}

// learn takes a sequence header: whole, and what is in it.
func (d *av1) learn(obu, content []byte) {
	if bytes.Equal(obu, d.sequence) || len(obu) > maxAV1Sequence {
		return
	}
	s, ok := parseAV1Sequence(content)
	if !ok {
		return
	}
	d.sequence = bytes.Clone(obu)
	d.track.Width, d.track.Height, d.track.FrameRate = s.width, s.height, s.frameRate
	d.track.Private = s.av1C(obu)
}

// av1KeyFrame reads the beginning of a frame header (AV1 specification, 5.9.2).
// The one of a still picture, which begins in another way, counts as well.
func av1KeyFrame(b []byte) bool { return len(b) > 0 && b[0]>>5 == 0 }

// leb128 takes a number off the front of p (AV1 specification, 4.10.5): 7 bits
// a byte, the lowest first, the highest bit set in all but the last. It may have
// 32 bits; what an int of 32 bits has no room for is no size of anything here.
func leb128(p []byte) (n int, rest []byte, ok bool) {
	const maxBytes, most = 8, 1<<31 - 1
	var v uint64
	for i := 0; i < maxBytes && i < len(p); i++ {
		v |= uint64(p[i]&0x7f) << (7 * i)
		if p[i]&0x80 == 0 {
			return int(v), p[i+1:], v <= most
		}
	}
	return 0, nil, false
}

func appendLEB128(b []byte, n int) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}
