package mmstest

import (
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

// Place is where to begin; the first field that is not 0 counts.
type Place struct {
	Time   time.Duration // of the content: the key picture before it
	Packet uint32        // number of a packet
	Offset uint32        // bytes of the file, the first of a packet
}

// Pace is by which clock a Reader runs.
type Pace struct {
	Began time.Time // of the server, for what is live
	Now   time.Time // of the request
	Speed float64
	Burst time.Duration
}

// ItemKind is what a Reader gives.
type ItemKind uint8

const (
	Media    ItemKind = iota + 1 // a packet
	EntryEnd                     // the entry is over; the Reader goes on with the next
	End                          // the programme is over
)

// Item is what a Reader gives next.
type Item struct {
	Kind   ItemKind
	Due    time.Time // when it is to be sent, and not before
	Number uint32    // of the packet (LocationId)
	Data   []byte    // the packet; valid until the next call
}

// Reader reads a programme from a place on. One goroutine uses it:
//
//	r := p.Read(p.NowEntry(began, now, speed), place, padding, pace)
//	r.Select(entries)
//	for item := r.Next(); ; item = r.Next() { wait until item.Due; send it }
type Reader struct {
	p       *Programme
	entry   int
	film    *film
	padding Padding
	pace    Pace
	from    Place
	begun   bool

	next   int           // index of the next packet in film
	origin time.Duration // send time that is due at pace.Now; of a live programme since its beginning
	start  time.Duration // of a live programme: when this run of film began

	thin    [128]wire.Thinning
	replace [128]uint8 // the stream that goes when a key picture of this one comes
	keyed   [128]bool  // of the packet at hand: it has key pictures of the stream

	packet          asf.Packet
	shifted, picked []byte
}

// Read begins to read an entry. A live programme is read from where it is, and
// begins with EntryEnd if that is in another entry already.
func (p *Programme) Read(entry int, from Place, padding Padding, pace Pace) *Reader {
	r := &Reader{p: p, entry: entry, padding: padding, pace: pace, from: from}
	for i := range r.thin {
		r.thin[i] = wire.ThinAll
	}
	r.film, _ = p.film(entry)
	return r
}

// begin finds the first packet: it depends on what is selected.
func (r *Reader) begin() {
	r.begun = true
	if r.p.live {
		r.join()
		return
	}
	r.next = r.film.seek(r.from, r.on)
	r.origin = r.film.sendTime(r.next)
}

func (r *Reader) on(stream int) bool { return r.thin[stream&0x7F] != wire.ThinAll }

// join places the reader where a live programme is now, less what is sent at
// once, at the packet with a key picture before.
func (r *Reader) join() {
	r.origin = scale(r.pace.Now.Sub(r.pace.Began), r.pace.Speed)
	now, start := r.p.onAir(r.origin)
	behind := max(0, r.origin-r.pace.Burst)
	if len(r.p.films) == 1 {
		r.entry, r.start = r.p.onAir(behind)
		r.next = r.film.seek(Place{Time: behind - r.start}, r.on)
		return
	}
	if now != r.entry {
		r.entry = now - 1 // it is over
		r.film, _ = r.p.film(r.entry)
		r.next, r.start = len(r.film.packets), start-r.film.length
		return
	}
	r.start = start
	r.next = r.film.seek(Place{Time: max(0, behind-start)}, r.on)
}

// Entry is the number of the entry that is read.
func (r *Reader) Entry() int {
	if r.p.live && len(r.p.films) == 1 {
		return 0
	}
	return r.entry
}

// Select decides about streams; those that are not named stay as they are, and
// in the beginning they are off. A stream that comes in place of another one
// begins with a key picture, and the other goes on until then.
func (r *Reader) Select(entries []wire.StreamEntry) {
	for _, e := range entries {
		to, from := e.To&0x7F, e.From
		if e.To > asf.MaxStream {
			to = 0
		}
		switch {
		case from == wire.NoStream || from > asf.MaxStream || from == e.To:
			r.thin[to], r.replace[to] = e.Thin, 0
		case e.To > asf.MaxStream: // a stream that nothing replaces
			r.thin[from] = wire.ThinAll
		default:
			r.replace[to] = uint8(from)
		}
	}
}

// Next is what comes next. Packets of which nothing is chosen are passed over.
func (r *Reader) Next() Item {
	if !r.begun {
		r.begin()
	}
	for r.next < len(r.film.packets) {
		i := r.next
		r.next++
		data, ok := r.pick(r.film.packets[i])
		if !ok {
			continue
		}
		item := Item{Kind: Media, Due: r.due(r.film.sendTime(i)), Number: uint32(i), Data: data}
		if r.p.live {
			item.Number += r.p.numberOf(r.entry)
		}
		return item
	}
	end := r.due(r.film.length)
	if !r.p.live && r.entry+1 >= len(r.p.films) {
		return Item{Kind: End, Due: end}
	}
	r.advance(end)
	if r.p.live && len(r.p.films) == 1 {
		return r.Next()
	}
	return Item{Kind: EntryEnd, Due: end}
}

// advance goes on with the beginning of the next entry.
func (r *Reader) advance(end time.Time) {
	if r.p.live {
		r.start += r.film.length
	} else {
		r.pace.Now, r.pace.Burst, r.origin = end, 0, 0
	}
	r.entry++
	r.film, _ = r.p.film(r.entry)
	r.next = 0
}

// due is when what has a send time in the film is to be sent.
func (r *Reader) due(send time.Duration) time.Time {
	ahead := r.pace.Burst
	if r.p.live {
		ahead = 0 // it is behind already
	}
	return r.pace.Now.Add(scale(r.start+send-r.origin-ahead, 1/r.pace.Speed))
}

// pick is what is sent of a packet.
func (r *Reader) pick(b []byte) ([]byte, bool) {
	if r.p.live {
		r.shifted = append(r.shifted[:0], b...)
		b = r.shifted
		r.film.shift(b, uint32(r.start.Milliseconds())+r.p.Clock, uint32(r.entry/len(r.p.films)))
	}
	r.look(b)
	b, ok := asf.Filter(r.picked[:0], b, r.film.size, r.wanted)
	if !ok {
		return nil, false
	}
	r.picked = b
	if r.padding == PaddingKept {
		return b, true
	}
	n := len(b)
	b, err := asf.Trim(b, b, r.film.size, r.padding == PaddingForgot)
	if err != nil {
		return nil, false
	}
	r.picked = b
	return b[n:], true
}

// look looks for key pictures: with one a stream begins that is to replace
// another one.
func (r *Reader) look(b []byte) {
	clear(r.keyed[:])
	if r.packet.Parse(b, r.film.size) != nil {
		return
	}
	for pl := (asf.Payload{}); r.packet.Next(&pl); {
		stream := pl.Stream & 0x7F
		r.keyed[stream] = r.keyed[stream] || pl.Key
		if from := r.replace[stream]; from != 0 && pl.Key && pl.Offset == 0 {
			r.replace[stream] = 0
			r.thin[stream], r.thin[from] = wire.ThinNone, wire.ThinAll
		}
	}
}

// wanted says whether a stream's payloads of the packet at hand are sent.
func (r *Reader) wanted(stream int) bool {
	switch r.thin[stream&0x7F] {
	case wire.ThinNone:
		return true
	case wire.ThinKeys:
		return r.keyed[stream&0x7F]
	case wire.ThinAll:
	}
	return false
}
