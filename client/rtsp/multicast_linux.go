package rtsp

import (
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// listenGroup opens a socket that takes what is sent to the group, and nothing
// that other groups have on the same port: Linux filters by the address that a
// socket is bound to. Package net would bind to every address. Several sockets
// may listen at once.
func listenGroup(at netip.AddrPort, ifi *net.Interface) (*net.UDPConn, error) {
	family := unix.AF_INET
	var bind unix.Sockaddr = &unix.SockaddrInet4{Port: int(at.Port())}
	if at.Addr().Is4() {
		bind.(*unix.SockaddrInet4).Addr = at.Addr().As4()
	} else {
		family = unix.AF_INET6
		to := &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
		if at.Addr().IsLinkLocalMulticast() && ifi != nil {
			to.ZoneId = uint32(ifi.Index)
		}
		bind = to
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "multicast")
	defer file.Close() // FilePacketConn has its own
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Bind(fd, bind); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	c, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}
