package rtsp

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"tapedeck/client/datagram"
	"tapedeck/client/sdp"
)

// maxGroupSources bounds the senders that a source-specific join names.
const maxGroupSources = 8

// errGroup is a group that is not joined; another transport may do.
var errGroup = fmt.Errorf("rtsp: setup: %w", ErrTransport)

// group is where multicast media come: two ports of one address, and the senders
// that are wanted; none for whoever sends.
type group struct {
	addr    netip.Addr
	ports   [2]uint16 // RTP's and RTCP's
	ttl     int       // as announced; 0 where it is not
	sources []netip.Addr
	unicast bool // reports may go to the server (a=rtcp-unicast, RFC 5760)
}

func (g *group) String() string {
	s := fmt.Sprintf("group %v ports %d-%d", g.addr, g.ports[0], g.ports[1])
	if g.ttl > 0 {
		s += fmt.Sprintf(" ttl %d", g.ttl)
	}
	if len(g.sources) > 0 {
		s += fmt.Sprintf(" from %v", g.sources)
	}
	return s
}

// describedGroup is what a section, and above it the session, say of a group;
// nil where there is none.
//
//	c=IN IP4 239.1.1.1/16
//	m=video 5000 RTP/AVP 96
//	a=source-filter: incl IN IP4 239.1.1.1 10.0.0.5       (RFC 4570)
func describedGroup(s *sdp.Session, m *sdp.Media) *group {
	c := m.Connection
	if c == nil {
		c = s.Connection
	}
	if c == nil {
		return nil
	}
	a, err := netip.ParseAddr(c.Address)
	if err != nil || !a.IsMulticast() {
		return nil
	}
	g := &group{addr: a, ports: [2]uint16{uint16(m.Port), uint16(min(m.Port+1, 65535))}, ttl: c.TTL}
	filters := append(attributes(m.Attributes, "source-filter"), attributes(s.Attributes, "source-filter")...)
	for _, f := range filters {
		g.filter(f)
	}
	_, onMedia := m.Attribute("rtcp-unicast")
	_, onSession := s.Attribute("rtcp-unicast")
	g.unicast = onMedia || onSession
	return g
}

// filter takes the senders out of "incl IN IP4 <group or *> <sender> ...".
func (g *group) filter(value string) {
	words := strings.Fields(value)
	if len(words) < 5 || !strings.EqualFold(words[0], "incl") {
		return
	}
	if to, err := netip.ParseAddr(words[3]); words[3] != "*" && (err != nil || to != g.addr) {
		return
	}
	for _, w := range words[4:] {
		if a, err := netip.ParseAddr(w); err == nil {
			g.from(a)
		}
	}
}

// from adds a sender of the group's family.
func (g *group) from(a netip.Addr) {
	if a = a.Unmap(); a.Is4() == g.addr.Is4() && !a.IsUnspecified() && !a.IsMulticast() &&
		len(g.sources) < maxGroupSources && !slices.Contains(g.sources, a) {
		g.sources = append(g.sources, a)
	}
}

// agreedGroup is the group of a SETUP reply, with the description's words for
// what it leaves out. source is the reply's, peer the other end of the
// connection: in the range that is for source-specific multicast (RFC 4607) a
// sender must be named.
func agreedGroup(got transport, described *group, source, peer netip.Addr) (*group, error) {
	g := group{}
	if described != nil {
		g = *described
		g.sources = slices.Clone(g.sources)
	}
	if a, err := netip.ParseAddr(got.destination); err == nil {
		if a != g.addr {
			g.sources = nil
		}
		g.addr = a.Unmap()
	}
	if got.port != nil {
		g.ports = *got.port
	}
	if got.ttl > 0 {
		g.ttl = got.ttl
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	if g.sourceSpecific() {
		if source.IsValid() {
			g.from(source)
		}
		if len(g.sources) == 0 {
			g.from(peer)
		}
	}
	return &g, nil
}

// check refuses what a server must not make us join: addresses of one host,
// groups by which networks run themselves, ports of well-known services.
func (g *group) check() error {
	switch b := g.addr.AsSlice(); {
	case !g.addr.IsMulticast():
		return fmt.Errorf("%w: %v is no multicast group", errGroup, g.addr)
	case g.addr.Is4() && b[1] == 0 && b[2] == 0 && b[0] == 224,
		g.addr.Is6() && (b[1]&0x0f <= 1 || b[1] == 2):
		return fmt.Errorf("%w: %v is a group for the network's own use", errGroup, g.addr)
	case g.ports[0] < lowestPunch || g.ports[1] < lowestPunch:
		return fmt.Errorf("%w: multicast to ports %d and %d", errGroup, g.ports[0], g.ports[1])
	}
	return nil
}

// sourceSpecific reports an address of 232/8 or ff3x::/32 (RFC 4607 section 1).
func (g *group) sourceSpecific() bool {
	b := g.addr.AsSlice()
	if g.addr.Is4() {
		return b[0] == 232
	}
	return b[1]>>4 == 3 && b[2] == 0 && b[3] == 0
}

// joinGroup opens a group's sockets on the interface that has the address local:
// where the connection comes in, the media do as well.
func joinGroup(g *group, local netip.Addr) (*udpPair, error) {
	p := &udpPair{ports: g.ports, group: g.addr, mute: !g.unicast}
	if len(g.sources) > 0 {
		p.allowed = g.sources
	}
	ifi := interfaceOf(local)
	rtp, err := g.listen(g.ports[0], ifi)
	if err != nil {
		return nil, err
	}
	if p.rtp, err = datagram.Take(rtp); err != nil {
		return nil, err
	}
	if g.ports[1] != g.ports[0] {
		if p.rtcp, err = g.listen(g.ports[1], ifi); err != nil {
			p.rtp.Close()
			return nil, err
		}
	}
	return p, nil
}

// interfaceOf is the network interface with an address; nil leaves the choice to
// the system.
func interfaceOf(local netip.Addr) *net.Interface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for i := range all {
		addrs, err := all[i].Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok {
				if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap() == local.WithZone("") {
					return &all[i]
				}
			}
		}
	}
	return nil
}

// listen opens a socket on one port of the group and joins.
func (g *group) listen(port uint16, ifi *net.Interface) (*net.UDPConn, error) {
	c, err := listenGroup(netip.AddrPortFrom(g.addr, port), ifi)
	if err == nil {
		if err = g.join(c, ifi); err == nil {
			return c, nil
		}
		c.Close()
	}
	return nil, fmt.Errorf("%w: %v cannot be joined: %w", errGroup, g, err)
}

// join asks the network for the group; with senders, for theirs only (IGMPv3,
// MLDv2).
func (g *group) join(c *net.UDPConn, ifi *net.Interface) error {
	type joiner interface {
		JoinGroup(ifi *net.Interface, group net.Addr) error
		JoinSourceSpecificGroup(ifi *net.Interface, group, source net.Addr) error
	}
	var j joiner = ipv4.NewPacketConn(c)
	if g.addr.Is6() {
		j = ipv6.NewPacketConn(c)
	}
	addr := func(a netip.Addr) net.Addr { return &net.UDPAddr{IP: a.AsSlice()} }
	if len(g.sources) == 0 {
		return j.JoinGroup(ifi, addr(g.addr))
	}
	for _, source := range g.sources {
		if err := j.JoinSourceSpecificGroup(ifi, addr(g.addr), addr(source)); err != nil {
			return err
		}
	}
	return nil
}

// sharing is the sockets that another track has on the same group and ports: they
// are told apart by their payload types.
func (s *Session) sharing(g *group) *udpPair {
	for _, t := range s.tracks {
		if p := t.pair; p != nil && t.receiver != nil && p.group == g.addr && p.ports == g.ports {
			return p
		}
	}
	return nil
}

// offersGroup reports whether a group is described that could be joined.
func offersGroup(tracks []*track) bool {
	return slices.ContainsFunc(tracks, func(t *track) bool {
		return t.problem == "" && t.group != nil && t.group.addr.IsMulticast()
	})
}
