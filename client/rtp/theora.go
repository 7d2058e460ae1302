package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// theora is draft-barbato-avt-rtp-theora-01: see xiph for its packets. A frame
// begins with (Theora specification, 7.1):
//
//	+-+-+-+-+-+-+-+-+
//	|0|T|    QI     |  the first bit: a header; T: refers to other frames
//	+-+-+-+-+-+-+-+-+
//
// and the identification header (6.2) is
//
//	| 80 "theora" | version24 | blocks across16, down16 | width24 | height24 |
//	| left8 | top8 | rate: numerator32, denominator32 | ...
type theora struct {
	format Format
	xiph   xiph

	track media.Track
	step  uint32 // ticks a frame lasts
}

const (
	theoraIdent   = 0x80
	theoraComment = 0x81
	theoraSetup   = 0x82

	theoraIdentSize = 42
)

func newTheora(f Format) (Depacketizer, error) {
	d := &theora{format: f, track: f.track(media.Video, media.Theora)}
	d.xiph = newXiph(d, f.Params["configuration"], maxVideoUnit)
	return d, nil
}

func (d *theora) Track() (media.Track, bool) { return d.track, d.xiph.known }
func (d *theora) Reset()                     { d.xiph.reset() }

func (d *theora) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	list, err := d.xiph.packets(payload, lost)
	ts := h.Timestamp
	for _, frame := range list {
		// An empty packet repeats the frame before; a header is none.
		if len(frame) > 0 && frame[0]&0x80 == 0 {
			emit(Unit{Timestamp: ts, Key: frame[0]&0x40 == 0, Data: frame})
		}
		ts += d.step
	}
	return err
}

// use implements xiphCoding.
func (d *theora) use(c *xiphConfig) bool {
	ident, comment, setup := c.header(theoraIdent), c.header(theoraComment), c.header(theoraSetup)
	if len(ident) < theoraIdentSize || len(setup) < 7 {
		return false
	}
	if comment == nil { // it may be left out
		comment = append([]byte{theoraComment}, "theora\x00\x00\x00\x00\x00\x00\x00\x00"...)
	}
	t := d.format.track(media.Video, media.Theora)
	t.Width = int(binary.BigEndian.Uint32(ident[13:]) & 0xffffff)
	t.Height = int(binary.BigEndian.Uint32(ident[16:]) & 0xffffff)
	rate, per := binary.BigEndian.Uint32(ident[22:]), binary.BigEndian.Uint32(ident[26:])
	if t.Width == 0 || t.Height == 0 || t.Width > nal.MaxPicture || t.Height > nal.MaxPicture {
		return false
	}
	d.step = 0
	if r := float64(rate) / float64(per); per > 0 && r >= 0.1 && r <= nal.MaxFrameRate {
		t.FrameRate = r
		d.step = uint32(float64(d.format.ClockRate)/r + 0.5)
	}
	if c.laced == nil {
		c.laced = xiphLaced(ident, comment, setup)
	}
	t.Private = c.laced
	d.track = t
	return true
}
