package mux

import (
	"encoding/binary"
	"time"

	"tapedeck/client/media"
)

// format says how Matroska carries a codec. A codec is added by one row here
// and nothing else, where its packets are already in Matroska's form.
type format struct {
	id string // CodecID, as the Matroska codec registry spells it

	// private makes CodecPrivate from the track; nil where the codec has none.
	private func(media.Track) ([]byte, error)

	sampleRate int // of a track that does not know its own
	channels   int
	bitDepth   int
	preRoll    time.Duration // what a decoder must hear before the place it starts at
}

// https://www.matroska.org/technical/codec_specs.html
var formats = map[media.Codec]format{
	media.H264: {id: "V_MPEG4/ISO/AVC", private: given},  // avcC, units with lengths
	media.H265: {id: "V_MPEGH/ISO/HEVC", private: given}, // hvcC, units with lengths

	media.AAC:    {id: "A_AAC", private: given, sampleRate: 44100, channels: 2}, // AudioSpecificConfig
	media.MP3:    {id: "A_MPEG/L3", sampleRate: 44100, channels: 2},
	media.Opus:   {id: "A_OPUS", private: given, sampleRate: 48000, channels: 2, preRoll: 80 * time.Millisecond}, // OpusHead
	media.Vorbis: {id: "A_VORBIS", private: given, sampleRate: 44100, channels: 2},                               // three headers, Xiph lacing
	media.FLAC:   {id: "A_FLAC", private: given, sampleRate: 44100, channels: 2},                                 // "fLaC" and STREAMINFO

	// What Matroska has no name of its own for goes by its Windows number.
	media.PCMA: {id: "A_MS/ACM", private: waveFormat(0x0006), sampleRate: 8000, channels: 1, bitDepth: 8},
	media.PCMU: {id: "A_MS/ACM", private: waveFormat(0x0007), sampleRate: 8000, channels: 1, bitDepth: 8},
}

// given passes on the configuration that came with the track; no decoder can
// start without it.
func given(t media.Track) ([]byte, error) {
	if len(t.Private) == 0 {
		return nil, ErrNoPrivate
	}
	return t.Private, nil
}

// waveFormat makes a WAVEFORMATEX for a coding with one byte a sample. All
// fields are little endian:
//
//	 0       2         4               8                12         14              16
//	+-------+---------+---------------+----------------+----------+---------------+------+
//	|  tag  |channels | samples/s     | bytes/s        |bytes each| bits a sample | more |
//	+-------+---------+---------------+----------------+----------+---------------+------+
func waveFormat(tag uint16) func(media.Track) ([]byte, error) {
	return func(t media.Track) ([]byte, error) {
		const bitsPerSample, more = 8, 0
		b := binary.LittleEndian.AppendUint16(nil, tag)
		b = binary.LittleEndian.AppendUint16(b, uint16(t.Channels))
		b = binary.LittleEndian.AppendUint32(b, uint32(t.SampleRate))
		b = binary.LittleEndian.AppendUint32(b, uint32(t.SampleRate*t.Channels))
		b = binary.LittleEndian.AppendUint16(b, uint16(t.Channels))
		b = binary.LittleEndian.AppendUint16(b, bitsPerSample)
		return binary.LittleEndian.AppendUint16(b, more), nil
	}
}

// opusDelay reads the pre-skip out of an OpusHead (RFC 7845 section 5.1): the
// samples at 48 kHz that the decoder throws away at the beginning. A head that
// is too short has none.
func opusDelay(head []byte) time.Duration {
	const preSkip = 10 // offset: magic 8, version 1, channels 1
	if len(head) < preSkip+2 {
		return 0
	}
	return time.Duration(binary.LittleEndian.Uint16(head[preSkip:])) * time.Second / 48000
}
