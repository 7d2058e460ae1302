package rtsp

import (
	"errors"
	"strings"

	"tapedeck/client/address"
)

// lower is a lower transport: the road that the media take, and with the
// interleaved ones the road of RTSP itself. One attempt of Open uses one.
type lower uint8

const (
	overUDP lower = iota + 1
	overTCP
)

func (l lower) String() string {
	switch l {
	case overUDP:
		return "udp"
	case overTCP:
		return "tcp"
	}
	return "unknown"
}

// interleaved reports whether the media come within the RTSP connection (RFC
// 2326 section 10.12), whatever that connection is made of: in order, and
// without sockets of their own.
func (l lower) interleaved() bool { return l != overUDP }

// waysTo lists the transports to try for a link; what worked before comes first.
func waysTo(a address.Address, m *Memory) []lower {
	switch a.Scheme {
	case "rtsp":
		if won, ok := m.get(hostPort(a)); ok && won == overTCP {
			return []lower{overTCP, overUDP}
		}
		return []lower{overUDP, overTCP}
	case "rtspu":
		return []lower{overUDP}
	case "rtspt", "rtsps":
		return []lower{overTCP}
	}
	return nil
}

// tryNext reports whether another transport may do better after err.
func tryNext(err error, over lower) bool {
	if s, ok := errors.AsType[*silentError](err); ok {
		return over == overUDP && othersMayDo(s.server)
	}
	return refusesTransport(err)
}

// othersMayDo reports whether a server that is silent over UDP may know another
// transport; VLC does not.
func othersMayDo(server string) bool { return !strings.Contains(server, "VLC/") }
