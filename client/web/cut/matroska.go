package cut

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"time"
)

// A live Matroska or WebM stream (RFC 9559) is an EBML header and a segment
// without a known size: Info and Tracks, then clusters. A cluster begins with
// its time; a size that is not known has all bits set.
//
//	EBML | Segment | SeekHead? Info Tracks Tags? | Cluster { Timestamp Block Block ... } Cluster ...
//
// The header that is kept leaves out what only files need: an index, and where
// things are. All elements here are id (1 to 4 bytes) and size (1 to 8 bytes).
const (
	idEBML        = 0x1A45DFA3
	idSegment     = 0x18538067
	idInfo        = 0x1549A966
	idTracks      = 0x1654AE6B
	idCluster     = 0x1F43B675
	idSeekHead    = 0x114D9B74
	idCues        = 0x1C53BB6B
	idChapters    = 0x1043A770
	idTags        = 0x1254C367
	idAttachments = 0x1941A469
	idVoid        = 0xEC
	idCRC         = 0xBF
	idTimestamp   = 0xE7
	idPosition    = 0xA7
	idPrevSize    = 0xAB
	idSilent      = 0x5854
	idSimpleBlock = 0xA3
	idBlockGroup  = 0xA0
	idBlock       = 0xA1
	idReference   = 0xFB
	idEncrypted   = 0xAF

	idTimestampScale = 0x2AD7B1
	idTrackEntry     = 0xAE
	idTrackNumber    = 0xD7
	idTrackType      = 0x83

	maxElementHead = 12 // bytes of id and size
	segmentHead    = 12 // of a segment of unknown size
	maxMatroska    = 64 // tracks
	videoTrack     = 1  // TrackType
)

type matroska struct {
	line timeline
	rest
	init     []byte
	pictures []uint64 // numbers of the tracks with pictures
	scale    int64    // nanoseconds of a tick
	changed  bool
	ready    bool // Tracks have come
	inside   bool // a cluster of unknown size
}

// element is the head of an element.
type element struct {
	id      uint64
	head    int    // bytes of id and size
	size    uint64 // of the body
	unknown bool
}

func (e element) whole() int64 { return int64(e.head) + int64(e.size) }

// readElement reads the head at the front of b. more: b is too short to tell.
func readElement(b []byte) (e element, more, ok bool) {
	if len(b) == 0 {
		return e, true, false
	}
	n := bits.LeadingZeros8(b[0]) + 1
	if n > 4 {
		return e, false, false
	}
	if len(b) < n+1 {
		return e, true, false
	}
	for _, c := range b[:n] {
		e.id = e.id<<8 | uint64(c)
	}
	m := bits.LeadingZeros8(b[n]) + 1
	if m > 8 {
		return e, false, false
	}
	if len(b) < n+m {
		return e, true, false
	}
	e.head = n + m
	e.size, e.unknown = vint(b[n : n+m])
	return e, false, true
}

// vint is the value of a number of variable length that fills b, and whether
// all its bits are set.
func vint(b []byte) (v uint64, all bool) {
	v = uint64(b[0]) & (1<<(8-len(b)) - 1)
	for _, c := range b[1:] {
		v = v<<8 | uint64(c)
	}
	return v, v == 1<<(7*len(b))-1
}

func (m *matroska) Origin() time.Duration { return m.line.origin }

func (m *matroska) Cut(b []byte) Unit {
	if u, ok := m.goesOn(b, &m.line); ok {
		return u
	}
	e, more, ok := readElement(b)
	switch {
	case more:
		return Unit{}
	case !ok:
		return m.resync(b)
	}
	switch e.id {
	case idEBML, idInfo, idTracks:
		return m.head(b, e)
	case idSegment:
		m.inside = false
		// Its size, where it has one, is not that of what is made of it.
		if len(m.init)+segmentHead <= maxInit {
			m.init = binary.BigEndian.AppendUint64(append(m.init, b[:4]...), 0x01FFFFFFFFFFFFFF)
		}
		return Unit{Size: e.head, Role: Header}
	case idCluster:
		return m.cluster(b, e)
	case idSeekHead, idCues, idChapters, idTags, idAttachments:
		m.inside = false
	case idVoid, idCRC:
	case idTimestamp, idPosition, idPrevSize, idSilent, idSimpleBlock, idBlockGroup, idEncrypted:
		if m.inside && !e.unknown {
			return Unit{Size: m.begin(e.whole(), Media, b), Time: m.line.out, Timed: true}
		}
		return m.resync(b)
	default:
		return m.resync(b)
	}
	if e.unknown || e.whole() > maxElement {
		return m.resync(b)
	}
	return Unit{Size: m.begin(e.whole(), Junk, b), Role: Junk}
}

// maxElement bounds an element other than the segment.
const maxElement = 1 << 30

// head takes a part of the header.
func (m *matroska) head(b []byte, e element) Unit {
	whole := e.whole()
	if e.unknown || whole > Window {
		return m.resync(b)
	}
	if int64(len(b)) < whole {
		return Unit{}
	}
	m.inside = false
	body := b[e.head:whole]
	switch e.id {
	case idEBML:
		m.init, m.ready, m.changed = nil, false, true
		m.scale, m.pictures = int64(time.Millisecond), nil
		m.line.restart()
	case idInfo:
		if scale, ok := child(body, idTimestampScale); ok {
			m.scale = int64(min(max(number(scale), 1), uint64(time.Second)))
		}
	case idTracks:
		m.tracks(body)
		m.ready = true
	}
	if len(m.init)+int(whole) <= maxInit {
		m.init = append(m.init, b[:whole]...)
		m.changed = true
	}
	return Unit{Size: int(whole), Role: Header}
}

// tracks notes which tracks have pictures.
func (m *matroska) tracks(b []byte) {
	m.pictures = nil
	for range maxMatroska {
		e, _, ok := readElement(b)
		if !ok || e.unknown || e.whole() > int64(len(b)) {
			return
		}
		if e.id == idTrackEntry {
			entry := b[e.head:e.whole()]
			kind, _ := child(entry, idTrackType)
			if n, ok := child(entry, idTrackNumber); ok && number(kind) == videoTrack {
				m.pictures = append(m.pictures, number(n))
			}
		}
		b = b[e.whole():]
	}
}

// child is the body of the first child with an id.
func child(b []byte, id uint64) ([]byte, bool) {
	for {
		e, _, ok := readElement(b)
		if !ok || e.unknown || e.whole() > int64(len(b)) {
			return nil, false
		}
		if e.id == id {
			return b[e.head:e.whole()], true
		}
		b = b[e.whole():]
	}
}

func number(b []byte) (v uint64) {
	for _, c := range b[:min(len(b), 8)] {
		v = v<<8 | uint64(c)
	}
	return v
}

// cluster judges a cluster by its beginning: its time, and whether its first
// picture is a key picture. Sound may stand before that.
func (m *matroska) cluster(b []byte, e element) Unit {
	if !e.unknown && e.size > maxElement {
		return m.resync(b)
	}
	inside := b[e.head:]
	if !e.unknown && e.size < uint64(len(inside)) {
		inside = inside[:e.size]
	}
	l := m.look(inside)
	enough := len(b) >= Window || !e.unknown && uint64(len(inside)) == e.size
	if !l.sure && !enough {
		return Unit{}
	}
	u := Unit{Time: m.line.out, Timed: true, Key: l.key && m.ready}
	if l.timed {
		u.Time = m.line.at(time.Duration(min(l.ticks, uint64(maxStamp)/uint64(max(m.scale, 1)))) * time.Duration(m.scale))
	}
	if u.Key && (m.changed || m.line.jumped) {
		u.Init = slices.Clip(m.init)
		m.changed, m.line.jumped = false, false
	}
	if m.inside = e.unknown; m.inside {
		u.Size = e.head
	} else {
		u.Size = m.begin(e.whole(), Media, b)
	}
	return u
}

// looked is what the beginning of a cluster says.
type looked struct {
	sure, timed, key bool
	ticks            uint64
}

func (m *matroska) look(b []byte) (l looked) {
	for {
		e, more, ok := readElement(b)
		if !ok {
			l.sure = !more
			return l
		}
		body := b[e.head:]
		have := e.whole() <= int64(len(b))
		if have {
			body = b[e.head:e.whole()]
		}
		switch e.id {
		case idTimestamp:
			if have {
				l.ticks, l.timed = number(body), true
				if len(m.pictures) == 0 {
					l.sure, l.key = true, true
					return l
				}
			}
		case idSimpleBlock:
			if len(body) < maxElementHead && !have {
				return l
			}
			if track, flags, ok := block(body); ok && slices.Contains(m.pictures, track) {
				l.sure, l.key = true, flags&0x80 != 0
				return l
			}
		case idBlockGroup:
			if !have {
				return l // the reference may stand behind the block
			}
			inner, _ := child(body, idBlock)
			if track, _, ok := block(inner); ok && slices.Contains(m.pictures, track) {
				_, leans := child(body, idReference)
				l.sure, l.key = true, !leans
				return l
			}
		case idCluster, idEBML, idCues:
			l.sure = true // no picture in this one
			return l
		}
		if !have || e.unknown {
			return l
		}
		b = b[e.whole():]
	}
}

// block reads the head of a block: track number, time(2), flags(1).
func block(b []byte) (track uint64, flags byte, ok bool) {
	if len(b) == 0 {
		return 0, 0, false
	}
	n := bits.LeadingZeros8(b[0]) + 1
	if n > 8 || len(b) < n+3 {
		return 0, 0, false
	}
	track, _ = vint(b[:n])
	return track, b[n+2], true
}

var clusterMark, ebmlMark = []byte("\x1f\x43\xb6\x75"), []byte("\x1a\x45\xdf\xa3")

// resync drops what stands before the next cluster or header.
func (m *matroska) resync(b []byte) Unit {
	m.inside = false
	next := len(b) - len(clusterMark) + 1
	for _, mark := range [][]byte{clusterMark, ebmlMark} {
		if i := bytes.Index(b[1:], mark); i >= 0 {
			next = min(next, 1+i)
		}
	}
	return junk(next)
}
