package filemap

import (
	"bytes"
	"encoding/binary"
	"time"
)

const (
	oggHeader  = 27 // bytes of a page before its segment table
	maxOggPage = oggHeader + 255 + 255*255
	maxStreams = 16 // logical streams whose headers are looked at
)

// oggPage is the header of a page (RFC 3533, section 6):
//
//	"OggS" version u8 flags u8 (2: the stream's first)
//	granule position u64  serial u32  sequence u32  checksum u32
//	segments u8  their lengths
type oggPage struct {
	offset  int64
	size    int
	first   bool
	granule int64 // -1: no packet ends here
	serial  uint32
	body    []byte // as far as it was read
}

// parseOgg reads the page at the front of b, which is at offset.
func parseOgg(b []byte, offset int64) (p oggPage, ok bool) {
	if len(b) < oggHeader || string(b[:4]) != "OggS" || b[4] != 0 || len(b) < oggHeader+int(b[26]) {
		return oggPage{}, false
	}
	head := oggHeader + int(b[26])
	p = oggPage{
		offset: offset, size: head, first: b[5]&2 != 0,
		granule: int64(binary.LittleEndian.Uint64(b[6:])), serial: le32(b[14:]),
	}
	for _, length := range b[oggHeader:head] {
		p.size += int(length)
	}
	p.body = b[head:min(len(b), p.size)]
	return p, true
}

// oggPages gives every page whose header is in b, until yield says no. A page
// counts when another follows it or the bytes end: "OggS" may stand in media.
func oggPages(b []byte, offset int64, yield func(oggPage) bool) {
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte("OggS"))
		if i < 0 {
			return
		}
		at += i
		p, ok := parseOgg(b[at:], offset+int64(at))
		if rest := b[at:]; !ok || len(rest) >= p.size+4 && string(rest[p.size:p.size+4]) != "OggS" {
			at += 4
			continue
		}
		if !yield(p) {
			return
		}
		if at += p.size; at > len(b) {
			return
		}
	}
}

// oggClock turns the granule positions of one logical stream into times.
type oggClock struct {
	serial  uint32
	rate    float64 // of the samples or the pictures
	skip    int64   // samples before the first that is heard
	shift   uint    // Theora: the low bits count pictures since a key picture
	picture bool
}

// newOggClock reads the stream's first packet.
func newOggClock(p oggPage) (c oggClock, ok bool) {
	b := p.body
	c.serial = p.serial
	switch {
	case bytes.HasPrefix(b, []byte("\x01vorbis")) && len(b) >= 16:
		c.rate = float64(le32(b[12:]))
	case bytes.HasPrefix(b, []byte("OpusHead")) && len(b) >= 12:
		c.rate, c.skip = 48000, int64(binary.LittleEndian.Uint16(b[10:]))
	case bytes.HasPrefix(b, []byte("\x7fFLAC")) && len(b) >= 30:
		c.rate = float64(be32(b[27:]) >> 12)
	case bytes.HasPrefix(b, []byte("Speex   ")) && len(b) >= 40:
		c.rate = float64(le32(b[36:]))
	case bytes.HasPrefix(b, []byte("\x80theora")) && len(b) >= 42:
		// Frame rate as a fraction at 22 and 26, the shift in bits 3 to 7 of the
		// last 16 (Theora, section 6.2).
		if d := be32(b[26:]); d > 0 {
			c.rate = float64(be32(b[22:])) / float64(d)
		}
		c.shift, c.picture = uint(binary.BigEndian.Uint16(b[40:])>>5&31), true
	}
	return c, c.rate > 0
}

func (c oggClock) time(granule int64) time.Duration {
	return ticks(float64(granule>>c.shift+granule&(1<<c.shift-1)-c.skip), c.rate)
}

// key is the time of the key picture that a granule position counts from.
func (c oggClock) key(granule int64) time.Duration { return ticks(float64(granule>>c.shift), c.rate) }

// oggClockOf is that of the picture, else of the first sound: the headers of
// all streams stand in front.
func oggClockOf(f File) (c oggClock, ok bool) {
	n := 0
	oggPages(f.read(0, window), 0, func(p oggPage) bool {
		if n++; !p.first || n > maxStreams {
			return false
		}
		if found, known := newOggClock(p); known && (!ok || found.picture && !c.picture) {
			c, ok = found, true
		}
		return true
	})
	return c, ok
}

// oggLast is the last page with a time.
func oggLast(f File, c oggClock) (last mark, granule int64) {
	granule = -1
	for end := f.Size; end > 0 && f.Size-end < maxReach && granule < 0; end -= window {
		from := max(end-window-maxOggPage, 0)
		b, all := f.whole(from, end+maxOggPage)
		if !all {
			break // what is there may be anywhere
		}
		oggPages(b, from, func(p oggPage) bool {
			if p.serial == c.serial && p.granule >= 0 {
				last, granule = mark{p.offset, c.time(p.granule)}, p.granule
			}
			return true
		})
	}
	return last, granule
}

// oggLength is the time of the last page. A file of several streams one after
// another ends with another one than it begins with, and does not tell.
func oggLength(f File) time.Duration {
	c, ok := oggClockOf(f)
	if !ok {
		return 0
	}
	last, _ := oggLast(f, c)
	return last.time
}

func oggFind(f File, to time.Duration) (Place, bool) {
	c, ok := oggClockOf(f)
	if !ok {
		return Place{}, false
	}
	last, granule := oggLast(f, c)
	if granule < 0 {
		return Place{}, false
	}
	page, ok := c.before(f, last, to)
	at := Place{Offset: page.offset, Time: c.time(max(page.granule, 0))}
	switch next := page.offset + int64(page.size); {
	case ok && c.picture:
		// In the page before the one in which the key picture ends it may begin.
		page, ok = c.before(f, last, c.key(page.granule)-time.Millisecond)
		at.Offset, at.Time = page.offset, c.time(max(page.granule, 0))
	case next < f.Size: // what begins where this page ends
		at.Offset = next
	}
	return at, ok
}

// before is the last page that ends at or before to; the first where none does.
func (c oggClock) before(f File, last mark, to time.Duration) (found oggPage, ok bool) {
	from := f.bisect(mark{}, last, to, func(off int64) (mark, bool) {
		p, ok := c.next(f, off)
		return mark{p.offset, c.time(p.granule)}, ok
	})
	for off := from.offset; off < f.Size && off-from.offset < maxReach; {
		p, ok := c.next(f, off)
		if !ok || c.time(p.granule) > to {
			break
		}
		found, off = p, p.offset+int64(p.size)
	}
	return found, true
}

// next is the first page at or after off with a time.
func (c oggClock) next(f File, off int64) (found oggPage, ok bool) {
	for end := off + maxReach; off < min(end, f.Size) && !ok; off += window {
		oggPages(f.read(off, window+maxOggPage), off, func(p oggPage) bool {
			if p.serial == c.serial && p.granule >= 0 {
				found, ok = p, true
			}
			return !ok
		})
	}
	found.body = nil
	return found, ok
}
