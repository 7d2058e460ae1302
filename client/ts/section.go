package ts

// A section of a table (ISO/IEC 13818-1, 2.4.4) begins in a packet where the
// pointer, the payload's first byte, says, and goes on in packets without one:
//
//	| table8 | 1 0 11 length12 | id16 | 11 version5 current1 | number8 | last8 |
//	| ... | CRC32 |
//
// The length counts what follows it. Bytes of ff fill the packet.
const (
	maxSection     = 1024 // bytes: of these tables
	sectionHead    = 8
	sectionLength  = 3 // bytes that the length does not count
	sectionCRC     = 4
	sectionPadding = 0xff
)

// section gathers the sections of one PID.
type section struct {
	buf    []byte
	active bool // buf is the beginning of one
	empty  bool // a PMT that announces no media
}

func (s *section) drop() { s.buf, s.active = s.buf[:0], false }

// add takes a packet's payload and yields the sections that are complete.
func (s *section) add(b []byte, start bool, yield func([]byte)) {
	if start {
		if len(b) == 0 || int(b[0])+1 > len(b) {
			s.drop()
			return
		}
		before := b[1 : 1+b[0]]
		b = b[1+len(before):]
		if s.active {
			s.buf = append(s.buf, before...)
			s.take(yield)
		}
		s.drop()
		s.active = true
	}
	if !s.active {
		return
	}
	s.buf = append(s.buf, b...)
	s.take(yield)
}

// take yields what is complete in buf.
func (s *section) take(yield func([]byte)) {
	b := s.buf
	for len(b) >= sectionLength && b[0] != sectionPadding {
		size := sectionLength + int(b[1]&0x0f)<<8 + int(b[2])
		if size > maxSection {
			s.drop()
			return
		}
		if len(b) < size {
			s.buf = s.buf[:copy(s.buf, b)]
			return
		}
		if size >= sectionHead+sectionCRC {
			yield(b[:size])
		}
		b = b[size:]
	}
	if len(b) == 0 || b[0] == sectionPadding {
		s.drop()
		return
	}
	s.buf = s.buf[:copy(s.buf, b)]
}

// crcTable is that of the CRC of annex A: 04c11db7, high bit first.
var crcTable = func() (t [256]uint32) {
	for i := range t {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04c11db7
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}()

// checksum is 0 for a section with its CRC.
func checksum(b []byte) uint32 {
	c := ^uint32(0)
	for _, v := range b {
		c = c<<8 ^ crcTable[byte(c>>24)^v]
	}
	return c
}
