package asf

import "time"

// IndexEntry is where to begin reading for the pictures of a moment.
type IndexEntry struct {
	Packet uint32 // in which the key picture begins
	Count  uint16 // packets that it takes
}

// IndexAt looks a time of the content up in a Simple Index object, whose times
// have the preroll in them.
func IndexAt(b []byte, t, preroll time.Duration) (IndexEntry, bool) { return IndexEntry{}, false }

// AppendIndex appends a Simple Index object. Its first entry is for the time 0
// of the presentation times, which have the preroll in them.
func AppendIndex(dst []byte, interval time.Duration, entries []IndexEntry) []byte { return dst }
