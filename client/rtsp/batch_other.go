//go:build !linux

package rtsp

import (
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// outOfPoller leaves c as it is: only on Linux there is a way.
func outOfPoller(c *net.UDPConn) (mediaConn, error) { return c, nil }

func newBatchReader(c mediaConn, _ []ipv4.Message) batchReader {
	conn := c.(*net.UDPConn)
	if a, ok := conn.LocalAddr().(*net.UDPAddr); ok && a.IP.To4() == nil {
		return ipv6.NewPacketConn(conn)
	}
	return ipv4.NewPacketConn(conn)
}
