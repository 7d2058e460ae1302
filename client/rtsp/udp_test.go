package rtsp

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtsp/rtsptest"
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

// TestSpoofedPackets has strangers send into a stream: one on another host, from
// before PLAY on, and one on the server's host, on another port, once the stream
// runs. Both send what fits, to the media's port and to the reports'; nothing of
// it counts.
func TestSpoofedPackets(t *testing.T) {
	t.Parallel()
	stranger, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Skip("127.0.0.2 is not ours to send from") // only Linux has all of 127/8
	}
	defer stranger.Close()
	neighbour, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer neighbour.Close()
	srv := rtsptest.NewServer(rtsptest.Config{})
	defer srv.Close()
	seq := uint16(0)
	inject := func(from *net.UDPConn, port int, payload byte) {
		for range 20 {
			seq++
			p := []byte{0x80, 0x80 | payload, byte(seq >> 8), byte(seq), 0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef, 0x65, 0x88, 0x80, 0x10}
			if _, err := from.WriteToUDP(p, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err != nil {
				t.Error(err)
			}
		}
	}
	var ports []int // the client's, of media
	cfg := Config{Trace: func(e media.Event) {
		step, ok := e.(media.Step)
		if !ok || !strings.HasPrefix(step.Name, "setup") {
			return
		}
		port, rtcp := 0, 0
		fmt.Sscanf(step.Detail, "ports %d-%d", &port, &rtcp)
		inject(stranger, port, byte(96+len(ports)))
		ports = append(ports, port)
	}}
	s, err := Open(t.Context(), parse(t, over("rtspu", srv.URL("/live?seconds=3"))), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	bye := []byte{0x80, 201, 0, 1, 0, 0, 0, 0, 0x80, 203, 0, 0} // of nobody: of all
	for n := 0; ; n++ {
		c, err := s.Next(t.Context())
		if err != nil {
			if err != io.EOF || n < 60 {
				t.Errorf("after %d chunks: %v", n, err)
			}
			break
		}
		if c.Time > 10*time.Second {
			t.Errorf("a chunk at %v", c.Time)
		}
		for i, port := range ports {
			inject(stranger, port, byte(96+i))
			inject(neighbour, port, byte(96+i))
			stranger.WriteToUDP(bye, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port + 1})
		}
	}
	sent, got := srv.Sent(), s.Stats()
	if got.Packets != sent.Packets || got.Bytes != sent.Bytes || got.Lost+got.Duplicates+got.Reordered != 0 {
		t.Errorf("sent %+v, got %+v", sent, got)
	}
}

// TestPlausible: what may take hold of the latch.
func TestPlausible(t *testing.T) {
	video, stream := &track{}, &track{}
	video.format.PayloadType, video.format.Encoding = 96, "H264"
	stream.format.PayloadType, stream.format.Encoding = 33, "MP2T"
	for _, c := range []struct {
		name          string
		datagram      []byte
		video, stream bool
	}{
		{"RTP", []byte{0x80, 96, 0, 0}, true, false},
		{"RTP with the marker", []byte{0x80, 0x80 | 96, 0, 0}, true, false},
		{"another payload type", []byte{0x80, 97, 0, 0}, false, false},
		{"a sender report", []byte{0x80, 200, 0, 0}, true, true},
		{"a transport stream in RTP", []byte{0x80, 33, 0, 0}, false, true},
		{"a transport stream", []byte{tsSync, 0, 0, 0}, false, true},
		{"another version", []byte{0, 96, 0, 0}, false, false},
		{"a little", []byte{0x80, 96, 0}, false, false},
		{"nothing", nil, false, false},
	} {
		if v, s := video.plausible(c.datagram), stream.plausible(c.datagram); v != c.video || s != c.stream {
			t.Errorf("%s: %v for H.264, %v for MPEG-TS", c.name, v, s)
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
