package mms

import (
	"errors"
	"io"
	"time"

	"tapedeck/client/mms/wire"
)

const (
	// leastRead is the room that a read is given at least.
	leastRead = 32 << 10

	// pongEvery is how often a server is told that we are there while nothing is
	// read: its pings lie behind what nobody has taken.
	pongEvery = 10 * time.Second
)

// readControl is the one reader of the connection. It cuts what comes into
// messages and packets where it lies.
func (f *funnel) readControl() {
	defer f.guard()
	var b *block
	off := 0 // what lies from here on is not a whole packet yet
	need := leastRead
	naps := newNapper(f.c.nc)
	for f.roomTCP() {
		f.mu.Lock()
		rest := 0
		if b != nil {
			rest = b.end - off
		}
		if to := f.q.space(b, need, rest); to != b {
			b, off = to, 0
		}
		f.mu.Unlock()
		n, err := f.c.nc.Read(b.buf[b.end:])
		var packets bool
		if n > 0 {
			off, need, packets, err = f.cut(b, off, n, err)
		} else if err != nil {
			err = connectionError(err)
		}
		if err != nil {
			f.lostConnection(err)
			return
		}
		if packets && n < napBelow && !f.c.awaited() {
			naps.nap()
		}
	}
}

// cut goes through what lies in b from off on, with n bytes more than before. It
// returns where the part begins that is not whole, how many bytes that needs at
// least, whether packets came, and why nothing more can be read: failed, or the
// protocol.
func (f *funnel) cut(b *block, off, n int, failed error) (rest, need int, packets bool, err error) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	b.end += n
	f.heard = now
	before := f.counted.Packets
	for err == nil {
		kind, size, bad := wire.Split(b.buf[off:b.end])
		if bad != nil {
			return off, 0, false, protocolError(bad)
		}
		if size == 0 || size > b.end-off {
			need = max(leastRead, size-(b.end-off))
			break
		}
		packet := b.buf[off : off+size : off+size]
		off += size
		if kind == wire.Control {
			f.mu.Unlock()
			err = f.messages(packet)
			f.mu.Lock()
			continue
		}
		var p wire.DataPacket
		if p, err = wire.ParseData(packet); err == nil {
			err = f.data(b, p, now)
		}
	}
	if err == nil && failed != nil {
		err = connectionError(failed)
	}
	if packets = f.counted.Packets > before; packets {
		wake(f.ready)
	}
	return off, need, packets, err
}

// brokenError is what package wire could not read.
type brokenError struct{ error }

func (e *brokenError) Unwrap() []error { return []error{ErrProtocol, e.error} }

func protocolError(err error) error { return &brokenError{err} }

// roomTCP waits until there is room for more. It reports false when the link has
// ended.
func (f *funnel) roomTCP() bool {
	for {
		f.mu.Lock()
		limit := maxBlocks
		if f.c.awaited() {
			limit = maxBlocksAwaited // the answer lies behind packets
		}
		full := f.sock == nil && f.q.waiting() >= limit
		if f.sock == nil {
			f.full = full
		}
		f.mu.Unlock()
		if !full {
			return true
		}
		timer := time.NewTimer(pongEvery)
		select {
		case <-f.room:
		case <-timer.C:
			if err := f.c.send(wire.Pong{}); err != nil {
				timer.Stop()
				f.lostConnection(err)
				return false // the server does not read either
			}
		case <-f.c.dead:
			timer.Stop()
			return false
		}
		timer.Stop()
	}
}

// data is given a data packet that lies in b, which only the TCP reader's do. f.mu
// is held.
func (f *funnel) data(b *block, p wire.DataPacket, now time.Time) error {
	if f.ofHeader(p.Incarnation) {
		return f.piece(b, p)
	}
	if len(p.Payload) == 0 || !f.wanted(p.Incarnation) {
		return nil // stale: it was under way when the server was stopped
	}
	f.counted.Bytes += uint64(len(p.Payload))
	f.counted.Packets++
	f.changes = 0
	f.q.push(b, item{play: f.plays, packet: p.Payload, id: p.Location})
	return nil
}

// wanted reports whether packets of an incarnation are what was asked for.
func (f *funnel) wanted(inc uint8) bool {
	return inc == f.inc && inc != 0 || f.auto && inc == wire.NextEntry
}

// ofHeader reports whether data of an incarnation are a piece of the header that
// is due. A server's own are too, whatever was asked for.
func (f *funnel) ofHeader(inc uint8) bool {
	return f.collect != nil && (inc == wire.NextEntry || inc <= lastHeader && f.headers&(1<<inc) != 0)
}

// piece takes a piece of a header; b is where it lies. f.mu is held.
func (f *funnel) piece(b *block, p wire.DataPacket) error {
	whole, err := f.collect.add(p.Location, p.Flags, p.Payload)
	if !whole || err != nil {
		return err
	}
	header := f.collect.header()
	f.collect = nil
	if f.entering {
		f.entered(b, header)
		return nil
	}
	select {
	case f.whole <- header:
	default:
	}
	return nil
}

// messages goes through a control packet.
func (f *funnel) messages(packet []byte) error {
	for rest := wire.Messages(packet); len(rest) > 0; {
		m, more, err := wire.Next(rest)
		if err != nil {
			return protocolError(err)
		}
		rest = more
		switch m.ID {
		case wire.MIDPing:
			err = f.c.pong(time.Now())
		case wire.MIDEndOfStream:
			err = f.endOfStream(m)
		case wire.MIDStreamChange:
			err = f.streamChange(m)
		default:
			f.c.deliver(m) // what nobody waits for is of no importance
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lostConnection ends the link when nothing more can be read.
func (f *funnel) lostConnection(err error) {
	f.mu.Lock()
	if f.state == between && f.old() && errors.Is(err, io.ErrUnexpectedEOF) {
		f.finish(io.EOF) // it did not say that this was the end, and could not
	}
	f.mu.Unlock()
	f.fail(err)
}

// watch ends a link over which nothing comes while the server is to send: neither
// packets nor the pings, which come every 30 s.
func (f *funnel) watch() {
	defer f.guard()
	limit := f.cfg.Timeouts.Silence
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-f.c.dead:
			return
		case <-timer.C:
		}
		now := time.Now()
		f.mu.Lock()
		if f.full || f.state == ready {
			f.heard = now
		}
		left := limit - now.Sub(f.heard)
		f.mu.Unlock()
		if left <= 0 {
			f.fail(&TimeoutError{What: "neither a packet nor a ping came", After: limit})
			return
		}
		timer.Reset(left)
	}
}
