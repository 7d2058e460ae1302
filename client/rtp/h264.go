package rtp

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"github.com/pion/rtp"

	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// h264 is RFC 6184. A payload begins like a NAL unit (H.264, 7.3.1):
//
//	+---------------+   type  1-23  one NAL unit
//	|0|1|2|3|4|5|6|7|         24,25 STAP-A, STAP-B: several of one time
//	+-+-+-+-+-+-+-+-+         26,27 MTAP16, MTAP24: several of several times
//	|F|NRI|  type   |         28,29 FU-A, FU-B: a part of one
//	+---------------+
//
//	STAP-A |24| { size16 | NAL }...
//	STAP-B |25| DON16 | { size16 | NAL }...
//	MTAP16 |26| DONB16 | { size16 | DOND8 | offset16 | NAL }...
//	MTAP24 |27| DONB16 | { size16 | DOND8 | offset24 | NAL }...
//	FU-A   |28|S|E|R|type5| part
//	FU-B   |29|S|E|R|type5| DON16 | part
//
// The decoding order numbers count where the description says that the stream is
// interleaved: see donOrder. Elsewhere they are skipped.
type h264 struct {
	format Format
	coding *nal.H264
	nals   nalAssembler
	order  *donOrder // nil: units come in the order in which they are decoded
	track  media.Track
}

const (
	h264STAPA  = 24
	h264STAPB  = 25
	h264MTAP16 = 26
	h264MTAP24 = 27
	h264FUA    = 28
	h264FUB    = 29

	h264Interleaved = "2" // packetization-mode
	h264Depth       = 8   // units that wait where the description forgot to tell
)

func newH264(f Format) (Depacketizer, error) {
	d := &h264{format: f, coding: nal.NewH264()}
	d.nals = newNALAssembler(d.coding)
	d.order = h264Order(f.Params)
	for i, list := range h264Sprops(f.Params) {
		if i%2 == 1 { // a profile and level
			continue
		}
		sprop(list, func(set []byte) {
			if t := set[0] & 0x1f; t == nal.H264PPS || t == nal.H264SPS && validSPS(set) {
				d.coding.Inspect(set)
			}
		})
	}
	return d, nil
}

// h264Sprops are the lists of parameter sets in a description. They may be there
// by level: "level:list:level:list".
func h264Sprops(params map[string]string) []string {
	if list := params["sprop-parameter-sets"]; list != "" {
		return []string{list}
	}
	_, lists, _ := strings.Cut(params["sprop-level-parameter-sets"], ":")
	return strings.SplitN(lists, ":", nal.MaxSets)
}

// h264Order is how the stream is interleaved (RFC 6184, 8.1), nil if it is not.
func h264Order(params map[string]string) *donOrder {
	if params["packetization-mode"] != h264Interleaved {
		return nil
	}
	depth, err := strconv.Atoi(params["sprop-interleaving-depth"])
	span, _ := strconv.Atoi(params["sprop-max-don-diff"])
	switch {
	case err != nil && span <= 0:
		depth = h264Depth
	case depth <= 0 && span <= 0:
		return nil
	}
	return newDONOrder(depth, span)
}

func validSPS(set []byte) bool {
	_, ok := nal.ParseSPS(set)
	return ok
}

func (d *h264) Track() (media.Track, bool) {
	if d.coding.Changed() {
		sps := d.coding.SPS()
		d.track = d.format.track(media.Video, media.H264)
		d.track.Width, d.track.Height, d.track.FrameRate = sps.Width, sps.Height, sps.FrameRate
		d.track.Private = d.coding.Config()
	}
	return d.track, d.track.Private != nil
}

func (d *h264) Reset() {
	d.nals.reset()
	if d.order != nil {
		d.order.reset()
	}
}

func (d *h264) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if d.order != nil {
		return d.interleaved(h, payload, lost, emit)
	}
	err := d.nals.begin(h.Timestamp, lost, emit)
	if len(payload) > 0 && err == nil {
		err = d.payload(h, payload, emit)
	}
	d.nals.end(h.Marker, emit)
	return err
}

// interleaved takes a packet of an interleaved stream and passes on the NAL
// units whose turn it is. Their timestamps alone say where a picture ends: the
// marker is where the packets are.
func (d *h264) interleaved(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if lost {
		d.order.lost()
	}
	var err error
	if len(payload) > 0 {
		err = d.payload(h, payload, emit)
	}
	return errors.Join(err, d.nals.drain(d.order, emit))
}

func (d *h264) payload(h *rtp.Header, p []byte, emit func(Unit)) error {
	switch p[0] & 0x1f {
	case h264STAPA:
		return d.aggregate(h.Timestamp, d.next(), p[1:])
	case h264STAPB:
		if len(p) < 3 {
			return ErrMalformed
		}
		return d.aggregate(h.Timestamp, binary.BigEndian.Uint16(p[1:]), p[3:])
	case h264MTAP16:
		return d.aggregateTimes(h, p, 2, emit)
	case h264MTAP24:
		return d.aggregateTimes(h, p, 3, emit)
	case h264FUA, h264FUB:
		return d.fragment(h.Timestamp, p)
	case 30, 31:
		return nil // not assigned
	}
	return d.put(d.next(), h.Timestamp, p)
}

// next is the decoding order number of a unit that came without one.
func (d *h264) next() uint16 {
	if d.order == nil {
		return 0
	}
	return d.order.next()
}

// put adds a whole NAL unit to the access unit, or to those that wait.
func (d *h264) put(don uint16, ts uint32, unit []byte) error {
	if d.order == nil {
		return d.nals.add(unit)
	}
	return d.order.add(don, ts, len(unit) > 0 && d.coding.Picture(unit), unit)
}

// aggregate takes the NAL units of a STAP; don is the number of the first. Some
// cameras leave entries of size zero in it, or zeros behind the last.
func (d *h264) aggregate(ts uint32, don uint16, p []byte) error {
	for len(p) >= 2 {
		size := int(binary.BigEndian.Uint16(p))
		if p = p[2:]; size > len(p) {
			return ErrMalformed
		}
		if size > 0 {
			if err := d.put(don, ts, p[:size]); err != nil {
				return err
			}
		}
		p = p[size:]
		don++
	}
	return nil
}

// aggregateTimes takes the NAL units of an MTAP, whose times are offsets of the
// packet's, in width bytes.
func (d *h264) aggregateTimes(h *rtp.Header, p []byte, width int, emit func(Unit)) error {
	if len(p) < 3 {
		return ErrMalformed
	}
	base := binary.BigEndian.Uint16(p[1:])
	for p = p[3:]; len(p) >= 3+width; {
		size, don := int(binary.BigEndian.Uint16(p)), base+uint16(p[2])
		var offset uint32
		for _, b := range p[3 : 3+width] {
			offset = offset<<8 | uint32(b)
		}
		p = p[3+width:]
		// RFC 6184, 5.7.2: size counts the NAL unit only.
		if size > len(p) {
			return ErrMalformed
		}
		if d.order == nil {
			if err := d.nals.begin(h.Timestamp+offset, false, emit); err != nil {
				return err
			}
		}
		if size > 0 {
			if err := d.put(don, h.Timestamp+offset, p[:size]); err != nil {
				return err
			}
		}
		p = p[size:]
	}
	return nil
}

// fragment takes an FU. Start and end in one packet is against the RFC, and
// sent; so is a type that changes on the way, where the first is right.
func (d *h264) fragment(ts uint32, p []byte) error {
	if len(p) < 2 {
		return ErrMalformed
	}
	start, end := p[1]&0x80 != 0, p[1]&0x40 != 0
	header := [1]byte{p[0]&0xe0 | p[1]&0x1f}
	part, don := p[2:], d.next()
	if p[0]&0x1f == h264FUB {
		if len(part) < 2 {
			return ErrMalformed
		}
		don = binary.BigEndian.Uint16(part)
		part = part[2:]
	}
	if d.order == nil {
		return d.nals.fragment(header[:], start, end, part)
	}
	if start {
		d.order.start(don, ts, d.coding.Picture(header[:]), header[:])
	}
	return d.order.fragment(part, end)
}
