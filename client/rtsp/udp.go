package rtsp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"tapedeck/client/datagram"
)

const (
	// Port pairs come from here: even for RTP, the next one for RTCP.
	firstPort = 10000
	lastPort  = 65534
	pairTries = 64

	// lowestPunch keeps a server from making us send to services such as DNS.
	lowestPunch = 1024

	// relatch is how long a sender must be silent before another address may
	// take its place.
	relatch = 3 * time.Second
)

// udpPair is the two sockets of a track.
type udpPair struct {
	rtp     datagram.Conn
	rtcp    *net.UDPConn // nil where both kinds come over one port
	ports   [2]uint16
	peer    netip.Addr   // the other end of the RTSP connection
	server  [2]uint16    // the server's ports; 0 where it does not tell
	allowed []netip.Addr // who may send; nil: everybody
	group   netip.Addr   // of multicast; invalid for a pair of its own
	mute    bool         // nothing is sent, not even reports
	tracks  []*track     // several may share a group and its ports

	rtcpAt atomic.Pointer[netip.AddrPort] // where RTCP came from last
}

// listenPair opens an even port and the next one on the given local address.
func listenPair(local netip.Addr) (*udpPair, error) {
	if !local.IsValid() {
		return nil, errors.New("the connection has no IP address to receive on")
	}
	network := "udp4"
	if local.Is6() {
		network = "udp6"
	}
	var last error
	for range pairTries {
		port := firstPort + 2*rand.IntN((lastPort-firstPort)/2)
		even, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, uint16(port))))
		if err != nil {
			last = err
			continue
		}
		odd, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, uint16(port+1))))
		if err != nil {
			even.Close()
			last = err
			continue
		}
		rtp, err := datagram.Take(even)
		if err != nil {
			odd.Close()
			return nil, err
		}
		return &udpPair{rtp: rtp, rtcp: odd, ports: [2]uint16{uint16(port), uint16(port + 1)}}, nil
	}
	return nil, fmt.Errorf("no free pair of UDP ports: %w", last)
}

func (p *udpPair) close() {
	if p == nil {
		return
	}
	p.rtp.Close()
	if p.rtcp != nil {
		p.rtcp.Close()
	}
}

// report sends b from where reports come from.
func (p *udpPair) report(b []byte, to netip.AddrPort) {
	from := p.rtp
	if p.rtcp != nil {
		from = p.rtcp
	}
	_, _ = from.WriteToUDPAddrPort(b, to) // what is lost is followed by the next
}

// allow lets packets in from the address that the server says it sends from.
func (p *udpPair) allow(source netip.Addr) {
	if source.IsValid() && !source.IsMulticast() && !source.IsUnspecified() &&
		source != netip.AddrFrom4([4]byte{255, 255, 255, 255}) && !slices.Contains(p.allowed, source) {
		p.allowed = append(p.allowed, source)
	}
}

// rtpTo and rtcpTo are where punches and reports go: only to the host that the
// RTSP connection goes to, and to no port of a well-known service.
func (p *udpPair) rtpTo() (netip.AddrPort, bool) {
	to, ok := p.to(p.server[0])
	return to, ok && !p.group.IsValid()
}

func (p *udpPair) rtcpTo() (netip.AddrPort, bool) {
	if to, ok := p.to(p.server[1]); ok {
		return to, true
	}
	if at := p.rtcpAt.Load(); at != nil {
		return p.to(at.Port())
	}
	return netip.AddrPort{}, false
}

func (p *udpPair) to(port uint16) (netip.AddrPort, bool) {
	return netip.AddrPortFrom(p.peer, port), port >= lowestPunch && p.peer.IsValid() && !p.mute
}

// punch sends a small datagram from each socket, so that firewalls and address
// translators on the way let the server's packets in: an RTP packet without a
// payload, under the name that the report has, and the report.
func (p *udpPair) punch(pt uint8, report []byte) {
	if to, ok := p.rtpTo(); ok {
		_, _ = p.rtp.WriteToUDPAddrPort(append([]byte{0x80, pt & 0x7f, 0, 0, 0, 0, 0, 0}, report[4:8]...), to)
	}
	if to, ok := p.rtcpTo(); ok {
		p.report(report, to)
	}
}

// admits reports whether a is one of those who may send.
func admits(allowed []netip.Addr, a netip.Addr) bool {
	return allowed == nil || slices.Contains(allowed, a)
}

// latch holds on to the first address that sends something valid, so that
// nobody else can put packets into the stream.
type latch struct {
	from netip.AddrPort
	last time.Time
}

func (l *latch) accepts(allowed []netip.Addr, from netip.AddrPort, now time.Time) bool {
	if l.from == from {
		l.last = now
		return true
	}
	if !admits(allowed, from.Addr()) || l.from.IsValid() && now.Sub(l.last) < relatch {
		return false
	}
	l.from, l.last = from, now
	return true
}
