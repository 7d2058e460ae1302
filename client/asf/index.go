package asf

import "time"

// IndexEntry is where to begin reading for the pictures of a moment.
type IndexEntry struct {
	Packet uint32 // in which the key picture begins
	Count  uint16 // packets that it takes
}

const (
	indexHead  = 56
	indexEntry = 6
	maxIndex   = 1 << 20 // entries: 12 days with one each second
)

// IndexAt looks a time of the content up in a Simple Index object, which
// follows the data object. Its times have the preroll in them (section 6.1).
//
//	24 file id(16) | 40 interval(8, 100 ns) | 48 most packets(4) | 52 entries(4) | { packet(4) packets(2) } ...
func IndexAt(b []byte, t, preroll time.Duration) (e IndexEntry, ok bool) {
	if len(b) < indexHead || guid(b[:16]) != simpleIndex {
		return e, false
	}
	interval := le.Uint64(b[40:])
	n := min(uint64(le.Uint32(b[52:])), uint64(len(b)-indexHead)/indexEntry)
	if interval == 0 || n == 0 {
		return e, false
	}
	i := min(uint64(max(0, t+preroll))/100/interval, n-1)
	b = b[indexHead+i*indexEntry:]
	return IndexEntry{le.Uint32(b), le.Uint16(b[4:])}, true
}

// AppendIndex appends a Simple Index object. Its first entry is for the
// presentation time 0, which is before the preroll.
func AppendIndex(dst []byte, interval time.Duration, entries []IndexEntry) []byte {
	entries = entries[:min(len(entries), maxIndex)]
	most := uint16(0)
	for _, e := range entries {
		most = max(most, e.Count)
	}
	dst = append(dst, simpleIndex...)
	dst = le.AppendUint64(dst, uint64(indexHead+indexEntry*len(entries)))
	dst = append(dst, make([]byte, 16)...)
	dst = le.AppendUint64(dst, uint64(interval/100))
	dst = le.AppendUint32(dst, uint32(most))
	dst = le.AppendUint32(dst, uint32(len(entries)))
	for _, e := range entries {
		dst = le.AppendUint16(le.AppendUint32(dst, e.Packet), e.Count)
	}
	return dst
}
