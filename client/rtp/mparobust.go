package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// mpaRobust is mpa-robust (RFC 5219; X-MP3-draft-00 before it had a number):
// frames of MP3, each with the main data that belongs to it instead of what
// stood in its place, which may belong to frames before and after it (ADU, 3). A
// payload is one or more of
//
//	 0                   1
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+--
//	|C|T|        ADU size           | ADU ...      T: 0 has a size of 6 bits only
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+--
//	| interleave 8  |cycle| header ... CRC | side information | main data ...
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+--
//
// An ADU that is larger than a packet comes in parts; C marks all but the first,
// and each has the size of the whole. Where the eleven bits of sync are not all
// ones, they are the place of the frame in its cycle and the cycle's number
// (section 7). What comes out are frames of MP3 again: see aduQueue.
type mpaRobust struct {
	track media.Track
	clock int

	part []byte // of an ADU that comes in parts
	size int    // of the whole; 0 when there is none
	ts   uint32

	cycle   byte
	waiting int
	slots   [aduSlots]aduSlot // the cycle's frames, by place
	queue   aduQueue
}

type aduSlot struct {
	data []byte // empty: has not come
	ts   uint32
}

const (
	aduSlots = 256
	aduNone  = 0xff // place and cycle of a stream without interleaving
	maxADU   = 4096 // bytes; a frame has 2881 at most, and its main data 511 more
)

func newMPARobust(f Format) (Depacketizer, error) {
	t := f.track(media.Audio, media.MP3)
	t.SampleRate = 0 // the frames tell
	return &mpaRobust{track: t, clock: f.ClockRate}, nil
}

func (d *mpaRobust) Track() (media.Track, bool) { return d.track, true }

func (d *mpaRobust) Reset() {
	d.drop()
	for i := range d.slots {
		d.slots[i].data = d.slots[i].data[:0]
	}
	d.waiting = 0
	d.queue.reset()
}

func (d *mpaRobust) drop() { d.part, d.size = d.part[:0], 0 }

func (d *mpaRobust) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if lost || d.size > 0 && h.Timestamp != d.ts {
		d.drop()
	}
	ts, first := h.Timestamp, -1
	for p := payload; len(p) > 0; {
		size, more, rest, ok := aduDescriptor(p)
		if !ok || size < mpaHeader {
			d.drop()
			return ErrMalformed
		}
		if size > maxADU {
			d.drop()
			return ErrTooLarge
		}
		p = rest
		if more || size > len(p) {
			return d.fragment(h, size, more, p, emit)
		}
		d.drop()
		place, step, ok := d.adu(ts, p[:size], emit)
		if !ok {
			return ErrMalformed
		}
		if first < 0 {
			first = place
		}
		p = p[size:]
		ts += step
		if place != aduNone && len(p) > 0 { // the next one's time, by its place
			if _, _, next, ok := aduDescriptor(p); ok && len(next) > 0 {
				ts = h.Timestamp + step*uint32(int(next[0])-first)
			}
		}
	}
	return nil
}

// aduDescriptor takes a descriptor off the front of p.
func aduDescriptor(p []byte) (size int, more bool, rest []byte, ok bool) {
	more = p[0]&0x80 != 0
	if p[0]&0x40 == 0 {
		return int(p[0] & 0x3f), more, p[1:], true
	}
	if len(p) < 2 {
		return 0, more, nil, false
	}
	return int(p[0]&0x3f)<<8 | int(p[1]), more, p[2:], true
}

// fragment adds a part of an ADU.
func (d *mpaRobust) fragment(h *rtp.Header, size int, more bool, p []byte, emit func(Unit)) error {
	if !more {
		d.part, d.size, d.ts = append(d.part[:0], p...), size, h.Timestamp
		return nil
	}
	if d.size == 0 {
		return nil // its beginning was lost
	}
	if size != d.size || len(d.part)+len(p) > size {
		d.drop()
		return ErrMalformed
	}
	if d.part = append(d.part, p...); len(d.part) < size {
		return nil
	}
	_, _, ok := d.adu(d.ts, d.part, emit)
	d.drop()
	if !ok {
		return ErrMalformed
	}
	return nil
}

// adu takes an ADU and returns its place in its cycle and how long it lasts.
func (d *mpaRobust) adu(ts uint32, p []byte, emit func(Unit)) (place int, step uint32, ok bool) {
	place, cycle := int(p[0]), p[1]>>5
	header := [mpaHeader]byte{0xff, p[1] | 0xe0, p[2], p[3]}
	f, ok := parseMPA(header[:])
	if !ok || f.size == 0 || f.layer == 3 && f.head() > min(len(p), f.size) {
		return 0, 0, false
	}
	d.track.Codec, d.track.SampleRate, d.track.Channels = mpaCodecs[f.layer], f.rate, f.channels
	step = uint32(int64(f.samples) * int64(d.clock) / int64(f.rate))
	plain := place == aduNone && cycle == 7
	if plain || cycle != d.cycle {
		d.release(emit)
	}
	if plain {
		d.queue.add(ts, p, step, emit)
		return place, step, true
	}
	d.cycle = cycle
	s := &d.slots[place]
	if len(s.data) == 0 {
		d.waiting++
	}
	s.data, s.ts = append(s.data[:0], p...), ts
	copy(s.data, header[:])
	return place, step, true
}

// release passes the cycle on, in order of place.
func (d *mpaRobust) release(emit func(Unit)) {
	for i := 0; d.waiting > 0 && i < aduSlots; i++ {
		s := &d.slots[i]
		if len(s.data) == 0 {
			continue
		}
		f, _ := parseMPA(s.data)
		d.queue.add(s.ts, s.data, uint32(int64(f.samples)*int64(d.clock)/int64(f.rate)), emit)
		s.data = s.data[:0]
		d.waiting--
	}
}

// aduQueue makes frames of MP3 out of ADUs (RFC 5219, appendix A.2). A frame's
// main data begins before the frame, as far back as its side information says,
// and ends where it ends; the room after the frames' heads is one stream:
//
//	frames   | head 1 |  room 1  | head 2 |  room 2  | head 3 |  room 3  |
//	stream            |  room 1  |  room 2  |  room 3  |
//	data          |   1    | 2 |      3       | 4 |
//
// A frame goes out as soon as data has come that reaches its end. Where data
// does not fit behind the data before it, frames were lost: empty ones take
// their place.
type aduQueue struct {
	held []adu // the first n in order, then spare ones
	n    int
	next int64 // in the stream: where the next frame's room begins
	end  int64 // where the latest data ends
	out  []byte
}

type adu struct {
	ts    uint32
	head  []byte // header, CRC and side information
	data  []byte
	room  int
	place int64 // in the stream: where its room begins
	start int64 // where its data begins
}

const (
	maxADUs    = 128 // that wait; the smallest frames have 11 bytes of room, and data begins 511 before at most
	maxDummies = 64  // for one gap
)

func (q *aduQueue) reset() { q.n, q.next, q.end = 0, 0, 0 }

// add takes an ADU with its sync restored or not.
func (q *aduQueue) add(ts uint32, p []byte, step uint32, emit func(Unit)) {
	header := [mpaHeader]byte{0xff, p[1] | 0xe0, p[2], p[3]}
	f, _ := parseMPA(header[:])
	if f.layer != 3 { // without a reservoir an ADU is a frame
		q.flush(emit)
		q.out = append(append(q.out[:0], header[:]...), p[mpaHeader:]...)
		emit(Unit{Timestamp: ts, Key: true, Data: q.out})
		return
	}
	back := int(p[f.head()-f.side()])
	if !f.low { // nine bits
		back = back<<1 | int(p[f.head()-f.side()+1]>>7)
	}
	dummy := f
	dummy.crc = false
	if room := f.size - dummy.head(); room > 0 {
		short := int(max(q.end, q.oldest()) - (q.next - int64(back)))
		for i := min((short+room-1)/room, maxDummies); i > 0; i-- {
			a := q.push(ts-step*uint32(i), room)
			header[1] |= 1 // no CRC
			a.head = append(append(a.head[:0], header[:]...), empty[:f.side()]...)
			a.data, a.start = a.data[:0], q.end
			q.ready(emit)
		}
	}
	a := q.push(ts, f.size-f.head())
	a.head = append(append(a.head[:0], 0xff, p[1]|0xe0), p[2:f.head()]...)
	a.data = append(a.data[:0], p[f.head():]...)
	a.start = a.place - int64(back)
	q.end = a.start + int64(len(a.data))
	q.ready(emit)
}

// empty is side information of a frame without sound.
var empty [32]byte

// oldest is where the stream begins that has not gone out.
func (q *aduQueue) oldest() int64 {
	if q.n == 0 {
		return q.next
	}
	return q.held[0].place
}

// push adds a frame with so much room.
func (q *aduQueue) push(ts uint32, room int) *adu {
	if q.n == len(q.held) {
		q.held = append(q.held, adu{})
	}
	a := &q.held[q.n]
	a.ts, a.room, a.place = ts, room, q.next
	q.n++
	q.next += int64(room)
	return a
}

// ready emits the frames whose data is complete.
func (q *aduQueue) ready(emit func(Unit)) {
	for q.n > 0 {
		head := &q.held[0]
		reached := q.n == maxADUs
		for i := range q.held[:q.n] {
			a := &q.held[i]
			reached = reached || a.start+int64(len(a.data)) >= head.place+int64(head.room)
		}
		if !reached {
			return
		}
		q.emit(emit)
	}
}

func (q *aduQueue) flush(emit func(Unit)) {
	for q.n > 0 {
		q.emit(emit)
	}
	q.reset()
}

// emit makes the oldest frame.
func (q *aduQueue) emit(emit func(Unit)) {
	f := q.held[0]
	q.out = append(q.out[:0], f.head...)
	q.out = append(q.out, make([]byte, f.room)...)
	room := q.out[len(f.head):]
	for i := range q.held[:q.n] {
		a := &q.held[i]
		from, to := max(f.place-a.start, 0), max(a.start-f.place, 0)
		if from < int64(len(a.data)) && to < int64(f.room) {
			copy(room[to:], a.data[from:])
		}
	}
	copy(q.held, q.held[1:q.n])
	q.n--
	q.held[q.n] = f
	emit(Unit{Timestamp: f.ts, Key: true, Data: q.out})
}
