package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// g723 is G.723.1 (RFC 3551, 4.5.3): frames of 30 ms, any number in a packet.
// The low bits of a frame's first byte tell its size:
//
//	+-+-+-+-+-+-+-+-+
//	|           |HDR|  00: 24 bytes, 6.3 kbit/s; 01: 20 bytes, 5.3 kbit/s;
//	+-+-+-+-+-+-+-+-+  10: 4 bytes, comfort noise; 11: 1 byte, none
type g723 struct{ track media.Track }

const g723Samples = 240 // of a frame

var g723Sizes = [4]int{24, 20, 4, 1}

func newG723(f Format) (Depacketizer, error) {
	if err := monoOnly(f); err != nil {
		return nil, err
	}
	t := f.track(media.Audio, media.G723)
	t.Channels = 1
	return &g723{track: t}, nil
}

func (d *g723) Track() (media.Track, bool) { return d.track, true }
func (d *g723) Reset()                     {}

func (d *g723) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	for ts := h.Timestamp; len(payload) > 0; ts += g723Samples {
		size := g723Sizes[payload[0]&3]
		if size > len(payload) {
			return ErrMalformed
		}
		emit(Unit{Timestamp: ts, Key: true, Data: payload[:size]})
		payload = payload[size:]
	}
	return nil
}
