package cut

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// How the objects of a header begin, and a stream with pictures.
const (
	guidHeader = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	guidData   = "\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	guidFile   = "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"
	guidStream = "\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65"
	guidVideo  = "\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
)

func le(v ...uint32) (b []byte) {
	for _, n := range v {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}

func asfObjectOf(guid string, body ...[]byte) []byte {
	b := join(body...)
	return join([]byte(guid), le(uint32(len(b)+24), 0), b)
}

const asfSize = 64 // of a packet

// asfPacketAt has one payload for each stream, given as its number and the key
// flag; offset is how far into its object it begins.
func asfPacketAt(ms uint32, offset uint32, streams ...byte) []byte {
	b := join([]byte{0x82, 0, 0, 0x01 | 0x08, 0x5d, 0}, le(ms), []byte{0, 0, byte(len(streams)) | 0x80}) // lengths are words; padding is a byte
	for _, s := range streams {
		b = append(join(b, []byte{s, 1}, le(offset), []byte{8}, le(0, 0)), 3, 0, 'a', 'b', 'c')
	}
	return append(b, make([]byte, asfSize-len(b))...)
}

func asfSamples() []sample {
	file := asfObjectOf(guidFile, make([]byte, 68), le(asfSize, asfSize, 0))
	stream := func(guid string, n byte) []byte {
		return asfObjectOf(guidStream, []byte(guid), make([]byte, 32), []byte{n, 0, 0, 0, 0, 0})
	}
	begin := func(objects ...[]byte) []byte {
		b := join(append([][]byte{le(3), {1, 2}, file}, objects...)...)
		data := join([]byte(guidData), le(50, 0), make([]byte, 26))
		return join(asfObjectOf(guidHeader, b), data)
	}
	film := begin(stream(guidVideo, 1), stream(strings.Repeat("a", 16), 2))
	sound := begin(stream(strings.Repeat("a", 16), 2))
	h := func(b []byte) string { return " header " + strconv.Itoa(len(b)) }
	return []sample{
		{"plain", "ASF", join(film, asfPacketAt(5000, 0, 2, 0x81), asfPacketAt(5500, 0, 1), asfPacketAt(6000, 9, 0x81), asfPacketAt(7000, 0, 0x81)),
			[]string{"0s from 5s" + h(film), "2s from 5s"}, 0},
		{"sound, and an encoder that begins anew", "ASF", join(sound, asfPacketAt(0, 0, 2), asfPacketAt(1000, 0, 2), film, asfPacketAt(0, 0, 0x81)),
			[]string{"0s" + h(sound), "1s", "1s from -1s" + h(film)}, 0},
		{"damaged", "ASF", join(sound, asfPacketAt(0, 0, 2), []byte("damage \x82\x00\x00 in the middle of it all, longer than what is looked at"), asfPacketAt(1000, 0, 2), asfPacketAt(2000, 0, 2)),
			[]string{"0s" + h(sound), "1s", "2s"}, 65},
	}
}
