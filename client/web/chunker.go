package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// maxChunk bounds a chunk, in bytes: as much as one read may bring.
const maxChunk = 64 << 10

// chunker cuts container bytes into chunks as they come.
type chunker struct {
	found container
	clock clock
	// fill reads what is there, at most len(p) bytes, and blocks until there
	// is something. An error comes without bytes.
	fill func(ctx context.Context, p []byte) (int, error)

	buf    []byte
	n      int   // bytes in buf
	handed int   // of them, handed out by the last call
	fresh  bool  // bytes have come that no call has looked at
	first  bool  // nothing was handed out yet
	end    error // sticky
}

// newChunker begins with head, which was read already.
func newChunker(found container, head []byte, clock clock) *chunker {
	c := &chunker{found: found, clock: clock, buf: make([]byte, maxChunk), first: true}
	c.n = copy(c.buf, head)
	c.fresh = c.n > 0
	return c
}

// next is the next chunk. In a stream of packets it begins and ends at their
// borders, and what is not a packet is dropped; otherwise it is what came.
func (c *chunker) next(ctx context.Context) (media.Chunk, error) {
	if c.handed > 0 {
		c.n = copy(c.buf, c.buf[c.handed:c.n])
		c.handed = 0
	}
	for {
		if c.fresh {
			c.fresh = false
			if size := c.align(); size > 0 {
				return c.chunk(size), nil
			}
		}
		if c.end != nil {
			if c.n > 0 && errors.Is(c.end, io.EOF) { // a cut packet, but the stream's last
				return c.chunk(c.n), nil
			}
			return media.Chunk{}, c.end
		}
		n, err := c.fill(ctx, c.buf[c.n:])
		switch {
		case n > 0:
			c.n += n
			c.fresh = true
		case err != nil && ctx.Err() != nil:
			return media.Chunk{}, err // the caller's end, not the stream's
		case err != nil:
			c.end = err
		}
	}
}

// align drops what stands before the first packet and returns how many bytes
// of whole packets there are.
func (c *chunker) align() int {
	if c.found.packets == 0 {
		return c.n
	}
	for c.n > 0 && !inStep(c.buf[:c.n]) {
		lost := bytes.IndexByte(c.buf[1:c.n], tsSync)
		if lost < 0 {
			c.n = 0
			break
		}
		c.n = copy(c.buf, c.buf[1+lost:c.n])
	}
	return c.n - c.n%c.found.packets
}

func (c *chunker) chunk(size int) media.Chunk {
	chunk := media.Chunk{
		Time: c.clock.time(),
		Key:  c.first || c.found.selfSync(),
		Data: c.buf[:size],
	}
	if c.first {
		chunk.Init = []byte{} // no header is known to be needed
	}
	c.first = false
	c.handed = size
	c.clock.advance(chunk.Data)
	return chunk
}

// clock gives bytes their media time: counted from the frames of the sound
// where there are some, else by the announced bit rate, else by the time that
// has gone by.
type clock struct {
	frames  *audioframe.Clock
	bitRate int
	bytes   int64
	opened  time.Time
}

func newClock(found container, bitRate int) clock {
	c := clock{bitRate: bitRate, opened: time.Now()}
	if found.frames != nil {
		c.frames = audioframe.NewClock(found.frames, found.start)
	}
	return c
}

func (c *clock) time() time.Duration {
	switch {
	case c.frames != nil:
		return c.frames.Time()
	case c.bitRate > 0:
		// Seconds apart from the rest, or the product overflows after a few GB.
		rate := int64(c.bitRate)
		bits := c.bytes * 8
		return time.Duration(bits/rate)*time.Second + time.Duration(float64(bits%rate)/float64(rate)*float64(time.Second))
	}
	return time.Since(c.opened)
}

func (c *clock) advance(p []byte) {
	c.bytes += int64(len(p))
	if c.frames != nil {
		c.frames.Advance(p)
	}
}
