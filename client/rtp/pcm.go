package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// pcm is PCMU and PCMA (RFC 3551, 4.5.14): the payload is samples of one byte
// each, any number of them, channels interleaved. Cameras use other clocks than
// 8000 as well.
type pcm struct{ track media.Track }

func newPCMU(f Format) (Depacketizer, error) { return newPCM(f, media.PCMU) }
func newPCMA(f Format) (Depacketizer, error) { return newPCM(f, media.PCMA) }

func newPCM(f Format, codec media.Codec) (Depacketizer, error) {
	t := f.track(media.Audio, codec)
	t.Channels = max(t.Channels, 1)
	return &pcm{track: t}, nil
}

func (d *pcm) Track() (media.Track, bool) { return d.track, true }
func (d *pcm) Reset()                     {}

func (d *pcm) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	payload = payload[:len(payload)-len(payload)%d.track.Channels]
	if len(payload) > 0 {
		emit(Unit{Timestamp: h.Timestamp, Key: true, Data: payload})
	}
	return nil
}
