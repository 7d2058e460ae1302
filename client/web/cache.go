package web

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

const (
	// blockSize is the unit in which a file is fetched, in bytes. A read
	// elsewhere fetches at most this much before the place that was wanted.
	blockSize = 64 << 10

	// segmentSize is the unit in which it is kept: large, for each write costs
	// much beside what the bytes cost.
	segmentSize   = 1 << 20
	segmentBlocks = segmentSize / blockSize

	// inMemory is how many segments are in memory: what is read ahead, and one
	// to fill.
	inMemory = readAhead/segmentSize + 2
)

// cache keeps the blocks of one remote file: the last of them in memory, the
// others in a temporary file without a name. When that is full the segment that
// was used longest ago makes room; where the disc is, the memory is all.
//
// A segment is written when its memory is needed for another one, past the
// system's own cache where that is possible. Written as they came, in pieces
// and through that cache, the bytes cost three times the CPU time of all else
// that is done with them.
//
// It is not safe for concurrent use, but for one thing: what room returned may
// be written to while others read.
type cache struct {
	file   *os.File // nil: there is no disc for it
	full   error    // why nothing more is written to it: it is full, or broken
	size   int64    // of the remote file
	max    int      // segments
	reader int64    // where a player reads: what follows stays in memory

	segments map[int64]*segment
	memory   []*segment // of these, those that are in memory
	slots    int64      // of the temporary file that are or were taken
	uses     uint64

	pos   int64  // of the byte that is expected next
	spare []byte // for what comes and is kept already
}

// segment is a piece of the remote file: segmentSize bytes from a multiple of it
// on, of whose blocks the first bytes have come.
type segment struct {
	number  int64
	have    [segmentBlocks]int32 // bytes of each block
	data    []byte               // nil: only on the disc
	slot    int64                // its place there, -1 for none
	written bool                 // the disc has all that the memory has
	used    uint64
}

var segmentMemory = sync.Pool{New: func() any { return new([segmentSize]byte) }}

// newCache makes the temporary file in dir, or where temporary files belong
// when dir will not take it. It expects the file's beginning.
func newCache(dir string, size, maxBytes int64) *cache {
	c := &cache{size: size, max: int(max(maxBytes/segmentSize, inMemory)), segments: make(map[int64]*segment)}
	file, err := os.CreateTemp(dir, "tapedeck-*.part")
	if err != nil && dir != "" {
		file, err = os.CreateTemp("", "tapedeck-*.part")
	}
	if err == nil {
		// Without a name it is gone with the process, however that ends.
		if err = os.Remove(file.Name()); err != nil {
			file.Close()
		}
	}
	if err != nil {
		c.full = fmt.Errorf("http: no place for a temporary file: %w", err)
		return c
	}
	c.file = file
	pastCache(file)
	return c
}

// close gives the memory to the next file: new memory costs the system more than
// all else at the start of one. Nobody reads or fills any more.
func (c *cache) close() error {
	for _, s := range c.memory {
		segmentMemory.Put((*[segmentSize]byte)(s.data))
	}
	c.memory, c.segments = nil, nil
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// ahead is how far ahead of a reader it makes sense to fetch: not so far that
// what was fetched is pushed out before it is read.
func (c *cache) ahead() int64 {
	kept := c.max
	if c.full != nil {
		kept = inMemory
	}
	return min(readAhead, int64(kept/2)*segmentSize)
}

// missing is where the fetching must go on for the byte at off, and whether
// that byte is there already; then it is the first offset behind it that is not.
func (c *cache) missing(off int64) (at int64, have bool) {
	at = off / blockSize * blockSize
	if s := c.segments[off/segmentSize]; s != nil {
		at += int64(s.have[off%segmentSize/blockSize])
	}
	return at, at > off
}

// readAt copies what is there from off on, up to the end of a block that has not
// come whole or of a segment.
func (c *cache) readAt(p []byte, off int64) (int, error) {
	s := c.segments[off/segmentSize]
	if s == nil {
		return 0, nil
	}
	from := off % segmentSize
	end := from / blockSize * blockSize
	for i := from / blockSize; i < segmentBlocks; i++ {
		end = i*blockSize + int64(s.have[i])
		if s.have[i] < blockSize {
			break
		}
	}
	if end <= from {
		return 0, nil
	}
	if err := c.load(s); err != nil {
		return 0, err
	}
	return copy(p, s.data[from:end]), nil
}

// at is the offset of the byte that is expected next.
func (c *cache) at() int64 { return c.pos }

// start expects the byte at off next, or one before it where what comes before
// off in its block is not there. It returns which.
func (c *cache) start(off int64) int64 {
	at, _ := c.missing(off)
	c.pos = min(at, off)
	return c.pos
}

// room is where the bytes that are expected next belong; empty at the end.
func (c *cache) room() ([]byte, error) {
	if c.pos >= c.size {
		return nil, nil
	}
	if at, have := c.missing(c.pos); have {
		if c.spare == nil {
			c.spare = make([]byte, blockSize)
		}
		return c.spare[:min(at-c.pos, blockSize, c.size-c.pos)], nil
	}
	number := c.pos / segmentSize
	s := c.segments[number]
	if s == nil {
		s = &segment{number: number, slot: -1}
	}
	if err := c.load(s); err != nil {
		return nil, err
	}
	c.segments[number] = s
	// As far as nobody reads already.
	from := c.pos % segmentSize
	end := (from/blockSize + 1) * blockSize
	for end < segmentSize && s.have[end/blockSize] == 0 {
		end += blockSize
	}
	return s.data[from:min(end, c.size-number*segmentSize)], nil
}

// filledBy says that n bytes were put into room.
func (c *cache) filledBy(n int) {
	s := c.segments[c.pos/segmentSize]
	for n > 0 {
		i, in := c.pos%segmentSize/blockSize, int32(c.pos%blockSize)
		k := min(int32(n), blockSize-in)
		if in+k > s.have[i] {
			s.have[i], s.written = in+k, false
		}
		c.pos, n = c.pos+int64(k), n-int(k)
	}
}

// load sees to it that s is in memory.
func (c *cache) load(s *segment) error {
	c.uses++
	s.used = c.uses
	if s.data != nil {
		return nil
	}
	if len(c.memory) < inMemory {
		s.data = segmentMemory.Get().(*[segmentSize]byte)[:]
	} else {
		old := c.idle()
		c.save(c.memory[old])
		s.data, c.memory[old].data = c.memory[old].data, nil
		c.memory[old] = c.memory[len(c.memory)-1]
		c.memory = c.memory[:len(c.memory)-1]
	}
	c.memory = append(c.memory, s)
	if s.slot < 0 {
		return nil
	}
	// Reading ends at the file's end where the last write was a short one.
	if n, err := c.file.ReadAt(s.data, s.slot*segmentSize); n < segmentSize {
		c.lose(s)
		c.full = fmt.Errorf("http: temporary file: %w", err)
		return c.full
	}
	s.written = true
	return nil
}

// lose forgets s, which was just loaded and which the disc does not give back:
// what its memory holds is another one's.
func (c *cache) lose(s *segment) {
	c.memory = c.memory[:len(c.memory)-1]
	segmentMemory.Put((*[segmentSize]byte)(s.data))
	s.data = nil
	delete(c.segments, s.number)
}

// idle is which segment in memory is needed least: not the one that is being
// filled, rather not one that is about to be read, else the one that was used
// longest ago.
func (c *cache) idle() int {
	best, bestSoon := -1, false
	for i, s := range c.memory {
		if s.number == c.pos/segmentSize {
			continue
		}
		soon := s.number >= c.reader/segmentSize && s.number <= (c.reader+readAhead)/segmentSize
		if best < 0 || bestSoon && !soon || bestSoon == soon && s.used < c.memory[best].used {
			best, bestSoon = i, soon
		}
	}
	return best
}

// save gives s, which is about to leave the memory, a place on the disc. Where
// there is none it is forgotten.
func (c *cache) save(s *segment) {
	if s.written {
		return
	}
	if c.full == nil {
		c.place(s)
		_, err := c.file.WriteAt(s.data, s.slot*segmentSize)
		if errors.Is(err, syscall.EINVAL) {
			throughCache(c.file)
			_, err = c.file.WriteAt(s.data, s.slot*segmentSize)
		}
		if err == nil {
			s.written = true
			return
		}
		c.full = fmt.Errorf("http: temporary file: %w", err)
	}
	delete(c.segments, s.number)
}

// place finds a place for s where it has none: a new one, or that of the segment
// that was used longest ago.
func (c *cache) place(s *segment) {
	switch {
	case s.slot >= 0:
		return
	case c.slots < int64(c.max):
		s.slot = c.slots
		c.slots++
		return
	}
	var old *segment
	for _, other := range c.segments {
		if other.slot >= 0 && (old == nil || other.used < old.used) {
			old = other
		}
	}
	s.slot, old.slot, old.written = old.slot, -1, false
	if old.data == nil {
		delete(c.segments, old.number)
	}
}
