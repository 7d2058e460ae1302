package datagram

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// quietConn is a UDP socket outside of Go's poller, which is told of every
// datagram that comes, also while nobody waits for one: at 50 Mbit/s that is
// two thousand awakenings a second in which nothing is done. Here an epoll
// instance of the socket's own, armed for one event at a time, is what Go's
// poller sees, and only while Read waits.
//
//	datagrams -> socket -> epoll, one shot -> Go's poller -> Read
type quietConn struct {
	local net.Addr

	mu sync.RWMutex
	fd int // -1 once it is closed

	epoll  *os.File
	waiter syscall.RawConn // of epoll
	armed  unix.EpollEvent
	events [1]unix.EpollEvent

	arm, ready func(epfd uintptr) bool // made once: nothing is allocated to wait
	err        error                   // of arm
}

// outOfPoller takes c over, which is closed.
func outOfPoller(c *net.UDPConn) (Conn, error) {
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	q := &quietConn{local: c.LocalAddr(), fd: -1}
	var failed error
	if err := raw.Control(func(fd uintptr) {
		q.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, os.NewSyscallError("fcntl", failed)
	}
	if err := q.open(); err != nil {
		unix.Close(q.fd)
		return nil, err
	}
	return q, nil
}

func (q *quietConn) open() error {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(epfd, true); err != nil { // what package os takes into its poller
		unix.Close(epfd)
		return os.NewSyscallError("fcntl", err)
	}
	q.epoll = os.NewFile(uintptr(epfd), "epoll")
	if q.waiter, err = q.epoll.SyscallConn(); err != nil {
		q.epoll.Close()
		return err
	}
	q.armed = unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: int32(q.fd)}
	off := unix.EpollEvent{Events: unix.EPOLLONESHOT, Fd: int32(q.fd)}
	if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, q.fd, &off); err != nil {
		q.epoll.Close()
		return os.NewSyscallError("epoll_ctl", err)
	}
	q.arm = func(epfd uintptr) bool {
		q.mu.RLock()
		defer q.mu.RUnlock()
		q.err = net.ErrClosed
		if q.fd >= 0 {
			q.err = unix.EpollCtl(int(epfd), unix.EPOLL_CTL_MOD, q.fd, &q.armed)
		}
		return true
	}
	q.ready = func(epfd uintptr) bool {
		n, err := unix.EpollWait(int(epfd), q.events[:], 0)
		return n > 0 || err != nil && err != unix.EINTR
	}
	return nil
}

// Read calls f until it has done something, and waits for datagrams in between,
// as the Read of a syscall.RawConn does. One goroutine reads.
func (q *quietConn) Read(f func(fd uintptr) bool) error {
	for {
		q.mu.RLock()
		if q.fd < 0 {
			q.mu.RUnlock()
			return net.ErrClosed
		}
		done := f(uintptr(q.fd))
		q.mu.RUnlock()
		if done {
			return nil
		}
		err := q.waiter.Read(q.arm)
		if err == nil {
			err = q.err
		}
		if err == nil {
			err = q.waiter.Read(q.ready)
		}
		if errors.Is(err, os.ErrClosed) {
			return net.ErrClosed
		}
		if err != nil {
			return err
		}
	}
}

// SetReadDeadline bounds the waits of Read.
func (q *quietConn) SetReadDeadline(t time.Time) error { return q.epoll.SetReadDeadline(t) }

func (q *quietConn) LocalAddr() net.Addr { return q.local }

// WriteToUDPAddrPort sends b, or drops it where there is no room.
func (q *quietConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	var at unix.Sockaddr
	if ip := to.Addr().Unmap(); ip.Is4() {
		at = &unix.SockaddrInet4{Port: int(to.Port()), Addr: ip.As4()}
	} else {
		six := &unix.SockaddrInet6{Port: int(to.Port()), Addr: ip.As16()}
		if ifi, err := net.InterfaceByName(ip.Zone()); err == nil {
			six.ZoneId = uint32(ifi.Index)
		}
		at = six
	}
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.fd < 0 {
		return 0, net.ErrClosed
	}
	if err := unix.Sendto(q.fd, b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, at); err != nil {
		return 0, os.NewSyscallError("sendto", err)
	}
	return len(b), nil
}

// Close ends a Read that waits. It may be called twice.
func (q *quietConn) Close() error {
	q.epoll.Close()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.fd < 0 {
		return net.ErrClosed
	}
	err := unix.Close(q.fd)
	q.fd = -1
	return err
}
