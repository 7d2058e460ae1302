package rtp

import (
	"strconv"
	"strings"

	"github.com/pion/rtp"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// opus is RFC 7587: one Opus packet per RTP packet, as it is. A gap in the
// timestamps is silence that was not sent. multiopus, which browsers and
// GStreamer send, has several streams in the packet, each but the last with its
// length (RFC 6716, appendix B), and tells in the description which is what.
type opus struct{ track media.Track }

func newOpus(f Format) (Depacketizer, error) {
	t := f.track(media.Audio, media.Opus)
	t.SampleRate = audioframe.OpusRate
	// The description says two channels always. A decoder can make two of one
	// and one of two, so two is right unless the sender rules it out.
	t.Channels = 2
	if f.Params["sprop-stereo"] == "0" {
		t.Channels = 1
	}
	t.Private = audioframe.OpusHead(t.Channels, 0)
	return &opus{track: t}, nil
}

// maxOpusChannels is what the mapping of Vorbis, family 1, has places for (RFC
// 7845, 5.1.1.2), and what players take.
const maxOpusChannels = 8

func newMultiOpus(f Format) (Depacketizer, error) {
	number := func(s string) int {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 0 || n > 255 {
			return -1
		}
		return n
	}
	t := f.track(media.Audio, media.Opus)
	t.SampleRate = audioframe.OpusRate
	streams, coupled := number(f.Params["num_streams"]), number(f.Params["coupled_streams"])
	mapping := strings.Split(f.Params["channel_mapping"], ",")
	if t.Channels == 0 {
		t.Channels = len(mapping)
	}
	if t.Channels != len(mapping) || t.Channels > maxOpusChannels || streams < 1 || coupled < 0 || coupled > streams {
		return nil, &UnsupportedError{Encoding: f.Encoding + " with such channels"}
	}
	t.Private = append(audioframe.OpusHead(t.Channels, 1), byte(streams), byte(coupled))
	for _, s := range mapping {
		n := number(s)
		if n < 0 || n != 255 && n >= streams+coupled { // 255 is silence
			return nil, &UnsupportedError{Encoding: f.Encoding + " with such channels"}
		}
		t.Private = append(t.Private, byte(n))
	}
	return &opus{track: t}, nil
}

func (d *opus) Track() (media.Track, bool) { return d.track, true }
func (d *opus) Reset()                     {}

func (d *opus) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	if len(payload) > 0 {
		emit(Unit{Timestamp: h.Timestamp, Key: true, Data: payload})
	}
	return nil
}
