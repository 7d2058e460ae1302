package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// g722 is G.722 (RFC 3551, 4.5.2): a byte is two samples at 16 kHz, the two
// bands of the codec:
//
//	+-+-+-+-+-+-+-+-+
//	| H |     L     |
//	+-+-+-+-+-+-+-+-+
//
// The clock runs at 8 kHz all the same, by an error of RFC 1890 that was kept.
type g722 struct{ track media.Track }

func newG722(f Format) (Depacketizer, error) {
	const rate, bits = 16000, 64000
	if err := monoOnly(f); err != nil {
		return nil, err
	}
	t := f.track(media.Audio, media.G722)
	t.SampleRate, t.Channels, t.BitRate = rate, 1, bits
	return &g722{track: t}, nil
}

func (d *g722) Track() (media.Track, bool) { return d.track, true }
func (d *g722) Reset()                     {}

func (d *g722) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	if len(payload) > 0 {
		emit(Unit{Timestamp: h.Timestamp, Key: true, Data: payload})
	}
	return nil
}
