package asf

import (
	"encoding/binary"
	"iter"
	"unicode/utf16"

	"tapedeck/client/words"
)

const (
	objectHead = 24 // bytes of the GUID and the size
	headerHead = 30
	extHead    = 46

	maxText = 1024 // bytes of a title, or of another text
	maxLink = 8192 // characters of a link
)

var le = binary.LittleEndian

// objects are the whole objects in b, one behind the other, with their heads.
// The first that is broken ends them: nothing tells where the next one is.
func objects(b []byte) iter.Seq2[guid, []byte] {
	return func(yield func(guid, []byte) bool) {
		for len(b) >= objectHead {
			size := le.Uint64(b[16:])
			if size < objectHead || size > uint64(len(b)) {
				return
			}
			if !yield(guid(b[:16]), b[:size:size]) {
				return
			}
			b = b[size:]
		}
	}
}

// field gives the numbers of an object one by one. Behind its end it gives 0
// and is broken.
type field struct {
	b      []byte
	broken bool
}

func fields(o []byte, at int) *field { return &field{b: o[min(at, len(o)):], broken: at > len(o)} }

func (f *field) bytes(n uint64) []byte {
	if n > uint64(len(f.b)) {
		f.b, f.broken = nil, true
		return nil
	}
	b := f.b[:n]
	f.b = f.b[n:]
	return b
}

func (f *field) number(size uint64) uint32 { return number(f.bytes(size)) }
func (f *field) u16() int                  { return int(f.number(2)) }

// streams reads the numbers of n streams and leaves those out that cannot be.
func (f *field) streams(n int) (list []int) {
	for range n {
		if v := f.u16(); f.broken {
			break
		} else if v >= 1 && v <= MaxStream {
			list = append(list, v)
		}
	}
	return list
}

// text decodes UTF-16 for a person to read.
func text(b []byte) string { return words.Line(wide(b, maxText), maxText) }

// wide decodes UTF-16 up to its first NUL, at most limit units of it. Halves of
// pairs that stand alone are replaced.
func wide(b []byte, limit int) string {
	units := make([]uint16, 0, min(len(b)/2, limit))
	for ; len(b) >= 2 && len(units) < limit; b = b[2:] {
		u := le.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
