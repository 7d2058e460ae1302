package web

import (
	"fmt"
	"os"
)

const (
	// blockSize is the unit in which a file is kept, in bytes. A read elsewhere
	// fetches at most this much before the place that was wanted.
	blockSize = 64 << 10

	// leastBlocks is how many blocks are kept at least, or one read would push
	// out what another waits for.
	leastBlocks = 128
)

// cache keeps the blocks of one remote file in a temporary file without a
// name. When it is full the block that was used longest ago makes room.
//
// The block that is being filled is in memory and goes to the temporary file
// as a whole: writing pieces as they come costs far more CPU time.
//
// It is not safe for concurrent use, but for one thing: what room returned may
// be written to while others read.
type cache struct {
	file   *os.File
	size   int64 // of the remote file
	max    int   // blocks
	blocks map[int64]*block
	// The blocks as a ring in order of use; root.next is the newest.
	root block

	number int64  // of the block that is being filled
	filled int    // bytes of it that have come
	buf    []byte // they
}

// block is a piece of the remote file: blockSize bytes from a multiple of it
// on, of which the first have come.
type block struct {
	number     int64
	slot       int64 // place in the temporary file
	have       int   // bytes that have come, from the block's beginning
	prev, next *block
}

// newCache makes the temporary file in dir, or where temporary files belong
// when dir will not take it. It expects the file's beginning.
func newCache(dir string, size, maxBytes int64) (*cache, error) {
	file, err := os.CreateTemp(dir, "tapedeck-*.part")
	if err != nil && dir != "" {
		file, err = os.CreateTemp("", "tapedeck-*.part")
	}
	if err != nil {
		return nil, fmt.Errorf("http: no place for a temporary file: %w", err)
	}
	// Without a name it is gone with the process, however that ends.
	if err := os.Remove(file.Name()); err != nil {
		file.Close()
		return nil, fmt.Errorf("http: temporary file: %w", err)
	}
	c := &cache{
		file:   file,
		size:   size,
		max:    int(max(maxBytes/blockSize, leastBlocks)),
		blocks: make(map[int64]*block),
		buf:    make([]byte, min(blockSize, size)),
	}
	c.root.next, c.root.prev = &c.root, &c.root
	return c, nil
}

func (c *cache) close() error { return c.file.Close() }

// ahead is how far ahead of a reader it makes sense to fetch: not so far that
// what was fetched is pushed out before it is read.
func (c *cache) ahead() int64 { return min(readAhead, int64(c.max/2)*blockSize) }

// missing is where the fetching must go on for the byte at off, and whether
// that byte is there already; then it is the first offset behind it that is not.
func (c *cache) missing(off int64) (at int64, have bool) {
	number := off / blockSize
	at = number * blockSize
	n := 0
	if b := c.blocks[number]; b != nil {
		n = b.have
	}
	if number == c.number {
		n = max(n, c.filled)
	}
	at += int64(n)
	return at, at > off
}

// readAt copies what is there from off on, up to the end of a block.
func (c *cache) readAt(p []byte, off int64) (int, error) {
	number, in := off/blockSize, int(off%blockSize)
	if number == c.number && in < c.filled {
		return copy(p, c.buf[in:c.filled]), nil
	}
	b := c.blocks[number]
	if b == nil || in >= b.have {
		return 0, nil
	}
	c.use(b)
	n, err := c.file.ReadAt(p[:min(len(p), b.have-in)], b.slot*blockSize+int64(in))
	if err != nil {
		return n, fmt.Errorf("http: temporary file: %w", err)
	}
	return n, nil
}

// at is the offset of the byte that is expected next.
func (c *cache) at() int64 { return c.number*blockSize + int64(c.filled) }

// start expects the byte at off next, or one before it where what comes before
// off in its block is not there. It returns which.
func (c *cache) start(off int64) (int64, error) {
	if err := c.save(); err != nil {
		return 0, err
	}
	c.number, c.filled = off/blockSize, 0
	if b := c.blocks[c.number]; b != nil {
		n := min(int(off%blockSize), b.have)
		if _, err := c.file.ReadAt(c.buf[:n], b.slot*blockSize); err != nil {
			return 0, fmt.Errorf("http: temporary file: %w", err)
		}
		c.filled = n
	}
	return c.at(), nil
}

// room is where the bytes that are expected next belong; empty at the end.
func (c *cache) room() []byte { return c.buf[c.filled:c.length(c.number)] }

// length is how many bytes block number has when it is whole.
func (c *cache) length(number int64) int {
	return int(max(min(blockSize, c.size-number*blockSize), 0))
}

// filledBy says that n bytes were put into room.
func (c *cache) filledBy(n int) error {
	c.filled += n
	if c.filled < c.length(c.number) {
		return nil
	}
	if err := c.save(); err != nil {
		return err
	}
	c.number, c.filled = c.number+1, 0
	return nil
}

// save writes the block that is being filled to the temporary file.
func (c *cache) save() error {
	if c.filled == 0 {
		return nil
	}
	b := c.blocks[c.number]
	if b == nil {
		b = c.add(c.number)
	}
	if b.have >= c.filled {
		return nil
	}
	if _, err := c.file.WriteAt(c.buf[:c.filled], b.slot*blockSize); err != nil {
		return fmt.Errorf("http: temporary file: %w", err)
	}
	b.have = c.filled
	return nil
}

// add makes an empty block, in the place of the oldest where all are taken.
func (c *cache) add(number int64) *block {
	b := &block{slot: int64(len(c.blocks))}
	if len(c.blocks) >= c.max {
		b = c.root.prev
		b.prev.next, b.next.prev = b.next, b.prev
		delete(c.blocks, b.number)
	}
	b.number, b.have = number, 0
	c.blocks[number] = b
	c.insert(b)
	return b
}

func (c *cache) use(b *block) {
	b.prev.next, b.next.prev = b.next, b.prev
	c.insert(b)
}

func (c *cache) insert(b *block) {
	b.next, b.prev = c.root.next, &c.root
	b.next.prev, b.prev.next = b, b
}
