//go:build !linux

package rtsp

import (
	"net"
	"net/netip"
)

// listenGroup opens a socket on a group's port. Package net binds it to every
// address, as Windows must have it, and lets several listen at once. What other
// groups have on the same port comes too; the receivers drop it by its payload
// type.
func listenGroup(at netip.AddrPort, _ *net.Interface) (*net.UDPConn, error) {
	network := "udp4"
	if at.Addr().Is6() {
		network = "udp6"
	}
	return net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
}
