package asf

import (
	"bytes"
	"time"
	"unicode/utf16"
)

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func u16(v ...int) (b []byte) {
	for _, n := range v {
		b = le.AppendUint16(b, uint16(n))
	}
	return b
}

func u32(v ...uint32) (b []byte) {
	for _, n := range v {
		b = le.AppendUint32(b, n)
	}
	return b
}

func u64(v ...uint64) (b []byte) {
	for _, n := range v {
		b = le.AppendUint64(b, n)
	}
	return b
}

// wideText is UTF-16 with a NUL behind it.
func wideText(s string) []byte { return join(wideBare(s), u16(0)) }

func wideBare(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// counted is a text with its length in characters before it.
func counted(s string) []byte {
	t := wideText(s)
	return join(u16(len(t)/2), t)
}

func objectOf(id guid, parts ...[]byte) []byte {
	b := join(parts...)
	return join([]byte(id), u64(uint64(objectHead+len(b))), b)
}

// propsOf are file properties of 3 s of content and 1 s of preroll.
func propsOf(packet uint32, flags uint32) []byte {
	return objectOf(fileProperties, []byte("the id of a file"), u64(100000, 0, 40, 40000000, 30000000, 1000), u32(flags, packet, packet, 500000))
}

func streamOf(number int, kind guid, format []byte) []byte {
	return objectOf(streamProperties, []byte(kind), make([]byte, 16), u64(0), u32(uint32(len(format)), 0), u16(number), u32(0), format)
}

func video(number int, coding string) []byte {
	info := join(u32(40, 320, 180), u16(1, 24), []byte(coding), make([]byte, 20))
	return streamOf(number, videoStream, join(u32(320, 180), []byte{2}, u16(len(info)), info))
}

func audio(number, tag int) []byte {
	return streamOf(number, audioStream, join(u16(tag, 2), u32(44100, 8000), u16(1024, 16, 0)))
}

func rates(pairs ...int) []byte {
	b := u16(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		b = join(b, u16(pairs[i]), u32(uint32(pairs[i+1])))
	}
	return objectOf(streamBitrates, b)
}

func exclusionOf(by guid, streams ...int) []byte {
	return objectOf(bitrateExclusion, []byte(by), u16(len(streams)), u16(streams...))
}

func extensionOf(parts ...[]byte) []byte {
	b := join(parts...)
	return objectOf(headerExtension, []byte("an id of its own"), u16(6), u32(uint32(len(b))), b)
}

// extendedOf are extended stream properties; within may be stream properties.
func extendedOf(number, language, bitRate int, frame time.Duration, within ...[]byte) []byte {
	return objectOf(extendedStream, u64(0, 0), u32(uint32(bitRate), 0, 0, 0, 0, 0, 0, 0), u16(number, language), u64(uint64(frame/100)), u16(1, 1),
		u16(0), u16(len(wideText("a name"))), wideText("a name"), // the names
		make([]byte, 16), u16(0xffff), u32(3), []byte("abc"), // the extensions
		join(within...))
}

func languagesOf(names ...string) []byte {
	b := u16(len(names))
	for _, n := range names {
		b = join(b, []byte{byte(len(wideText(n)))}, wideText(n))
	}
	return objectOf(languageList, b)
}

func prioritiesOf(streams ...int) []byte {
	b := u16(len(streams))
	for _, n := range streams {
		b = join(b, u16(n, 0))
	}
	return objectOf(prioritization, b)
}

// headerOf is a header object without a data object.
func headerOf(children ...[]byte) []byte {
	return objectOf(headerObject, u32(uint32(len(children))), []byte{1, 2}, join(children...))
}

func dataOf(packets int, size uint64) []byte {
	return join([]byte(dataObject), u64(size), []byte("the id of a file"), u64(uint64(packets)), []byte{1, 1})
}

// layout is how a packet says its numbers: types of two bits.
type layout struct {
	correction                 string
	length, sequence, padding  byte
	object, offset, replicated byte
	several                    bool
	payload                    byte // the type of a payload's length
}

// common is what Microsoft's and ffmpeg's encoders write.
var common = layout{correction: "\x82\x00\x00", padding: 1, object: 1, offset: 3, replicated: 1, several: true, payload: 2}

// part is a payload of a packet.
type part struct {
	head           byte // stream and key flag
	object, offset uint32
	copied         []byte // replicated data
	data           string
}

// sized is replicated data with the size and the time of an object.
func sized(size, ms uint32) []byte { return u32(size, ms) }

// packet writes a packet of size bytes; short says that it has no padding. Its
// send time is 1000 ms.
func (l layout) packet(size int, parts ...part) []byte { return l.packetAt(1000, size, parts...) }

func (l layout) packetAt(ms uint32, size int, parts ...part) []byte {
	several := byte(0)
	if l.several {
		several = 1
	}
	var body []byte
	if l.several {
		body = append(body, byte(len(parts))|l.payload<<6)
	}
	for _, p := range parts {
		body = join(body, []byte{p.head}, numberOf(l.object, p.object), numberOf(l.offset, p.offset), numberOf(l.replicated, uint32(len(p.copied))), p.copied)
		if l.several {
			body = append(body, numberOf(l.payload, uint32(len(p.data)))...)
		}
		body = append(body, p.data...)
	}
	used := len(l.correction) + 2 + width(l.length) + width(l.sequence) + width(l.padding) + 6 + len(body)
	return join([]byte(l.correction), []byte{l.length<<5 | l.padding<<3 | l.sequence<<1 | several, 1<<6 | l.object<<4 | l.offset<<2 | l.replicated},
		numberOf(l.length, uint32(size)), numberOf(l.sequence, 7), numberOf(l.padding, uint32(size-used)), u32(ms), u16(40),
		body, make([]byte, max(0, size-used)))
}

func numberOf(kind byte, v uint32) []byte { return u32(v)[:width(kind)] }
