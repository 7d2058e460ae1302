package wire

import (
	"encoding/binary"
	"math"
	"time"
)

// MaxStreams bounds the entries of a StreamSwitch: streams have the numbers 1
// to 127.
const MaxStreams = 127

// NoStream stands for no stream in a StreamEntry.
const NoStream uint16 = 0xFFFF

// Thinning is how much of a stream is sent. Its values are those of the wire, in
// [MS-WMSP] too.
type Thinning uint16

const (
	ThinNone Thinning = 0 // all of it
	ThinKeys Thinning = 1 // key pictures only
	ThinAll  Thinning = 2 // nothing: the stream is off
)

// StreamEntry is a decision about one stream.
type StreamEntry struct {
	From uint16 // the stream that is replaced; NoStream: none
	To   uint16
	Thin Thinning
}

// StreamSwitch chooses streams ([MS-MMSP] 2.2.4.27): 8 count | 12 count times
// {from u16, to u16, thinning u16}. The first one must list every stream; a
// server sends nothing of those that were never named.
type StreamSwitch struct{ Entries []StreamEntry }

func (s StreamSwitch) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDStreamSwitch)
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, uint32(len(s.Entries)))
	for _, e := range s.Entries {
		dst = le.AppendUint16(dst, e.From)
		dst = le.AppendUint16(dst, e.To)
		dst = le.AppendUint16(dst, uint16(e.Thin))
	}
	return end(dst, at)
}

// ParseStreamSwitch reads a StreamSwitch.
func ParseStreamSwitch(m Message) (StreamSwitch, error) {
	if err := m.need(MIDStreamSwitch, 12); err != nil {
		return StreamSwitch{}, err
	}
	n := m.u32(8)
	if n > MaxStreams || int(n) > (len(m.B)-12)/6 {
		return StreamSwitch{}, malformed("StreamSwitch of %d entries in %d bytes", n, len(m.B))
	}
	le := binary.LittleEndian
	s := StreamSwitch{Entries: make([]StreamEntry, n)}
	for i := range s.Entries {
		b := m.B[12+6*i:]
		s.Entries[i] = StreamEntry{From: le.Uint16(b), To: le.Uint16(b[2:]), Thin: Thinning(le.Uint16(b[4:]))}
	}
	return s, nil
}

// unused is in the fields of StartPlaying that say nothing, as 0 is.
const unused uint32 = 0xFFFFFFFF

// StartPlaying has the server send ([MS-MMSP] 2.2.4.25):
//
//	8 openFileId | 12 0 | 16 position, f64 | 24 offset | 28 packet | 32 stop | 36 incarnation
//	[40 bandwidth of acceleration | 44 its duration, ms | 48 bandwidth of the link]
//
// The three last fields are for servers of version 9 and later only.
type StartPlaying struct {
	OpenFileID  uint32
	Position    time.Duration // of the content, without preroll; Unset: see Offset and Packet
	Offset      uint32        // bytes from the beginning of the file; 0 unused
	Packet      uint32        // number of an ASF packet; 0 unused
	Stop        uint32        // 0 is the end; else ms, with bit 31 from the position on
	Incarnation uint32

	Accelerate    bool // the next three are sent
	AccelRate     uint32
	AccelDuration time.Duration
	LinkRate      uint32
}

func (s StartPlaying) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDStartPlaying)
	dst = s.place(dst)
	if s.Accelerate {
		le := binary.LittleEndian
		dst = le.AppendUint32(dst, s.AccelRate)
		dst = le.AppendUint32(dst, uint32(s.AccelDuration.Milliseconds()))
		dst = le.AppendUint32(dst, s.LinkRate)
	}
	return end(dst, at)
}

// place is what StartPlaying and StartStriding have in common.
func (s StartPlaying) place(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, s.OpenFileID)
	dst = le.AppendUint32(dst, 0)
	dst = appendSeconds(dst, s.Position)
	for _, v := range []uint32{s.Offset, s.Packet} {
		if v == 0 {
			v = unused
		}
		dst = le.AppendUint32(dst, v)
	}
	dst = le.AppendUint32(dst, s.Stop)
	return le.AppendUint32(dst, s.Incarnation)
}

// ParseStartPlaying reads a StartPlaying. What a client says is unused is 0.
func ParseStartPlaying(m Message) (StartPlaying, error) {
	if err := m.need(MIDStartPlaying, 40); err != nil {
		return StartPlaying{}, err
	}
	s := m.place()
	if len(m.B) >= 52 {
		s.Accelerate = true
		s.AccelRate = m.u32(40)
		s.AccelDuration = time.Duration(m.u32(44)) * time.Millisecond
		s.LinkRate = m.u32(48)
	}
	return s, nil
}

func (m Message) place() StartPlaying {
	s := StartPlaying{
		OpenFileID:  m.u32(8),
		Position:    seconds(m.B[16:]),
		Offset:      m.u32(24),
		Packet:      m.u32(28),
		Stop:        m.u32(32),
		Incarnation: m.u32(36),
	}
	if s.Offset == unused {
		s.Offset = 0
	}
	if s.Packet == unused {
		s.Packet = 0
	}
	return s
}

// StartStriding plays at another speed ([MS-MMSP] 2.2.4.26): as StartPlaying,
// and 40 rate, f64.
type StartStriding struct {
	StartPlaying
	Rate float64 // -5 to 5, not 0
}

func (s StartStriding) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDStartStriding)
	dst = s.place(dst)
	return end(binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Rate)), at)
}

// ParseStartStriding reads a StartStriding.
func ParseStartStriding(m Message) (StartStriding, error) {
	if err := m.need(MIDStartStriding, 48); err != nil {
		return StartStriding{}, err
	}
	rate := math.Float64frombits(binary.LittleEndian.Uint64(m.B[40:]))
	if !(rate >= -5 && rate <= 5) || rate == 0 {
		return StartStriding{}, malformed("rate %v", rate)
	}
	return StartStriding{StartPlaying: m.place(), Rate: rate}, nil
}
