// Package cut finds in a container that comes live, byte after byte and without
// an end, what the tape has to know of it: where its header ends, where a
// decoder can start, and the media time, which is the container's own.
//
// A Cutter looks at the bytes at the front of a buffer and says what they are,
// one unit after another. It copies nothing but headers, changes nothing, and
// allocates only where a header changes.
//
//	c := cut.New("FLV")
//	for {
//		u := c.Cut(b) // b begins where the last unit ended
//		if u.Size == 0 {
//			b = more(b) // Window bytes are always enough
//			continue
//		}
//		use(u, b[:u.Size])
//		b = b[u.Size:]
//	}
//
// What a decoder needs that starts at a key unit is the header before it and
// the bytes from there on. A container that is damaged in the middle goes on at
// its next unit; what lies between is junk.
//
// It decodes nothing and takes no packets out: see client/ts and client/fmp4.
package cut

import "time"

const (
	// Window is how many bytes a Cutter may ask to see at most before it judges
	// some of them.
	Window = 64 << 10

	// maxInit bounds a header, in bytes. A container whose header is longer has
	// one key unit, its beginning.
	maxInit = 1 << 20
)

// A Role says what becomes of a unit's bytes.
type Role uint8

const (
	Media  Role = iota // they are played
	Header             // they are in the Init of a unit to come
	Junk               // they are dropped: damage, or of no use to a player
)

// Unit is a run of bytes at the front of the buffer.
type Unit struct {
	Size int // bytes; 0: more of them are needed
	Role Role

	// The rest is of media only.
	Key   bool          // a decoder can start here, after the header
	Time  time.Duration // media time, from 0 on and never going back
	Timed bool          // Time is known; a container that is not understood has none

	// Init is the header from here on. It is set where the header changes and
	// where the container's clock jumps, always together with Key, nil elsewhere.
	// It is never written to again.
	Init []byte
	// Tagged: what the container says is on changes here, to Title, which is as
	// the container has it and may be empty.
	Tagged bool
	Title  string
}

// A Cutter knows one container.
type Cutter interface {
	// Cut judges the bytes at the front of b, which begins where the last unit
	// ended.
	Cut(b []byte) Unit
	// Origin is the container's own time less the media time of the last unit.
	Origin() time.Duration
}

// New returns the cutter of the container with that name, as package web names
// them, whose media time begins at start; nil where there is none.
func New(name string, start time.Duration) Cutter {
	line := timeline{out: start}
	switch name {
	case "FLV":
		return &flv{line: line}
	case "WebM", "Matroska":
		return &matroska{line: line}
	case "Ogg":
		return newOgg(line)
	case "FLAC":
		return &flac{line: line}
	case "MP4":
		return &mp4{line: line}
	case "ASF":
		return &asfCutter{line: line}
	case "MPEG-TS":
		return &ts{line: line, lost: true}
	}
	return nil
}

// rest is what is left of a unit that is handed on as it comes.
type rest struct {
	left int64
	role Role
}

// begin starts a unit of size bytes, of which b has the first.
func (r *rest) begin(size int64, role Role, b []byte) int {
	n := min(size, int64(len(b)))
	r.left, r.role = size-n, role
	return int(n)
}

// goesOn is the next part of the unit under way, if there is one.
func (r *rest) goesOn(b []byte, line *timeline) (Unit, bool) {
	if r.left <= 0 {
		return Unit{}, false
	}
	n := min(r.left, int64(len(b)))
	r.left -= n
	return Unit{Size: int(n), Role: r.role, Time: line.out, Timed: true}, true
}

// junk is a unit that is dropped. At least one byte goes.
func junk(n int) Unit { return Unit{Size: max(n, 1), Role: Junk} }
