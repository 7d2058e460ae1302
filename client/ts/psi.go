package ts

import (
	"encoding/binary"

	"tapedeck/client/media"
)

// PAT and PMT (ISO/IEC 13818-1, 2.4.4.3 and 2.4.4.8), behind a section's first
// eight bytes:
//
//	PAT  { program16 | 111 PID13 }...      program 0 is the network's table
//	PMT  | 111 PCR's PID13 | 1111 length12 | descriptors |
//	     { type8 | 111 PID13 | 1111 length12 | descriptors }...
//
//	a descriptor is | tag8 | length8 | ... |
const (
	patPID = 0
	patID  = 0
	pmtID  = 2

	maxPrograms = 64
	maxStreams  = 64 // of the program
)

// section takes a packet of a table.
func (d *Demuxer) section(p *pid, payload []byte, start bool) {
	p.table.add(payload, start, func(b []byte) {
		if b[1]&0x80 == 0 || b[5]&1 == 0 { // no CRC, or for later
			return
		}
		if checksum(b) != 0 {
			d.stats.BadTables++
			return
		}
		end := len(b) - sectionCRC
		body, sum := b[sectionHead:end], binary.BigEndian.Uint32(b[end:])
		switch {
		case p.number == patPID && b[0] == patID:
			d.programs(body, sum, b[7] == 0)
		case p.number != patPID && b[0] == pmtID:
			d.program(p, binary.BigEndian.Uint16(b[3:]), body, sum)
		}
	})
}

// programs takes a PAT; whole says that it has no other section. A program that
// is gone, or has its table elsewhere, is so no more.
func (d *Demuxer) programs(body []byte, sum uint32, whole bool) {
	if sum == d.pat {
		return
	}
	d.pat = sum
	tables, stays := d.tables[:1:1], false // the PAT's own stays
	if !whole {
		tables, stays = d.tables, true
	}
	for ; len(body) >= 4 && len(tables) <= maxPrograms; body = body[4:] {
		number, at := binary.BigEndian.Uint16(body), pidOf(body[2:])
		if number == 0 || at == patPID || at == nullPID {
			continue
		}
		stays = stays || number == d.number && at == d.chosen
		tables = append(tables, d.tableAt(at))
	}
	d.tables = tables
	if d.chosen != 0 && !stays {
		d.leave()
	}
	d.route()
}

// tableAt is the table with a PID, as it was or new.
func (d *Demuxer) tableAt(at uint16) *pid {
	for _, p := range d.tables {
		if p.number == at {
			return p
		}
	}
	return &pid{number: at, table: &section{}}
}

// leave ends the program that was chosen.
func (d *Demuxer) leave() {
	for _, p := range d.streams {
		p.finish()
	}
	d.streams, d.out.outdated = nil, true
	d.pmt, d.number, d.chosen = 0, 0, 0
}

// program takes a PMT. A program without media is chosen only if no other has
// any.
func (d *Demuxer) program(table *pid, number uint16, body []byte, sum uint32) {
	if d.chosen != 0 && (table.number != d.chosen || number != d.number) || sum == d.pmt {
		return
	}
	if len(body) < 4 {
		return
	}
	skip := 4 + int(binary.BigEndian.Uint16(body[2:])&0xfff)
	if skip > len(body) {
		return
	}
	streams, playable := d.announced(body[skip:])
	if d.chosen == 0 && !playable {
		table.table.empty = true
		for _, t := range d.tables[1:] {
			if !t.table.empty {
				return
			}
		}
	}
	for _, p := range d.streams {
		if !holds(streams, p) {
			p.finish()
		}
	}
	d.pmt, d.number, d.chosen = sum, number, table.number
	d.streams, d.out.outdated = streams, true
	for i, p := range streams {
		p.sink.track = i
	}
	d.route()
}

// announced reads the streams of a PMT. Those that were there before stay what
// they are.
func (d *Demuxer) announced(b []byte) (streams []*pid, playable bool) {
	for len(b) >= 5 && len(streams) < maxStreams {
		kind, at, size := b[0], pidOf(b[1:]), int(binary.BigEndian.Uint16(b[3:])&0xfff)
		if b = b[5:]; size > len(b) {
			break
		}
		p := d.streamOf(at, kind, b[:size])
		b = b[size:]
		if at == patPID || at == nullPID || holds(streams, p) {
			continue
		}
		streams = append(streams, p)
		playable = playable || p.es != nil && p.base.Kind != media.Data
	}
	return streams, playable
}

func (d *Demuxer) streamOf(at uint16, kind byte, descriptors []byte) *pid {
	p := &pid{number: at, d: d, kind: kind, sink: &sink{to: &d.out}}
	open := p.announce(descriptors)
	for _, old := range d.streams {
		if old.number == at && old.kind == kind && old.base.Codec == p.base.Codec && old.base.Problem == p.base.Problem {
			return old
		}
	}
	if open != nil {
		p.es = open(p.sink)
	}
	return p
}

// holds reports whether p's PID is among the streams.
func holds(streams []*pid, p *pid) bool {
	for _, s := range streams {
		if s.number == p.number {
			return true
		}
	}
	return false
}

// route has the packets of the tables and of the chosen program's streams taken.
func (d *Demuxer) route() {
	clear(d.index[:])
	d.pids = d.pids[:1]
	for _, list := range [2][]*pid{d.tables, d.streams} {
		for _, p := range list {
			if d.index[p.number] == 0 {
				d.index[p.number] = uint8(len(d.pids))
				d.pids = append(d.pids, p)
			}
		}
	}
}

const nullPID = 0x1fff

func pidOf(b []byte) uint16 { return binary.BigEndian.Uint16(b) & 0x1fff }
