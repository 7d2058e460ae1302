package cut

import (
	"encoding/binary"
	"slices"
	"time"
)

// A fragmented MP4 (ISO/IEC 14496-12) is boxes: the header ftyp and moov, then
// fragments, each a moof with times and flags and an mdat with the media.
//
//	size(4) type(4)  [size 1: size(8)]  body
//	ftyp | moov { mvhd trak.. mvex { trex.. } } | moof { mfhd traf { tfhd tfdt trun } } mdat | moof mdat ...
//
// A file with one mdat and an index is no stream: it has one key unit, its
// beginning.
const (
	mp4Head    = 8
	mp4Large   = 16 // a head with a size of 64 bits
	maxMP4Boxs = 256
	notSync    = 0x10000 // of sample flags (8.8.3.1): no decoder starts here
)

type mp4 struct {
	line timeline
	rest
	init    []byte
	missing int64 // of moov
	ready   bool  // moov has come
	plain   bool  // it is no stream of fragments
	told    bool  // of a plain one: the beginning
	changed bool
	lost    bool // after damage
	tracks  []mp4Track
	main    uint32 // the track that tells key units and the time
}

type mp4Track struct {
	id      uint32
	picture bool
	scale   int64
	flags   uint32 // of samples that have none of their own
}

func (m *mp4) Origin() time.Duration { return m.line.origin }

func (m *mp4) Cut(b []byte) Unit {
	if u, ok := m.goesOn(b, &m.line); ok {
		return u
	}
	if m.plain {
		u := Unit{Size: len(b), Key: !m.told}
		if u.Key {
			u.Init, m.told = slices.Clip(m.init), true
		}
		return u
	}
	if m.missing > 0 {
		return m.collect(b)
	}
	if len(b) < mp4Large {
		return Unit{}
	}
	kind, size, ok := mp4Box(b)
	if !ok || m.lost && !mp4Begins(b) {
		return m.resync(b)
	}
	m.lost = false
	switch kind {
	case "ftyp":
		if size > Window {
			return m.resync(b)
		}
		m.init, m.ready = nil, false
		m.missing = size
		return m.collect(b)
	case "moov":
		if m.ready { // an encoder that begins anew without ftyp
			m.init, m.ready = nil, false
		}
		if size > maxInit-int64(len(m.init)) {
			return m.giveUp(b)
		}
		m.missing = size
		return m.collect(b)
	case "moof":
		return m.fragment(b, size)
	}
	switch {
	case m.ready:
		return Unit{Size: m.begin(size, Media, b), Time: m.line.out, Timed: true}
	case kind == "mdat":
		return m.giveUp(b)
	}
	return Unit{Size: m.begin(size, Junk, b), Role: Junk}
}

// mp4Box reads the head of a box. A size of 0 means up to the end.
func mp4Box(b []byte) (kind string, size int64, ok bool) {
	for _, c := range b[4:8] {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != ' ' {
			return "", 0, false
		}
	}
	size = int64(binary.BigEndian.Uint32(b))
	least := int64(mp4Head)
	switch size {
	case 0:
		size = 1 << 62
	case 1:
		size, least = int64(binary.BigEndian.Uint64(b[8:])), mp4Large
	}
	return string(b[4:8]), size, size >= least
}

// giveUp hands on all as it comes.
func (m *mp4) giveUp(b []byte) Unit {
	m.plain, m.missing = true, 0
	if m.init == nil {
		m.init = []byte{}
	}
	return m.Cut(b)
}

// collect takes a part of the header.
func (m *mp4) collect(b []byte) Unit {
	n := int(min(m.missing, int64(len(b))))
	m.init = append(m.init, b[:n]...)
	m.missing -= int64(n)
	if m.missing == 0 {
		m.readHeader()
	}
	return Unit{Size: n, Role: Header}
}

// readHeader looks whether moov is there, and what is in it.
func (m *mp4) readHeader() {
	moov := mp4Child(m.init, "moov")
	if moov == nil {
		return
	}
	mvex := mp4Child(moov, "mvex")
	if mvex == nil {
		m.plain = true
		return
	}
	m.ready, m.changed, m.tracks = true, true, m.tracks[:0]
	m.line.restart()
	eachMP4(moov, "trak", func(trak []byte) {
		mdia := mp4Child(trak, "mdia")
		tkhd, mdhd, hdlr := mp4Child(trak, "tkhd"), mp4Child(mdia, "mdhd"), mp4Child(mdia, "hdlr")
		t := mp4Track{id: versioned(tkhd, 12, 20), scale: int64(versioned(mdhd, 12, 20))}
		t.picture = len(hdlr) >= 12 && string(hdlr[8:12]) == "vide"
		if t.picture || len(hdlr) >= 12 && string(hdlr[8:12]) == "soun" {
			m.tracks = append(m.tracks, t)
		}
	})
	// version and flags(4) track(4) description(4) duration(4) size(4) flags(4)
	eachMP4(mvex, "trex", func(trex []byte) {
		if len(trex) >= 24 {
			if t := m.track(binary.BigEndian.Uint32(trex[4:])); t != nil {
				t.flags = binary.BigEndian.Uint32(trex[20:])
			}
		}
	})
	m.main = 0
	for i := len(m.tracks) - 1; i >= 0; i-- {
		if t := m.tracks[i]; m.main == 0 || t.picture || !m.track(m.main).picture {
			m.main = t.id
		}
	}
}

// versioned is the number at offset at0 of a box of version 0, or at1 of
// version 1, where times are longer.
func versioned(b []byte, at0, at1 int) uint32 {
	at := at0
	if len(b) > 0 && b[0] == 1 {
		at = at1
	}
	if len(b) < at+4 {
		return 0
	}
	return binary.BigEndian.Uint32(b[at:])
}

func (m *mp4) track(id uint32) *mp4Track {
	for i := range m.tracks {
		if m.tracks[i].id == id {
			return &m.tracks[i]
		}
	}
	return nil
}

// eachMP4 calls f with the bodies of the boxes of a kind that stand in b.
func eachMP4(b []byte, kind string, f func(body []byte)) {
	for range maxMP4Boxs {
		if len(b) < mp4Head {
			return
		}
		size := uint64(binary.BigEndian.Uint32(b))
		if size < mp4Head || size > uint64(len(b)) {
			return
		}
		if string(b[4:8]) == kind {
			f(b[mp4Head:size])
		}
		b = b[size:]
	}
}

// mp4Child is the body of the first box of a kind in b; nil where there is none.
func mp4Child(b []byte, kind string) []byte {
	for range maxMP4Boxs {
		if len(b) < mp4Head {
			return nil
		}
		size := uint64(binary.BigEndian.Uint32(b))
		if size < mp4Head || size > uint64(len(b)) {
			return nil
		}
		if string(b[4:8]) == kind {
			return b[mp4Head:size:size]
		}
		b = b[size:]
	}
	return nil
}

// fragment judges a moof.
func (m *mp4) fragment(b []byte, size int64) Unit {
	if !m.ready {
		return Unit{Size: m.begin(size, Junk, b), Role: Junk}
	}
	if int64(len(b)) < size && len(b) < Window {
		if size > maxInit {
			return m.resync(b)
		}
		return Unit{}
	}
	u := Unit{Time: m.line.out, Timed: true}
	if int64(len(b)) >= size {
		if stamp, key, ok := m.entry(b[mp4Head:size]); ok {
			u.Time, u.Key = m.line.at(stamp), key
		}
	}
	if u.Key && (m.changed || m.line.jumped) {
		u.Init = slices.Clip(m.init)
		m.changed, m.line.jumped = false, false
	}
	u.Size = m.begin(size, Media, b)
	return u
}

// entry is the time of the main track in a moof, and whether it begins with a
// sample that a decoder can start at.
func (m *mp4) entry(moof []byte) (at time.Duration, key, ok bool) {
	for b := moof; len(b) >= mp4Head; {
		size := uint64(binary.BigEndian.Uint32(b))
		if size < mp4Head || size > uint64(len(b)) {
			return 0, false, false
		}
		if string(b[4:8]) == "traf" {
			traf := b[mp4Head:size]
			tfhd := mp4Child(traf, "tfhd")
			if len(tfhd) >= 8 && binary.BigEndian.Uint32(tfhd[4:]) == m.main {
				t := m.track(m.main)
				at, ok = decodeTime(mp4Child(traf, "tfdt"), t.scale)
				return at, ok && (!t.picture || t.syncs(tfhd, mp4Child(traf, "trun"))), ok
			}
		}
		b = b[size:]
	}
	return 0, false, false
}

// decodeTime reads tfdt (8.8.12): version(1) flags(3) time(4, or 8 in version 1).
func decodeTime(tfdt []byte, scale int64) (time.Duration, bool) {
	switch {
	case len(tfdt) >= 12 && tfdt[0] == 1:
		return ticks(int64(binary.BigEndian.Uint64(tfdt[4:])), scale), true
	case len(tfdt) >= 8 && tfdt[0] == 0:
		return ticks(int64(binary.BigEndian.Uint32(tfdt[4:])), scale), true
	}
	return 0, false
}

// syncs reports whether the first sample of a fragment is one to start at. Its
// flags stand in trun, as its own or as the first's, else in tfhd, else in trex.
//
//	tfhd: version(1) flags(3) track(4) [offset(8)] [description(4)] [duration(4)] [size(4)] [flags(4)]
//	trun: version(1) flags(3) samples(4) [offset(4)] [first flags(4)] { [duration(4)] [size(4)] [flags(4)] [shift(4)] }
func (t *mp4Track) syncs(tfhd, trun []byte) bool {
	flags := t.flags
	have, at := binary.BigEndian.Uint32(tfhd), 8
	for _, field := range []struct {
		bit  uint32
		size int
	}{{1, 8}, {2, 4}, {8, 4}, {0x10, 4}} {
		if have&field.bit != 0 {
			at += field.size
		}
	}
	if have&0x20 != 0 && len(tfhd) >= at+4 {
		flags = binary.BigEndian.Uint32(tfhd[at:])
	}
	if len(trun) >= 8 {
		have, at = binary.BigEndian.Uint32(trun), 8
		if have&1 != 0 {
			at += 4
		}
		if have&4 == 0 { // no flags of the first: of all, behind duration and size
			for _, bit := range []uint32{0x100, 0x200} {
				if have&bit != 0 {
					at += 4
				}
			}
		}
		if have&(4|0x400) != 0 && len(trun) >= at+4 {
			flags = binary.BigEndian.Uint32(trun[at:])
		}
	}
	return flags&notSync == 0
}

// mp4Begins reports whether a fragment or a header stands at the front of b,
// beyond doubt.
func mp4Begins(b []byte) bool {
	switch string(b[4:8]) {
	case "moof":
		return string(b[12:16]) == "mfhd"
	case "ftyp", "moov":
		return true
	}
	return false
}

// resync drops what stands before the next fragment or header.
func (m *mp4) resync(b []byte) Unit {
	m.lost = true
	i := 1
	for i+mp4Large <= len(b) && !mp4Begins(b[i:]) {
		i++
	}
	return junk(i)
}
