package filemap

import (
	"encoding/binary"
	"time"
)

const (
	maxBoxes    = 64       // boxes of one level that are stepped over
	maxSegments = 16 << 10 // of a segment index
)

// mp4Length finds the movie header (ISO/IEC 14496-12, 8.2.2), or what stands
// for its length where the movie is in fragments: the movie extends header
// (8.8.2) or the segment index (8.16.3).
//
//	size u32 "moov"  size u32 "mvhd"  version u8 flags u24
//	version 0: created u32 modified u32 timescale u32 duration u32
//	version 1: created u64 modified u64 timescale u32 duration u64
func mp4Length(f File) time.Duration {
	moov, end, ok := f.box(0, f.Size, "moov")
	if !ok {
		return 0
	}
	b, _, ok := f.boxBytes(moov, end, "mvhd", 32)
	if !ok {
		return 0
	}
	var scale, length uint64
	switch {
	case b[0] == 0 && len(b) >= 20:
		scale, length = uint64(be32(b[12:])), uint64(be32(b[16:]))
	case b[0] == 1 && len(b) >= 32:
		scale, length = uint64(be32(b[20:])), binary.BigEndian.Uint64(b[24:])
	}
	if d := ticks(float64(length), float64(scale)); d > 0 {
		return d
	}
	if mvex, mvexEnd, ok := f.box(moov, end, "mvex"); ok {
		if b, _, ok := f.boxBytes(mvex, mvexEnd, "mehd", 12); ok {
			length := uint64(be32(b[4:]))
			if b[0] == 1 && len(b) >= 12 {
				length = binary.BigEndian.Uint64(b[4:])
			}
			if d := ticks(float64(length), float64(scale)); d > 0 {
				return d
			}
		}
	}
	return f.segmentIndex(end)
}

// segmentIndex adds up the segments of the index behind the movie box.
//
//	version u8 flags u24 id u32 timescale u32
//	version 0: earliest u32 first u32; version 1: earliest u64 first u64
//	reserved u16 count u16  count times: size u32 duration u32 sap u32
func (f File) segmentIndex(from int64) time.Duration {
	b, _, ok := f.boxBytes(from, f.Size, "sidx", 32+12*maxSegments)
	if !ok || len(b) < 32 {
		return 0
	}
	at := 20
	if b[0] == 1 {
		at = 28
	}
	count := int(binary.BigEndian.Uint16(b[at+2:]))
	at += 4
	var sum float64
	for range min(count, maxSegments) {
		if at+12 > len(b) {
			return 0
		}
		sum += float64(be32(b[at+4:]))
		at += 12
	}
	return ticks(sum, float64(be32(b[8:])))
}

// box is where the content of the first box of this kind between two offsets
// begins and ends.
func (f File) box(off, end int64, kind string) (from, to int64, ok bool) {
	var b [16]byte
	for n := 0; off < end && n < maxBoxes; n++ {
		got := f.At(b[:min(16, f.Size-off)], off)
		if got < 8 {
			return 0, 0, false
		}
		length, head := int64(be32(b[:])), int64(8)
		switch {
		case length == 1 && got == 16:
			length, head = int64(binary.BigEndian.Uint64(b[8:])), 16
		case length == 0: // to the end of the file
			length = end - off
		}
		if length < head || length > end-off {
			return 0, 0, false
		}
		if string(b[4:8]) == kind {
			return off + head, off + length, true
		}
		off += length
	}
	return 0, 0, false
}

// boxBytes is the content of that box, at most limit bytes of it.
func (f File) boxBytes(off, end int64, kind string, limit int) (b []byte, to int64, ok bool) {
	from, to, ok := f.box(off, end, kind)
	if !ok || to-from < 8 {
		return nil, 0, false
	}
	b = f.read(from, int(min(to-from, int64(limit))))
	return b, to, len(b) >= 8
}

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
