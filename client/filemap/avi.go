package filemap

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
)

// aviLength multiplies the pictures of the main header by the time of one. A
// file of more than a gigabyte counts those of its first part there and all of
// them in the extended header:
//
//	"avih" size u32  microseconds u32  rate u32  padding u32  flags u32  pictures u32
//	"dmlh" size u32  pictures u32
func aviLength(f File) time.Duration {
	b := f.read(0, window)
	i := bytes.Index(b, []byte("avih"))
	if i < 0 || len(b) < i+28 {
		return 0
	}
	each, count := le32(b[i+8:]), le32(b[i+24:])
	if j := bytes.Index(b, []byte("dmlh")); j >= 0 && len(b) >= j+12 {
		count = max(count, le32(b[j+8:]))
	}
	return ticks(float64(each)*float64(count), 1e6)
}

// waveLength divides the length of the data by that of a second.
//
//	"fmt " size u32  format u16 channels u16 rate u32 bytes a second u32 ...
//	"data" size u32
func waveLength(f File) time.Duration {
	b := f.read(0, 4<<10)
	format, data := bytes.Index(b, []byte("fmt ")), bytes.Index(b, []byte("data"))
	if format < 0 || data < 0 || len(b) < format+20 || len(b) < data+8 {
		return 0
	}
	length := min(int64(le32(b[data+4:])), f.Size-int64(data+8))
	return ticks(float64(length), float64(le32(b[format+16:])))
}

// flvLength reads "duration" out of the script tag in front:
//
//	u16 length "duration"  0 (number)  float64
func flvLength(f File) time.Duration {
	b := f.read(0, headBytes)
	i := bytes.Index(b, []byte("\x00\x08duration\x00"))
	if i < 0 || len(b) < i+19 {
		return 0
	}
	return ticks(math.Float64frombits(binary.BigEndian.Uint64(b[i+11:])), 1)
}

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
