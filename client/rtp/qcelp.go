package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// qcelp is Qcelp, PureVoice (RFC 2658): frames of 20 ms behind a byte that tells
// how they are interleaved:
//
//	 0                   1
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+--
//	|RR | LLL | NNN |     rate      |  frame ... | rate | frame ...
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+--
//
// Of a group of LLL+1 packets, packet NNN has the frames NNN, NNN+LLL+1,
// NNN+2(LLL+1)... The timestamp is that of its first frame.
type qcelp struct {
	track media.Track
	order deinterleaver
}

const qcelpSamples = 160 // of a frame

// qcelpSizes is bytes with the rate's by the rate: blank, 1/8, 1/4, 1/2, 1.
var qcelpSizes = [5]int{1, 4, 8, 17, 35}

const (
	qcelpErasure       = 14
	maxQCELPInterleave = 5
	maxQCELPFrames     = 64 // in a packet; RFC 2658, 3 allows ten
)

func newQCELP(f Format) (Depacketizer, error) {
	if err := monoOnly(f); err != nil {
		return nil, err
	}
	t := f.track(media.Audio, media.QCELP)
	t.Channels = 1
	return &qcelp{track: t}, nil
}

func (d *qcelp) Track() (media.Track, bool) { return d.track, true }
func (d *qcelp) Reset()                     { d.order.reset() }

func (d *qcelp) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	if len(payload) < 2 {
		return ErrMalformed
	}
	length, index := payload[0]>>3&7, payload[0]&7
	if length > maxQCELPInterleave || index > length {
		return ErrMalformed
	}
	d.order.release(h.Timestamp, emit)
	ts, p := h.Timestamp, payload[1:]
	for n := 0; len(p) > 0; ts += qcelpSamples * uint32(length+1) {
		if n++; n > maxQCELPFrames {
			return ErrTooLarge
		}
		size := 1
		if rate := int(p[0]); rate < len(qcelpSizes) {
			size = qcelpSizes[rate]
		} else if rate != qcelpErasure {
			return ErrMalformed
		}
		if size > len(p) {
			return ErrMalformed
		}
		if length > 0 {
			d.order.add(ts, p[:size], emit)
		} else {
			emit(Unit{Timestamp: ts, Key: true, Data: p[:size]})
		}
		p = p[size:]
	}
	d.order.release(h.Timestamp, emit)
	return nil
}
