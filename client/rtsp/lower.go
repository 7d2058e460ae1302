package rtsp

import (
	"errors"
	"net"
	"strings"

	"tapedeck/client/address"
)

// lower is a lower transport: the road that the media take, and with the
// interleaved ones the road of RTSP itself. One attempt of Open uses one.
type lower uint8

const (
	overUDP lower = iota + 1
	overTCP
	overHTTP      // httptunnel.go
	overWebSocket // websocket.go
)

func (l lower) String() string {
	switch l {
	case overUDP:
		return "udp"
	case overTCP:
		return "tcp"
	case overHTTP:
		return "http tunnel"
	case overWebSocket:
		return "websocket"
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
	case "rtspu", "rtspsu":
		return []lower{overUDP}
	case "rtspt", "rtsps", "rtspst":
		return []lower{overTCP}
	case "rtsph", "rtspsh":
		return []lower{overHTTP}
	case "rtsp+ws", "rtsp+wss":
		return []lower{overWebSocket}
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

// throughHTTP is the same link through an HTTP tunnel at the same port, after
// an HTTP server has answered there: `rtsp://camera:80/` of an Axis is one.
// Ports that the link does not name are left alone (see Open).
func throughHTTP(a address.Address, why error) (address.Address, bool) {
	if !errors.Is(why, ErrHTTP) || a.Scheme != "rtsp" && a.Scheme != "rtsps" {
		return a, false
	}
	_, port, err := net.SplitHostPort(hostPort(a))
	if err != nil {
		return a, false
	}
	a.Port, a.Scheme = port, map[bool]string{true: "rtspsh", false: "rtsph"}[secure(a)]
	return a, true
}
