package rtsp

import (
	"net/netip"
	"testing"
	"time"
)

func TestListenPair(t *testing.T) {
	for _, local := range []string{"127.0.0.1", "::1"} {
		p, err := listenPair(netip.MustParseAddr(local))
		if err != nil {
			t.Fatal(err)
		}
		if p.ports[0]%2 != 0 || p.ports[1] != p.ports[0]+1 || p.ports[0] < firstPort {
			t.Errorf("ports %v", p.ports)
		}
		if got := p.rtp.LocalAddr().String(); got != netip.AddrPortFrom(netip.MustParseAddr(local), p.ports[0]).String() {
			t.Errorf("it listens on %v", got)
		}
		p.close()
		p.close()
	}
	if _, err := listenPair(netip.Addr{}); err == nil {
		t.Error("a pair without an address")
	}
	var none *udpPair
	none.close()
}

func TestLatch(t *testing.T) {
	peer, other, stranger := netip.MustParseAddrPort("10.0.0.1:6970"), netip.MustParseAddrPort("10.0.0.2:6970"), netip.MustParseAddrPort("10.0.0.9:6970")
	allowed := []netip.Addr{peer.Addr(), other.Addr()}
	now := time.Now()
	var l latch
	for i, c := range []struct {
		from  netip.AddrPort
		after time.Duration
		want  bool
	}{
		{stranger, 0, false},
		{peer, 0, true},
		{other, time.Second, false},
		{netip.AddrPortFrom(peer.Addr(), 7000), time.Second, false},
		{peer, 2 * time.Second, true},
		{other, 4 * time.Second, false},
		{other, 5 * time.Second, true}, // the first has been silent
		{peer, 5 * time.Second, false},
		{stranger, time.Minute, false},
	} {
		if got := l.accepts(allowed, c.from, now.Add(c.after)); got != c.want {
			t.Errorf("%d: %v: %v", i, c.from, got)
		}
	}
}

func TestUDPPairTargets(t *testing.T) {
	p := &udpPair{peer: netip.MustParseAddr("10.0.0.1")}
	for _, c := range []struct {
		ports [2]uint16
		rtp   bool
		rtcp  bool
	}{
		{[2]uint16{6970, 6971}, true, true},
		{[2]uint16{0, 1}, false, false},
		{[2]uint16{53, 123}, false, false}, // a server must not make us ask DNS or NTP
		{[2]uint16{65535, 65535}, true, true},
	} {
		p.server = c.ports
		_, rtp := p.rtpTo()
		_, rtcp := p.rtcpTo()
		if rtp != c.rtp || rtcp != c.rtcp {
			t.Errorf("%v: %v %v", c.ports, rtp, rtcp)
		}
	}
	from := netip.MustParseAddrPort("10.0.0.5:7001")
	p.server = [2]uint16{}
	p.rtcpAt.Store(&from)
	if to, ok := p.rtcpTo(); !ok || to != netip.MustParseAddrPort("10.0.0.1:7001") {
		t.Errorf("reports go to %v", to)
	}
	for _, bad := range []string{"224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1"} {
		p.allow(netip.MustParseAddr(bad))
	}
	p.allow(netip.Addr{})
	if len(p.allowed) != 0 {
		t.Errorf("%v", p.allowed)
	}
	p.allow(netip.MustParseAddr("10.0.0.5"))
	p.allow(netip.MustParseAddr("10.0.0.5"))
	if len(p.allowed) != 1 {
		t.Errorf("%v", p.allowed)
	}
}
