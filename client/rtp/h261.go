package rtp

import (
	"bytes"
	mathbits "math/bits"

	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// h261 is RFC 4587. A payload begins with
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|SBIT |EBIT |I|V| GOBN  |   MBAP  |  QUANT  |  HMVD   |  VMVD   |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// where SBIT and EBIT are how many bits do not count at the beginning and at
// the end of what follows, which is a picture (H.261, 4.2):
//
//	| 0000 0000 0000 0001 0000 | time5 | type6: 4th bit CIF | 0, or 1 and a byte |...
//	| 0000 0000 0000 0001 group4 | quantiser5 | 0, or 1 and a byte |... | macroblocks |...
//
// Nothing in it is aligned to bytes.
type h261 struct {
	pictures pictureAssembler
	track    media.Track
	intra    bool // I was set in every packet of the picture
}

const (
	h261Header    = 4
	h261StartCode = 1 // in 16 bits, in front of pictures and groups

	h261GroupsQCIF = 3
	h261GroupsCIF  = 12
)

func newH261(f Format) (Depacketizer, error) {
	d := &h261{track: f.track(media.Video, media.H261)}
	d.pictures.coding = d
	return d, nil
}

// Track is ready with the first picture, which says how large it is.
func (d *h261) Track() (media.Track, bool) { return d.track, d.track.Width > 0 }
func (d *h261) Reset()                     { d.pictures.reset() }

func (d *h261) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if err := d.pictures.begin(h.Timestamp, lost, emit); err != nil {
		return err
	}
	if len(payload) < h261Header {
		d.pictures.reset()
		return ErrMalformed
	}
	first, last := int(payload[0]>>5), int(payload[0]>>2&7)
	part := payload[h261Header:]
	b := bits.Reader{Data: part}
	b.Skip(first)
	if b.Read(16) == h261StartCode && b.Read(4) == 0 && !b.Short {
		d.pictures.start(emit)
		d.intra = true
	}
	d.intra = d.intra && payload[0]&2 != 0
	err := d.pictures.addBits(part, first, last)
	d.pictures.end(h.Marker, emit)
	return err
}

// complete takes the size out of the picture's header. It is a key picture if
// the sender says so or if it looks like one: nothing in the header tells.
func (d *h261) complete(data []byte) picture {
	b := bits.Reader{Data: data}
	b.Skip(20 + 5 + 3)
	cif := b.Flag()
	if b.Short {
		return picture{}
	}
	d.track.Width, d.track.Height = 176, 144
	groups := h261GroupsQCIF
	if cif {
		d.track.Width, d.track.Height = 352, 288
		groups = h261GroupsCIF
	}
	return picture{data: data, key: d.intra || h261Intra(data, groups)}
}

// h261Intra reports whether every group is there and begins with its first
// macroblock, coded without reference to another picture. In a picture that is
// coded so all groups do; in others it is rare that all do.
func h261Intra(data []byte, groups int) bool {
	seen := 0
	for pos := 20; ; {
		at := nextH261Code(data, pos)
		if at < 0 {
			return seen >= groups
		}
		pos = at + 16
		b := bits.Reader{Data: data, Pos: pos}
		if b.Read(4) == 0 { // the picture's own
			continue
		}
		b.Skip(5)
		for b.Flag() { // spare information
			b.Skip(8)
		}
		// Address 1 is "1", after any stuffing; then the type.
		const stuffing = 0b00000001111
		for c := b; c.Read(11) == stuffing; c = b {
			b.Skip(11)
		}
		if !b.Flag() {
			return false
		}
		kind := b
		if kind.Read(4) != 1 && b.Read(7) != 1 { // Intra, Intra with quantiser
			return false
		}
		seen++
	}
}

// nextH261Code finds 15 zero bits and a one at pos or later, in bits; -1 where
// there are none.
func nextH261Code(data []byte, pos int) int {
	for i := pos / 8; i < len(data); i++ {
		// Wherever it stands, a byte of zeros is in it.
		zero := bytes.IndexByte(data[i:], 0)
		if zero < 0 {
			return -1
		}
		for i += zero; i < len(data) && data[i] == 0; {
			i++
		}
		if i == len(data) {
			return -1
		}
		one := 8*i + mathbits.LeadingZeros8(data[i])
		b := bits.Reader{Data: data, Pos: one - 15}
		if b.Pos >= pos && b.Read(16) == h261StartCode {
			return one - 15
		}
	}
	return -1
}
