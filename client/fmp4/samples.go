package fmp4

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"tapedeck/client/media"
)

// sample is where one access unit stands in the segment, and its time.
type sample struct {
	offset int64
	size   int
	time   time.Duration
	track  int
	key    bool
}

// samples are those of the fragment in hand.
type samples struct {
	list []sample // in the order of their bytes
	next int      // the first that is not complete
	// loose: the fragment counts its offsets from the beginning of a file of which
	// the segment is a part, nobody knows which. Its first byte is mdat's first.
	loose bool
	part  []byte // of the next one
	unit  []byte // one in another form
}

func (s *samples) clear() {
	s.list, s.next, s.loose, s.part = s.list[:0], 0, false, s.part[:0]
}

// sort puts the samples in the order of their bytes.
func (s *samples) sort() {
	order := func(a, b sample) int { return cmp.Compare(a.offset, b.offset) }
	if !slices.IsSortedFunc(s.list, order) {
		slices.SortStableFunc(s.list, order)
	}
}

// arrive is called where the content of an mdat begins, at offset at.
func (s *samples) arrive(at int64) {
	if !s.loose || len(s.list) == 0 {
		return
	}
	s.loose = false
	shift := at - s.list[0].offset
	for i := range s.list {
		s.list[i].offset += shift
	}
}

// media takes bytes of an mdat, which stand at offset at.
func (d *Demuxer) media(p []byte, at int64, yield func(media.Packet)) {
	s := &d.samples
	for s.next < len(s.list) && len(p) > 0 {
		n := &s.list[s.next]
		ahead := n.offset + int64(len(s.part)) - at
		if ahead < 0 { // it shares bytes with another, or lies before mdat
			d.stats.Damaged++
			s.part = s.part[:0]
			s.next++
			continue
		}
		if ahead >= int64(len(p)) {
			return
		}
		p, at = p[ahead:], at+ahead
		k := min(n.size-len(s.part), len(p))
		switch {
		case k == n.size: // all of it is here
			d.emit(n, p[:k], yield)
			s.next++
		default:
			s.part = append(s.part, p[:k]...)
			if len(s.part) == n.size {
				d.emit(n, s.part, yield)
				s.part = s.part[:0]
				s.next++
			}
		}
		p, at = p[k:], at+int64(k)
	}
}

// emit passes a sample on.
func (d *Demuxer) emit(n *sample, data []byte, yield func(media.Packet)) {
	t := d.tracks[n.track]
	if t.lengthSize != 0 && t.lengthSize != lengthSize {
		var ok bool
		if data, ok = d.relength(t.lengthSize, data); !ok {
			d.stats.Damaged++
			return
		}
	}
	if t.learn != nil && t.inBand(data) {
		d.outdated = true
	}
	if t.learn != nil && t.base.Private == nil { // nothing can be decoded yet
		return
	}
	yield(media.Packet{Track: n.track, Time: n.time, Key: n.key, Data: data})
}

// lengthSize is how many bytes the length of a NAL unit has in a media.Packet.
const lengthSize = 4

// relength gives the NAL units of a sample, with lengths of size bytes, those of
// four.
func (d *Demuxer) relength(size int, data []byte) ([]byte, bool) {
	out := d.samples.unit[:0]
	for len(data) >= size {
		n := 0
		for _, b := range data[:size] {
			n = n<<8 | int(b)
		}
		if data = data[size:]; n > len(data) {
			return nil, false
		}
		out = binary.BigEndian.AppendUint32(out, uint32(n))
		out = append(out, data[:n]...)
		data = data[n:]
	}
	d.samples.unit = out
	return out, len(out) > 0
}
