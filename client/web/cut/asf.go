package cut

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
)

// An ASF stream is a header object and a data object, which has packets of one
// size (see client/asf).
//
//	Header (30 bytes and more)  Data (50 bytes)  packet packet ...
const asfHeader = 30 // bytes of the smallest header

type asfCutter struct {
	line timeline
	rest
	init     []byte
	missing  int64 // of the header under way
	size     int   // bytes of a packet; 0: not known yet
	packet   asf.Packet
	pictures [asf.MaxStream + 1]bool
	hasVideo bool
	ready    bool // the data object has begun
	changed  bool
	lost     bool
}

func (a *asfCutter) Origin() time.Duration { return a.line.origin }

func (a *asfCutter) Cut(b []byte) Unit {
	if u, ok := a.goesOn(b, &a.line); ok {
		return u
	}
	if a.missing > 0 {
		return a.collect(b)
	}
	if len(b) < asf.DataHead {
		return Unit{}
	}
	switch guid := string(b[:16]); {
	case guid == asf.HeaderGUID:
		size := binary.LittleEndian.Uint64(b[16:])
		if size < asfHeader || size > maxInit {
			return junk(1)
		}
		a.init, a.ready, a.size = nil, false, 0
		a.missing = int64(size)
		return a.collect(b)
	case guid == asf.DataGUID && a.size > 0 && !a.ready:
		a.init = append(a.init, b[:asf.DataHead]...)
		a.ready, a.changed = true, true
		a.line.restart()
		return Unit{Size: asf.DataHead, Role: Header}
	case !a.ready:
		return junk(asfNext(b))
	}
	return a.packets(b)
}

// collect takes a part of the header.
func (a *asfCutter) collect(b []byte) Unit {
	n := int(min(a.missing, int64(len(b))))
	a.init = append(a.init, b[:n]...)
	if a.missing -= int64(n); a.missing == 0 {
		a.readHeader()
	}
	return Unit{Size: n, Role: Header}
}

// readHeader finds the size of the packets and the streams with pictures.
func (a *asfCutter) readHeader() {
	a.pictures, a.hasVideo = [asf.MaxStream + 1]bool{}, false
	h, err := asf.Parse(a.init)
	if err != nil {
		return
	}
	a.size = h.PacketSize
	for _, s := range h.Streams {
		if s.Kind == media.Video {
			a.pictures[s.Number], a.hasVideo = true, true
		}
	}
}

// packets judges the packet at the front.
func (a *asfCutter) packets(b []byte) Unit {
	if len(b) < a.size || a.lost && len(b) < min(a.size+len(asfMark), Window) {
		return Unit{}
	}
	if !asfBegins(b) || a.packet.Parse(b[:a.size], a.size) != nil || a.lost && !asfBegins(b[a.size:]) {
		a.lost = true
		return junk(asfNext(b))
	}
	a.lost = false
	sent := time.Duration(a.packet.Send()) * time.Millisecond
	u := Unit{Size: a.size, Time: a.line.at(sent), Timed: true}
	u.Key = a.key()
	if u.Key && (a.changed || a.line.jumped) {
		u.Init = slices.Clip(a.init)
		a.changed, a.line.jumped = false, false
	}
	return u
}

// key reports whether a decoder can start at the packet: with pictures, where a
// key picture begins in it, else anywhere.
func (a *asfCutter) key() bool {
	if !a.hasVideo {
		return true
	}
	for p := (asf.Payload{}); a.packet.Next(&p); {
		if p.Key && p.Offset == 0 && a.pictures[p.Stream] {
			return true
		}
	}
	return false
}

// asfMark is how packets begin: two bytes of error correction.
const asfMark = "\x82\x00\x00"

func asfBegins(b []byte) bool { return len(b) < len(asfMark) || string(b[:len(asfMark)]) == asfMark }

// asfNext is where in b a packet or a header may begin, behind its front.
func asfNext(b []byte) int {
	next := len(b) - 16
	for _, mark := range []string{asfMark, asf.HeaderGUID} {
		if i := bytes.Index(b[1:], []byte(mark)); i >= 0 {
			next = min(next, 1+i)
		}
	}
	return max(next, 1)
}
