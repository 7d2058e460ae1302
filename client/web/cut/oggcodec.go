package cut

import (
	"bytes"
	"encoding/binary"
	"time"

	"tapedeck/client/audioframe"
)

// oggCodec is what the first packet of an Ogg stream says.
type oggCodec struct {
	kind    oggKind
	picture bool
	headers int   // packets before the first media
	rate    int64 // granule positions a second; 0: they tell no time
	delay   int64 // samples that are thrown away at first: Opus
	block   int64 // samples of a packet, about
	shift   uint  // of Theora's granule position: key picture | pictures since
	frames  int64 // units a second of Theora are frames / per
}

type oggKind uint8

const (
	oggOther oggKind = iota
	oggVorbis
	oggOpus
	oggFLAC
	oggSpeex
	oggTheora
	oggSkeleton
)

const (
	maxOggHeaders  = 64
	maxSampleRate  = 1 << 20
	maxBlock       = 1 << 16
	theoraKeyShift = 40 // byte of the header in which it begins
)

// readOggCodec reads a stream's first packet:
//
//	Vorbis    1 "vorbis" version(4) channels(1) rate(4) ... at 28: block sizes, two powers of 2
//	Opus      "OpusHead" version(1) channels(1) samples to skip(2)    RFC 7845, 5.1
//	FLAC      0x7f "FLAC" version(2) headers to come(2, big endian) "fLaC" STREAMINFO
//	Speex     "Speex   " version(20) id(4) size(4) rate(4) mode(4) .. (4) channels(4) .. (4) frame(4) .. (4) frames(4) extra headers(4)
//	Theora    0x80 "theora" version(3) .. at 22: rate(4), per(4) .. at 40: quality(6 bits) shift(5) ..
func readOggCodec(b []byte) oggCodec {
	switch little := binary.LittleEndian; {
	case bytes.HasPrefix(b, []byte("\x01vorbis")) && len(b) >= 29:
		return oggCodec{kind: oggVorbis, headers: 3, rate: sane(little.Uint32(b[12:])), block: 1 << (b[28] >> 4) / 2}
	case bytes.HasPrefix(b, []byte("OpusHead")) && len(b) >= 12:
		return oggCodec{kind: oggOpus, headers: 2, rate: audioframe.OpusRate, delay: int64(little.Uint16(b[10:]))}
	case bytes.HasPrefix(b, []byte("\x7fFLAC")) && len(b) >= 13+4+34:
		info := readStreamInfo(b[17:])
		n := int(binary.BigEndian.Uint16(b[7:]))
		if n == 0 || n > maxOggHeaders {
			n = maxOggHeaders // not said: the first frame tells
		}
		return oggCodec{kind: oggFLAC, headers: 1 + n, rate: info.rate, block: info.block}
	case bytes.HasPrefix(b, []byte("Speex   ")) && len(b) >= 72:
		frame, frames := min(little.Uint32(b[56:]), maxBlock), min(little.Uint32(b[64:]), maxOggHeaders)
		return oggCodec{kind: oggSpeex, headers: 2 + int(min(little.Uint32(b[68:]), maxOggHeaders)), rate: sane(little.Uint32(b[36:])),
			block: int64(frame) * int64(max(frames, 1))}
	case bytes.HasPrefix(b, []byte("\x80theora")) && len(b) >= theoraKeyShift+2:
		return oggCodec{kind: oggTheora, picture: true, headers: 3, rate: int64(little.Uint32(flip(b[22:]))), frames: int64(little.Uint32(flip(b[26:]))),
			shift: uint(b[40]&3)<<3 | uint(b[41]>>5)}
	case bytes.HasPrefix(b, []byte("fishead\x00")):
		return oggCodec{kind: oggSkeleton, headers: maxOggHeaders}
	}
	return oggCodec{}
}

// flip is a number in the other order.
func flip(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, binary.BigEndian.Uint32(b))
}

func sane(rate uint32) int64 {
	if rate > maxSampleRate {
		return 0
	}
	return int64(rate)
}

// played reports whether the stream is heard or seen.
func (c *oggCodec) played() bool { return c.kind != oggOther && c.kind != oggSkeleton }

// isHeader reports whether a page is one of the link's headers, which have the
// granule position 0, or -1 where a large one goes on.
func (s *oggStream) isHeader(granule int64, data []byte) bool {
	switch {
	case granule > 0 || s.packets >= s.headers && s.played():
		return false
	case s.kind == oggFLAC:
		return len(data) == 0 || data[0] != 0xff || granule < 0
	}
	return true
}

// time is the media time of a granule position.
func (c *oggCodec) time(granule int64) time.Duration {
	if c.kind == oggTheora {
		n := granule>>c.shift + granule&(1<<c.shift-1)
		if n > 1<<40 || c.frames > 1<<20 {
			return maxStamp
		}
		return ticks(n*c.frames, c.rate)
	}
	return ticks(granule-c.delay, c.rate)
}

// samples is how much the packets that end on a page hold, in units of the
// granule position; about, where only a decoder knows.
func (c *oggCodec) samples(data, lengths []byte) (n int64) {
	for begin, i := 0, 0; i < len(lengths); i++ {
		size := int(lengths[i])
		for lengths[i] == 255 && i+1 < len(lengths) {
			i++
			size += int(lengths[i])
		}
		if lengths[i] < 255 {
			n += c.packetSamples(data[begin : begin+size])
		}
		begin += size
	}
	return n
}

func (c *oggCodec) packetSamples(p []byte) int64 {
	if c.kind == oggOpus {
		return int64(audioframe.OpusDuration(p)) * audioframe.OpusRate / int64(time.Second)
	}
	return c.block
}

// entry reports whether a decoder can start at a page on which a packet
// begins: with sound anywhere, in Theora where one of them is a key picture.
func (c *oggCodec) entry(data, lengths []byte, continued bool) bool {
	if !c.picture {
		return c.played()
	}
	begins := !continued
	for _, n := range lengths {
		if begins && n > 0 && data[0]&0xc0 == 0 {
			return true
		}
		begins, data = n < 255, data[n:]
	}
	return false
}

// commentsIn is the comments in header packet number of the stream, without
// what each codec puts before them; nil where they are not in it.
func (c *oggCodec) commentsIn(packet []byte, number int) []byte {
	var mark string
	switch c.kind {
	case oggVorbis:
		mark = "\x03vorbis"
	case oggOpus:
		mark = "OpusTags"
	case oggTheora:
		mark = "\x81theora"
	case oggFLAC:
		if number == 0 || len(packet) < 4 || packet[0]&0x7f != flacComments {
			return nil
		}
		return packet[4:]
	case oggSpeex:
		if number != 1 {
			return nil
		}
	case oggOther, oggSkeleton:
		return nil
	}
	rest, ok := bytes.CutPrefix(packet, []byte(mark))
	if !ok || number == 0 {
		return nil
	}
	return rest
}
