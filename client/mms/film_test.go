package mms

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// guid is 16 bytes of one written as people do: its first three groups are
// little endian.
func guid(s string) []byte {
	b, _ := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
	return b
}

func object(id string, body ...[]byte) []byte {
	b := append(guid(id), make([]byte, 8)...)
	for _, part := range body {
		b = append(b, part...)
	}
	binary.LittleEndian.PutUint64(b[16:], uint64(len(b)))
	return b
}

func u16(v int) []byte   { return binary.LittleEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte   { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
func u64(v int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }

const (
	audioStream = 1
	highStream  = 2
	lowStream   = 3

	testSize    = 400 // bytes of a packet
	testPreroll = 3 * time.Second
	testStep    = 40 * time.Millisecond // between two packets
	testGOP     = 25                    // packets from one key picture to the next
)

// shape is what a header of tests says.
type shape struct {
	title    string
	live     bool
	length   time.Duration
	videos   []int // bit rates of the pictures; nil: one
	silent   bool  // there is no sound
	filename string
	secret   bool // all is encrypted
}

// headerOf is a header object and the data object's head.
func headerOf(sh shape) []byte {
	flags := 2
	if sh.live {
		flags = 1
	}
	if sh.videos == nil {
		sh.videos = []int{800_000}
	}
	secret := 0
	if sh.secret {
		secret = 0x8000
	}
	var children [][]byte
	children = append(children, object("8CABDCA1-A947-11CF-8EE4-00C00C205365",
		make([]byte, 16), u64(0), u64(0), u64(0), // file, size, date, packets
		u64(int64((sh.length+testPreroll)/100)), u64(int64(sh.length/100)), u64(int64(testPreroll/time.Millisecond)),
		u32(flags), u32(testSize), u32(testSize), u32(1_000_000)))
	stream := func(n int, kind string, specific []byte) []byte {
		return object("B7DC0791-A9B7-11CF-8EE6-00C00C205365", guid(kind), guid("20FB5700-5B55-11CF-A8FD-00805F5C442B"),
			u64(0), u32(len(specific)), u32(0), u16(n|secret), u32(0), specific)
	}
	rates := [][]byte{u16(0)}
	count := 0
	if !sh.silent {
		wave := append(append(append(append(u16(0x161), u16(2)...), u32(44100)...), u32(8000)...), append(append(u16(100), u16(16)...), u16(0)...)...)
		children = append(children, stream(audioStream, "F8699E40-5B4D-11CF-A8FD-00805F5C442B", wave))
		rates = append(rates, u16(audioStream), u32(64_000))
		count++
	}
	mutex := [][]byte{guid("D6E22A01-35DA-11D1-9034-00A0C90349BE"), u16(len(sh.videos))}
	for i, rate := range sh.videos {
		format := append(append(append(u32(40), u32(320)...), u32(240)...), append(append(u16(1), u16(24)...), "WMV2"...)...)
		format = append(format, make([]byte, 40-len(format))...)
		specific := append(append(append(u32(320), u32(240)...), 2), append(u16(len(format)), format...)...)
		children = append(children, stream(highStream+i, "BC19EFC0-5B4D-11CF-A8FD-00805F5C442B", specific))
		rates = append(rates, u16(highStream+i), u32(rate))
		mutex = append(mutex, u16(highStream+i))
		count++
	}
	rates[0] = u16(count)
	children = append(children, object("7BF875CE-468D-11D1-8D82-006097C9A2B2", rates...))
	if len(sh.videos) > 1 {
		children = append(children, object("D6E229DC-35DA-11D1-9034-00A0C90349BE", mutex...))
	}
	if sh.title != "" {
		t := utf16le(sh.title)
		children = append(children, object("75B22633-668E-11CF-A6D9-00AA0062CE6C", u16(len(t)), u16(0), u16(0), u16(0), u16(0), t))
	}
	if sh.filename != "" {
		link := utf16le(sh.filename)
		children = append(children, object("1EFB1A30-0B62-11D0-A39B-00A0C90348F6", make([]byte, 16), u16(1), u16(1),
			u16(9), utf16le("FILENAME"), u32(3000), u16(0), u16(len(link)/2), link))
	}
	body := [][]byte{u32(len(children)), {1, 2}}
	h := object("75B22630-668E-11CF-A6D9-00AA0062CE6C", append(body, children...)...)
	return append(h, object("75B22636-668E-11CF-A6D9-00AA0062CE6C", make([]byte, 16), u64(0), u16(0x0101))...)
}

func utf16le(s string) []byte {
	var b []byte
	for _, r := range s {
		b = append(b, u16(int(r))...)
	}
	return append(b, 0, 0)
}

// payload is a part of a packet of tests: a whole object.
type payload struct {
	stream int
	key    bool
	data   string
}

// packetOf is an ASF packet without its padding, sent at a time (section 7.5):
//
//	82 00 00 | 01|10 5D | padding(2) | send(4) duration(2) | 80+n
//	stream(key 80) object(1) offset(4) 08 size(4) time(4) length(2) data ...
func packetOf(send time.Duration, object int, payloads ...payload) []byte {
	b := []byte{0x82, 0, 0, 0x11, 0x5d, 0, 0}
	b = append(b, u32(int(uint32(send/time.Millisecond)))...)
	b = append(b, u16(int(testStep/time.Millisecond))...)
	b = append(b, byte(0x80|len(payloads)))
	for _, p := range payloads {
		n := byte(p.stream)
		if p.key {
			n |= 0x80
		}
		b = append(b, n, byte(object), 0, 0, 0, 0, 8)
		b = append(b, u32(len(p.data))...)
		b = append(b, u32(int(uint32((send+testPreroll)/time.Millisecond)))...)
		b = append(b, u16(len(p.data))...)
		b = append(b, p.data...)
	}
	return b
}

// filmPacket is the packet number i of a film: a sound and a picture in each, a
// key picture once a second.
func filmPacket(i int, send time.Duration, on *[128]bool) []byte {
	var p []payload
	for _, n := range []int{audioStream, highStream, lowStream} {
		if on[n] {
			p = append(p, payload{n, n == audioStream || i%testGOP == 0, strings.Repeat(string(rune('a'+n)), 20)})
		}
	}
	if len(p) == 0 {
		return nil
	}
	return packetOf(send, i, p...)
}
