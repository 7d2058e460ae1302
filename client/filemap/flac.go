package filemap

import (
	"encoding/binary"
	"time"
)

// flacLength reads the first metadata block (RFC 9639, section 8.2), which may
// stand behind an ID3v2 tag:
//
//	"fLaC"  type u8 length u24  block sizes 2*u16  frame sizes 2*u24
//	rate 20 bits  channels 3  sample size 5  samples 36  MD5 16 bytes
func flacLength(f File) time.Duration {
	start := int64(id3Size(f.read(0, 10)))
	b := f.read(start, 42)
	if len(b) < 26 || string(b[:4]) != "fLaC" || b[4]&0x7f != 0 {
		return 0
	}
	v := binary.BigEndian.Uint64(b[18:])
	return ticks(float64(v&(1<<36-1)), float64(v>>44))
}

// id3Size is the length of the ID3v2 tag that b begins with, 0 for none.
//
//	"ID3" version(2) flags(1) size(4, seven bits each)
func id3Size(b []byte) int {
	if len(b) < 10 || string(b[:3]) != "ID3" {
		return 0
	}
	size := 10 + (int(b[6]&0x7f)<<21 | int(b[7]&0x7f)<<14 | int(b[8]&0x7f)<<7 | int(b[9]&0x7f))
	if b[5]&0x10 != 0 { // a footer
		size += 10
	}
	return size
}
