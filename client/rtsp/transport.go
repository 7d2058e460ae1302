package rtsp

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tapedeck/client/quoted"
)

const (
	maxAlternatives = 16  // that are read of one Transport header
	maxTTL          = 255 // what an IP packet can have
)

var errTransportSyntax = errors.New("malformed Transport header")

// transport is one alternative of a Transport header (RFC 2326 section 12.39):
//
//	RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971;source=10.0.0.5;ssrc=5F3A1B02
//	RTP/AVP/TCP;unicast;interleaved=0-1
//	RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001;ttl=16;source=10.0.0.5
type transport struct {
	profile     string // SAVP, or another than AVP
	tcp         bool   // the specification ends in /TCP
	unicast     bool
	multicast   bool
	interleaved *[2]uint8  // RTP's and RTCP's channel
	clientPort  *[2]uint16 // RTP's and RTCP's port
	serverPort  *[2]uint16
	source      string // an address, sometimes a host name
	destination string // of multicast
	port        *[2]uint16
	ttl         int
	ssrc        *uint32
}

// String is what is asked for: the shortest form that every server knows. An
// unknown parameter, even `mode`, makes some refuse.
func (t transport) String() string {
	profile := "RTP/" + cmp.Or(t.profile, "AVP")
	switch {
	case t.multicast:
		return profile + ";multicast"
	case t.interleaved != nil:
		return fmt.Sprintf("%s/TCP;unicast;interleaved=%d-%d", profile, t.interleaved[0], t.interleaved[1])
	case t.clientPort != nil:
		return fmt.Sprintf("%s;unicast;client_port=%d-%d", profile, t.clientPort[0], t.clientPort[1])
	}
	return profile + ";unicast"
}

// parseTransport reads the first usable alternative of a reply. Unknown keys
// and values that make no sense are skipped: a server's reply is a hint, and
// what it leaves out is as we asked.
func parseTransport(value string) (transport, error) {
	alternatives := quoted.Split(value, ',')
	for _, a := range alternatives[:min(len(alternatives), maxAlternatives)] {
		if t, ok := parseAlternative(a); ok {
			return t, nil
		}
	}
	return transport{}, fmt.Errorf("%w: %q", errTransportSyntax, clean(value))
}

func parseAlternative(a string) (t transport, ok bool) {
	parts := quoted.Split(a, ';')
	spec := strings.ToUpper(strings.TrimSpace(parts[0]))
	if !strings.Contains(spec, "RTP") && !strings.HasPrefix(spec, "MP2T") {
		return t, false
	}
	t.tcp = strings.Contains(spec, "TCP")
	for _, p := range parts[1:] {
		key, v, _ := strings.Cut(p, "=")
		v = quoted.Unquote(v)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "unicast":
			t.unicast = true
		case "multicast":
			t.multicast = true
		case "destination":
			t.destination = strings.Trim(v, "[]")
		case "port":
			if r, ok := portRange(v, 65535); ok {
				t.port = &[2]uint16{uint16(r[0]), uint16(r[1])}
			}
		case "ttl":
			if n, err := strconv.ParseUint(strings.TrimSpace(v), 10, 32); err == nil {
				t.ttl = int(min(n, maxTTL))
			}
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
