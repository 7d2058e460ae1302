//go:build !linux

package datagram

import (
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// outOfPoller leaves c as it is: only on Linux there is a way.
func outOfPoller(c *net.UDPConn) (Conn, error) { return c, nil }

// NewReader is a Reader of c into messages, each of which has one buffer.
func NewReader(c Conn, _ []ipv4.Message) Reader {
	conn := c.(*net.UDPConn)
	if a, ok := conn.LocalAddr().(*net.UDPAddr); ok && a.IP.To4() == nil {
		return ipv6.NewPacketConn(conn)
	}
	return ipv4.NewPacketConn(conn)
}
