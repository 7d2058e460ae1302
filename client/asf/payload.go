package asf

// record is a payload as it stands in a packet (section 5.2.3). It has a part
// of an object, or a group of whole ones.
//
//	key(1 bit) stream(7) | object number | offset in it | length of the replicated data | replicated data
//	[several: length] data
//
//	replicated data   8 bytes or more: size of the object(4) its time(4, ms) what the header's extensions have it
//	                  1: a group (compressed payloads): the step(1, ms) from one object to the next
//
// In a group the offset is the time of the first object, and the data is
// { length(1) object } ...
type record struct {
	from, to int // where it is in the packet
	pl       Payload
	grouped  bool
	step     uint32
	time     int   // where its presentation time is in the packet; 0 nowhere
	wide     int   // bytes of that
	wrong    error // what makes it useless
}

const (
	copiedGroup = 1 // the length of the replicated data that says group
	copiedLeast = 8 // else that with the object's size and time
)

// parsePayload reads the payload at a place in a packet whose payloads end at
// end. It reports false where it cannot tell how far it goes.
func (p *Packet) parsePayload(at, end int) (r record, ok bool) {
	b := p.b[:end]
	object, offset, copied := width(p.kinds>>4), width(p.kinds>>2), width(p.kinds)
	r.from, r.to = at, end
	data := at + 1 + object + offset + copied
	if data > len(b) {
		r.wrong = errPayload
		return r, false
	}
	r.pl.Stream, r.pl.Key = int(b[at]&0x7f), b[at]&0x80 != 0
	at++
	r.pl.Object = number(b[at : at+object])
	at += object
	r.pl.Offset = number(b[at : at+offset])
	n := number(b[at+offset : data])
	switch {
	case n == copiedGroup && offset > 0:
		r.time, r.wide = at, offset
	case n >= copiedLeast:
		r.time, r.wide = data+4, 4
	}
	if uint64(n) > uint64(len(b)-data) {
		r.wrong = errCopied
		return r, false
	}
	extra := b[data : data+int(n)]
	data += int(n)
	if p.several {
		w := width(p.lengths)
		if data+w > len(b) {
			r.wrong = errPayload
			return r, false
		}
		length := number(b[data : data+w])
		data += w
		if uint64(length) > uint64(len(b)-data) {
			r.wrong = errPayload
			return r, false
		}
		r.to = data + int(length)
	}
	r.pl.Data = b[data:r.to:r.to]
	r.judge(extra, offset, p.send)
	return r, true
}

// judge reads the replicated data and compares it with the payload. offset is
// the width of that field.
func (r *record) judge(extra []byte, offset int, send uint32) {
	r.pl.Time = send
	switch {
	case r.pl.Stream == 0:
		r.wrong = errNoStream
	case len(extra) == 0:
	case len(extra) == copiedGroup:
		r.grouped, r.step = true, uint32(extra[0])
		if offset > 0 {
			r.pl.Time, r.pl.Timed = r.pl.Offset, true
		}
		r.pl.Offset = 0
		if !groupFits(r.pl.Data) {
			r.wrong = errGroup
		}
	case len(extra) < copiedLeast:
		r.wrong = errCopied
	default:
		r.pl.Size = le.Uint32(extra)
		r.pl.Time, r.pl.Timed = le.Uint32(extra[4:]), true
		if r.pl.Size > maxObject || r.pl.Size > 0 && uint64(r.pl.Offset)+uint64(len(r.pl.Data)) > uint64(r.pl.Size) {
			r.wrong = errObject
		}
	}
}

// group gives the objects of a group one by one.
type group struct {
	pl   Payload // the next one, but for its data
	rest []byte
	step uint32
}

func (g *group) next(pl *Payload) bool {
	for len(g.rest) > 0 {
		n := int(g.rest[0]) // groupFits has looked
		data := g.rest[1 : 1+n : 1+n]
		g.rest = g.rest[1+n:]
		*pl = g.pl
		pl.Data, pl.Size = data, uint32(n)
		g.pl.Object++
		g.pl.Time += g.step
		if n > 0 {
			return true
		}
	}
	return false
}

// groupFits reports whether the lengths in a group lead to its end, and to
// something.
func groupFits(b []byte) bool {
	some := false
	for len(b) > 0 {
		n := int(b[0])
		if n >= len(b) {
			return false
		}
		some = some || n > 0
		b = b[1+n:]
	}
	return some
}
