package rtp

import (
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// h265 is RFC 7798. A payload begins like a NAL unit (H.265, 7.3.1.2):
//
//	+---------------+---------------+   type 0-47  one NAL unit
//	|0|1|2|3|4|5|6|7|0|1|2|3|4|5|6|7|        48    AP: several of one time
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+        49    FU: a part of one
//	|F|   type    |  layer    | TID |        50    PACI: any other, with more about it
//	+-------------+-----------------+
//
//	single |hdr16|(DONL16)| rest
//	AP     |hdr16|(DONL16)| size16 | NAL | {(DOND8)| size16 | NAL }...
//	FU     |hdr16|S|E|type6|(DONL16, with S)| part
//	PACI   |hdr16|A|type6|size5|F3| size bytes of that | the rest of a payload
//
// The numbers in brackets are decoding order numbers: see donOrder. They are
// there when sprop-max-don-diff is above 0; in the drafts, and with them in
// live555, when sprop-depack-buf-nalus is.
type h265 struct {
	format        Format
	nals          nalAssembler
	order         *donOrder // nil: no numbers are in the payloads
	unwrapped     []byte    // what was in a PACI
	vps, sps, pps paramSets
	extra         [h265MaxPPS]uint8 // bits of a slice header before its type, by picture parameter set

	info    spsInfo // of the last sequence parameter set
	track   media.Track
	changed bool // the parameter sets did since track was made
}

const (
	h265IRAPFirst = 16 // BLA_W_LP: pictures at which a decoder can start...
	h265IRAPLast  = 23 // ...to the last reserved one
	h265LastVCL   = 31
	h265VPS       = 32
	h265SPS       = 33
	h265PPS       = 34
	h265Filler    = 38
	h265SEI       = 39 // before its picture
	h265AP        = 48
	h265FU        = 49
	h265PACI      = 50

	h265MaxPPS = 64
	h265SliceI = 2
)

func newH265(f Format) (Depacketizer, error) {
	d := &h265{format: f}
	d.nals = newNALAssembler(d)
	span, err := strconv.Atoi(f.Params["sprop-max-don-diff"])
	depth, _ := strconv.Atoi(f.Params["sprop-depack-buf-nalus"])
	if span > 0 || depth > 0 && err != nil {
		d.order = newDONOrder(depth, span)
	}
	for _, key := range []string{"sprop-vps", "sprop-sps", "sprop-pps"} {
		sprop(f.Params[key], func(nal []byte) {
			if len(nal) < 3 {
				return
			}
			// Cameras put the sets under one another's keys: the type counts.
			switch nalType265(nal) {
			case h265SPS:
				if _, ok := parseSPS265(nal); ok {
					d.inspect(nal)
				}
			case h265VPS, h265PPS:
				d.inspect(nal)
			}
		})
	}
	d.changed = true
	return d, nil
}

func nalType265(nal []byte) byte { return nal[0] >> 1 & 0x3f }

func (d *h265) Track() (media.Track, bool) {
	if d.changed {
		d.changed = false
		d.track = d.format.track(media.Video, media.H265)
		d.track.Width, d.track.Height = d.info.width, d.info.height
		d.track.Private = d.hvcC()
	}
	return d.track, d.track.Private != nil
}

func (d *h265) Reset() {
	d.nals.reset()
	if d.order != nil {
		d.order.reset()
	}
}

func (d *h265) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if d.order != nil {
		return d.interleaved(h, payload, lost, emit)
	}
	err := d.nals.begin(h.Timestamp, lost, emit)
	if len(payload) > 0 && err == nil {
		err = d.payload(h.Timestamp, payload)
	}
	d.nals.end(h.Marker, emit)
	return err
}

// interleaved takes a packet with decoding order numbers: see h264.interleaved.
func (d *h265) interleaved(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if lost {
		d.order.lost()
	}
	var err error
	if len(payload) > 0 {
		err = d.payload(h.Timestamp, payload)
	}
	return errors.Join(err, d.nals.drain(d.order, emit))
}

func (d *h265) payload(ts uint32, p []byte) error {
	if len(p) < 2 {
		return ErrMalformed
	}
	if nalType265(p) == h265PACI {
		var err error
		if p, err = d.unwrap(p); err != nil {
			return err
		}
	}
	switch nalType265(p) {
	case h265AP:
		return d.aggregate(ts, p[2:])
	case h265FU:
		return d.fragment(ts, p)
	case h265PACI:
		return ErrMalformed // in another, which is forbidden
	}
	if d.order == nil {
		return d.nals.add(p)
	}
	if len(p) < 4 {
		return ErrMalformed
	}
	// The number stands between the header and the rest.
	d.order.start(binary.BigEndian.Uint16(p[2:]), ts, true, p[:2])
	return d.order.fragment(p[4:], true)
}

// unwrap takes a payload out of a PACI (RFC 7798, 4.4.4), which has most of its
// header. What is said about it is for middle boxes.
func (d *h265) unwrap(p []byte) ([]byte, error) {
	if len(p) < 4 {
		return nil, ErrMalformed
	}
	size := 4 + int(p[2]&1)<<4 + int(p[3]>>4)
	if size > len(p) {
		return nil, ErrMalformed
	}
	d.unwrapped = append(d.unwrapped[:0], p[2]&0xfe|p[0]&1, p[1])
	d.unwrapped = append(d.unwrapped, p[size:]...)
	return d.unwrapped, nil
}

func (d *h265) aggregate(ts uint32, p []byte) error {
	number, don := 0, uint16(0)
	if d.order != nil {
		number = 2 // bytes of the number before each unit: whole, then a step
	}
	for len(p) >= number+2 {
		switch number {
		case 2:
			don = binary.BigEndian.Uint16(p)
		case 1:
			don += uint16(p[0]) + 1
		}
		size := int(binary.BigEndian.Uint16(p[number:]))
		if p = p[number+2:]; size > len(p) {
			return ErrMalformed
		}
		if size > 0 {
			if err := d.put(don, ts, p[:size]); err != nil {
				return err
			}
		}
		p = p[size:]
		number = min(number, 1)
	}
	return nil
}

// put adds a whole NAL unit to the access unit, or to those that wait.
func (d *h265) put(don uint16, ts uint32, nal []byte) error {
	if d.order == nil {
		return d.nals.add(nal)
	}
	return d.order.add(don, ts, true, nal)
}

// fragment takes an FU. OpenIPC cameras send start and end in one.
func (d *h265) fragment(ts uint32, p []byte) error {
	if len(p) < 3 {
		return ErrMalformed
	}
	start, end := p[2]&0x80 != 0, p[2]&0x40 != 0
	header := [2]byte{p[0]&0x81 | p[2]&0x3f<<1, p[1]}
	part := p[3:]
	if d.order == nil {
		return d.nals.fragment(header[:], start, end, part)
	}
	if start {
		if len(part) < 2 {
			return ErrMalformed
		}
		d.order.start(binary.BigEndian.Uint16(part), ts, true, header[:])
		part = part[2:]
	}
	return d.order.fragment(part, end)
}

// nalSyntax

func (d *h265) headerSize() int { return 2 }

// picture refuses the temporal id 0, which no header has but a start code
// taken for one.
func (d *h265) picture(nal []byte) bool {
	return len(nal) >= 2 && nalType265(nal) <= h265LastVCL && nal[1]&7 != 0
}

func (d *h265) inspect(nal []byte) nalInfo {
	t := nalType265(nal)
	if d.picture(nal) {
		irap := t >= h265IRAPFirst && t <= h265IRAPLast
		first := len(nal) > 2 && nal[2]&0x80 != 0
		return nalInfo{picture: true, first: first, intra: irap || first && d.intra(nal), key: irap}
	}
	switch t {
	case h265VPS:
		if len(nal) > 2 {
			d.changed = d.vps.put(uint32(nal[2]>>4), nal) || d.changed
		}
	case h265SPS:
		d.learnSPS(nal)
		return nalInfo{sets: true}
	case h265PPS:
		b := bits{data: nal[2:]}
		if id := b.ue(); !b.short && id < h265MaxPPS {
			d.changed = d.pps.put(id, nal) || d.changed
			b.ue()    // sequence parameter set
			b.skip(2) // dependent slices, output flag
			d.extra[id] = uint8(b.read(3))
		}
	case h265SEI: // gradual refresh: no picture is whole by itself
		return nalInfo{key: hasRecoveryPoint(nal[2:])}
	case h265Filler:
		return nalInfo{drop: true}
	default:
		return nalInfo{drop: t >= h265AP} // packets have these, units do not
	}
	return nalInfo{}
}

// intra reports whether the first slice of a picture that is no IRAP refers to
// no other picture (H.265, 7.3.6.1). The slices after it are not looked into:
// they count as referring to others.
func (d *h265) intra(nal []byte) bool {
	b := bits{data: nal[2:]}
	b.skip(1) // first slice
	id := b.ue()
	if id >= h265MaxPPS {
		return false
	}
	b.skip(int(d.extra[id]))
	return b.ue() == h265SliceI && !b.short
}

func (d *h265) learnSPS(nal []byte) {
	if d.sps.has(nal) {
		return
	}
	info, ok := parseSPS265(nal)
	if !ok && len(d.sps.nals) > 0 {
		return
	}
	if d.sps.put(info.id, nal) {
		d.info, d.changed = info, true
	}
}

// hvcC is the HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1), nil
// until all three kinds of parameter sets are known:
//
//	|1| profile, constraints, level (12 bytes of the SPS) |1111|segmentation12|
//	|111111|parallelism|111111|chroma|11111|luma-8|11111|chroma-8|
//	|frame rate16|rate2|layers3|nested1|size-1|n arrays|
//	{|complete1|0|type6|n16|{size16|NAL}...}...
func (d *h265) hvcC() []byte {
	if len(d.vps.nals) == 0 || len(d.sps.nals) == 0 || len(d.pps.nals) == 0 {
		return nil
	}
	i := d.info
	b := append([]byte{1}, i.profile[:]...)
	b = append(b, 0xf0, 0, 0xfc, 0xfc|i.chroma, 0xf8|i.lumaDepth, 0xf8|i.chromaDepth,
		0, 0, (i.layers+1)<<3|i.nested<<2|3, 3)
	for _, set := range []struct {
		kind byte
		sets *paramSets
	}{{h265VPS, &d.vps}, {h265SPS, &d.sps}, {h265PPS, &d.pps}} {
		// Not marked complete: more of them come in-band.
		b = append(b, set.kind)
		b = binary.BigEndian.AppendUint16(b, uint16(len(set.sets.nals)))
		b = set.sets.appendTo(b)
	}
	return b
}
