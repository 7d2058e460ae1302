package mux

import (
	"encoding/binary"

	"tapedeck/client/media"
)

// wave is what a WAVEFORMATEX says besides the rate and the channels. All
// fields are little endian:
//
//	 0       2         4               8                12         14              16
//	+-------+---------+---------------+----------------+----------+---------------+------+------
//	|  tag  |channels | samples/s     | bytes/s        |bytes each| bits a sample | size | more
//	+-------+---------+---------------+----------------+----------+---------------+------+------
type wave struct {
	tag   uint16
	bytes int    // a second
	each  int    // bytes of all channels' samples; 0 where packets are frames: VLC holds one back otherwise
	bits  int    // of a sample; 0 where that means nothing
	more  []byte // what the decoder wants besides
}

func (w wave) private(t media.Track) []byte {
	b := binary.LittleEndian.AppendUint16(nil, w.tag)
	b = binary.LittleEndian.AppendUint16(b, uint16(t.Channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(t.SampleRate))
	b = binary.LittleEndian.AppendUint32(b, uint32(w.bytes))
	b = binary.LittleEndian.AppendUint16(b, uint16(w.each))
	b = binary.LittleEndian.AppendUint16(b, uint16(w.bits))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(w.more)))
	return append(b, w.more...)
}

// waveFormat is for a coding with one byte a sample.
func waveFormat(tag uint16) func(media.Track) ([]byte, error) {
	return func(t media.Track) ([]byte, error) {
		return wave{tag: tag, bytes: t.SampleRate * t.Channels, each: t.Channels, bits: 8}.private(t), nil
	}
}

// waveFrames is for a coding whose packets are frames that tell their size.
func waveFrames(tag uint16) func(media.Track) ([]byte, error) {
	return func(t media.Track) ([]byte, error) {
		return wave{tag: tag, bytes: t.BitRate / 8}.private(t), nil
	}
}

// waveG726 tells the bits of a sample, which nothing in the stream does.
func waveG726(t media.Track) ([]byte, error) {
	const tag = 0x0045
	bits := t.BitRate / t.SampleRate
	if bits < 2 || bits > 5 {
		return nil, ErrNoPrivate
	}
	return wave{tag: tag, bytes: t.BitRate / 8, bits: bits}.private(t), nil
}

// waveSpeex adds Speex's header and a comment without content, in the lacing of
// Xiph: | 1 | length of the header | header | comment |.
func waveSpeex(t media.Track) ([]byte, error) {
	const tag, comment = 0xa109, 8
	if len(t.Private) == 0 || len(t.Private) >= 255 {
		return nil, ErrNoPrivate
	}
	more := append([]byte{1, byte(len(t.Private))}, t.Private...)
	more = append(more, make([]byte, comment)...)
	return wave{tag: tag, bytes: t.BitRate / 8, more: more}.private(t), nil
}

// quickTime is for a coding that has no Windows number either. VLC takes the
// first four bytes of the private data of "A_QUICKTIME/..." for the name of the
// coding, any that it knows.
func quickTime(code string) func(media.Track) ([]byte, error) {
	return func(media.Track) ([]byte, error) { return []byte(code), nil }
}
