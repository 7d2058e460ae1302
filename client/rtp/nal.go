package rtp

import (
	"bytes"
	"encoding/binary"

	"tapedeck/client/nal"
)

// nalAssembler gathers NAL units, whole or in fragments, into access units:
//
//	buf: | size32 | NAL ... | size32 | NAL ... | size32 | fragments so far
//	                                           ^ open
//
// A unit ends with the marker or with another timestamp, whichever comes
// first, but never before it has picture data: cameras mark parameter sets,
// delimiters and SEI as if they were pictures. A unit with a hole is dropped.
type nalAssembler struct {
	syntax nal.Coding

	buf     []byte
	scratch []byte // for NAL units that have start codes in them
	open    int    // where the NAL unit in fragments begins in buf, or -1

	active  bool   // there is something of a unit, even if only its being skipped
	ts      uint32 // of that unit
	packets int
	unit    nal.Unit
	doubt   bool // its beginning may be lost
	skip    bool // it is damaged

	entries nal.Entries

	marked     bool   // the last unit was ended by the marker...
	markedTS   uint32 // ...and had this timestamp
	badMarker  bool   // the sender marks every packet, not the last of a unit
	startCodes bool   // the sender has been seen to put Annex B into payloads
}

func newNALAssembler(s nal.Coding) nalAssembler {
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
	a.active, a.doubt, a.skip = false, false, false
	a.unit = nal.Unit{}
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
	if marker && !a.badMarker && a.open < 0 && (a.unit.Picture || a.skip) {
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
	case a.unit.Picture:
		a.marked, a.markedTS = byMarker, a.ts
		emit(Unit{Timestamp: a.ts, Key: a.entries.Starts(a.unit, a.ts), Data: a.buf})
		a.clear()
	}
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
	unit := a.buf[start+4:]
	if n := min(a.syntax.HeaderSize(), len(unit)); nal.IsAnnexB(unit[n:]) { // the header is that of nothing
		unit = unit[n:]
		a.startCodes = true
	}
	if a.codesIn(unit) >= 0 {
		a.scratch = append(a.scratch[:0], unit...)
		a.buf = a.buf[:start]
		a.splitOff(a.scratch)
		return
	}
	unit = nal.TrimZeros(unit)
	if !a.wanted(unit) {
		if !a.skip {
			a.buf = a.buf[:start]
		}
		return
	}
	binary.BigEndian.PutUint32(a.buf[start:], uint32(len(unit)))
	a.buf = a.buf[:start+4+len(unit)]
}

// add adds a payload that is one NAL unit, or several with start codes.
func (a *nalAssembler) add(unit []byte) error {
	a.close()
	if a.codesIn(unit) >= 0 {
		return a.splitOff(unit)
	}
	return a.addOne(unit)
}

func (a *nalAssembler) addOne(unit []byte) error {
	unit = nal.TrimZeros(unit)
	if !a.wanted(unit) {
		return nil
	}
	if len(a.buf)+4+len(unit) > maxVideoUnit {
		a.abandon()
		return ErrTooLarge
	}
	a.buf = binary.BigEndian.AppendUint32(a.buf, uint32(len(unit)))
	a.buf = append(a.buf, unit...)
	return nil
}

// wanted inspects a complete NAL unit and reports whether it goes into the
// access unit. Parameter sets are learned even from a damaged one.
func (a *nalAssembler) wanted(unit []byte) bool {
	if len(unit) < a.syntax.HeaderSize() {
		return false
	}
	info := a.syntax.Inspect(unit)
	if a.skip || info.Drop {
		return false
	}
	if info.Picture && !a.unit.Picture && !info.First {
		if a.doubt {
			a.abandon()
			return false
		}
		// The picture that the marker ended goes on: the marker means nothing.
		a.badMarker = a.badMarker || a.marked && a.markedTS == a.ts
	}
	a.unit.Add(info)
	return true
}

// codesIn finds a start code inside unit, which no NAL unit may have. Picture
// data is searched only once the sender is known for it.
func (a *nalAssembler) codesIn(unit []byte) int {
	if !a.startCodes && (len(unit) == 0 || a.syntax.Picture(unit)) {
		return -1
	}
	i := bytes.Index(unit, nal.StartCode)
	a.startCodes = a.startCodes || i >= 0
	return i
}

// splitOff adds the NAL units of b, which is in Annex B form but for a start
// code that may be missing in front.
func (a *nalAssembler) splitOff(b []byte) error {
	var first error
	nal.Split(b, func(unit []byte) {
		if err := a.addOne(unit); err != nil && first == nil {
			first = err
		}
	})
	return first
}
