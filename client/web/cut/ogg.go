package cut

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"
)

// An Ogg page (RFC 3533, section 6). All numbers are little endian:
//
//	"OggS" version(1) flags(1) granule position(8) serial(4) sequence(4) checksum(4)
//	segments(1)  length of each(1)  data
//
// A packet is the segments up to one shorter than 255. A radio is a chain of
// links: each begins with one page for each of its streams (flag 2) and goes on
// with their further headers; the next one begins where a title changes.
const (
	oggHead      = 27
	oggContinued = 1 // the first packet began on an earlier page
	oggFirst     = 2 // of its stream

	maxOggStreams = 16
)

type ogg struct {
	line    timeline
	init    []byte
	streams []oggStream
	clock   int  // the stream that tells the time: with pictures, if there is one
	opening bool // the link's headers are coming
	changed bool
	lost    bool
}

// oggStream is one stream of the link.
type oggStream struct {
	oggCodec
	serial  uint32
	packets int // that have ended
	end     int64
	timed   bool
}

func newOgg(line timeline) *ogg { return &ogg{line: line} }

func (o *ogg) Origin() time.Duration { return o.line.origin }

func (o *ogg) Cut(b []byte) Unit {
	if len(b) < oggHead {
		return Unit{}
	}
	if string(b[:5]) != "OggS\x00" {
		return o.resync(b)
	}
	count := int(b[26])
	if len(b) < oggHead+count {
		return Unit{}
	}
	lengths := b[oggHead : oggHead+count]
	size := oggHead + count
	for _, n := range lengths {
		size += int(n)
	}
	if len(b) < size {
		return Unit{}
	}
	if o.lost && len(b) > size && (len(b) < size+4 || string(b[size:size+4]) != "OggS") {
		if len(b) < size+4 && size+4 <= Window {
			return Unit{}
		}
		return junk(1)
	}
	o.lost = false
	return o.page(b[:size], lengths)
}

// page judges a whole page.
func (o *ogg) page(b, lengths []byte) Unit {
	data := b[oggHead+len(lengths):]
	if b[5]&oggFirst != 0 {
		return o.begin(b, data)
	}
	s := o.stream(binary.LittleEndian.Uint32(b[14:]))
	if s == nil { // of a stream without a beginning, or damaged
		return o.resync(b)
	}
	ends, begins := 0, 0
	for i, n := range lengths {
		if n < 255 {
			ends++
		}
		if i == 0 && b[5]&oggContinued == 0 || i > 0 && lengths[i-1] < 255 {
			begins++
		}
	}
	granule := int64(binary.LittleEndian.Uint64(b[6:]))
	if o.opening && s.isHeader(granule, data) {
		s.packets += ends
		if len(o.init)+len(b) > maxInit {
			return junk(len(b))
		}
		o.init = append(o.init, b...)
		return Unit{Size: len(b), Role: Header}
	}
	o.opening = false
	u := Unit{Size: len(b), Timed: true}
	if s == &o.streams[o.clock] {
		u.Key = begins > 0 && s.entry(data, lengths, b[5]&oggContinued != 0)
		if !s.played() {
			u.Key = o.changed // nothing is known of it but its beginning
		}
		o.tick(s, granule, data, lengths, ends)
	}
	// A page has the granule position of its end: it begins where the one before ended.
	u.Time = o.line.out
	if s == &o.streams[o.clock] && s.timed {
		u.Time = o.line.at(s.time(s.end))
		if granule >= 0 {
			s.end = granule
		}
	}
	if u.Key && (o.changed || o.line.jumped) {
		u.Init = slices.Clip(o.init)
		u.Tagged = o.changed
		if u.Tagged {
			u.Title = o.title()
		}
		o.changed, o.line.jumped = false, false
	}
	return u
}

// tick learns where the first page of a link begins: before the end that it
// tells by as much as is in it.
func (o *ogg) tick(s *oggStream, granule int64, data, lengths []byte, ends int) {
	if s.timed || granule < 0 || ends == 0 {
		return
	}
	s.timed = true
	s.end = max(0, granule-s.samples(data, lengths))
}

// begin takes a stream's first page. The first of them begins a link.
func (o *ogg) begin(b, data []byte) Unit {
	if !o.opening {
		if o.clock < len(o.streams) && o.streams[o.clock].timed { // its last page is played to the end
			o.line.at(o.streams[o.clock].time(o.streams[o.clock].end))
		}
		o.init, o.streams, o.clock = nil, nil, 0
		o.opening, o.changed = true, true
		o.line.restart()
	}
	if len(o.streams) == maxOggStreams || len(o.init)+len(b) > maxInit {
		return junk(len(b))
	}
	o.init = append(o.init, b...)
	s := oggStream{oggCodec: readOggCodec(data), serial: binary.LittleEndian.Uint32(b[14:]), packets: 1}
	o.streams = append(o.streams, s)
	if n := len(o.streams) - 1; s.picture && !o.streams[o.clock].picture || !o.streams[o.clock].played() {
		o.clock = n
	}
	return Unit{Size: len(b), Role: Header}
}

func (o *ogg) stream(serial uint32) *oggStream {
	for i := range o.streams {
		if o.streams[i].serial == serial {
			return &o.streams[i]
		}
	}
	return nil
}

// resync drops what stands before the next page.
func (o *ogg) resync(b []byte) Unit {
	o.lost = true
	if i := bytes.Index(b[1:], []byte("OggS\x00")); i >= 0 {
		return junk(1 + i)
	}
	return junk(len(b) - 4)
}

// title is what the link's comments say is on.
func (o *ogg) title() string {
	for i := range o.streams {
		if comments := o.comments(&o.streams[i]); comments != nil {
			if t := readComments(comments); t != "" {
				return t
			}
		}
	}
	return ""
}

// comments puts a stream's comment packet together out of the link's headers.
func (o *ogg) comments(s *oggStream) []byte {
	var packet []byte
	number := 0
	for b := o.init; len(b) >= oggHead; {
		count := int(b[26])
		lengths, data := b[oggHead:oggHead+count], b[oggHead+count:]
		mine := binary.LittleEndian.Uint32(b[14:]) == s.serial
		for _, n := range lengths {
			if mine && number > 0 {
				packet = append(packet, data[:n]...)
			}
			data = data[n:]
			if !mine || n == 255 {
				continue
			}
			if c := s.commentsIn(packet, number); c != nil {
				return c
			}
			number, packet = number+1, packet[:0]
		}
		b = data
	}
	return nil
}
