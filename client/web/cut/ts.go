package cut

import (
	"bytes"
	"time"
)

// An MPEG transport stream (ISO/IEC 13818-1, 2.4.3) is packets of 188 bytes:
//
//	0x47  error(1 bit) start(1) priority(1) PID(13)  scrambled(2) adaptation(1) payload(1) counter(4)
//	[length(1)  discontinuity(1 bit) random access(1) priority(1) PCR(1) ..(4)  PCR: base(33) reserved(6) extension(9)]
//
// It has no header: a decoder starts anywhere, as its tables come again and
// again. The time is the clock reference, in units of 1/90000 s, of the first
// program that has one.
const (
	tsPacket = 188
	tsSync   = 0x47
	tsRate   = 90000
	tsWrap   = 1 << 33

	// tsOther is how many references of another program are seen before that one
	// tells the time: the first has gone.
	tsOther = 50
	tsSteps = 5 // packets that are looked at for whether they are in step
)

type ts struct {
	line   timeline
	begun  bool
	known  bool // pid
	pid    int  // that tells the time
	base   int64
	high   int64 // added to the references for those that ran over
	others int
	lost   bool // after damage: packets have to be in step
}

func (t *ts) Origin() time.Duration { return t.line.origin }

// Cut hands on the packets up to the next that carries the time.
func (t *ts) Cut(b []byte) Unit {
	if len(b) < tsPacket {
		return Unit{}
	}
	if b[0] != tsSync || t.lost && !inStep(b) {
		t.lost = true
		return junk(tsNext(b))
	}
	t.lost = false
	u := Unit{Key: true, Timed: true}
	if base, ok := t.reference(b); ok {
		t.take(base, b[5]&0x80 != 0)
	}
	u.Time = t.line.out
	if !t.begun || t.line.jumped {
		u.Init = []byte{}
		t.begun, t.line.jumped = true, false
	}
	for u.Size = tsPacket; u.Size+tsPacket <= len(b) && b[u.Size] == tsSync; u.Size += tsPacket {
		if _, ok := t.reference(b[u.Size:]); ok {
			break
		}
	}
	return u
}

// reference is the clock reference in a packet of the program that tells the
// time.
func (t *ts) reference(b []byte) (base int64, ok bool) {
	if b[3]&0x20 == 0 || b[4] < 7 || b[5]&0x10 == 0 || b[1]&0x80 != 0 {
		return 0, false
	}
	pid := int(b[1]&0x1f)<<8 | int(b[2])
	switch {
	case !t.known || t.others >= tsOther:
		t.pid, t.known = pid, true
	case pid != t.pid:
		t.others++
		return 0, false
	}
	t.others = 0
	return int64(b[6])<<25 | int64(b[7])<<17 | int64(b[8])<<9 | int64(b[9])<<1 | int64(b[10])>>7, true
}

func (t *ts) take(base int64, discontinuity bool) {
	d := base - t.base
	switch {
	case discontinuity:
		t.line.restart()
	case d < -tsWrap/2:
		t.high += tsWrap
	case d > tsWrap/2 && t.high > 0:
		t.high -= tsWrap
	}
	t.base = base
	t.line.at(ticks(t.high+base, tsRate))
}

// inStep reports whether packets begin at the front of b and at the borders
// that follow, as far as b reaches and sense goes.
func inStep(b []byte) bool {
	for i := 0; i < min(len(b), tsSteps*tsPacket); i += tsPacket {
		if b[i] != tsSync {
			return false
		}
	}
	return true
}

// tsNext is where in b packets may begin, behind its front.
func tsNext(b []byte) int {
	for i := 1; i < len(b); i++ {
		j := bytes.IndexByte(b[i:], tsSync)
		if j < 0 {
			break
		}
		if i += j; inStep(b[i:]) {
			return i
		}
	}
	return len(b)
}
