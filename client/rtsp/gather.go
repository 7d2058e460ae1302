package rtsp

import (
	"net"
	"sync"
)

// gathered is a connection of which one read brings all that has come, as it
// does of a TCP socket. TLS gives one record for a read and a WebSocket one
// message, which is often one packet: a reader that waits a moment between its
// reads (see nap) would fall behind.
type gathered struct {
	net.Conn
	done chan struct{} // closed when the pump has ended

	mu       sync.Mutex
	some     sync.Cond // for Read: bytes, or an error
	room     sync.Cond // for the pump
	buf      []byte    // what has come is buf[off:end]
	off, end int
	err      error
	closed   bool
}

// gatherPiece is how much the pump takes at once: more than any TLS record.
const gatherPiece = 32 << 10

func gather(nc net.Conn) *gathered {
	g := &gathered{Conn: nc, done: make(chan struct{}), buf: make([]byte, wireBuffer)}
	g.some.L, g.room.L = &g.mu, &g.mu
	go g.pump()
	return g
}

// pump reads on while there is room.
func (g *gathered) pump() {
	defer close(g.done)
	defer recovered(g.fail)
	piece := make([]byte, gatherPiece)
	for {
		n, err := g.Conn.Read(piece)
		if !g.put(piece[:n]) {
			return
		}
		if err != nil {
			g.fail(err)
			return
		}
	}
}

// put waits for room; it reports false after Close.
func (g *gathered) put(b []byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.closed && len(g.buf)-(g.end-g.off) < len(b) {
		g.room.Wait()
	}
	if g.closed {
		return false
	}
	if len(g.buf)-g.end < len(b) {
		g.end = copy(g.buf, g.buf[g.off:g.end])
		g.off = 0
	}
	g.end += copy(g.buf[g.end:], b)
	g.some.Signal()
	return true
}

func (g *gathered) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = err
	g.some.Signal()
}

func (g *gathered) Read(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.off == g.end {
		if g.err != nil {
			return 0, g.err
		}
		g.some.Wait()
	}
	n := copy(p, g.buf[g.off:g.end])
	g.off += n
	g.room.Signal()
	return n, nil
}

// Close waits for the pump.
func (g *gathered) Close() error {
	g.mu.Lock()
	g.closed = true
	if g.err == nil {
		g.err = net.ErrClosed
	}
	g.room.Signal()
	g.some.Signal()
	g.mu.Unlock()
	err := g.Conn.Close()
	<-g.done
	return err
}
