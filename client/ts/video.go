package ts

import (
	"bytes"
	"encoding/binary"

	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// video is a stream of NAL units in Annex B form. What came stands in stream,
// from the NAL unit on whose end has not been seen; those before it are in unit,
// with their lengths:
//
//	stream: | NAL so far ...          marks: where PES packets with times begin
//	unit:   | size32 | NAL | size32 | NAL ...
//
// An access unit ends where a PES packet with another time begins with a start
// code, as they do nearly everywhere, or where the NAL units tell that another
// begins: some encoders of television cut their PES packets anywhere.
type video struct {
	sink   *sink
	coding nal.Coding

	stream []byte
	seen   int  // bytes of stream in which there is no start code
	inside bool // stream begins in a NAL unit, not before the first
	marks  []mark

	unit  []byte
	parts nal.Unit
	timed bool // at is set:
	at    stamp
	doubt bool // the unit's beginning may be missing
	skip  bool // it is

	last    stamp // of the unit before
	entries nal.Entries
	lost    bool // bytes are missing, and counted
	config  []byte
	info    nal.SPS
}

// mark is where in the stream a PES packet with a time begins.
type mark struct {
	offset int
	open   bool // its first bytes are not there yet
	stamp  stamp
}

const (
	// maxMarks bounds the PES packets with times within one unit.
	maxMarks = 16

	// startSize is how many bytes tell whether a PES packet begins with a start
	// code, of either length.
	startSize = 4

	// usualStep is the time of a picture where nothing tells.
	usualStep = clockRate / 25
)

func newVideo(s *sink, c nal.Coding) elementary { return &video{sink: s, coding: c, doubt: true} }

func (v *video) known() bool { return v.config != nil }

func (v *video) describe(t *media.Track) {
	t.Private = v.config
	t.Width, t.Height, t.FrameRate = v.info.Width, v.info.Height, v.info.FrameRate
}

func (v *video) begin(s stamp) {
	v.lost = false
	v.settle(true)
	if !s.told {
		v.scan()
		return
	}
	if len(v.marks) == maxMarks {
		v.marks = v.marks[:copy(v.marks, v.marks[1:])]
	}
	v.marks = append(v.marks, mark{offset: len(v.stream), open: true, stamp: s})
}

func (v *video) add(p []byte) {
	if len(v.stream)+len(v.unit)+len(p) > maxVideoUnit {
		v.lose()
	}
	v.stream = append(v.stream, p...)
	v.settle(false)
}

// settle looks at the first bytes of the PES packet that began last: with a
// start code there, what came before is complete.
func (v *video) settle(now bool) {
	n := len(v.marks)
	if n == 0 || !v.marks[n-1].open {
		return
	}
	m := &v.marks[n-1]
	if len(v.stream)-m.offset < startSize && !now {
		return
	}
	m.open = false
	if nal.IsAnnexB(v.stream[m.offset:]) {
		v.cut(*m)
	} else {
		v.scan()
	}
}

// cut ends what is in the stream before m, where a start code begins.
func (v *video) cut(m mark) {
	rest := v.stream[m.offset:]
	v.stream = v.stream[:m.offset]
	v.end()
	v.stream = append(v.stream[:0], rest...)
	if !v.timed || !v.parts.Picture || v.at != m.stamp { // no other slice of the picture
		v.finish()
	}
	m.offset = 0
	v.marks = append(v.marks[:0], m)
}

// end takes all of the stream, which ends with a NAL unit.
func (v *video) end() {
	v.scan()
	if v.inside {
		v.take(v.stream, 0)
	}
	v.stream, v.seen, v.inside = v.stream[:0], 0, false
}

// scan takes the NAL units out of the stream whose ends are there.
func (v *video) scan() {
	done := 0
	for {
		i := bytes.Index(v.stream[v.seen:], nal.StartCode)
		if i < 0 {
			break
		}
		if v.inside {
			v.take(v.stream[done:v.seen+i], done)
		}
		done = v.seen + i + len(nal.StartCode)
		v.inside, v.seen = true, done
	}
	if done > 0 {
		v.stream = v.stream[:copy(v.stream, v.stream[done:])]
		for i := range v.marks {
			v.marks[i].offset -= done
		}
	}
	v.seen = max(0, len(v.stream)-len(nal.StartCode)+1)
}

// take adds the NAL unit that stands at offset in the stream.
func (v *video) take(unit []byte, offset int) {
	unit = nal.TrimZeros(unit)
	if len(unit) < v.coding.HeaderSize() {
		return
	}
	if (v.parts.Picture || v.skip) && v.coding.Begins(unit) {
		v.finish()
	}
	info := v.coding.Inspect(unit)
	if info.Drop {
		return
	}
	if info.Picture && !v.parts.Picture && !info.First && v.doubt && !v.skip {
		v.skip = true
		v.sink.damaged()
	}
	if v.skip {
		return
	}
	if !v.timed {
		v.timed, v.at = true, v.stampAt(offset-len(nal.StartCode))
	}
	v.parts.Add(info)
	v.unit = binary.BigEndian.AppendUint32(v.unit, uint32(len(unit)))
	v.unit = append(v.unit, unit...)
}

// stampAt is the time of an access unit that begins at offset: that of its PES
// packet if it is the first in it, else it follows from the one before. It is not
// told while none was.
func (v *video) stampAt(offset int) stamp {
	n := 0
	for n < len(v.marks) && v.marks[n].offset <= offset {
		n++
	}
	if n == 0 {
		step := int64(usualStep)
		if v.info.FrameRate > 0 {
			step = int64(clockRate / v.info.FrameRate)
		}
		return v.last.plus(step)
	}
	s := v.marks[n-1].stamp
	v.marks = v.marks[:copy(v.marks, v.marks[n:])]
	return s
}

// finish ends the access unit. Without picture data it becomes the beginning of
// the next one.
func (v *video) finish() {
	v.timed, v.doubt = false, false
	if !v.parts.Picture && !v.skip {
		return
	}
	if v.coding.Changed() {
		v.config, v.info = v.coding.Config(), v.coding.SPS()
		v.sink.changed()
	}
	if v.parts.Picture && !v.skip {
		v.last = v.at
		key := v.entries.Starts(v.parts, uint32(v.at.pts))
		if v.config != nil && v.at.told { // nothing can be decoded without
			v.sink.emit(span(v.at.pts), key, v.unit)
		}
	}
	v.unit, v.parts, v.skip = v.unit[:0], nal.Unit{}, false
}

func (v *video) lose() {
	if !v.lost {
		v.sink.damaged()
	}
	v.drop()
	v.lost = true
}

// drop forgets what is partial.
func (v *video) drop() {
	v.stream, v.seen, v.inside, v.marks = v.stream[:0], 0, false, v.marks[:0]
	v.unit, v.parts, v.timed, v.skip, v.doubt = v.unit[:0], nal.Unit{}, false, false, true
}

func (v *video) flush() {
	v.settle(true)
	v.end()
	v.finish()
	v.drop()
}

func (v *video) reset() {
	v.drop()
	v.coding.Renew()
	v.last, v.entries, v.lost = stamp{}, nal.Entries{}, false
}
