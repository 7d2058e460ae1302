package rtp

import (
	"bytes"
	"encoding/binary"
)

// nalSyntax is what the assembler asks of a coding that is made of NAL units.
type nalSyntax interface {
	// picture tells by its header alone whether nal is coded picture data.
	picture(nal []byte) bool
	// inspect looks into a complete NAL unit and remembers parameter sets.
	inspect(nal []byte) nalInfo
	// headerSize is the length of a NAL unit's header in bytes.
	headerSize() int
}

// nalInfo is what one NAL unit means for the access unit that it is in.
type nalInfo struct {
	picture bool // coded picture data
	first   bool // the first of a picture's slices
	intra   bool // picture data that refers to no other picture
	sets    bool // parameter sets of a sequence
	key     bool // a decoder can start at this unit
	drop    bool // filler: left out
}

// nalAssembler gathers NAL units, whole or in fragments, into access units:
//
//	buf: | size32 | NAL ... | size32 | NAL ... | size32 | fragments so far
//	                                           ^ open
//
// A unit ends with the marker or with another timestamp, whichever comes
// first, but never before it has picture data: cameras mark parameter sets,
// delimiters and SEI as if they were pictures. A unit with a hole is dropped.
type nalAssembler struct {
	syntax nalSyntax

	buf     []byte
	scratch []byte // for NAL units that have start codes in them
	open    int    // where the NAL unit in fragments begins in buf, or -1

	active  bool   // there is something of a unit, even if only its being skipped
	ts      uint32 // of that unit
	packets int
	picture bool // it has picture data
	key     bool
	sets    bool // it has parameter sets
	inter   bool // it has picture data that refers to other pictures
	doubt   bool // its beginning may be lost
	skip    bool // it is damaged

	keyed bool   // the stream has had a place to start of the usual kinds
	timed bool   // keyTS is set:
	keyTS uint32 // the timestamp of the last of them, at first the stream's first

	marked     bool   // the last unit was ended by the marker...
	markedTS   uint32 // ...and had this timestamp
	badMarker  bool   // the sender marks every packet, not the last of a unit
	startCodes bool   // the sender has been seen to put Annex B into payloads
}

func newNALAssembler(s nalSyntax) nalAssembler {
	return nalAssembler{syntax: s, open: -1, doubt: true}
}

// reset forgets the partial unit.
func (a *nalAssembler) reset() {
	a.clear()
	a.doubt, a.marked = true, false
}

// clear makes room for the next unit.
func (a *nalAssembler) clear() {
	a.buf, a.open, a.packets = a.buf[:0], -1, 0
	a.active, a.picture, a.doubt, a.skip = false, false, false, false
	a.key, a.sets, a.inter = false, false, false
}

// abandon drops what there is of the unit and all that still comes of it.
func (a *nalAssembler) abandon() {
	a.buf, a.open = a.buf[:0], -1
	a.skip = true
}

// begin is called first for each packet.
func (a *nalAssembler) begin(ts uint32, lost bool, emit func(Unit)) error {
	switch {
	case lost && a.active && ts == a.ts:
		a.abandon()
	case lost:
		a.clear()
		a.doubt, a.marked = true, false
	case a.active && ts != a.ts:
		a.flush(false, emit)
	}
	a.active, a.ts = true, ts
	if a.packets++; a.packets > maxUnitPackets && !a.skip {
		a.abandon()
		return ErrTooLarge
	}
	return nil
}

// drain takes the NAL units that wait in q and whose turn it is.
func (a *nalAssembler) drain(q *donOrder, emit func(Unit)) (first error) {
	for {
		u, hole, ok := q.pop()
		if !ok {
			return first
		}
		err := a.begin(u.ts, hole, emit)
		if err == nil {
			err = a.add(u.data)
		}
		if first == nil {
			first = err
		}
	}
}

// end is called last for each packet.
func (a *nalAssembler) end(marker bool, emit func(Unit)) {
	if marker && !a.badMarker && a.open < 0 && (a.picture || a.skip) {
		a.flush(true, emit)
	}
}

// flush ends the unit. Without picture data it becomes the beginning of the
// next one: parameter sets come with timestamps of their own.
func (a *nalAssembler) flush(byMarker bool, emit func(Unit)) {
	a.close() // some senders never set the end bit
	switch {
	case a.skip:
		a.clear()
	case a.picture:
		a.marked, a.markedTS = byMarker, a.ts
		emit(Unit{Timestamp: a.ts, Key: a.starts(), Data: a.buf})
		a.clear()
	}
}

// rareKeys is how many ticks (90 kHz) a stream must be without a place to start
// before other pictures are taken for one.
const rareKeys = 10 * 90000

// starts reports whether a decoder can start at the unit: at a picture that says
// so (IDR, IRAP, a recovery point) or that refers to no other and brings its
// parameter sets along. Some encoders send one such picture at the beginning and
// then only plain I-pictures, after which a decoder gets over what it has not
// seen; x265, refreshing bit by bit, only the parameter sets where a round
// begins. Where the usual ones come regularly, these are left alone.
func (a *nalAssembler) starts() bool {
	if !a.timed {
		a.timed, a.keyTS = true, a.ts
	}
	if a.key || a.sets && !a.inter {
		a.keyed, a.keyTS = true, a.ts
		return true
	}
	rare := a.ts-a.keyTS > rareKeys
	return !a.inter && !a.keyed || rare && (a.sets || !a.inter)
}

// fragment adds a part of a NAL unit; header is the unit's own, as the fragment
// gives it.
func (a *nalAssembler) fragment(header []byte, start, end bool, part []byte) error {
	switch {
	case a.skip:
		return nil
	case start:
		a.close()
		a.open = len(a.buf)
		a.buf = append(a.buf, 0, 0, 0, 0)
		a.buf = append(a.buf, header...)
	case len(part) == 0:
	case a.open < 0:
		a.abandon()
		return ErrMalformed
	}
	if len(a.buf)+len(part) > maxVideoUnit {
		a.abandon()
		return ErrTooLarge
	}
	a.buf = append(a.buf, part...)
	if end {
		a.close()
	}
	return nil
}

// close completes the NAL unit that came in fragments.
func (a *nalAssembler) close() {
	if a.open < 0 {
		return
	}
	start := a.open
	a.open = -1
	nal := a.buf[start+4:]
	if n := min(a.syntax.headerSize(), len(nal)); isAnnexB(nal[n:]) { // the header is that of nothing
		nal = nal[n:]
		a.startCodes = true
	}
	if a.codesIn(nal) >= 0 {
		a.scratch = append(a.scratch[:0], nal...)
		a.buf = a.buf[:start]
		a.splitOff(a.scratch)
		return
	}
	nal = trimZeros(nal)
	if !a.wanted(nal) {
		if !a.skip {
			a.buf = a.buf[:start]
		}
		return
	}
	binary.BigEndian.PutUint32(a.buf[start:], uint32(len(nal)))
	a.buf = a.buf[:start+4+len(nal)]
}

// add adds a payload that is one NAL unit, or several with start codes.
func (a *nalAssembler) add(nal []byte) error {
	a.close()
	if a.codesIn(nal) >= 0 {
		return a.splitOff(nal)
	}
	return a.addOne(nal)
}

func (a *nalAssembler) addOne(nal []byte) error {
	nal = trimZeros(nal)
	if !a.wanted(nal) {
		return nil
	}
	if len(a.buf)+4+len(nal) > maxVideoUnit {
		a.abandon()
		return ErrTooLarge
	}
	a.buf = binary.BigEndian.AppendUint32(a.buf, uint32(len(nal)))
	a.buf = append(a.buf, nal...)
	return nil
}

// wanted inspects a complete NAL unit and reports whether it goes into the
// access unit. Parameter sets are learned even from a damaged one.
func (a *nalAssembler) wanted(nal []byte) bool {
	if len(nal) < a.syntax.headerSize() {
		return false
	}
	info := a.syntax.inspect(nal)
	if a.skip || info.drop {
		return false
	}
	if info.picture && !a.picture && !info.first {
		if a.doubt {
			a.abandon()
			return false
		}
		// The picture that the marker ended goes on: the marker means nothing.
		a.badMarker = a.badMarker || a.marked && a.markedTS == a.ts
	}
	a.picture = a.picture || info.picture
	a.key = a.key || info.key
	a.sets = a.sets || info.sets
	a.inter = a.inter || info.picture && !info.intra
	return true
}

var startCode = []byte{0, 0, 1}

// codesIn finds a start code inside nal, which no NAL unit may have. Picture
// data is searched only once the sender is known for it.
func (a *nalAssembler) codesIn(nal []byte) int {
	if !a.startCodes && (len(nal) == 0 || a.syntax.picture(nal)) {
		return -1
	}
	i := bytes.Index(nal, startCode)
	a.startCodes = a.startCodes || i >= 0
	return i
}

// isAnnexB reports whether b begins with a start code.
func isAnnexB(b []byte) bool {
	return bytes.HasPrefix(b, startCode) || len(b) > 0 && b[0] == 0 && bytes.HasPrefix(b[1:], startCode)
}

// splitOff adds the NAL units of b, which is in Annex B form but for a start
// code that may be missing in front.
func (a *nalAssembler) splitOff(b []byte) error {
	var first error
	splitNALs(b, func(nal []byte) {
		if err := a.addOne(nal); err != nil && first == nil {
			first = err
		}
	})
	return first
}

// splitNALs calls yield for each NAL unit between start codes.
func splitNALs(b []byte, yield func(nal []byte)) {
	for len(b) > 0 {
		nal := b
		if i := bytes.Index(b, startCode); i >= 0 {
			nal, b = b[:i], b[i+len(startCode):]
		} else {
			b = nil
		}
		if nal = trimZeros(nal); len(nal) > 0 {
			yield(nal)
		}
	}
}

// trimZeros drops the zeros that follow a NAL unit; none ends in one.
func trimZeros(nal []byte) []byte {
	n := len(nal)
	for n > 0 && nal[n-1] == 0 {
		n--
	}
	return nal[:n]
}
