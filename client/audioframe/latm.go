package audioframe

import (
	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// LATM takes AudioMuxElements (ISO/IEC 14496-3, 1.7.3) apart:
//
//	| length info | payload | length info | payload | ... | other data | align |
//
// where a length is as many bytes of 255 as fit, and the rest. Where the
// configuration is in-band there is in front of that, and moves it off the bytes,
//
//	| same as before 1 | (StreamMuxConfig) |
//
// What comes out are access units of AAC.
type LATM struct {
	InBand bool // the configuration is
	Guess  bool // whether it is, the first element shows

	known  bool // mux and config are
	mux    latmMux
	config AACConfig
	unit   []byte
}

// Configure takes a StreamMuxConfig from a description: known is false where it
// cannot be read, supported where no player can do anything with it.
func (l *LATM) Configure(raw []byte) (known, supported bool) {
	mux, ok := parseLATMMux(&bits.Reader{Data: raw}, true)
	if !ok {
		return false, true
	}
	return l.use(mux, raw), mux.supported()
}

// Config is the configuration in use, not ok before there is one.
func (l *LATM) Config() (c AACConfig, ok bool) { return l.config, l.known }

// use takes over a StreamMuxConfig that was read out of from, and reports
// whether it makes sense.
func (l *LATM) use(mux latmMux, from []byte) bool {
	config, ok := ParseASC(bits.Append(nil, from, mux.ascAt, mux.ascBits))
	if !ok || !mux.supported() {
		return false
	}
	l.mux, l.config, l.known = mux, config, true
	return true
}

// Element takes an AudioMuxElement apart, and further ones behind it where
// senders put several into a packet. n counts the units; unit is valid during
// the call. ok is false where it is malformed.
func (l *LATM) Element(p []byte, yield func(n int, unit []byte)) (ok bool) {
	if l.Guess {
		b := bits.Reader{Data: p}
		for range l.mux.subFrames {
			b.Skip(l.payloadBits(&b))
		}
		b.Skip(l.mux.other)
		l.InBand, l.Guess = b.Short || b.Left() > 7, false
	}
	b, count := bits.Reader{Data: p}, 0
	for again := false; b.Left() > 7; again = true {
		if l.InBand && !b.Flag() {
			mux, ok := parseLATMMux(&b, false)
			if !ok || !l.learn(mux, p) {
				return false
			}
		}
		if !l.known {
			return true
		}
		for range l.mux.subFrames {
			n := l.payloadBits(&b)
			if b.Short || n > b.Left() || n > 8*maxLATMUnit {
				return again // padding, not an element
			}
			if n > 0 {
				l.unit = bits.Append(l.unit[:0], p, b.Pos, n)
				b.Pos += n
				yield(count, l.unit)
			}
			count++
		}
		b.Skip(l.mux.other)
		if l.InBand {
			return true
		}
		b.Skip(-b.Pos & 7)
	}
	return true
}

// payloadBits reads a PayloadLengthInfo (1.7.3.1, table 1.44).
func (l *LATM) payloadBits(b *bits.Reader) int {
	if l.mux.fixed > 0 {
		return l.mux.fixed
	}
	n := 0
	for {
		x := int(b.Read(8))
		if n += x; x < 255 {
			return 8 * n
		}
	}
}

// learn takes a configuration that came in-band. It comes again and again: what
// is known already is not read again.
func (l *LATM) learn(mux latmMux, p []byte) bool {
	l.unit = bits.Append(l.unit[:0], p, mux.ascAt, mux.ascBits)
	if l.known && string(l.unit) == string(l.config.Raw) && mux.supported() {
		l.mux = mux
		return true
	}
	return l.use(mux, p)
}

const loasHeader = 3 // bytes

// parseLOAS reads the header of an AudioSyncStream (ISO/IEC 14496-3, 1.7.2), in
// which an AudioMuxElement with its configuration in-band follows:
//
//	| sync11 2b7 | length13 |
func parseLOAS(b []byte) (Frame, bool) {
	if len(b) < loasHeader || b[0] != 0x56 || b[1]&0xe0 != 0xe0 {
		return Frame{}, false
	}
	n := int(b[1]&0x1f)<<8 | int(b[2])
	return Frame{Size: loasHeader + n, Header: loasHeader, Codec: media.AAC}, n > 0
}
