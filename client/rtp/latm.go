package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// latm is MP4A-LATM (RFC 6416, 6): an AudioMuxElement (ISO/IEC 14496-3, 1.7.3),
// whole or in parts, of which the last has the marker. With cpresent=0 it is
//
//	| length info | payload | length info | payload | ... | other data | align |
//
// where a length is as many bytes of 255 as fit, and the rest; with cpresent=1
// there is in front of that, and moves it off the bytes,
//
//	| same as before 1 | (StreamMuxConfig) |
//
// What comes out are access units of AAC.
type latm struct {
	format Format
	inBand bool
	guess  bool // cpresent is not told: the first element shows it

	known  bool // mux and config are
	mux    latmMux
	config aacConfig
	step   uint32 // ticks of an access unit

	part []byte // of an element that comes in parts
	ts   uint32
	unit []byte
}

func newLATM(f Format) (Depacketizer, error) {
	d := &latm{format: f, inBand: true}
	if raw := f.config(maxAACConfig); len(raw) > 0 {
		mux, ok := parseLATMMux(&bits.Reader{Data: raw}, true)
		if ok && !mux.supported() {
			return nil, &UnsupportedError{Encoding: "MP4A-LATM of this kind"}
		}
		if ok {
			d.use(mux, raw)
		}
	}
	switch f.Params["cpresent"] {
	case "0":
		d.inBand = false
	case "":
		d.guess = d.known
	}
	return d, nil
}

// use takes over a StreamMuxConfig that was read out of from, and reports
// whether it makes sense.
func (d *latm) use(mux latmMux, from []byte) bool {
	config, ok := parseASC(bits.Append(nil, from, mux.ascAt, mux.ascBits))
	if !ok || !mux.supported() {
		return false
	}
	d.mux, d.config, d.known = mux, config, true
	d.step = uint32(int64(config.samples) * int64(d.format.ClockRate) / int64(config.coreRate))
	return true
}

func (d *latm) Track() (media.Track, bool) { return d.config.track(d.format), d.known }

func (d *latm) Reset() { d.part = d.part[:0] }

func (d *latm) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	var err error
	switch {
	case lost:
		d.Reset()
	case len(d.part) > 0 && h.Timestamp != d.ts: // no marker
		err = d.element(d.ts, d.part, emit)
		d.Reset()
	}
	if len(d.part)+len(payload) > maxAudioUnit {
		d.Reset()
		return ErrTooLarge
	}
	if !h.Marker || len(d.part) > 0 {
		d.part, d.ts = append(d.part, payload...), h.Timestamp
		payload = d.part
	}
	if h.Marker {
		if e := d.element(h.Timestamp, payload, emit); e != nil {
			err = e
		}
		d.Reset()
	}
	return err
}

// element takes an AudioMuxElement apart. Some senders put several into a
// packet.
func (d *latm) element(ts uint32, p []byte, emit func(Unit)) error {
	if d.guess {
		b := bits.Reader{Data: p}
		for range d.mux.subFrames {
			b.Skip(d.payloadBits(&b))
		}
		b.Skip(d.mux.other)
		d.inBand, d.guess = b.Short || b.Left() > 7, false
	}
	b := bits.Reader{Data: p}
	for again := false; b.Left() > 7; again = true {
		if d.inBand && !b.Flag() {
			at := b.Pos
			mux, ok := parseLATMMux(&b, false)
			if !ok || !d.learn(mux, p, at) {
				return ErrMalformed
			}
		}
		if !d.known {
			return nil
		}
		for range d.mux.subFrames {
			n := d.payloadBits(&b)
			if b.Short || n > b.Left() || n > 8*maxAudioUnit {
				if again { // padding, not an element
					return nil
				}
				return ErrMalformed
			}
			if n > 0 {
				d.unit = bits.Append(d.unit[:0], p, b.Pos, n)
				b.Pos += n
				emit(Unit{Timestamp: ts, Key: true, Data: d.unit})
			}
			ts += d.step
		}
		b.Skip(d.mux.other)
		if d.inBand {
			return nil
		}
		b.Skip(-b.Pos & 7)
	}
	return nil
}

// payloadBits reads a PayloadLengthInfo (1.7.3.1, table 1.44).
func (d *latm) payloadBits(b *bits.Reader) int {
	if d.mux.fixed > 0 {
		return d.mux.fixed
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
func (d *latm) learn(mux latmMux, p []byte, at int) bool {
	d.unit = bits.Append(d.unit[:0], p, mux.ascAt, mux.ascBits)
	if d.known && string(d.unit) == string(d.config.raw) && mux.supported() {
		d.mux = mux
		return true
	}
	return d.use(mux, p)
}
