package mms

import (
	"net"
	"syscall"
	"time"
)

// readNap is how long a reader waits for more packets before it reads again, so
// that one system call brings many. A read that brought napBelow bytes or more
// shows that no patience is needed.
const (
	readNap  = 12 * time.Millisecond
	napBelow = blockSize / 2
)

// napper waits between the reads of a connection. Go's poller is told of each
// packet that comes, also while nobody reads: at 50 Mbit/s that is two thousand
// awakenings a second for nothing, more than all the rest costs. So the kernel is
// asked to keep silent meanwhile, until there is much.
type napper struct {
	raw          syscall.RawConn // nil: none of the system's
	silent, loud func(fd uintptr)
}

func newNapper(nc net.Conn) *napper {
	n := &napper{silent: func(fd uintptr) { setLowWater(fd, napBelow) }, loud: func(fd uintptr) { setLowWater(fd, 1) }}
	if c, ok := nc.(*net.TCPConn); ok {
		n.raw, _ = c.SyscallConn()
	}
	return n
}

func (n *napper) nap() {
	if n.raw == nil {
		time.Sleep(readNap)
		return
	}
	_ = n.raw.Control(n.silent) // what fails is a connection that has ended: the next read says so
	time.Sleep(readNap)
	_ = n.raw.Control(n.loud)
}
