package rtp

import (
	"bytes"
	"encoding/binary"
)

// Markers of JPEG (ITU-T T.81, table B.1); ff stands before each.
const (
	jpegSOF0 = 0xc0 // baseline
	jpegSOF1 = 0xc1 // with values of 16 bits in the quantization tables
	jpegDHT  = 0xc4
	jpegSOI  = 0xd8
	jpegEOI  = 0xd9
	jpegSOS  = 0xda
	jpegDQT  = 0xdb
	jpegDRI  = 0xdd
)

// makeHeaders makes the headers of a picture, unless they are those of the last
// one (RFC 2435, appendix B):
//
//	| ff d8 | DQT luma | DQT chroma | DRI | SOF | 4 DHT | (extra tables) | SOS |
//
// where a segment is | ff | marker | size16 | ... and the size counts itself.
func (d *jpeg) makeHeaders(head *jpegHeader) {
	if len(d.made) > 0 && d.from == *head && bytes.Equal(d.used, d.extra) {
		return
	}
	d.from, d.used = *head, append(d.used[:0], d.extra...)
	t := &head.tables
	frame := byte(jpegSOF0)
	b := append(d.made[:0], 0xff, jpegSOI)
	for i := range byte(2) {
		n, precision := jpegTableSize, byte(0)
		if t.wide[i] {
			n, precision, frame = 2*n, 1, jpegSOF1
		}
		b = jpegSegment(b, jpegDQT, 1+n)
		b = append(b, precision<<4|i)
		b = append(b, t.data[i][:n]...)
	}
	if head.restart > 0 {
		b = jpegSegment(b, jpegDRI, 2)
		b = binary.BigEndian.AppendUint16(b, head.restart)
	}
	sampling := byte(0x21) // of luma: two across, one down
	if head.kind == 1 {
		sampling = 0x22
	}
	b = jpegSegment(b, frame, 6+3*3)
	b = append(b, 8) // bits of a sample
	b = binary.BigEndian.AppendUint16(b, uint16(head.height))
	b = binary.BigEndian.AppendUint16(b, uint16(head.width))
	b = append(b, 3, // components: number, sampling, quantization table
		1, sampling, 0,
		2, 0x11, 1,
		3, 0x11, 1)
	for _, h := range jpegHuffman {
		b = jpegSegment(b, jpegDHT, 1+len(h.counts)+len(h.values))
		b = append(b, h.id)
		b = append(b, h.counts[:]...)
		b = append(b, h.values...)
	}
	b = append(b, d.extra...)
	b = jpegSegment(b, jpegSOS, 10)
	d.made = append(b, 3, // components: number, Huffman tables of DC and AC
		1, 0x00,
		2, 0x11,
		3, 0x11,
		0, 63, 0)
}

func jpegSegment(b []byte, marker byte, size int) []byte {
	return binary.BigEndian.AppendUint16(append(b, 0xff, marker), uint16(2+size))
}

// jpegQuantizers are the tables of luma and chroma for Q 50, in zigzag order
// (RFC 2435, appendix A; ITU-T T.81, tables K.1 and K.2).
var jpegQuantizers = [2][jpegTableSize]byte{
	{
		16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
		26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
		56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
		95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
	},
	{
		17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
	},
}

// jpegHuffman are the Huffman tables that RFC 2435 goes by (appendix B; ITU-T
// T.81, tables K.3 to K.6): how many codes there are of each length, and what
// they stand for.
var jpegHuffman = [4]struct {
	id     byte // class and number
	counts [16]byte
	values string
}{
	{0x00, [16]byte{1: 1, 5, 1, 1, 1, 1, 1, 1}, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"},
	{0x10, [16]byte{1: 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d}, "" +
		"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07" +
		"\x22\x71\x14\x32\x81\x91\xa1\x08\x23\x42\xb1\xc1\x15\x52\xd1\xf0" +
		"\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28" +
		"\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49" +
		"\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69" +
		"\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89" +
		"\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7" +
		"\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5" +
		"\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2" +
		"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8" +
		"\xf9\xfa"},
	{0x01, [16]byte{1: 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"},
	{0x11, [16]byte{1: 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77}, "" +
		"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71" +
		"\x13\x22\x32\x81\x08\x14\x42\x91\xa1\xb1\xc1\x09\x23\x33\x52\xf0" +
		"\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26" +
		"\x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48" +
		"\x49\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68" +
		"\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87" +
		"\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5" +
		"\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3" +
		"\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda" +
		"\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8" +
		"\xf9\xfa"},
}
