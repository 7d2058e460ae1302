package filemap

import (
	"bytes"
	"time"
)

const (
	tsPacket = 188
	tsSync   = 0x47

	tsClock   = 90000 // ticks of a timestamp a second
	tsWrap    = 1 << 33
	tsAgree   = 5 // packets in a row that must begin as such
	maxTSHead = 2 << 20
)

// pes is the beginning of a packet of one elementary stream, as a transport
// packet carries it (ISO/IEC 13818-1, 2.4.3.2 and 2.4.3.6):
//
//	47  PUSI(1) PID(13)  adaptation(2)  [length u8, flags u8 (40: random access) ...]
//	00 00 01  stream u8  length u16  flags u16 (80: PTS)  header length u8  PTS 33 bits in 5 bytes
type pes struct {
	offset int64
	pid    int
	pts    int64
	video  bool
	marked bool // random access, as the adaptation field says
	starts bool // parameter sets are seen in the packet
}

// transportUnits gives every timed beginning in b, which is at offset, until
// yield says no.
func transportUnits(b []byte, offset int64, yield func(pes) bool) {
	for at := 0; at+tsPacket <= len(b); {
		if !inStep(b[at:]) {
			i := bytes.IndexByte(b[at+1:], tsSync)
			if i < 0 {
				return
			}
			at += 1 + i
			continue
		}
		if u, ok := parseUnit(b[at : at+tsPacket]); ok {
			if u.offset = offset + int64(at); !yield(u) {
				return
			}
		}
		at += tsPacket
	}
}

func inStep(b []byte) bool {
	for i := 0; i < min(len(b), tsAgree*tsPacket); i += tsPacket {
		if b[i] != tsSync {
			return false
		}
	}
	return true
}

func parseUnit(b []byte) (u pes, ok bool) {
	if b[1]&0x40 == 0 || b[3]&0x10 == 0 {
		return pes{}, false
	}
	u.pid = int(b[1]&0x1f)<<8 | int(b[2])
	at := 4
	if b[3]&0x20 != 0 {
		at += 1 + int(b[4])
		u.marked = b[4] > 0 && b[5]&0x40 != 0
	}
	if at+14 > len(b) || b[at] != 0 || b[at+1] != 0 || b[at+2] != 1 {
		return pes{}, false
	}
	id, p := b[at+3], b[at:]
	u.video = id >= 0xe0 && id <= 0xef
	if !u.video && (id < 0xc0 || id > 0xdf) && id != 0xbd && id != 0xfd || p[7]&0x80 == 0 {
		return pes{}, false
	}
	u.pts = int64(p[9]&0x0e)<<29 | int64(p[10])<<22 | int64(p[11]&0xfe)<<14 | int64(p[12])<<7 | int64(p[13])>>1
	u.starts = startsPicture(p[min(9+int(p[8]), len(p)):])
	return u, true
}

// startsPicture looks for what only a key picture has before it: parameter sets
// of H.264 and H.265, the sequence header of MPEG video.
func startsPicture(b []byte) bool {
	for {
		i := bytes.Index(b, []byte("\x00\x00\x01"))
		if i < 0 || i+4 > len(b) {
			return false
		}
		switch c := b[i+3]; {
		case c&0x9f == 7, c == 0x40, c == 0x42, c == 0xb3:
			return true
		}
		b = b[i+3:]
	}
}

// transport is the one elementary stream by which a file is measured: the
// picture, else the first sound.
type transport struct {
	f     File
	pid   int
	base  int64
	video bool
	hints bool // key pictures are marked as such
	first mark
}

func newTransport(f File) (t transport, ok bool) {
	t.f = f
	for off := int64(0); off < min(f.Size, maxTSHead) && !t.video; off += window {
		transportUnits(f.read(off, window), off, func(u pes) bool {
			if !ok || u.video {
				t.pid, t.base, t.video, ok = u.pid, u.pts, u.video, true
				t.hints, t.first = u.marked, mark{offset: u.offset}
			}
			return !t.video
		})
		if ok && off >= maxTSHead/4 {
			break // sound alone
		}
	}
	return t, ok
}

// time is how long after the first timestamp this one is: they wrap after 26
// hours, and pictures that are shown before the first come with less than it.
func (t transport) time(pts int64) time.Duration {
	d := (pts - t.base) & (tsWrap - 1)
	if d > tsWrap/2 {
		return 0
	}
	return time.Duration(d) * time.Second / tsClock
}

// last is the last timestamp, and the step to it from the one before.
func (t transport) last() (last mark, step time.Duration, ok bool) {
	for end := t.f.Size; end > 0 && t.f.Size-end < maxReach && !ok; end -= window {
		from := max(end-window, 0)
		b, all := t.f.whole(from, end+tsPacket)
		if !all {
			return mark{}, 0, false
		}
		transportUnits(b, from, func(u pes) bool {
			if u.pid != t.pid {
				return true
			}
			at := t.time(u.pts)
			if ok && at > last.time {
				step = at - last.time
			}
			if !ok || at > last.time {
				last, ok = mark{u.offset, at}, true
			}
			return true
		})
	}
	return last, step, ok
}

// next is the first timestamp at or after off.
func (t transport) next(off int64) (m mark, ok bool) {
	end, step := min(off+maxReach, t.f.Size), int64(window)
	for off < end && !ok {
		transportUnits(t.f.read(off, int(step+tsPacket)), off, func(u pes) bool {
			if u.pid == t.pid {
				m, ok = mark{u.offset, t.time(u.pts)}, true
			}
			return !ok
		})
		off, step = off+step, 2*step
	}
	return m, ok
}

func transportLength(f File) time.Duration {
	t, ok := newTransport(f)
	if !ok {
		return 0
	}
	last, step, ok := t.last()
	if !ok || step > time.Second {
		step = 0
	}
	return last.time + step
}

func transportFind(f File, to time.Duration) (Place, bool) {
	t, ok := newTransport(f)
	if !ok {
		return Place{}, false
	}
	last, _, ok := t.last()
	if !ok {
		return Place{}, false
	}
	near := f.bisect(t.first, last, to, t.next)
	return t.key(near.offset, to)
}

// key is the last key picture at or before to, looked for behind near and then
// in ever longer stretches before it. Sound has a key everywhere.
func (t transport) key(near int64, to time.Duration) (Place, bool) {
	end, step := min(near+window+maxReach, t.f.Size), int64(window)
	for from := near; ; {
		found, late := Place{Offset: -1}, false
		for off, part := from, int64(window); off < end && !late; off, part = off+part, 2*part {
			part = min(part, end-off)
			transportUnits(t.f.read(off, int(part+tsPacket)), off, func(u pes) bool {
				switch at := t.time(u.pts); {
				case u.pid != t.pid || u.offset >= end:
				case at > to && u.offset > near:
					late = true // pictures come in another order than they are shown, but not by much
				case at <= to && t.isKey(u):
					found = Place{Offset: u.offset, Time: at}
				}
				return !late
			})
		}
		if found.Offset >= 0 {
			return found, true
		}
		if end = from; from <= t.first.offset {
			return Place{Offset: t.first.offset}, true
		}
		if near-from >= maxBack {
			return Place{}, false
		}
		step *= 2
		from = max(from-step, t.first.offset)
	}
}

func (t transport) isKey(u pes) bool {
	return !t.video || u.marked || !t.hints && u.starts
}
