package cut

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"
)

// An ASF stream (Advanced Systems Format, revision 01.20.05) is a header
// object and a data object, which has packets of one size. All numbers are
// little endian; each object begins with its GUID (16) and its size (8).
//
//	Header (30 bytes: GUID size count(4) 1 2) { File Properties, Stream Properties ... }
//	Data (50 bytes: GUID size file(16) packets(8) 1 1)  packet packet ...
const (
	guidHeader = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	guidData   = "\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	guidFile   = "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"
	guidStream = "\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65"
	guidVideo  = "\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"

	asfObject  = 24 // bytes of GUID and size
	asfHeader  = 30
	asfData    = 50
	minPacket  = 16
	asfEC      = 0x82 // how a packet begins: two bytes of error correction follow
	maxObjects = 256
)

type asf struct {
	line timeline
	rest
	init     []byte
	missing  int64 // of the header under way
	packet   int   // bytes of one; 0: not known yet
	pictures [128]bool
	hasVideo bool
	ready    bool // the data object has begun
	changed  bool
	lost     bool
}

func (a *asf) Origin() time.Duration { return a.line.origin }

func (a *asf) Cut(b []byte) Unit {
	if u, ok := a.goesOn(b, &a.line); ok {
		return u
	}
	if a.missing > 0 {
		return a.collect(b)
	}
	if len(b) < asfData {
		return Unit{}
	}
	switch guid := string(b[:16]); {
	case guid == guidHeader:
		size := binary.LittleEndian.Uint64(b[16:])
		if size < asfHeader || size > maxInit {
			return junk(1)
		}
		a.init, a.ready, a.packet = nil, false, 0
		a.missing = int64(size)
		return a.collect(b)
	case guid == guidData && a.packet > 0 && !a.ready:
		a.init = append(a.init, b[:asfData]...)
		a.ready, a.changed = true, true
		a.line.restart()
		return Unit{Size: asfData, Role: Header}
	case !a.ready:
		return junk(asfNext(b))
	}
	return a.packets(b)
}

// collect takes a part of the header.
func (a *asf) collect(b []byte) Unit {
	n := int(min(a.missing, int64(len(b))))
	a.init = append(a.init, b[:n]...)
	if a.missing -= int64(n); a.missing == 0 {
		a.readHeader()
	}
	return Unit{Size: n, Role: Header}
}

// readHeader finds the size of the packets and the streams with pictures.
//
//	File Properties:   .. at 92: smallest packet(4) largest packet(4)
//	Stream Properties: kind(16) .. at 72: number(7 bits)
func (a *asf) readHeader() {
	a.pictures, a.hasVideo = [128]bool{}, false
	b := a.init[asfHeader:]
	for range maxObjects {
		if len(b) < asfObject {
			return
		}
		size := binary.LittleEndian.Uint64(b[16:])
		if size < asfObject || size > uint64(len(b)) {
			return
		}
		o := b[:size]
		switch {
		case string(o[:16]) == guidFile && len(o) >= 100:
			if n := binary.LittleEndian.Uint32(o[92:]); n >= minPacket && n <= Window && n == binary.LittleEndian.Uint32(o[96:]) {
				a.packet = int(n)
			}
		case string(o[:16]) == guidStream && len(o) >= 74 && string(o[24:40]) == guidVideo:
			a.pictures[o[72]&0x7f] = true
			a.hasVideo = true
		}
		b = b[size:]
	}
}

// packets judges the packet at the front.
func (a *asf) packets(b []byte) Unit {
	if len(b) < a.packet || a.lost && len(b) < min(a.packet+3, Window) {
		return Unit{}
	}
	p := readASFPacket(b[:a.packet])
	if !p.ok || a.lost && !asfBegins(b[a.packet:]) {
		a.lost = true
		return junk(asfNext(b))
	}
	a.lost = false
	u := Unit{Size: a.packet, Time: a.line.at(p.sent), Timed: true}
	u.Key = a.key(&p)
	if u.Key && (a.changed || a.line.jumped) {
		u.Init = slices.Clip(a.init)
		a.changed, a.line.jumped = false, false
	}
	return u
}

// key reports whether a decoder can start at a packet: with pictures, where a
// key picture begins in it, else anywhere.
func (a *asf) key(p *asfPacket) bool {
	if !a.hasVideo {
		return true
	}
	for range asfPayloads {
		stream, first, ok := p.next()
		if !ok {
			return false
		}
		if first && stream&0x80 != 0 && a.pictures[stream&0x7f] {
			return true
		}
	}
	return false
}

func asfBegins(b []byte) bool { return len(b) < 3 || b[0] == asfEC && b[1] == 0 && b[2] == 0 }

// asfNext is where in b a packet or a header may begin, behind its front.
func asfNext(b []byte) int {
	next := len(b) - 16
	for _, mark := range []string{"\x82\x00\x00", guidHeader} {
		if i := bytes.Index(b[1:], []byte(mark)); i >= 0 {
			next = min(next, 1+i)
		}
	}
	return max(next, 1)
}
