package mmstest

import (
	"bytes"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

// pumpMost is how many packets are sent before messages are looked at again.
const pumpMost = 64

// play is what is being played.
type play struct {
	on          bool
	reader      *Reader
	item        Item // the next one, waiting for its time; its Kind is 0 before it was read
	incarnation uint8
	asked       uint32 // the incarnation of the last Start, as it was given
	stop        time.Time
	sequence    uint32 // of the session's next packet
	late        [][]byte
}

func (f *funnel) startPlaying(r wire.StartPlaying) bool {
	started := wire.StartedPlaying{Incarnation: r.Incarnation, OpenFileID: f.file}
	if !f.known(r.OpenFileID) {
		started.HResult = hrInvalid
		return f.send(started)
	}
	p := &f.play
	if p.sequence&0xFF == 0xFF {
		p.sequence++ // who starts anew begins with 0 after 0xFE
	}
	p.asked, p.incarnation = r.Incarnation, uint8(r.Incarnation)
	if !p.on { // a place is asked for in vain while it plays
		place := Place{Packet: r.Packet, Offset: r.Offset}
		if r.Position != wire.Unset {
			place.Time = r.Position
		}
		p.reader = f.show.Read(f.entry, place, f.s.o.Padding, f.s.pace())
	}
	p.reader.Select(f.selection())
	p.on = true
	p.limit(r, f.s.o.Speed)
	if !f.send(started) {
		return false
	}
	for _, b := range p.late {
		if !f.data(b) {
			return false
		}
	}
	p.late = nil
	return f.pump()
}

// limit reads the time at which a client wants it to stop. Old clients ask for
// 16777.215 s and mean the end.
func (p *play) limit(r wire.StartPlaying, speed float64) {
	const relative = 1 << 31
	p.stop = time.Time{}
	if r.Stop == 0 {
		return
	}
	length := time.Duration(r.Stop&^relative) * time.Millisecond
	if r.Stop&relative == 0 && r.Position != wire.Unset {
		length -= r.Position
	}
	p.stop = time.Now().Add(scale(max(0, length), 1/speed))
}

// pump sends what is due.
func (f *funnel) pump() bool {
	p := &f.play
	for n := 0; p.on; n++ {
		if p.item.Kind == 0 {
			p.item = p.reader.Next()
		}
		now := time.Now()
		if wait := p.item.Due.Sub(now); wait > 0 || n == pumpMost {
			f.playTick.Reset(max(0, wait))
			return f.flush()
		}
		item := p.item
		p.item = Item{}
		if !p.stop.IsZero() && item.Due.After(p.stop) {
			item.Kind = End
		}
		if !f.give(item) {
			return false
		}
	}
	return f.flush()
}

// give sends one item.
func (f *funnel) give(item Item) bool {
	switch item.Kind {
	case Media:
		b := f.packet(item)
		f.s.count(func(st *Stats) { st.Packets++ })
		return f.media(f.play.sequence-1, b)
	case EntryEnd:
		return f.nextEntry()
	case End:
		return f.finish()
	}
	return true
}

// finish ends a play that nobody has stopped.
func (f *funnel) finish() bool {
	f.undelay()
	f.play.on, f.play.item = false, Item{}
	if !f.send(wire.EndOfStream{Incarnation: f.play.asked}) {
		return false
	}
	f.s.count(func(st *Stats) { st.Ended++ })
	return true
}

// packet is the next data packet of the play.
func (f *funnel) packet(item Item) []byte {
	p := &f.play
	d := wire.DataPacket{Location: item.Number, Incarnation: p.incarnation, Flags: byte(p.sequence), Payload: item.Data}
	p.sequence++
	return d.Append(nil)
}

// nextEntry goes on with the next entry of a list: over TCP at once, over UDP
// when the client has asked for the header.
func (f *funnel) nextEntry() bool {
	f.undelay()
	p := &f.play
	f.entry = p.reader.Entry()
	e, _ := f.show.Entry(f.entry)
	over := wire.EndOfStream{HResult: wire.MoreFollows, Incarnation: p.asked}
	if f.major() < 9 {
		over.HResult = hrOK
	}
	change := wire.StreamChange{PacketSize: uint32(e.PacketSize), HeaderSize: uint32(len(e.Header)), BitRate: uint32(e.BitRate)}
	if !f.send(over) || !f.send(change) {
		return false
	}
	if f.udp.IsValid() {
		p.on, f.waiting = false, true
		return true
	}
	p.incarnation = wire.NextEntry
	f.choose(e)
	p.reader.Select(f.selection())
	return f.header(e, wire.NextEntry)
}

// choose is the server's own choice of streams for a next entry: what the client
// has had, where there is such.
func (f *funnel) choose(e Entry) {
	on := 0
	for n, thin := range f.thin {
		if thin != wire.ThinAll && has(e.Streams, n) {
			on++
		}
	}
	h, err := asf.Parse(e.Header)
	if on > 0 || err != nil {
		return
	}
	clear(f.thin)
	for _, n := range asf.Choose(h, 0, "") {
		f.thin[uint16(n)] = wire.ThinNone
	}
}

// stopPlaying ends a play. What is late then are packets of it that follow all
// the same.
func (f *funnel) stopPlaying(r wire.StopPlaying) bool {
	p := &f.play
	if !f.known(r.OpenFileID) || p.reader == nil {
		return f.send(wire.EndOfStream{HResult: hrNotNow, Incarnation: r.Incarnation})
	}
	f.undelay()
	if p.on {
		for range f.o.LateData {
			item := p.item
			p.item = Item{}
			if item.Kind == 0 {
				item = p.reader.Next()
			}
			if item.Kind != Media {
				break
			}
			p.late = append(p.late, bytes.Clone(f.packet(item)))
		}
	}
	p.on, p.item = false, Item{}
	if !f.send(wire.EndOfStream{Incarnation: r.Incarnation}) {
		return false
	}
	for _, b := range p.late {
		if !f.data(b) {
			return false
		}
	}
	return f.flush()
}
