//go:build !linux

package rtsp

import (
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

func newBatchReader(c *net.UDPConn, _ []ipv4.Message) (batchReader, error) {
	if a, ok := c.LocalAddr().(*net.UDPAddr); ok && a.IP.To4() == nil {
		return ipv6.NewPacketConn(c), nil
	}
	return ipv4.NewPacketConn(c), nil
}
