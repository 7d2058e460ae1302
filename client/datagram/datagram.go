// Package datagram receives media over UDP: sockets with room for a burst, many
// datagrams for one system call, and nothing made for each of them.
//
//	c, err := datagram.Take(socket)
//	r := datagram.NewReader(c, messages)
//	n, err := r.ReadBatch(messages, 0)
package datagram

import (
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
)

const (
	// MaxSize holds any datagram.
	MaxSize = 64 << 10

	// receiveBuffer is asked of the kernel for each socket, since a key picture
	// comes in one burst. It may grant less.
	receiveBuffer = 4 << 20
)

// Conn is a socket for media, which its Reader reads.
type Conn interface {
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	SetReadDeadline(t time.Time) error
	LocalAddr() net.Addr
	Close() error
}

// Reader reads several datagrams with one system call where the system can,
// always into the messages that it was made for. One goroutine reads.
type Reader interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
}

// Take makes c, which it takes over, fit for what comes in bursts.
func Take(c *net.UDPConn) (Conn, error) {
	_ = c.SetReadBuffer(receiveBuffer) // what the kernel grants is enough
	return outOfPoller(c)
}

// Messages are n messages with room for any datagram, for a Reader.
func Messages(n int) []ipv4.Message {
	ms := make([]ipv4.Message, n)
	for i := range ms {
		ms[i].Buffers = [][]byte{make([]byte, MaxSize)}
	}
	return ms
}

// Sender is where a message came from; ok is false where it cannot be told.
func Sender(m *ipv4.Message) (from netip.AddrPort, ok bool) {
	a, ok := m.Addr.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	return Unmapped(a.AddrPort()), true
}

// Unmapped is a with an IPv4 address in place of one that is mapped into IPv6.
func Unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
