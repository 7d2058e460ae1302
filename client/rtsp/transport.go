package rtsp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxAlternatives bounds the alternatives that are read of one Transport header.
const maxAlternatives = 16

var errTransportSyntax = errors.New("malformed Transport header")

// transport is one alternative of a Transport header (RFC 2326 section 12.39):
//
//	RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971;source=10.0.0.5;ssrc=5F3A1B02
//	RTP/AVP/TCP;unicast;interleaved=0-1
type transport struct {
	tcp         bool // the specification ends in /TCP
	multicast   bool
	interleaved *[2]uint8  // RTP's and RTCP's channel
	clientPort  *[2]uint16 // RTP's and RTCP's port
	serverPort  *[2]uint16
	source      string // an address, sometimes a host name
	ssrc        *uint32
}

// String is what is asked for: the shortest form that every server knows. An
// unknown parameter, even `mode`, makes some refuse.
func (t transport) String() string {
	switch {
	case t.interleaved != nil:
		return fmt.Sprintf("RTP/AVP/TCP;unicast;interleaved=%d-%d", t.interleaved[0], t.interleaved[1])
	case t.clientPort != nil:
		return fmt.Sprintf("RTP/AVP;unicast;client_port=%d-%d", t.clientPort[0], t.clientPort[1])
	}
	return "RTP/AVP;unicast"
}

// parseTransport reads the first usable alternative of a reply. Unknown keys
// and values that make no sense are skipped: a server's reply is a hint, and
// what it leaves out is as we asked.
func parseTransport(value string) (transport, error) {
	alternatives := splitOutsideQuotes(value, ',')
	for _, a := range alternatives[:min(len(alternatives), maxAlternatives)] {
		if t, ok := parseAlternative(a); ok {
			return t, nil
		}
	}
	return transport{}, fmt.Errorf("%w: %q", errTransportSyntax, clean(value))
}

func parseAlternative(a string) (t transport, ok bool) {
	parts := splitOutsideQuotes(a, ';')
	spec := strings.ToUpper(strings.TrimSpace(parts[0]))
	if !strings.Contains(spec, "RTP") && !strings.HasPrefix(spec, "MP2T") {
		return t, false
	}
	t.tcp = strings.Contains(spec, "TCP")
	for _, p := range parts[1:] {
		key, v, _ := strings.Cut(p, "=")
		v = unquote(v)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "multicast":
			t.multicast = true
		case "interleaved":
			if r, ok := portRange(v, 255); ok {
				t.interleaved = &[2]uint8{uint8(r[0]), uint8(r[1])}
			}
		case "client_port":
			if r, ok := portRange(v, 65535); ok {
				t.clientPort = &[2]uint16{uint16(r[0]), uint16(r[1])}
			}
		case "server_port":
			if r, ok := portRange(v, 65535); ok && r[0] != 0 {
				t.serverPort = &[2]uint16{uint16(r[0]), uint16(r[1])}
			}
		case "source":
			t.source = strings.Trim(v, "[]")
		case "ssrc":
			if n, err := strconv.ParseUint(strings.TrimSpace(v), 16, 32); err == nil {
				ssrc := uint32(n)
				t.ssrc = &ssrc
			}
		}
	}
	return t, true
}

// portRange reads "4-5", "4" (which means 4-5) and refuses what is above limit.
func portRange(s string, limit int) (r [2]int, ok bool) {
	first, second, both := strings.Cut(s, "-")
	n, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || n < 0 || n > limit {
		return r, false
	}
	r = [2]int{n, min(n+1, limit)}
	if !both {
		return r, true
	}
	m, err := strconv.Atoi(strings.TrimSpace(second))
	if err != nil || m < 0 || m > limit {
		return r, true
	}
	r[1] = m
	return r, true
}
