package rtsp

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// datagrams sends packets to the port that SETUP asked for.
func (c *camera) datagrams(packets ...[]byte) {
	setups := c.requests("SETUP")
	t, err := parseTransport(setups[len(setups)-1].header.get("Transport"))
	if err != nil || t.clientPort == nil {
		c.t.Errorf("Transport %v, %v", t, err)
		return
	}
	to, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", t.clientPort[0]))
	if err != nil {
		c.t.Error(err)
		return
	}
	defer to.Close()
	for _, p := range packets {
		if _, err := to.Write(p); err != nil {
			c.t.Error(err)
		}
	}
}

// overUDP opens a link on a camera that answers SETUP with transport, in which
// %s stands for what was asked.
func (c *camera) overUDP(t *testing.T, transport string, packets ...[]byte) *Session {
	t.Helper()
	c.t, c.tcp = t, true
	if c.sdp == "" {
		c.sdp = soundSDP
	}
	c.edit = func(r *request, resp *response) {
		if r.method == "SETUP" {
			resp.header = header{{"Session", "1"}, {"Transport", strings.ReplaceAll(transport, "%s", r.header.get("Transport"))}}
		}
	}
	c.send = func(*line) { c.datagrams(packets...) }
	s, _ := c.mustOpen("rtspu://127.0.0.1/x", Config{})
	return s
}

// TestTapoDatagrams sends datagrams of 10 kB and leaves the rest to IP.
func TestTapoDatagrams(t *testing.T) {
	large := append(soundPacket(100), make([]byte, 10_000)...)
	s := new(camera).overUDP(t, "%s;server_port=40000-40001", large)
	if n := s.Stats(); n.Packets != 1 || n.Bytes != uint64(len(large)) {
		t.Errorf("%+v", n)
	}
}

// TestOpenIPC does not tell its ports, as many cameras do not.
func TestOpenIPC(t *testing.T) {
	for _, transport := range []string{"%s", "%s;server_port=0", "%s;server_port=0-1", ""} {
		s := new(camera).overUDP(t, transport, soundPacket(100), soundPacket(101))
		if _, ok := s.tracks[0].pair.rtpTo(); ok {
			t.Errorf("%q: there is no port to punch at", transport)
		}
	}
}

// TestHostileUDP has replies that would have us send to others, or listen to
// them (sheet 7.2).
func TestHostileUDP(t *testing.T) {
	for _, c := range []struct {
		transport string
		punched   bool
	}{
		{"%s;server_port=40000-40001", true},
		{"%s;server_port=53-54", false},
		{"%s;server_port=123-1023", false},
		{"%s;server_port=65535-65536", true},
		{"%s;server_port=65536-65537", false},
		{"%s;server_port=-1", false},
		{"%s;server_port=40000-40001;source=255.255.255.255", true},
		{"%s;server_port=40000-40001;source=224.0.0.1;destination=224.0.0.1;ttl=999", true},
		{"%s;server_port=40000-40001;source=0.0.0.0", true},
		{"%s;server_port=40000-40001;source=ff02::1", true},
		{"RTP/AVP;unicast;client_port=0-0;server_port=40000-40001", true},
		{"RTP/AVP;unicast;client_port=99999-1;server_port=40000", true},
	} {
		s := new(camera).overUDP(t, c.transport, soundPacket(100), soundPacket(101))
		p := s.tracks[0].pair
		if to, ok := p.rtpTo(); ok != c.punched || ok && to.Addr() != p.peer {
			t.Errorf("%s: punches go to %v, %v", c.transport, to, ok)
		}
		if slices.ContainsFunc(p.allowed, func(a netip.Addr) bool { return a != p.peer }) {
			t.Errorf("%s: packets are taken from %v", c.transport, p.allowed)
		}
		start := time.Now()
		if s.Close(); time.Since(start) > 2*time.Second {
			t.Errorf("%s: closing took %v", c.transport, time.Since(start))
		}
	}
}
