// Package filemap reads out of a file in a container how long it plays and, for
// the containers in which a player does not find its way over a network by
// itself, at which byte a time is.
//
// It asks for little: the beginning of the file, for some containers its end,
// and for a place the few parts that a bisection over the timestamps needs. What
// it leaves out is all that it need not know for this: it takes no media apart.
//
//	f := filemap.File{Size: size, At: func(p []byte, off int64) int { n, _ := r.ReadAt(p, off); return n }}
//	length := filemap.Length("video/mp2t", f)
//	place, ok := filemap.Find("video/mp2t", f, length/2)
package filemap

import (
	"strings"
	"time"
)

const (
	// window is how much is read at once, in bytes, and how near a bisection
	// comes before the rest is read through.
	window = 64 << 10

	maxSteps  = 60       // of a bisection
	maxReach  = 2 << 20  // bytes read through for the next timestamp
	maxBack   = 16 << 20 // bytes read back through for a key frame
	maxLength = 1e6 * time.Second
)

// File gives parts of a file. At fills p from off on and returns how many bytes
// that were: fewer where the file ends, or where more cannot be had.
type File struct {
	Size int64
	At   func(p []byte, off int64) int
}

// Place is a byte at which a decoder can start.
type Place struct {
	Offset int64
	Time   time.Duration // of what begins there

	// Bare is set where the player can only guess how late it is there: it is
	// given the file from this byte on, as one of its own.
	Bare bool
}

// Length is how long a file of the given MIME type plays; 0 where it does not
// tell, or not in the parts that can be had.
func Length(contentType string, f File) time.Duration {
	var d time.Duration
	contentType = plain(contentType)
	switch contentType {
	case "video/mp4", "audio/mp4":
		d = mp4Length(f)
	case "video/x-matroska", "video/webm":
		d = matroskaLength(f)
	case "audio/mpeg", "audio/aac":
		d = framesLength(contentType, f)
	case "audio/flac":
		d = flacLength(f)
	case "application/ogg":
		d = oggLength(f)
	case "video/mp2t":
		d = transportLength(f)
	case "video/x-msvideo":
		d = aviLength(f)
	case "video/x-ms-asf":
		d = asfLength(f)
	case "video/x-flv":
		d = flvLength(f)
	case "audio/wav":
		d = waveLength(f)
	}
	if d < 0 || d > maxLength {
		return 0
	}
	return d
}

// plain is a content type without its parameters, in the one of its names that
// is known here.
func plain(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind = strings.ToLower(strings.TrimSpace(kind)); kind {
	case "audio/ogg", "video/ogg":
		return "application/ogg"
	case "audio/webm", "audio/x-matroska":
		return "video/webm"
	}
	return kind
}

// Finds reports whether Find knows the container. In the others a player finds
// its way by itself.
func Finds(contentType string) bool {
	switch plain(contentType) {
	case "application/ogg", "video/mp2t":
		return true
	}
	return false
}

// Find is the last place at or before media time to at which a decoder can
// start. ok is false where none was found.
func Find(contentType string, f File, to time.Duration) (p Place, ok bool) {
	switch plain(contentType) {
	case "application/ogg":
		return oggFind(f, to)
	case "video/mp2t":
		return transportFind(f, to)
	}
	return Place{}, false
}

// read is up to n bytes from off on.
func (f File) read(off int64, n int) []byte {
	if off < 0 || off >= f.Size {
		return nil
	}
	b := make([]byte, min(int64(n), f.Size-off))
	return b[:f.At(b, off)]
}

// whole is the bytes from one offset to another, or to the end of the file, and
// whether all of them could be had.
func (f File) whole(from, to int64) ([]byte, bool) {
	want := int(min(to, f.Size) - from)
	b := f.read(from, want)
	return b, len(b) == want
}

// mark is a timestamp in a file.
type mark struct {
	offset int64
	time   time.Duration
}

// bisect finds the last mark at or before to, or one that stands at most a
// window before it. next is the first mark at or after an offset.
func (f File) bisect(first, last mark, to time.Duration, next func(off int64) (mark, bool)) mark {
	low, high := first, last
	for step := range maxSteps {
		if high.offset-low.offset <= window || high.time <= low.time {
			break
		}
		// Most files have about the same rate everywhere; every third step
		// sees to it that the others come to an end too.
		middle := low.offset + (high.offset-low.offset)/2
		if step%3 != 2 {
			share := float64(to-low.time) / float64(high.time-low.time)
			guess := low.offset + int64(share*float64(high.offset-low.offset)) - window/2
			middle = min(max(guess, low.offset+window/2), high.offset-window/2)
		}
		m, ok := next(middle)
		switch {
		case !ok || m.offset >= high.offset || m.time > to:
			// Nothing before m but behind middle: high moves to middle.
			high = mark{offset: middle, time: high.time}
			if ok && m.time > to {
				high.time = min(high.time, m.time)
			}
		default:
			low = m
		}
	}
	return low
}

// ticks is n units of 1/rate seconds; 0 for what is no time at all.
func ticks(n, rate float64) time.Duration {
	s := n / rate
	if !(s > 0 && s < maxLength.Seconds()) { // also NaN
		return 0
	}
	return time.Duration(s * float64(time.Second))
}
