package rtsp

import (
	"errors"
	"net"
	"slices"
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
	overMulticast
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
	case overMulticast:
		return "multicast"
	}
	return "unknown"
}

// interleaved reports whether the media come within the RTSP connection (RFC
// 2326 section 10.12), whatever that connection is made of: in order, and
// without sockets of their own.
func (l lower) interleaved() bool { return l != overUDP && l != overMulticast }

// waysTo lists the transports to try for a link; what worked before comes first.
func waysTo(a address.Address, m *Memory) []lower {
	switch a.Scheme {
	case "rtsp":
		switch won, _ := m.get(hostPort(a)); won {
		case overTCP:
			return []lower{overTCP, overUDP}
		case overMulticast:
			return []lower{overMulticast, overUDP, overTCP}
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

// offers is what a server was seen to offer beyond the transports that a link's
// scheme leads to.
type offers struct {
	multicast bool // its description or a refusal names a group
	encrypted bool // the media are encrypted by themselves: they need no TLS
}

// further lists what to try after everything in tried was refused. Multicast is
// last: between networks it seldom arrives. Over TLS, only encrypted media may
// take a road of their own.
func further(a address.Address, tried []lower, o offers) []lower {
	var more []lower
	switch a.Scheme {
	case "rtsp", "rtspu":
		if o.multicast {
			more = []lower{overMulticast}
		}
	case "rtsps", "rtspsu":
		if o.encrypted {
			more = []lower{overUDP}
		}
		if o.encrypted && o.multicast {
			more = append(more, overMulticast)
		}
	}
	return slices.DeleteFunc(more, func(l lower) bool { return slices.Contains(tried, l) })
}

// offering is a failed attempt, with what the server was seen to offer.
type offering struct {
	error
	offers
}

func (o *offering) Unwrap() error { return o.error }

// unfit reports whether UDP is a bad choice for what is described: H.264 without
// fragments (packetization-mode 0, which is also what its absence means). Each
// slice is one packet there, and a key picture's does not fit into a datagram:
// cameras cut it off, or leave it to IP, which loses it whole (gortsplib forces
// TCP after four reports of that). Servers that have UDP only, such as VLC's,
// say mode 1; one that says 0 and refuses TCP is served over UDP all the same.
func unfit(tracks []*track) bool {
	return slices.ContainsFunc(tracks, func(t *track) bool {
		mode := strings.TrimSpace(t.format.Params["packetization-mode"])
		return t.problem == "" && strings.EqualFold(t.format.Encoding, "H264") && (mode == "" || mode == "0")
	})
}

// tryNext reports whether another transport may do better after err.
func tryNext(err error) bool {
	if s, ok := errors.AsType[*silentError](err); ok {
		return s.over == overUDP && othersMayDo(s.server) || s.over == overMulticast
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
