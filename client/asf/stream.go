package asf

import (
	"time"

	"tapedeck/client/media"
)

// Limits of what a stream says of itself.
const (
	maxSide     = 1 << 14 // samples of a picture
	maxSampling = 1 << 20 // samples of sound a second
	maxChannels = 64
	maxFrame    = time.Minute // between two pictures
)

// fileProperties reads the file properties object (section 3.2).
//
//	24 file id(16) | 40 file size(8) | 48 created(8) | 56 packets(8) | 64 play time(8, 100 ns, with the preroll)
//	72 send time(8, 100 ns) | 80 preroll(8, ms) | 88 flags(4): 1 broadcast 2 seekable
//	92 least packet(4) | 96 largest packet(4) | 100 bit rate(4)
func (r *reading) fileProperties(o []byte) bool {
	if len(o) < propsRate {
		return false
	}
	size, least := le.Uint32(o[propsMost:]), le.Uint32(o[propsLeast:])
	if size < MinPacket || size > MaxPacket { // they are to be the same
		size = least
	}
	if size < MinPacket || size > MaxPacket {
		return false
	}
	r.PacketSize = int(size)
	flags := le.Uint32(o[propsFlags:])
	r.Broadcast, r.Seekable = flags&flagBroadcast != 0, flags&flagSeekable != 0
	if ms := le.Uint64(o[propsPreroll:]); ms <= maxPreroll {
		r.Preroll = time.Duration(ms) * time.Millisecond
	}
	if play := le.Uint64(o[propsPlay:]); play <= maxPlay && !r.Broadcast {
		r.Duration = max(0, time.Duration(play)*100-r.Preroll)
	}
	if !r.Broadcast {
		r.Packets = le.Uint64(o[propsPackets:])
	}
	if len(o) >= propsRate+4 {
		r.MaxBitRate = rate(le.Uint32(o[propsRate:]))
	}
	return true
}

// Places in the file properties.
const (
	propsSize    = 40
	propsPackets = 56
	propsPlay    = 64
	propsSend    = 72
	propsPreroll = 80
	propsFlags   = 88
	propsLeast   = 92
	propsMost    = 96
	propsRate    = 100

	flagBroadcast = 1
	flagSeekable  = 2
)

// rate is a bit rate that can be, or 0.
func rate(v uint32) int {
	if v > maxRate {
		return 0
	}
	return int(v)
}

// streamProperties reads the stream properties object (section 3.3).
//
//	24 type(16) | 40 error correction(16) | 56 time offset(8) | 64 length of the format(4) | 68 of the correction's data(4)
//	72 flags(2): encrypted(1 bit) .. number(7 bits) | 74 0(4) | 78 format, correction's data
func (r *reading) streamProperties(o []byte) {
	if len(o) < propsFormat {
		return
	}
	flags := le.Uint16(o[propsNumber:])
	s := Stream{Number: int(flags & 0x7f), Encrypted: flags&0x8000 != 0, Kind: media.Data}
	if s.Number == 0 || r.known[s.Number] {
		return
	}
	r.known[s.Number] = true
	f := fields(o, propsFormat)
	format := f.bytes(min(uint64(le.Uint32(o[64:])), uint64(len(o)-propsFormat)))
	correction := f.bytes(min(uint64(le.Uint32(o[68:])), uint64(len(f.b))))
	switch guid(o[24:40]) {
	case audioStream:
		s.audio(format)
		if guid(o[40:56]) == audioSpread && !spreads(correction) {
			s.Problem = "its sound is scrambled in a way that cannot be"
		}
	case videoStream:
		s.video(format)
	case commandStream:
		s.Codec = "script commands"
	case imageStream:
		s.Codec = media.JPEG
	case embeddedStream:
		// Recorders of television wrap the format: two ids, two numbers, an id, a number.
		const wrapped = 16 + 16 + 4 + 4 + 4 + 16 + 4
		if len(format) >= wrapped && guid(format[:16]) == embeddedAudio {
			s.audio(format[wrapped:])
			break
		}
		fallthrough
	default:
		s.Codec, s.Problem = "unknown", "streams of its type are not played"
	}
	r.Streams = append(r.Streams, s)
}

const (
	propsNumber = 72
	propsFormat = 78
)

// audio reads a WAVEFORMATEX. With the tag 0xFFFE the coding is in the GUID of
// its extension.
//
//	tag(2) channels(2) samples a second(4) bytes a second(4) block(2) bits(2) length(2) | bits(2) speakers(4) GUID(16)
func (s *Stream) audio(b []byte) {
	s.Kind = media.Audio
	f := fields(b, 0)
	tag := f.u16()
	if channels := f.u16(); channels <= maxChannels {
		s.Channels = channels
	}
	if n := f.number(4); n <= maxSampling {
		s.SampleRate = int(n)
	}
	if n := f.number(4); n <= maxRate/8 {
		s.average = 8 * int(n)
	}
	if tag == tagExtensible && len(b) >= 18+22 {
		tag = int(le.Uint16(b[18+6:]))
	}
	s.Codec = audioCodec(tag)
}

// video reads what a video stream has: its size and a BITMAPINFOHEADER.
//
//	width(4) height(4) 2 length(2) | length(4) width(4) height(4) planes(2) bits(2) coding(4) ...
func (s *Stream) video(b []byte) {
	s.Kind = media.Video
	f := fields(b, 0)
	s.Width, s.Height = side(f.number(4)), side(f.number(4))
	f.bytes(3 + 4)
	if w, h := f.number(4), f.number(4); s.Width == 0 || s.Height == 0 {
		s.Width, s.Height = side(w), side(h)
	}
	f.bytes(4)
	s.Codec = videoCodec(f.bytes(4))
}

// side is a width or a height that can be, or 0. Pictures that are stored upside
// down have negative ones.
func side(v uint32) int {
	n := int(int32(v))
	n = max(n, -n)
	if n > maxSide {
		return 0
	}
	return n
}

// spreads reports whether sound can be unscrambled: it is a table of span rows
// of packet/chunk chunks. A span of up to 1 is not scrambled.
//
//	span(1) packet(2) chunk(2) ...
func spreads(b []byte) bool {
	if len(b) < 5 || b[0] <= 1 {
		return true
	}
	packet, chunk := le.Uint16(b[1:]), le.Uint16(b[3:])
	return packet > 0 && chunk > 0 && packet%chunk == 0
}

// extended is what the extended stream properties say of a stream.
type extended struct {
	known     bool
	bitRate   int
	language  int
	frameTime time.Duration
	name      string
}

// extendedStream reads the extended stream properties (section 4.1), which may
// have the stream properties within them.
//
//	24 start(8) | 32 end(8) | 40 bit rate(4) ... | 72 stream(2) | 74 language(2) | 76 time of a picture(8, 100 ns)
//	84 names(2) | 86 extensions(2) | names: language(2) length(2) text | extensions: GUID(16) size(2) length(4) data
//	[stream properties]
func (r *reading) extendedStream(o []byte) {
	if len(o) < extendedHead {
		return
	}
	e := extended{known: true, bitRate: rate(le.Uint32(o[40:])), language: int(le.Uint16(o[74:]))}
	if t := le.Uint64(o[76:]); t <= uint64(maxFrame/100) {
		e.frameTime = time.Duration(t) * 100
	}
	f, name := extendedTail(o)
	e.name = text(name)
	number := int(le.Uint16(o[propsNumber:]))
	if number >= 1 && number <= MaxStream && !r.extended[number].known {
		r.extended[number] = e
	}
	if inner := embedded(o, len(o)-len(f.b)); !f.broken && inner != nil {
		r.streamProperties(inner)
	}
}

// extendedTail is what lies behind the lists of the extended stream properties,
// broken if they do not fit, and the first name.
func extendedTail(o []byte) (f *field, name []byte) {
	f = fields(o, extendedHead)
	for i := range int(le.Uint16(o[84:])) {
		f.u16()
		if b := f.bytes(uint64(f.u16())); i == 0 {
			name = b
		}
		if f.broken {
			return f, name
		}
	}
	for range int(le.Uint16(o[86:])) {
		f.bytes(16 + 2)
		if f.bytes(uint64(f.number(4))); f.broken {
			break
		}
	}
	return f, name
}

// embedded is the stream properties of the same stream that extended ones have
// within them, behind at bytes; nil where there are none.
func embedded(o []byte, at int) []byte {
	for id, inner := range objects(o[at:]) {
		if id == streamProperties && len(inner) >= propsFormat && int(le.Uint16(inner[propsNumber:])&0x7f) == int(le.Uint16(o[propsNumber:])) {
			return inner
		}
		break
	}
	return nil
}

const extendedHead = 88
