package mms

import (
	"context"
	"fmt"
	"io"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

// The end of an entry of a server's list ([MS-MMSP] 3.2.5.12 and 3.2.5.13):
//
//	EndOfStream 1 ── StreamChange ─┬ TCP: header, packets, all of incarnation 0xFF
//	                               └ UDP: ReadBlock ── header ── StartPlaying
//
// Servers before version 9 say EndOfStream 0 there too: with a broadcast more may
// follow, with anything else it is over.

// endOfStream is given the message that a server ends a play with, by itself or
// because it was asked to.
func (f *funnel) endOfStream(m wire.Message) error {
	e, err := wire.ParseEndOfStream(m)
	if err != nil {
		return protocolError(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	goesOn := e.HResult == wire.MoreFollows && !f.old() && f.sock == nil
	switch {
	case goesOn && f.halting: // the server is at the next entry already, and stops there
	case f.c.deliver(m):
	case !endsPlay(e, f.incs.play) || f.state != streaming:
		// The second one of a play that was stopped at its end.
	case f.halting: // whoever stopped it did not wait for this
		f.halting, f.state = false, ready
	case f.sock != nil:
		f.tail = &tail{hr: e.HResult}
		last, known := f.lastPacket()
		f.order.finish(time.Now(), last, known)
		f.sock.kick()
	default:
		f.ended(e.HResult)
	}
	return nil
}

// tail is an end that was announced while packets before it may be under way.
type tail struct{ hr uint32 }

// lastPacket is the number of the programme's last packet, if that is known.
func (f *funnel) lastPacket() (number uint32, known bool) {
	n := f.file.Packets
	live := f.file.Attributes&(wire.Broadcast|wire.Live) != 0
	return uint32(n - 1), n > 0 && n < 1<<31 && !live && f.entries == 0
}

// ended goes on behind the last packet of a play. f.mu is held.
func (f *funnel) ended(hr uint32) {
	broadcast := f.file.Attributes&wire.Broadcast != 0
	switch {
	case HResult(hr).Failed():
		f.finish(media.At(media.RungTransport, &ServerError{Step: "play", Code: HResult(hr)}))
	case hr == wire.MoreFollows && !f.old(), hr == 0 && f.old() && broadcast:
		f.state, f.inc, f.auto = between, 0, false
	default:
		f.finish(io.EOF)
	}
}

// streamChange is given the announcement of another header.
func (f *funnel) streamChange(m wire.Message) error {
	c, err := wire.ParseStreamChange(m)
	if err != nil {
		return protocolError(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if HResult(c.HResult).Failed() {
		f.finish(media.At(media.RungTransport, &ServerError{Step: "next entry", Code: HResult(c.HResult)}))
		return nil
	}
	if f.over != nil {
		return nil // it said that this was the end
	}
	if f.changes++; f.changes > maxChange {
		return fmt.Errorf("mms: %w: %d headers in a row without a packet", ErrProtocol, f.changes)
	}
	f.coming = c
	if f.sock == nil {
		f.collect, f.headers, f.entering = newCollector(), 0, true
		f.inc, f.auto = 0, false
		if f.state == streaming && !f.halting {
			f.state = between // an encoder that was started anew says no more than this
		}
		return nil
	}
	if f.state == streaming && f.tail == nil {
		f.tail = &tail{hr: wire.MoreFollows}
		f.order.finish(time.Now(), 0, false)
		f.sock.kick()
	}
	wake(f.entry)
	return nil
}

// entered is given the header of the next entry, whose packets follow by
// themselves; b is where it lies. f.mu is held.
func (f *funnel) entered(b *block, header []byte) {
	f.entering = false
	f.entries++
	f.q.push(b, item{play: f.plays, header: f.describe(header, f.coming.BitRate)})
	if !f.halting {
		f.state, f.auto = streaming, !f.paused
	}
	wake(f.ready)
}

// readEntries fetches the headers of next entries over UDP. The server waits for
// that, and then for a play.
func (f *funnel) readEntries(ctx context.Context) {
	defer f.guard()
	for {
		select {
		case <-f.c.dead:
			return
		case <-f.entry:
		}
		if f.take(ctx) != nil {
			return
		}
		header, err := f.readHeader(ctx)
		if err == nil {
			err = f.flushed()
		}
		if err == nil {
			err = f.c.send(f.log())
		}
		if err == nil {
			f.mu.Lock()
			f.entries++
			f.sock.block = f.q.space(f.sock.block, 0, 0)
			f.q.push(f.sock.block, item{play: f.plays, header: f.describe(header, f.coming.BitRate), chose: true})
			f.state, f.inc = ready, 0
			f.mu.Unlock()
			wake(f.ready)
		}
		f.give()
		if err != nil {
			f.fail(err)
			return
		}
	}
}

// flushed waits until what was under way before the end has come or was given up.
func (f *funnel) flushed() error {
	for {
		f.mu.Lock()
		done := f.tail == nil
		f.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-f.ebb:
		case <-f.c.dead:
			return f.c.failure()
		}
	}
}
