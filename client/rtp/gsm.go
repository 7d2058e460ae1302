package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// gsm is GSM 06.10, full rate (RFC 3551, 4.5.8): frames of 33 bytes, 20 ms each,
// any number in a packet. Each begins with the four bits 1101:
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+--
//	|1 1 0 1|   LARc0   |   LARc1   | ...
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+--
type gsm struct {
	track media.Track
	step  uint32 // ticks of a frame
}

const (
	gsmFrame   = 33  // bytes
	gsmSamples = 160 // of a frame
	gsmMagic   = 0xd
)

func newGSM(f Format) (Depacketizer, error) {
	if err := monoOnly(f); err != nil {
		return nil, err
	}
	t := f.track(media.Audio, media.GSM)
	t.Channels, t.BitRate = 1, f.ClockRate*gsmFrame*8/gsmSamples
	return &gsm{track: t, step: gsmSamples}, nil
}

func (d *gsm) Track() (media.Track, bool) { return d.track, true }
func (d *gsm) Reset()                     {}

func (d *gsm) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	for ts := h.Timestamp; len(payload) > 0; ts += d.step {
		if len(payload) < gsmFrame || payload[0]>>4 != gsmMagic {
			return ErrMalformed
		}
		emit(Unit{Timestamp: ts, Key: true, Data: payload[:gsmFrame]})
		payload = payload[gsmFrame:]
	}
	return nil
}
