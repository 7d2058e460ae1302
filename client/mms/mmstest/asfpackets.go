package mmstest

import (
	"slices"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

// A packet that is written here, always with several payloads, even of one:
//
//	82 00 00 | 11 5D | padding(2) | send time(4) duration(2) | 80+payloads
//	payload: stream, 80 with a key | object(1) | offset(4) | 08 size(4) time(4) | length(2) | data
const (
	packetHead  = 3 + 2 + 2 + 6 + 1
	payloadHead = 1 + 1 + 4 + 9 + 2

	// packetSpan is how much time a packet waits for more payloads.
	packetSpan = 100 * time.Millisecond
)

// packer makes packets of objects.
type packer struct {
	size    int
	preroll time.Duration
	out     [][]byte

	payloads []byte
	count    int
	send     time.Duration
	objects  [128]byte
}

// packets are those of all tracks, mixed by time, and the index of the first
// track. A key picture of it begins a packet.
func (f *asfFile) packets() (packets [][]byte, index []asf.IndexEntry) {
	type one struct {
		t *asfTrack
		u asfUnit
	}
	var all []one
	for _, t := range f.tracks {
		for _, u := range t.units {
			all = append(all, one{t, u})
		}
	}
	slices.SortStableFunc(all, func(a, b one) int { return int(a.u.time - b.u.time) })
	p := packer{size: f.packetSize, preroll: f.preroll}
	for _, o := range all {
		key := o.t == f.tracks[0] && o.u.key
		if key || o.u.time-p.send > packetSpan {
			p.flush()
		}
		first := len(p.out)
		p.object(o.t.number, o.u)
		if key {
			index = indexed(index, asf.IndexEntry{Packet: uint32(first), Count: uint16(len(p.out) - first + 1)}, o.u.time+f.preroll)
		}
	}
	p.flush()
	return p.out, index
}

// indexed has all seconds up to that of a key picture lead to the one before.
func indexed(index []asf.IndexEntry, e asf.IndexEntry, at time.Duration) []asf.IndexEntry {
	for time.Duration(len(index))*time.Second < at {
		last := e
		if n := len(index); n > 0 {
			last = index[n-1]
		}
		index = append(index, last)
	}
	return append(index, e)
}

// object appends an object, in as many packets as it takes.
func (p *packer) object(stream int, u asfUnit) {
	number := p.objects[stream]
	p.objects[stream]++
	key := byte(0)
	if u.key {
		key = 0x80
	}
	const most = 63 // payloads in a packet
	for offset := 0; offset < len(u.data); {
		room := p.size - packetHead - len(p.payloads) - payloadHead
		if room < 1 || p.count == most {
			p.flush()
			continue
		}
		if p.count == 0 {
			p.send = u.time
		}
		n := min(room, len(u.data)-offset)
		p.payloads = append(p.payloads, numbers(byte(stream)|key, number, uint32(offset),
			byte(8), uint32(len(u.data)), millis(u.time+p.preroll), uint16(n))...)
		p.payloads = append(p.payloads, u.data[offset:offset+n]...)
		p.count++
		offset += n
	}
}

func (p *packer) flush() {
	if p.count == 0 {
		return
	}
	padding := p.size - packetHead - len(p.payloads)
	b := numbers([3]byte{0x82}, byte(0x11), byte(0x5D), uint16(padding), millis(p.send), uint16(packetSpan/time.Millisecond), 0x80|byte(p.count))
	p.out = append(p.out, slices.Concat(b, p.payloads, make([]byte, padding)))
	p.payloads, p.count = p.payloads[:0], 0
}

func utf16NUL(s string) []byte { return append(wire.AppendText(nil, s), 0, 0) }
