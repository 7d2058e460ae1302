package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// h263 is the two payload formats of H.263. RFC 4629 (H263-1998, H263-2000) has
// a header of two bytes:
//
//	 0                   1
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  P: two bytes of zero stand before what
//	|   RR    |P|V|   PLEN    |PEBIT|  follows; V: one byte more; PLEN: bytes of a
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  picture header that is repeated
//
// RFC 2190 (H263, payload type 34) has three, which say more than is needed:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|F|P|SBIT |EBIT | SRC |I|U|S|A|R      |DBQ| TRB |    TR         |  mode A
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	F set, P not: mode B, 4 bytes more; both: mode C, 8 bytes more
//
// where SBIT and EBIT are how many bits do not count at the beginning and at
// the end of what follows.
type h263 struct {
	pictures pictureAssembler
	track    media.Track
	old      bool // RFC 2190
	misnamed bool // the sender announces RFC 2190 and sends RFC 4629
}

func newH263(f Format) (Depacketizer, error) {
	d := &h263{track: f.track(media.Video, media.H263)}
	d.pictures.coding = d
	return d, nil
}

func newH263RFC2190(f Format) (Depacketizer, error) {
	d, err := newH263(f)
	d.(*h263).old = true
	return d, err
}

// Track is ready with the first picture that says how large it is.
func (d *h263) Track() (media.Track, bool) { return d.track, d.track.Width > 0 }
func (d *h263) Reset()                     { d.pictures.reset() }

func (d *h263) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if err := d.pictures.begin(h.Timestamp, lost, emit); err != nil {
		return err
	}
	var err error
	if d.old && !d.misnames(payload) {
		err = d.modes(payload, emit)
	} else {
		err = d.plus(payload, emit)
	}
	if err != nil {
		d.pictures.reset()
		return err
	}
	d.pictures.end(h.Marker, emit)
	return nil
}

// plus takes a payload of RFC 4629.
func (d *h263) plus(p []byte, emit func(Unit)) error {
	if len(p) < 2 {
		return ErrMalformed
	}
	n := 2 + int(p[0]&1)<<5 + int(p[1]>>3) // PLEN
	if p[0]&2 != 0 {
		n++
	}
	prefixed := p[0]&4 != 0
	if n > len(p) {
		return ErrMalformed
	}
	p = p[n:]
	if !prefixed {
		return d.pictures.add(p)
	}
	if len(p) > 0 && p[0]&0xfc == 0x80 {
		d.pictures.start(emit)
	}
	if err := d.pictures.add([]byte{0, 0}); err != nil {
		return err
	}
	return d.pictures.add(p)
}

// modes takes a payload of RFC 2190.
func (d *h263) modes(p []byte, emit func(Unit)) error {
	n := h263ModeSize(p)
	if n > len(p) {
		return ErrMalformed
	}
	first, last := int(p[0]>>3&7), int(p[0]&7)
	p = p[n:]
	if first == 0 && isH263Picture(p) {
		d.pictures.start(emit)
	}
	return d.pictures.addBits(p, first, last)
}

// h263ModeSize is the size of the header of RFC 2190 in front of p.
func h263ModeSize(p []byte) int {
	switch {
	case len(p) == 0 || p[0]&0x80 == 0:
		return 4
	case p[0]&0x40 == 0:
		return 8
	}
	return 12
}

// misnames reports whether a sender that announces RFC 2190 sends RFC 4629: a
// picture begins where it does in that, with what would be a forbidden source
// format in the other.
func (d *h263) misnames(p []byte) bool {
	switch {
	case len(p) > 4 && p[0]&0xfc == 0x04 && p[1] == 0 && p[2]&0xfc == 0x80:
		d.misnamed = true
	case len(p) > h263ModeSize(p) && isH263Picture(p[h263ModeSize(p):]):
		d.misnamed = false
	}
	return d.misnamed
}

// isH263Picture reports whether a picture begins: 22 bits, the last of 17 and
// then 5 of group 0.
func isH263Picture(p []byte) bool {
	return len(p) > 2 && p[0] == 0 && p[1] == 0 && p[2]&0xfc == 0x80
}

// h263Sizes is by source format.
var h263Sizes = [8][2]int{1: {128, 96}, {176, 144}, {352, 288}, {704, 576}, {1408, 1152}}

// complete reads the picture's header (H.263, 5.1):
//
//	| start22 | time8 | 1 0 | 3 flags | source format3 | not intra1 ...
//	or | ... | 1 1 1 | UFEP3 | with UFEP 1: source format3, 15 more |
//	     | coding type3, 6 more | CPM1 (PSBI2) | with UFEP 1: own format23 |
func (d *h263) complete(data []byte) picture {
	const extended, own, updated = 7, 6, 1
	b := bits.Reader{Data: data}
	b.Skip(22 + 8 + 2 + 3)
	source := b.Read(3)
	key := false
	if source != extended {
		key = !b.Flag()
		d.size(h263Sizes[source])
	} else {
		full := b.Read(3) == updated
		if full {
			source = b.Read(3)
			b.Skip(15)
		}
		key = b.Read(3) == 0
		b.Skip(6)
		if b.Flag() {
			b.Skip(2)
		}
		switch {
		case full && source == own:
			b.Skip(4)
			width := 4 * (int(b.Read(9)) + 1)
			b.Skip(1)
			d.size([2]int{width, 4 * int(b.Read(9))})
		case full:
			d.size(h263Sizes[source&7])
		}
	}
	if b.Short {
		return picture{}
	}
	return picture{data: data, key: key}
}

func (d *h263) size(s [2]int) {
	if s[0] > 0 && s[1] > 0 {
		d.track.Width, d.track.Height = s[0], s[1]
	}
}
