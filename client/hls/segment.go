package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// Limits of a segment.
const (
	maxSegment = 64 << 20 // bytes: 10 s of 50 Mbit/s
	maxInit    = 4 << 20

	// patience is how long a segment may take at the least, and manyTimes how many
	// times its own length.
	patience  = time.Minute
	manyTimes = 10

	readSize = 64 << 10

	// tries is how often a segment is asked for that breaks on the way, and
	// tryAgain after which wait.
	tries    = 3
	tryAgain = 500 * time.Millisecond
)

var errHuge = fmt.Errorf("hls: the segment is longer than %d MB", maxSegment>>20)

// play fetches a segment and takes it apart while it comes.
func (r *reel) play(ctx context.Context, g *segment) error {
	if g.guard != "" {
		return protected(g.guard)
	}
	a, err := link(r.from.link, g.uri)
	if err != nil {
		return media.At(media.RungContainer, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, max(patience, manyTimes*g.duration), errSlow)
	defer cancel()
	if err := r.prepare(ctx, g); err != nil {
		return err
	}
	defer r.clock.leave(g.duration)
	var d *decrypter
	if g.key != nil {
		b, err := r.s.key(ctx, r.from, g.key)
		if err != nil {
			return err
		}
		d = newDecrypter(b, g.key, g.sequence)
	}
	f := feeding{reel: r, d: d, began: time.Now()}
	err = f.fetch(ctx, a, g.bytes)
	if err == errTooSlow {
		return err
	}
	if err != nil {
		return wrapped(fmt.Sprintf("segment %d", g.sequence), err)
	}
	if err := f.finish(); err != nil {
		return wrapped(fmt.Sprintf("segment %d", g.sequence), err)
	}
	r.s.meter.add(f.got, f.spent)
	return nil
}

// feeding is one segment on its way into the demuxer.
type feeding struct {
	reel  *reel
	d     *decrypter
	began time.Time
	head  []byte // what came, until it is enough to know the format
	known bool
	got   int64
	spent time.Duration // while bytes came
}

// fetch reads the segment to its end. A connection that breaks is followed by
// another, which goes on at the byte where it broke.
func (f *feeding) fetch(ctx context.Context, a address.Address, part byteRange) error {
	for try := 1; ; try++ {
		q := Request{Link: a, From: part.from + f.got, OnlyPublic: f.reel.from.public}
		if part.size > 0 {
			if q.Size = part.size - f.got; q.Size <= 0 {
				return nil
			}
		}
		start := time.Now()
		whole, err := f.once(ctx, q)
		f.spent += time.Since(start)
		if whole && err == nil {
			return nil
		}
		var format *formatError
		switch code := f.reel.s.status(err); {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == errTooSlow:
			f.reel.s.meter.add(f.got, f.spent)
			return err
		case errors.Is(err, errHuge), errors.As(err, &format), errors.Is(err, errDemux):
			return media.At(media.RungContainer, err)
		case try == tries, code >= 400 && code < 500 && (code != 404 && code != 408 && code != 429 || !f.reel.list.live() || try > 1):
			return media.At(media.RungTransport, err)
		}
		if err := wait(ctx, time.Duration(try)*tryAgain); err != nil {
			return err
		}
	}
}

// once reads one answer. It is whole when its end is that of the segment.
func (f *feeding) once(ctx context.Context, q Request) (whole bool, err error) {
	resp, err := f.reel.s.cfg.Fetch(ctx, q)
	if err != nil {
		return false, err
	}
	defer resp.Close()
	start, buf := time.Now(), f.reel.buf
	var n int64
	for {
		k, err := resp.Read(buf)
		n += int64(k)
		if k > 0 {
			f.got += int64(k)
			f.reel.s.got.Add(uint64(k))
			if f.got > maxSegment {
				return false, errHuge
			}
			if err := f.feed(buf[:k]); err != nil {
				return false, err
			}
			if f.reel.tooSlow(f.got, resp.Length-n, f.spent+time.Since(start)) {
				return false, errTooSlow
			}
		}
		switch {
		case err == io.EOF && q.Size > 0 && n < q.Size, err == io.EOF && resp.Length > n:
			return false, errShort
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		}
	}
}

// feed takes bytes as they came.
func (f *feeding) feed(p []byte) error {
	if f.d != nil {
		p = f.d.write(p)
	}
	if !f.known {
		if f.head = append(f.head, p...); len(f.head) < sniffSize {
			return nil
		}
		return f.begin()
	}
	return f.reel.write(p)
}

// begin looks at what the segment begins with, and passes it on.
func (f *feeding) begin() error {
	f.known = true
	if err := f.reel.recognise(f.head); err != nil {
		return err
	}
	return f.reel.write(f.head)
}

// finish ends the segment: the last access units come out.
func (f *feeding) finish() error {
	err := func() error {
		var last []byte
		if f.d != nil {
			var err error
			if last, err = f.d.finish(); err != nil {
				return err
			}
		}
		if !f.known {
			f.head = append(f.head, last...)
			last = nil
			if err := f.begin(); err != nil {
				return err
			}
		}
		if len(last) > 0 {
			if err := f.reel.write(last); err != nil {
				return err
			}
		}
		return f.reel.flush()
	}()
	return media.At(media.RungContainer, err)
}

// errDemux is under what a demuxer says.
var errDemux = errors.New("it cannot be taken apart")

// initBytes are the bytes of an init segment, remembered.
func (s *Session) initBytes(ctx context.Context, from sender, t *initTag) ([]byte, error) {
	a, err := link(from.link, t.uri)
	if err != nil {
		return nil, media.At(media.RungContainer, err)
	}
	name := a
	name.Path += fmt.Sprintf(" %d %d", t.bytes.from, t.bytes.size)
	if b, ok := s.inits.get(name); ok {
		return b, nil
	}
	b, _, err := s.get(ctx, Request{Link: a, From: t.bytes.from, Size: t.bytes.size, OnlyPublic: from.public}, maxInit, errHuge)
	if err != nil {
		return nil, wrapped("the init segment", media.At(media.RungTransport, err))
	}
	if t.key != nil {
		block, err := s.key(ctx, from, t.key)
		if err != nil {
			return nil, err
		}
		d := newDecrypter(block, t.key, t.seq)
		plain := append([]byte(nil), d.write(b)...)
		last, err := d.finish()
		if err != nil {
			return nil, media.At(media.RungContainer, err)
		}
		b = append(plain, last...)
	}
	s.inits.put(name, b)
	return b, nil
}

// wrapped names what an error is about; its rung stays, or is the transport.
func wrapped(what string, err error) error {
	if errors.Is(err, ErrProtected) {
		return err
	}
	rung := media.RungTransport
	if _, ok := errors.AsType[*KeyError](err); ok {
		rung = media.RungContainer
	}
	if at, ok := errors.AsType[*media.RungError](err); ok {
		rung = at.Rung
	}
	return media.At(rung, fmt.Errorf("hls: %s: %w", what, err))
}

// wait sleeps.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return orCause(ctx, nil)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
