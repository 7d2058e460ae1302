package rtp

import (
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/pion/rtp"

	"tapedeck/client/media"
	"tapedeck/client/nal"
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
	format    Format
	coding    *nal.H265
	nals      nalAssembler
	order     *donOrder // nil: no numbers are in the payloads
	unwrapped []byte    // what was in a PACI
	track     media.Track
}

const (
	h265AP   = 48
	h265FU   = 49
	h265PACI = 50
)

func newH265(f Format) (Depacketizer, error) {
	d := &h265{format: f, coding: nal.NewH265()}
	d.nals = newNALAssembler(d.coding)
	span, err := strconv.Atoi(f.Params["sprop-max-don-diff"])
	depth, _ := strconv.Atoi(f.Params["sprop-depack-buf-nalus"])
	if span > 0 || depth > 0 && err != nil {
		d.order = newDONOrder(depth, span)
	}
	for _, key := range []string{"sprop-vps", "sprop-sps", "sprop-pps"} {
		sprop(f.Params[key], func(set []byte) {
			if len(set) < 3 {
				return
			}
			// Cameras put the sets under one another's keys: the type counts.
			switch nal.H265Type(set) {
			case nal.H265SPS:
				if _, ok := nal.ParseSPS265(set); ok {
					d.coding.Inspect(set)
				}
			case nal.H265VPS, nal.H265PPS:
				d.coding.Inspect(set)
			}
		})
	}
	return d, nil
}

func (d *h265) Track() (media.Track, bool) {
	if d.coding.Changed() {
		sps := d.coding.SPS()
		d.track = d.format.track(media.Video, media.H265)
		d.track.Width, d.track.Height = sps.Width, sps.Height
		d.track.Private = d.coding.Config()
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
	if nal.H265Type(p) == h265PACI {
		var err error
		if p, err = d.unwrap(p); err != nil {
			return err
		}
	}
	switch nal.H265Type(p) {
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
func (d *h265) put(don uint16, ts uint32, unit []byte) error {
	if d.order == nil {
		return d.nals.add(unit)
	}
	return d.order.add(don, ts, true, unit)
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
