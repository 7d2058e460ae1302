package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// opus is RFC 7587: one Opus packet per RTP packet, as it is. A gap in the
// timestamps is silence that was not sent.
type opus struct{ track media.Track }

const opusRate = 48000 // RFC 7587, 4.1: the clock, whatever is in the sound

func newOpus(f Format) (Depacketizer, error) {
	t := f.track(media.Audio, media.Opus)
	t.SampleRate = opusRate
	// The description says two channels always. A decoder can make two of one
	// and one of two, so two is right unless the sender rules it out.
	t.Channels = 2
	if f.Params["sprop-stereo"] == "0" {
		t.Channels = 1
	}
	t.Private = opusHead(t.Channels)
	return &opus{track: t}, nil
}

// opusHead is the identification header (RFC 7845, 5.1) that Matroska keeps
// as the decoder's configuration:
//
//	"OpusHead" | version | channels | pre-skip16 | rate32 | gain16 | family
//
// with little-endian numbers. RTP has no pre-skip.
func opusHead(channels int) []byte {
	b := append([]byte("OpusHead"), 1, byte(channels), 0, 0)
	b = binary.LittleEndian.AppendUint32(b, opusRate)
	return append(b, 0, 0, 0)
}

func (d *opus) Track() (media.Track, bool) { return d.track, true }
func (d *opus) Reset()                     {}

func (d *opus) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	if len(payload) > 0 {
		emit(Unit{Timestamp: h.Timestamp, Key: true, Data: payload})
	}
	return nil
}
