package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// vp8 is RFC 7741. A payload begins with a descriptor (4.2):
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+
//	|X|R|N|S|R| PID |  S: a partition begins, PID: which one
//	+-+-+-+-+-+-+-+-+
//	|I|L|T|K|  RSV  |  with X
//	+-+-+-+-+-+-+-+-+
//	|M| picture id  |  with I; with M it goes on in another byte
//	+-+-+-+-+-+-+-+-+
//	|   TL0PICIDX   |  with L
//	+-+-+-+-+-+-+-+-+
//	|TID|Y| KEYIDX  |  with T or K
//	+-+-+-+-+-+-+-+-+
//
// and goes on with the frame (RFC 6386, 9.1), which begins where S is set and
// PID is 0:
//
//	| size19, show1, version3, not key1 | 9d 01 2a | scale2 width14 | scale2 height14 |
//
// as little-endian numbers; what follows the first is there in key frames only.
type vp8 struct {
	pictures pictureAssembler
	track    media.Track
}

const vp8KeyHeader = 10 // bytes

func newVP8(f Format) (Depacketizer, error) {
	d := &vp8{track: f.track(media.Video, media.VP8)}
	d.pictures.coding = d
	return d, nil
}

// Track is ready with the first key frame, which says how large it is.
func (d *vp8) Track() (media.Track, bool) { return d.track, d.track.Width > 0 }
func (d *vp8) Reset()                     { d.pictures.reset() }

func (d *vp8) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if err := d.pictures.begin(h.Timestamp, lost, emit); err != nil {
		return err
	}
	n := vp8Descriptor(payload)
	if n < 0 {
		d.pictures.reset()
		return ErrMalformed
	}
	if payload[0]&0x17 == 0x10 { // S and PID
		d.pictures.start(emit)
	}
	err := d.pictures.add(payload[n:])
	d.pictures.end(h.Marker, emit)
	return err
}

// vp8Descriptor is the length of the descriptor, -1 when it is cut off.
func vp8Descriptor(p []byte) int {
	if len(p) < 1 {
		return -1
	}
	n := 1
	if p[0]&0x80 != 0 {
		if len(p) < 2 {
			return -1
		}
		flags := p[1]
		n++
		if flags&0x80 != 0 {
			if len(p) <= n {
				return -1
			}
			n += 1 + int(p[n]>>7)
		}
		if flags&0x40 != 0 {
			n++
		}
		if flags&0x30 != 0 {
			n++
		}
	}
	if n > len(p) {
		return -1
	}
	return n
}

// complete notes the size that a key frame gives. One that does not begin as
// a key frame must is of no use to any decoder.
func (d *vp8) complete(data []byte) picture {
	if data[0]&1 != 0 {
		return picture{data: data}
	}
	if len(data) < vp8KeyHeader || data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a {
		return picture{}
	}
	width := int(binary.LittleEndian.Uint16(data[6:]) & 0x3fff)
	height := int(binary.LittleEndian.Uint16(data[8:]) & 0x3fff)
	if width > 0 && height > 0 {
		d.track.Width, d.track.Height = width, height
	}
	return picture{data: data, key: true}
}
