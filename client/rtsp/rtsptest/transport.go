package rtsptest

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// transport is what is made of a Transport field (RFC 2326, 12.39): one way for
// one track.
type transport struct {
	tcp  bool
	low  int // first interleaved channel, or the client's RTP port
	high int // second interleaved channel, or the client's RTCP port
	rtp  *net.UDPConn
	rtcp *net.UDPConn // nil for tcp, as is rtp
}

var errTransport = errors.New("rtsptest: no transport that is served")

// parseTransport takes the first alternative that is served. track gives the
// channels where the client left their choice to the server.
func parseTransport(field string, track int) (*transport, error) {
	for alternative := range strings.SplitSeq(field, ",") {
		params := strings.Split(alternative, ";")
		t := &transport{}
		switch strings.ToUpper(strings.TrimSpace(params[0])) {
		case "RTP/AVP/TCP":
			t.tcp, t.low, t.high = true, 2*track, 2*track+1
		case "RTP/AVP", "RTP/AVP/UDP":
		default:
			continue
		}
		served := true
		for _, p := range params[1:] {
			name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
			switch name = strings.ToLower(name); {
			case name == "multicast":
				served = false
			case name == "interleaved" && t.tcp, name == "client_port" && !t.tcp:
				var err error
				if t.low, t.high, err = parsePair(value); err != nil {
					served = false
				}
			}
		}
		limit := 65535
		if t.tcp {
			limit = 255
		}
		if served && t.low <= limit && t.high <= limit && (t.tcp || t.low > 0) {
			return t, nil
		}
	}
	return nil, errTransport
}

// parsePair reads "4-5", or "4" for a pair that begins there.
func parsePair(s string) (low, high int, err error) {
	first, second, both := strings.Cut(s, "-")
	if low, err = strconv.Atoi(first); err != nil || low < 0 {
		return 0, 0, errTransport
	}
	if !both {
		return low, low + 1, nil
	}
	if high, err = strconv.Atoi(second); err != nil || high < 0 {
		return 0, 0, errTransport
	}
	return low, high, nil
}

// pairTries is how often a pair of ports is looked for.
const pairTries = 64

// listen opens an even port for RTP and the odd one after it for RTCP, both
// bound to local.
func (t *transport) listen(local net.IP) error {
	var last error
	for range pairTries {
		rtp, err := net.ListenUDP("udp", &net.UDPAddr{IP: local})
		if err != nil {
			return err
		}
		port := rtp.LocalAddr().(*net.UDPAddr).Port
		if port%2 == 0 && port < 65535 {
			rtcp, err := net.ListenUDP("udp", &net.UDPAddr{IP: local, Port: port + 1})
			if err == nil {
				t.rtp, t.rtcp = rtp, rtcp
				return nil
			}
			last = err
		}
		rtp.Close()
	}
	return fmt.Errorf("rtsptest: no pair of UDP ports: %w", last)
}

// field is the Transport field of the answer.
func (t *transport) field(ssrc uint32) string {
	if t.tcp {
		return fmt.Sprintf("RTP/AVP/TCP;unicast;interleaved=%d-%d;ssrc=%08X", t.low, t.high, ssrc)
	}
	port := t.rtp.LocalAddr().(*net.UDPAddr).Port
	return fmt.Sprintf("RTP/AVP;unicast;client_port=%d-%d;server_port=%d-%d;ssrc=%08X", t.low, t.high, port, port+1, ssrc)
}

func (t *transport) close() {
	if !t.tcp {
		t.rtp.Close()
		t.rtcp.Close()
	}
}
