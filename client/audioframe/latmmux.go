package audioframe

import "tapedeck/client/bits"

// latmMux is a StreamMuxConfig (ISO/IEC 14496-3, 1.7.3.1, table 1.42):
//
//	| version 1 | (version A 1) | (fullness) | same timing 1 | subframes less 1: 6 |
//	| programs less 1: 4 | layers less 1: 3 | (length) AudioSpecificConfig |
//	| frame length type 3 | fullness 8, or length 9 | other data 1 | (its length) |
//	| CRC 1 | (CRC 8) |
//
// The AudioSpecificConfig stands anywhere between the bits, and in version 0
// nothing but itself tells where it ends.
type latmMux struct {
	plain     bool // one program of one layer
	subFrames int  // payloads in an element
	ascAt     int  // where the AudioSpecificConfig is, in bits
	ascBits   int
	object    int // its audio object type
	kind      int // frame length type
	fixed     int // bits of each payload of kind 1; 0: each has its length
	other     int // bits of other data after the payloads
}

const (
	latmCounted = 0 // frame length types
	latmFixed   = 1

	latmRest     = 13 // bits that follow the AudioSpecificConfig at least
	maxLATMOther = 8 * maxLATMUnit
	maxLATMUnit  = 64 << 10 // bytes
)

// supported reports whether a player can do anything with the stream: AAC in
// one layer, with frames of one of the plain kinds.
func (m *latmMux) supported() bool {
	return m.plain && AACPlayable(m.object) && (m.kind == latmCounted || m.kind == latmFixed)
}

// parseLATMMux reads a StreamMuxConfig. One that is not supported may be read in
// part only. In a description some senders, GStreamer's among them, leave out
// what follows the AudioSpecificConfig; described lets that pass.
func parseLATMMux(b *bits.Reader, described bool) (m latmMux, ok bool) {
	version := b.Read(1)
	if version == 1 {
		if b.Flag() {
			return m, !b.Short // version A: nobody has written down what that is
		}
		latmValue(b)
	}
	sameTiming := b.Flag()
	m.subFrames = int(b.Read(6)) + 1
	m.plain = b.Read(7) == 0 && sameTiming
	if !m.plain {
		return m, !b.Short
	}
	length := -1
	if version == 1 {
		length = int(min(latmValue(b), 8*MaxAACConfig+1))
	}
	m.ascAt = b.Pos
	c := *b
	if m.object, ok = skipASC(&c); length < 0 {
		if *b = c; !ok {
			return m, !b.Short
		}
		length = b.Pos - m.ascAt
	} else {
		b.Skip(length)
	}
	m.ascBits = length
	if described && !b.Short && b.Left() < latmRest {
		return m, true
	}
	switch m.kind = int(b.Read(3)); m.kind {
	case latmCounted:
		b.Skip(8)
	case latmFixed:
		m.fixed = 8 * (int(b.Read(9)) + 20)
	default:
		return m, !b.Short
	}
	if b.Flag() {
		if version == 1 {
			m.other = int(min(latmValue(b), maxLATMOther))
		} else {
			for more := true; more && m.other < maxLATMOther; {
				more = b.Flag()
				m.other = m.other<<8 | int(b.Read(8))
			}
		}
	}
	if b.Flag() {
		b.Skip(8)
	}
	return m, !b.Short
}

// latmValue reads a LatmGetValue (table 1.43): the number of bytes less 1 in two
// bits, and the bytes.
func latmValue(b *bits.Reader) uint32 { return b.Read(8 * (int(b.Read(2)) + 1)) }

// skipASC reads an AudioSpecificConfig to its end; ok is false for an object
// type whose end is not known here. In version 0 of LATM there is to be no
// extension behind it, but GStreamer sends one; a StreamMuxConfig never goes on
// with the three bits that it begins with.
func skipASC(b *bits.Reader) (object int, ok bool) {
	start := b.Pos
	object = aacObject(b)
	skipRate := func() {
		if b.Read(4) == aacExplicitRate {
			b.Skip(24)
		}
	}
	skipRate()
	channels := b.Read(4)
	if object == aacSBR || object == aacPS {
		skipRate()
		object = aacObject(b)
	}
	switch object { // GASpecificConfig (4.4.1)
	case 1, aacLC, 3, 4, 17, 19, aacLD:
	default:
		return object, false
	}
	b.Skip(1)     // frameLengthFlag
	if b.Flag() { // dependsOnCoreCoder
		b.Skip(14)
	}
	extension := b.Flag()
	if channels == 0 {
		skipPCE(b, start)
	}
	resilient := object >= 17
	if extension {
		if resilient {
			b.Skip(3)
		}
		b.Skip(1)
	}
	if resilient && b.Read(2) > 1 { // epConfig
		return object, false
	}
	skipASCExtension(b, skipRate)
	return object, !b.Short
}

// skipASCExtension reads the backward compatible signalling of SBR and PS
// (1.6.2.1) where it is there.
func skipASCExtension(b *bits.Reader, skipRate func()) {
	const sbrSync, psSync = 0x2b7, 0x548
	next := *b
	if next.Read(11) != sbrSync || next.Read(5) != aacSBR {
		return
	}
	*b = next
	if !b.Flag() {
		return
	}
	skipRate()
	if next = *b; next.Read(11) == psSync {
		*b = next
		b.Skip(1)
	}
}

// skipPCE reads a program_config_element (4.4.1.1), which is aligned relative to
// start.
func skipPCE(b *bits.Reader, start int) {
	b.Skip(4 + 2 + 4)
	front, side, back := b.Read(4), b.Read(4), b.Read(4)
	lfe, assoc, coupling := b.Read(2), b.Read(3), b.Read(4)
	for _, size := range [3]int{4, 4, 3} { // mixdowns
		if b.Flag() {
			b.Skip(size)
		}
	}
	b.Skip(int(5*(front+side+back) + 4*(lfe+assoc) + 5*coupling))
	b.Skip(-(b.Pos - start) & 7)
	b.Skip(8 * int(b.Read(8)))
}
