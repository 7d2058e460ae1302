package web

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
)

const (
	maxBoxes  = 64       // top-level boxes of an MP4 that are stepped over
	headBytes = 16 << 10 // of a Matroska file: what stands before its first cluster
	maxLength = 1e6 * time.Second
)

// playingTime is how long a file plays, as its container says, from what at
// gives of it. at never asks the server: it returns fewer bytes, or none, where
// they are not kept yet, and 0 is returned.
func playingTime(contentType string, size int64, bitRate int, at func(p []byte, off int64) int) time.Duration {
	var d time.Duration
	switch contentType {
	case "video/mp4", "audio/mp4":
		d = mp4Length(size, at)
	case "video/x-matroska", "video/webm":
		d = matroskaLength(at)
	case "audio/mpeg", "audio/aac":
		if bitRate > 0 {
			d = time.Duration(float64(size) * 8 / float64(bitRate) * float64(time.Second))
		}
	}
	if d < 0 || d > maxLength {
		return 0
	}
	return d
}

// mp4Length finds the movie header (ISO/IEC 14496-12, 8.2.2):
//
//	size u32 "moov"  size u32 "mvhd"  version u8 flags u24
//	version 0: created u32 modified u32 timescale u32 duration u32
//	version 1: created u64 modified u64 timescale u32 duration u64
func mp4Length(size int64, at func(p []byte, off int64) int) time.Duration {
	var b [48]byte
	for off, n := int64(0), 0; off < size && n < maxBoxes; n++ {
		if at(b[:], off) < 16 {
			return 0
		}
		length := int64(binary.BigEndian.Uint32(b[:]))
		if length == 1 {
			length = int64(binary.BigEndian.Uint64(b[8:]))
		}
		if string(b[4:8]) == "moov" && string(b[12:16]) == "mvhd" {
			return movieHeader(b[16:])
		}
		if length < 8 || length > size-off {
			return 0
		}
		off += length
	}
	return 0
}

func movieHeader(b []byte) time.Duration {
	var scale, length uint64
	switch b[0] {
	case 0:
		scale, length = uint64(binary.BigEndian.Uint32(b[12:])), uint64(binary.BigEndian.Uint32(b[16:]))
	case 1:
		scale, length = uint64(binary.BigEndian.Uint32(b[20:])), binary.BigEndian.Uint64(b[24:])
	}
	return ticks(float64(length), float64(scale))
}

// matroskaLength finds Duration (4489) in Info, in units of TimestampScale
// (2AD7B1), nanoseconds, a million unless it is there. The ids are looked for
// as bytes: they are unlike anything that stands before the first cluster.
func matroskaLength(at func(p []byte, off int64) int) time.Duration {
	b := make([]byte, headBytes)
	b = b[:at(b, 0)]
	if i := bytes.Index(b, []byte("\x1f\x43\xb6\x75")); i >= 0 {
		b = b[:i]
	}
	info := bytes.Index(b, []byte("\x15\x49\xa9\x66"))
	if info < 0 {
		return 0
	}
	b = b[info:]
	scale := 1e6
	if i := bytes.Index(b, []byte("\x2a\xd7\xb1\x83")); i >= 0 && len(b) >= i+7 {
		scale = float64(uint32(b[i+4])<<16 | uint32(b[i+5])<<8 | uint32(b[i+6]))
	}
	if i := bytes.Index(b, []byte("\x44\x89\x88")); i >= 0 && len(b) >= i+11 {
		return ticks(math.Float64frombits(binary.BigEndian.Uint64(b[i+3:]))*scale, 1e9)
	}
	if i := bytes.Index(b, []byte("\x44\x89\x84")); i >= 0 && len(b) >= i+7 {
		return ticks(float64(math.Float32frombits(binary.BigEndian.Uint32(b[i+3:])))*scale, 1e9)
	}
	return 0
}

// ticks is n units of 1/rate seconds; 0 for what is no time at all.
func ticks(n, rate float64) time.Duration {
	s := n / rate
	if !(s > 0 && s < maxLength.Seconds()) { // also NaN
		return 0
	}
	return time.Duration(s * float64(time.Second))
}
