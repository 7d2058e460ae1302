package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// g726 is G.726 (RFC 3551, 4.5.4) with 2 to 5 bits a sample. RFC 3551 puts the
// first sample in the low bits of a byte, ATM's AAL2 (I.366.2, annex E; encoding
// names AAL2-G726-*) in the high bits. Of G726-24:
//
//	RFC 3551   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	           |C C|B B B|A A A|F|E E E|D D D|C|H H H|G G G|F F|
//	           +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	AAL2       +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	           |A A A|B B B|C C|C|D D D|E E E|F|F F|G G G|H H H|
//	           +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// What comes out is as in AAL2.
type g726 struct {
	track media.Track
	bits  int  // of a sample
	low   bool // the first sample is in the low bits
	out   []byte
}

func newG726(bits int, low bool) func(Format) (Depacketizer, error) {
	return func(f Format) (Depacketizer, error) {
		if err := monoOnly(f); err != nil {
			return nil, err
		}
		t := f.track(media.Audio, media.G726)
		t.Channels, t.BitRate = 1, bits*f.ClockRate
		return &g726{track: t, bits: bits, low: low}, nil
	}
}

func (d *g726) Track() (media.Track, bool) { return d.track, true }
func (d *g726) Reset()                     {}

func (d *g726) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	if d.low {
		payload = d.turn(payload)
	}
	if len(payload) > 0 {
		emit(Unit{Timestamp: h.Timestamp, Key: true, Data: payload})
	}
	return nil
}

// turn writes the samples from the high bits down. A sample that is cut off at
// the end is left out.
func (d *g726) turn(p []byte) []byte {
	d.out = d.out[:0]
	var in, out uint32 // bits that were read and not written yet
	inBits, outBits := 0, 0
	for _, b := range p {
		in |= uint32(b) << inBits
		for inBits += 8; inBits >= d.bits; inBits -= d.bits {
			out = out<<d.bits | in&(1<<d.bits-1)
			in >>= d.bits
			if outBits += d.bits; outBits >= 8 {
				outBits -= 8
				d.out = append(d.out, byte(out>>outBits))
			}
		}
	}
	return d.out
}
