package fmp4

import "encoding/binary"

// A box (ISO/IEC 14496-12, 4.2):
//
//	+--------+--------+----------+------------
//	| size32 | type   | (size64) | content ...
//	+--------+--------+----------+------------
//
// The size counts all of it. 1 says that 64 bits follow, 0 that the box goes on
// to the end. A "full" box's content begins with | version8 | flags24 |.
const (
	boxHead  = 8
	boxLarge = 16
	fullHead = 4
)

// fourCC is the type of a box or of a sample entry.
type fourCC [4]byte

// String cleans what comes from the network.
func (f fourCC) String() string {
	for i, c := range f {
		if c < ' ' || c > '~' {
			f[i] = '.'
		}
	}
	return string(f[:])
}

// headSize is how long the head is that begins with b, as far as b tells.
func headSize(b []byte) int {
	if len(b) >= boxHead && binary.BigEndian.Uint32(b) == 1 {
		return boxLarge
	}
	return boxHead
}

// sizeOf reads the size of a whole box out of its head: -1 for one that goes on
// to the end, 0 for one that cannot be.
func sizeOf(head []byte) int64 {
	size := int64(binary.BigEndian.Uint32(head))
	switch size {
	case 0:
		return -1
	case 1:
		size = int64(binary.BigEndian.Uint64(head[boxHead:]))
	}
	if size < int64(len(head)) {
		return 0
	}
	return size
}

// child cuts the first box off b. ok is false at the end, and where a box has no
// room in b.
func child(b []byte) (kind fourCC, body, rest []byte, ok bool) {
	head := headSize(b)
	if len(b) < head {
		return kind, nil, nil, false
	}
	size := sizeOf(b[:head])
	if size < 0 {
		size = int64(len(b))
	}
	if size == 0 || size > int64(len(b)) {
		return kind, nil, nil, false
	}
	return fourCC(b[4:8]), b[head:size], b[size:], true
}

// find goes down to the first box of each type in turn; nil where one is missing.
func find(b []byte, path ...string) []byte {
	for _, name := range path {
		kind, body, rest, ok := child(b)
		for ok && string(kind[:]) != name {
			kind, body, rest, ok = child(rest)
		}
		if !ok {
			return nil
		}
		b = body
	}
	return b
}

// fields reads numbers, high byte first. Reading past the end yields zeros and
// sets short; so a parser may run to its own end and ask once.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if n < 0 || n > len(f.b) {
		f.b, f.short = nil, true
		return nil
	}
	b := f.b[:n]
	f.b = f.b[n:]
	return b
}

func (f *fields) u8() uint8 {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) u16() uint16 {
	if b := f.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (f *fields) u32() uint32 {
	if b := f.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (f *fields) u64() uint64 {
	if b := f.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// full reads the beginning of a full box.
func (f *fields) full() (version byte, flags uint32) {
	v := f.u32()
	return byte(v >> 24), v & 0xffffff
}

// wide reads a number of 32 bits, or in version 1 of 64.
func (f *fields) wide(version byte) uint64 {
	if version == 1 {
		return f.u64()
	}
	return uint64(f.u32())
}
