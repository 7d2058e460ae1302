package rtp

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
	maxLATMOther = 8 * maxAudioUnit
)

// supported reports whether a player can do anything with the stream: AAC in
// one layer, with frames of one of the plain kinds.
func (m *latmMux) supported() bool {
	return m.plain && aacPlayable(m.object) && (m.kind == latmCounted || m.kind == latmFixed)
}

// parseLATMMux reads a StreamMuxConfig. One that is not supported may be read in
// part only. In a description some senders, GStreamer's among them, leave out
// what follows the AudioSpecificConfig; described lets that pass.
func parseLATMMux(b *bits, described bool) (m latmMux, ok bool) {
	version := b.read(1)
	if version == 1 {
		if b.flag() {
			return m, !b.short // version A: nobody has written down what that is
		}
		latmValue(b)
	}
	sameTiming := b.flag()
	m.subFrames = int(b.read(6)) + 1
	m.plain = b.read(7) == 0 && sameTiming
	if !m.plain {
		return m, !b.short
	}
	length := -1
	if version == 1 {
		length = int(min(latmValue(b), 8*maxAACConfig+1))
	}
	m.ascAt = b.pos
	c := *b
	if m.object, ok = skipASC(&c); length < 0 {
		if *b = c; !ok {
			return m, !b.short
		}
		length = b.pos - m.ascAt
	} else {
		b.skip(length)
	}
	m.ascBits = length
	if described && !b.short && b.left() < latmRest {
		return m, true
	}
	switch m.kind = int(b.read(3)); m.kind {
	case latmCounted:
		b.skip(8)
	case latmFixed:
		m.fixed = 8 * (int(b.read(9)) + 20)
	default:
		return m, !b.short
	}
	if b.flag() {
		if version == 1 {
			m.other = int(min(latmValue(b), maxLATMOther))
		} else {
			for more := true; more && m.other < maxLATMOther; {
				more = b.flag()
				m.other = m.other<<8 | int(b.read(8))
			}
		}
	}
	if b.flag() {
		b.skip(8)
	}
	return m, !b.short
}

// latmValue reads a LatmGetValue (table 1.43): the number of bytes less 1 in two
// bits, and the bytes.
func latmValue(b *bits) uint32 { return b.read(8 * (int(b.read(2)) + 1)) }

// skipASC reads an AudioSpecificConfig to its end; ok is false for an object
// type whose end is not known here. In version 0 of LATM there is to be no
// extension behind it, but GStreamer sends one; a StreamMuxConfig never goes on
// with the three bits that it begins with.
func skipASC(b *bits) (object int, ok bool) {
	start := b.pos
	object = aacObject(b)
	skipRate := func() {
		if b.read(4) == aacExplicitRate {
			b.skip(24)
		}
	}
	skipRate()
	channels := b.read(4)
	if object == aacSBR || object == aacPS {
		skipRate()
		object = aacObject(b)
	}
	switch object { // GASpecificConfig (4.4.1)
	case 1, aacLC, 3, 4, 17, 19, aacLD:
	default:
		return object, false
	}
	b.skip(1)     // frameLengthFlag
	if b.flag() { // dependsOnCoreCoder
		b.skip(14)
	}
	extension := b.flag()
	if channels == 0 {
		skipPCE(b, start)
	}
	resilient := object >= 17
	if extension {
		if resilient {
			b.skip(3)
		}
		b.skip(1)
	}
	if resilient && b.read(2) > 1 { // epConfig
		return object, false
	}
	skipASCExtension(b, skipRate)
	return object, !b.short
}

// skipASCExtension reads the backward compatible signalling of SBR and PS
// (1.6.2.1) where it is there.
func skipASCExtension(b *bits, skipRate func()) {
	const sbrSync, psSync = 0x2b7, 0x548
	next := *b
	if next.read(11) != sbrSync || next.read(5) != aacSBR {
		return
	}
	*b = next
	if !b.flag() {
		return
	}
	skipRate()
	if next = *b; next.read(11) == psSync {
		*b = next
		b.skip(1)
	}
}

// skipPCE reads a program_config_element (4.4.1.1), which is aligned relative to
// start.
func skipPCE(b *bits, start int) {
	b.skip(4 + 2 + 4)
	front, side, back := b.read(4), b.read(4), b.read(4)
	lfe, assoc, coupling := b.read(2), b.read(3), b.read(4)
	for _, size := range [3]int{4, 4, 3} { // mixdowns
		if b.flag() {
			b.skip(size)
		}
	}
	b.skip(int(5*(front+side+back) + 4*(lfe+assoc) + 5*coupling))
	b.skip(-(b.pos - start) & 7)
	b.skip(8 * int(b.read(8)))
}
