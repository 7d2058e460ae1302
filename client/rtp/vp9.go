package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// vp9 is RFC 9628. A payload begins with a descriptor (4.2):
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+
//	|I|P|L|F|B|E|V|Z|  P: refers to other pictures, B and E: a layer's frame
//	+-+-+-+-+-+-+-+-+  begins, ends
//	|M| picture id  |  with I; with M it goes on in another byte
//	+-+-+-+-+-+-+-+-+
//	| TID |U| SID |D|  with L: layers in time and space; D: needs the layer below
//	+-+-+-+-+-+-+-+-+
//	|   TL0PICIDX   |  with L, without F
//	+-+-+-+-+-+-+-+-+
//	|   P_DIFF    |N|  with F and P; with N another follows, at most 3
//	+-+-+-+-+-+-+-+-+
//	| N_S |Y|G|  -  |  with V: the scalability structure
//	+-+-+-+-+-+-+-+-+
//	| width16, height16 |  with Y, N_S+1 times
//	| N_G8 | { TID3, U1, R2, -2 | P_DIFF8 (R times) } |  with G, N_G times
//
// A picture is the frames of all its layers. Where there is more than one, they
// become a superframe (VP9 bitstream specification, Annex B): without its index
// a decoder sees the first frame only.
//
//	| frame | frame |...| 110, bytes of a size less 1, frames less 1 | sizes | the same byte |
type vp9 struct {
	pictures pictureAssembler
	track    media.Track

	ends    [maxVP9Layers]int // of the layers' frames in the picture, in bytes
	layers  int
	sized   bool // the scalability structure gave the size
	refused bool // more layers than a superframe can have
}

const (
	maxVP9Layers = 8
	maxVP9Diffs  = 3
)

func newVP9(f Format) (Depacketizer, error) {
	d := &vp9{track: f.track(media.Video, media.VP9)}
	d.pictures.coding = d
	return d, nil
}

// Track is ready with the first key frame, which says how large it is.
func (d *vp9) Track() (media.Track, bool) { return d.track, d.track.Width > 0 }

func (d *vp9) Reset() {
	d.pictures.reset()
	d.layers = 0
}

func (d *vp9) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if err := d.pictures.begin(h.Timestamp, lost, emit); err != nil {
		return err
	}
	n, first := d.descriptor(payload)
	if n < 0 {
		d.pictures.reset()
		return ErrMalformed
	}
	if first {
		d.pictures.start(emit)
		d.layers, d.refused = 0, false
	}
	err := d.pictures.add(payload[n:])
	if payload[0]&0x04 != 0 && d.pictures.active { // E
		if d.refused = d.refused || d.layers == maxVP9Layers; !d.refused {
			d.ends[d.layers] = len(d.pictures.buf)
			d.layers++
		}
	}
	d.pictures.end(h.Marker, emit)
	return err
}

// descriptor returns the length of the descriptor, -1 when it is cut off, and
// whether a picture begins: with a layer that needs none below it.
func (d *vp9) descriptor(p []byte) (n int, first bool) {
	r := vp9Reader{p: p}
	flags := r.byte()
	first = flags&0x08 != 0
	if flags&0x80 != 0 && r.byte()&0x80 != 0 {
		r.byte()
	}
	if flags&0x20 != 0 {
		layer := r.byte()
		if sid := layer >> 1 & 7; sid > 0 && (layer&1 != 0 || d.pictures.active) {
			first = false
		}
		if flags&0x10 == 0 {
			r.byte()
		}
	}
	if flags&0x50 == 0x50 {
		for range maxVP9Diffs {
			if r.byte()&1 == 0 {
				break
			}
		}
	}
	if flags&0x02 != 0 {
		d.structure(&r)
	}
	if r.short {
		return -1, false
	}
	return len(p) - len(r.p), first
}

// structure takes the size of the largest layer and passes over the rest.
func (d *vp9) structure(r *vp9Reader) {
	flags := r.byte()
	width, height := 0, 0
	if flags&0x10 != 0 {
		for range flags>>5 + 1 {
			w, h := int(r.byte())<<8, 0
			w |= int(r.byte())
			h = int(r.byte()) << 8
			h |= int(r.byte())
			width, height = max(width, w), max(height, h)
		}
	}
	if flags&0x08 != 0 {
		for range r.byte() {
			for range r.byte() >> 2 & 3 {
				r.byte()
			}
		}
	}
	if !r.short && width > 0 && height > 0 {
		d.sized = true
		d.track.Width, d.track.Height = width, height
	}
}

// vp9Reader takes bytes; past the end they are 0.
type vp9Reader struct {
	p     []byte
	short bool
}

func (r *vp9Reader) byte() byte {
	if len(r.p) == 0 {
		r.short = true
		return 0
	}
	b := r.p[0]
	r.p = r.p[1:]
	return b
}

func (d *vp9) complete(data []byte) picture {
	if d.refused {
		return picture{}
	}
	width, height, key := vp9KeyFrame(data)
	if key && (!d.sized || d.track.Width < width) {
		d.track.Width, d.track.Height = width, height
	}
	if d.layers > 1 && d.ends[d.layers-1] == len(data) {
		data = d.superframe()
	}
	return picture{data: data, key: key}
}

// superframe adds the index behind the frames.
func (d *vp9) superframe() []byte {
	const sizeBytes = 4
	marker := 0xc0 | byte(sizeBytes-1)<<3 | byte(d.layers-1)
	b := append(d.pictures.buf, marker)
	start := 0
	for _, end := range d.ends[:d.layers] {
		b = binary.LittleEndian.AppendUint32(b, uint32(end-start))
		start = end
	}
	b = append(b, marker)
	d.pictures.buf = b
	return b
}

// vp9KeyFrame reads the beginning of the uncompressed header (VP9 bitstream
// specification, 6.2); ok for a key frame.
func vp9KeyFrame(data []byte) (width, height int, ok bool) {
	const (
		syncCode = 0x498342
		sRGB     = 7
	)
	b := bits.Reader{Data: data}
	if b.Read(2) != 2 {
		return 0, 0, false
	}
	profile := b.Read(1) | b.Read(1)<<1
	if profile == 3 {
		b.Skip(1)
	}
	if b.Read(2) != 0 { // shows an existing frame, is no key frame
		return 0, 0, false
	}
	b.Skip(2) // show_frame, error_resilient_mode
	if b.Read(24) != syncCode {
		return 0, 0, false
	}
	if profile >= 2 {
		b.Skip(1) // bits of a sample
	}
	switch space := b.Read(3); {
	case space != sRGB:
		b.Skip(1) // range
		if profile&1 == 1 {
			b.Skip(3)
		}
	case profile&1 == 1:
		b.Skip(1)
	}
	width, height = int(b.Read(16))+1, int(b.Read(16))+1
	return width, height, !b.Short
}
