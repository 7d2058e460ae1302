package filemap

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
)

// headBytes of a Matroska file is what stands before its first cluster.
const headBytes = 16 << 10

// matroskaLength finds Duration (4489) in Info, in units of TimestampScale
// (2AD7B1), nanoseconds, a million unless it is there. The ids are looked for
// as bytes: they are unlike anything that stands before the first cluster.
func matroskaLength(f File) time.Duration {
	b := f.read(0, headBytes)
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
		return ticks(float64(math.Float32frombits(be32(b[i+3:])))*scale, 1e9)
	}
	return 0
}
