package web

import (
	"context"
	"errors"
	"io"
	"time"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
	"tapedeck/client/web/cut"
)

// maxChunk bounds a chunk, in bytes: as much as one read may bring.
const maxChunk = 64 << 10

// keyGap is how far apart in media time two chunks begin at which a decoder can
// start, where it can start anywhere.
const keyGap = 200 * time.Millisecond

// chunker cuts container bytes into chunks as they come.
type chunker struct {
	found   container
	clock   clock
	cutter  cut.Cutter // nil: the container is not looked into
	titles  *titles    // nil: nobody is told
	letters *letters
	// fill reads what is there, at most len(p) bytes, and blocks until there
	// is something. An error comes without bytes.
	fill func(ctx context.Context, p []byte) (int, error)

	buf    []byte
	r, n   int // what was not handed out yet: buf[r:n]
	handed int64
	judged cut.Unit // what follows the last chunk; its Size is 0 where that is not judged yet
	first  bool     // nothing was handed out yet
	end    error    // sticky
}

// newChunker begins with head, which was read already.
func newChunker(found container, head []byte, clock clock) *chunker {
	c := &chunker{found: found, clock: clock, buf: make([]byte, maxChunk), first: true}
	c.n = copy(c.buf, head)
	return c
}

// next is the next chunk. In a container that is known it begins and ends at
// the borders of units, or within a large one; otherwise it is what came.
func (c *chunker) next(ctx context.Context) (media.Chunk, error) {
	for {
		if c.r < c.n {
			if chunk, ok := c.take(); ok {
				return c.hand(chunk), nil
			}
		}
		if c.end != nil {
			if c.r < c.n && errors.Is(c.end, io.EOF) { // a cut packet, but the stream's last
				chunk := media.Chunk{Time: c.time(), Data: c.buf[c.r:c.n]}
				c.r = c.n
				return c.hand(chunk), nil
			}
			return media.Chunk{}, c.end
		}
		c.n, c.r = copy(c.buf, c.buf[c.r:c.n]), 0
		n, err := c.fill(ctx, c.buf[c.n:])
		switch {
		case n > 0:
			c.n += n
		case err != nil && ctx.Err() != nil:
			return media.Chunk{}, err // the caller's end, not the stream's
		case err != nil:
			c.end = err
		}
	}
}

// take is the next chunk of what is in the buffer.
func (c *chunker) take() (chunk media.Chunk, ok bool) {
	if c.cutter == nil {
		chunk = media.Chunk{Time: c.time(), Key: c.first || c.found.selfSync(), Data: c.buf[c.r:c.n]}
		if c.first {
			chunk.Init = []byte{} // no header is known to be needed
		}
		c.r = c.n
		return chunk, true
	}
	size := 0
	for {
		u := c.unit(c.r + size)
		switch {
		case u.Size == 0, size > 0 && c.begins(u, chunk):
			chunk.Data = c.buf[c.r : c.r+size]
			c.r += size
			return chunk, size > 0
		case u.Role != cut.Media:
			c.r += u.Size
			c.handed += int64(u.Size)
		case size == 0:
			chunk = c.chunkOf(u)
			fallthrough
		default:
			size += u.Size
		}
		c.judged.Size = 0
	}
}

// unit is the unit at offset at of the buffer.
func (c *chunker) unit(at int) cut.Unit {
	if c.judged.Size == 0 && at < c.n {
		c.judged = c.cutter.Cut(c.buf[at:c.n])
	}
	return c.judged
}

// begins reports whether u is not of the chunk that comes before it.
func (c *chunker) begins(u cut.Unit, before media.Chunk) bool {
	return u.Role != cut.Media || u.Init != nil || u.Key && (!before.Key || u.Time-before.Time >= keyGap)
}

func (c *chunker) chunkOf(u cut.Unit) media.Chunk {
	chunk := media.Chunk{Init: u.Init, Key: u.Key, Time: u.Time, Origin: c.cutter.Origin()}
	if !u.Timed {
		chunk.Time = c.time()
	}
	if u.Tagged {
		c.titles.say(c.letters.words(u.Title), chunk.Time)
	}
	return chunk
}

// time is the media time that the bytes themselves do not tell.
func (c *chunker) time() time.Duration { return c.clock.time() }

// hand counts a chunk, and tells the titles that begin in it.
func (c *chunker) hand(chunk media.Chunk) media.Chunk {
	c.first = false
	data := chunk.Data
	for {
		m, ok := c.titles.before(c.handed + int64(len(data)))
		if !ok {
			break
		}
		k := min(max(m.at-c.handed, 0), int64(len(data)))
		c.clock.advance(data[:k])
		c.handed, data = c.handed+k, data[k:]
		at := chunk.Time
		if c.cutter == nil {
			at = c.time()
		}
		c.titles.say(m.text, at)
	}
	c.clock.advance(data)
	c.handed += int64(len(data))
	c.titles.pass(chunk.Time)
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
	start   time.Duration // the time of the first byte
}

func newClock(found container, bitRate int, start time.Duration) clock {
	c := clock{bitRate: bitRate, opened: time.Now(), start: start}
	if found.frames != nil {
		c.frames = audioframe.NewClock(found.frames, found.start)
	}
	return c
}

func (c *clock) time() time.Duration { return c.start + c.passed() }

// passed is the media time since the beginning.
func (c *clock) passed() time.Duration {
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
