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

	media.VP8:        {id: "V_VP8"},
	media.VP9:        {id: "V_VP9"},
	media.AV1:        {id: "V_AV1", private: given},           // av1C
	media.MPEG4Video: {id: "V_MPEG4/ISO/ASP", private: given}, // the headers before the first VOP
	media.MPEG1Video: {id: "V_MPEG1"},
	media.MPEG2Video: {id: "V_MPEG2"},
	media.JPEG:       {id: "V_MJPEG"},
	media.Theora:     {id: "V_THEORA", private: given}, // three headers, Xiph lacing
	media.H263:       {id: "V_MS/VFW/FOURCC", private: bitmapInfo("H263")},
	media.H261:       {id: "V_MS/VFW/FOURCC", private: bitmapInfo("H261")},

	media.AAC:    {id: "A_AAC", private: given, sampleRate: 44100, channels: 2}, // AudioSpecificConfig
	media.MP1:    {id: "A_MPEG/L1", sampleRate: 44100, channels: 2},
	media.MP2:    {id: "A_MPEG/L2", sampleRate: 44100, channels: 2},
	media.MP3:    {id: "A_MPEG/L3", sampleRate: 44100, channels: 2},
	media.AC3:    {id: "A_AC3", sampleRate: 48000, channels: 2},
	media.EAC3:   {id: "A_EAC3", sampleRate: 48000, channels: 2},
	media.Opus:   {id: "A_OPUS", private: given, sampleRate: 48000, channels: 2, preRoll: 80 * time.Millisecond}, // OpusHead
	media.Vorbis: {id: "A_VORBIS", private: given, sampleRate: 44100, channels: 2},                               // three headers, Xiph lacing
	media.FLAC:   {id: "A_FLAC", private: given, sampleRate: 44100, channels: 2},                                 // "fLaC" and STREAMINFO

	media.L8:   {id: "A_PCM/INT/LIT", sampleRate: 8000, channels: 1, bitDepth: 8},
	media.L16:  {id: "A_PCM/INT/BIG", sampleRate: 44100, channels: 1, bitDepth: 16},
	media.L24:  {id: "A_PCM/INT/BIG", sampleRate: 48000, channels: 1, bitDepth: 24},
	media.PCM:  {id: "A_PCM/INT/LIT", sampleRate: 8000, channels: 1, bitDepth: 16},
	media.DVI4: {id: "A_PCM/INT/LIT", sampleRate: 8000, channels: 1, bitDepth: 16},

	// What Matroska has no name of its own for goes by its Windows number.
	media.PCMA:  {id: "A_MS/ACM", private: waveFormat(0x0006), sampleRate: 8000, channels: 1, bitDepth: 8},
	media.PCMU:  {id: "A_MS/ACM", private: waveFormat(0x0007), sampleRate: 8000, channels: 1, bitDepth: 8},
	media.AMR:   {id: "A_MS/ACM", private: waveFrames(0x0057), sampleRate: 8000, channels: 1},
	media.AMRWB: {id: "A_MS/ACM", private: waveFrames(0x0058), sampleRate: 16000, channels: 1},
	media.G723:  {id: "A_MS/ACM", private: waveFrames(0x0042), sampleRate: 8000, channels: 1},
	media.G726:  {id: "A_MS/ACM", private: waveG726, sampleRate: 8000, channels: 1},
	media.Speex: {id: "A_MS/ACM", private: waveSpeex, sampleRate: 8000, channels: 1},

	// And what has none, by its QuickTime code.
	media.G722:  {id: "A_QUICKTIME/g722", private: quickTime("g722"), sampleRate: 16000, channels: 1},
	media.GSM:   {id: "A_QUICKTIME/gsm", private: quickTime("gsm "), sampleRate: 8000, channels: 1},
	media.QCELP: {id: "A_QUICKTIME/Qclp", private: quickTime("Qclp"), sampleRate: 8000, channels: 1},
}

// given passes on the configuration that came with the track; no decoder can
// start without it.
func given(t media.Track) ([]byte, error) {
	if len(t.Private) == 0 {
		return nil, ErrNoPrivate
	}
	return t.Private, nil
}

// bitmapInfo makes the BITMAPINFOHEADER of a coding that goes by its Windows
// code. All numbers are little endian:
//
//	 0      4       8        12       14         16       20           24
//	+------+-------+--------+--------+----------+--------+------------+---------------+
//	| size | width | height |planes 1|bits/pixel| fourcc | image size | 16 bytes of 0 |
//	+------+-------+--------+--------+----------+--------+------------+---------------+
func bitmapInfo(fourCC string) func(media.Track) ([]byte, error) {
	return func(t media.Track) ([]byte, error) {
		const size, planes, bitsPerPixel = 40, 1, 24
		b := binary.LittleEndian.AppendUint32(nil, size)
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Width))
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Height))
		b = binary.LittleEndian.AppendUint16(b, planes)
		b = binary.LittleEndian.AppendUint16(b, bitsPerPixel)
		b = append(b, fourCC...)
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Width*t.Height*bitsPerPixel/8))
		return append(b, make([]byte, size-len(b))...), nil
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
