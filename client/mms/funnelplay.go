package mms

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

const (
	// accelerated is how much of the beginning servers from version 9 on may send
	// faster than it plays, and how many times as fast: a player's buffer is full
	// the sooner. Over UDP nothing slows a server down but loss.
	accelerated   = 5 * time.Second
	accelerateTCP = 5
	accelerateUDP = 2

	// leastAccel is for a stream of which the bit rate is not known.
	leastAccel = 1_000_000
)

func (f *funnel) play(ctx context.Context, r request) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	start := time.Now()
	return f.trace.Step(media.RungSession, "play", start, "", f.start(ctx, r))
}

// start has the server send, after it has stopped: a Start is not a seek while a
// server is sending ([MS-MMSP] 3.3.5.7: the position is ignored then). What it
// sends of the next entry of a list by itself does not count as sending.
func (f *funnel) start(ctx context.Context, r request) error {
	if err := f.halt(ctx, true); err != nil {
		return err
	}
	f.mu.Lock()
	if err := f.c.failure(); err != nil {
		f.mu.Unlock()
		return err
	}
	inc := f.incs.nextPlay()
	f.plays++
	f.q.clear()
	f.state, f.inc, f.auto, f.paused = streaming, inc, false, false
	f.over, f.tail = nil, nil
	f.order.restart()
	f.heard, f.since, f.from = time.Now(), time.Now(), r.from
	f.mu.Unlock()
	wake(f.room)

	err := f.ask(ctx, r, inc)
	if server, ok := errors.AsType[*ServerError](err); ok {
		f.mu.Lock()
		f.state, f.inc = ready, 0
		f.mu.Unlock()
		return server
	}
	return err
}

// ask sends the choice of streams and the request to play. Servers from version
// 9 on are sent both at once.
func (f *funnel) ask(ctx context.Context, r request, inc uint8) error {
	var chosen *call
	if len(r.streams) > 0 {
		var err error
		if chosen, err = f.c.ask(switchTo(r.streams), wire.MIDReportStreamSwitch); err != nil {
			return err
		}
		if f.major < 9 {
			if err := f.switched(ctx, chosen); err != nil {
				return err
			}
			chosen = nil
		}
	}
	started, err := f.c.ask(f.startPlaying(r, inc), wire.MIDStartedPlaying)
	if err != nil {
		return err
	}
	if chosen != nil {
		if err := f.switched(ctx, chosen); err != nil {
			f.c.abandon(started)
			_ = f.c.send(wire.StopPlaying{OpenFileID: f.file.OpenFileID, Incarnation: uint32(inc)}) // the failure is told
			return err
		}
	}
	m, err := f.c.wait(ctx, started, f.cfg.Timeouts.Reply, "no answer to play")
	if err != nil {
		return err
	}
	s, err := wire.ParseStartedPlaying(m)
	return refused("play", s.HResult, err)
}

func (f *funnel) switched(ctx context.Context, k *call) error {
	m, err := f.c.wait(ctx, k, f.cfg.Timeouts.Reply, "no answer to the choice of streams")
	if err != nil {
		return err
	}
	r, err := wire.ParseReportStreamSwitch(m)
	return refused("streams", r.HResult, err)
}

func (f *funnel) startPlaying(r request, inc uint8) wire.StartPlaying {
	s := wire.StartPlaying{OpenFileID: f.file.OpenFileID, Position: r.from, Incarnation: uint32(inc)}
	if r.packet != 0 {
		s.Position, s.Packet = wire.Unset, r.packet
	}
	if f.major >= 9 {
		times := uint64(accelerateTCP)
		if f.sock != nil {
			times = accelerateUDP
		}
		s.Accelerate = true
		s.AccelRate = uint32(min(max(times*uint64(f.file.BitRate), leastAccel), math.MaxInt32))
		s.AccelDuration = accelerated
		s.LinkRate = math.MaxInt32 // for its own choice of streams: the best
		if limit := f.cfg.MaxBitRate; limit > 0 {
			s.LinkRate = uint32(min(limit, math.MaxInt32))
		}
	}
	return s
}

func switchTo(streams []decision) wire.StreamSwitch {
	entries := make([]wire.StreamEntry, len(streams))
	for i, d := range streams {
		entries[i] = wire.StreamEntry{From: wire.NoStream, To: uint16(d.stream), Thin: wire.Thinning(d.thin)}
		if d.instead != 0 {
			entries[i].From = uint16(d.instead)
		}
	}
	return wire.StreamSwitch{Entries: entries}
}

func (f *funnel) stop(ctx context.Context) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	return media.At(media.RungTransport, f.halt(ctx, false))
}

// halt stops a server that sends; if it is to play, one that sends the next entry
// of its list by itself needs no stop. All that was sent before is dropped; the
// end that a server says by itself meanwhile is its answer, and a second one is
// stale. A server that gives none is of no use anymore.
func (f *funnel) halt(ctx context.Context, toPlay bool) error {
	f.mu.Lock()
	inc := f.incs.play
	sending := f.state == streaming && f.tail == nil && !(toPlay && f.auto)
	f.paused, f.halting = true, sending
	f.inc, f.auto, f.tail = 0, false, nil
	f.q.clear()
	f.order.restart()
	if f.over == io.EOF {
		f.over = nil // what lay before the end is dropped
	}
	if f.state == streaming && !sending {
		f.state = ready
	}
	f.mu.Unlock()
	wake(f.room)
	wake(f.ebb)
	if !sending {
		return nil
	}
	k, err := f.c.askFor(wire.StopPlaying{OpenFileID: f.file.OpenFileID, Incarnation: uint32(inc)}, f.endOf(inc))
	if err != nil {
		return err
	}
	if err := f.c.send(f.log()); err != nil {
		return err
	}
	_, err = f.c.wait(ctx, k, f.cfg.Timeouts.Stop, "the server did not stop")
	switch {
	case err == nil:
		f.mu.Lock()
		f.halting = false
		f.state = ready
		f.mu.Unlock()
	case ctx.Err() == nil:
		f.fail(err)
	}
	return err
}

// endOf is the call that an EndOfStream of a play answers. Servers that are not
// Microsoft's put other numbers there than they were given.
func (f *funnel) endOf(inc uint8) *call {
	return &call{
		answers: []wire.MID{wire.MIDEndOfStream},
		is: func(m wire.Message) bool {
			e, err := wire.ParseEndOfStream(m)
			return err == nil && endsPlay(e, inc)
		},
	}
}

// endsPlay reports whether e may be of the play inc, and is of no other.
func endsPlay(e wire.EndOfStream, inc uint8) bool {
	of := uint8(e.Incarnation)
	return of == inc || of < firstPlay || of > lastPlay
}

func (f *funnel) change(ctx context.Context, d []decision) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	k, err := f.c.ask(switchTo(d), wire.MIDReportStreamSwitch)
	if err != nil {
		return err
	}
	wake(f.room)
	return media.At(media.RungSession, f.switched(ctx, k))
}

// log is what the server is told when a play is over ([MS-MMSP] 2.2.4.12).
func (f *funnel) log() wire.Logging {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.counted.Plus(f.order.stats)
	l := wire.Logging{
		OpenFileID: f.file.OpenFileID, URL: f.link, Agent: player, Player: f.guid, UDP: f.sock != nil,
		Duration: f.file.Duration, Start: f.from, Bytes: s.Bytes, Packets: uint32(s.Packets), Lost: uint32(s.Lost),
		LongLoss: f.order.runs, Requests: f.order.requests, Recovered: f.order.recovered,
	}
	if !f.since.IsZero() {
		l.Played = time.Since(f.since)
	}
	return l
}
