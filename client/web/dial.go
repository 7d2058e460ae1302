package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/trust"
)

// connect makes a connection to the server of h and shakes hands where the
// scheme asks for it. Where a public server sent us here only a public address
// will do, whatever the name resolves to.
func (c *client) connect(ctx context.Context, h hop, quiet bool) (*connection, error) {
	t := c.trace
	if quiet {
		t = &tracer{}
	}
	proxy, err := c.kept.proxyFor(h.to)
	if err != nil {
		return nil, t.step(media.RungAddress, "proxy", time.Now(), "", err)
	}
	var conn *connection
	if proxy != nil {
		conn, err = c.dialProxy(ctx, t, proxy, h)
	} else {
		conn, err = c.dialTCP(ctx, t, h.to, h.fromPublic)
	}
	if err != nil {
		return nil, err
	}
	conn.to = serverOf(h.to)
	h2 := false
	if h.to.Scheme == "https" {
		start := time.Now()
		var detail string
		detail, h2, err = c.handshake(ctx, conn, h.to, "h2", "http/1.1")
		if err = t.step(media.RungTLS, "tls", start, detail, err); err != nil {
			conn.Conn.Close()
			return nil, err
		}
	}
	if err := c.kept.made(ctx, conn, h2); err != nil {
		conn.Conn.Close()
		return nil, media.At(media.RungReply, err)
	}
	return conn, nil
}

// handshake begins TLS with a on conn and reports whether HTTP/2 was agreed on.
func (c *client) handshake(ctx context.Context, conn *connection, a address.Address, protocols ...string) (detail string, h2 bool, err error) {
	hostport := strings.ToLower(a.HostPort("443"))
	believe := trust.Options{RootCAs: c.cfg.RootCAs, Pins: c.cfg.Pins, OldTLS: c.cfg.OldTLS}
	config := believe.Config(a.Host, hostport)
	config.NextProtos, config.ClientSessionCache = protocols, c.kept.tickets
	secure := tls.Client(conn.Conn, config)
	bounded, cancel := context.WithTimeout(ctx, c.cfg.Timeouts.TLS)
	defer cancel()
	if err := secure.HandshakeContext(bounded); err != nil {
		switch {
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case bounded.Err() != nil:
			err = &TimeoutError{What: "the TLS handshake did not end", After: c.cfg.Timeouts.TLS}
		default:
			err = trust.Explain("http", hostport, err)
		}
		return "", false, err
	}
	conn.Conn = secure
	state := secure.ConnectionState()
	detail = tls.VersionName(state.Version)
	if state.NegotiatedProtocol != "" {
		detail += ", " + state.NegotiatedProtocol
	}
	return detail, state.NegotiatedProtocol == "h2", nil
}

// dialTCP makes the connection and tells of the name lookup and the dialling
// as two steps.
func (c *client) dialTCP(ctx context.Context, t *tracer, a address.Address, fromPublic bool) (*connection, error) {
	start, looking := time.Now(), false
	fallback := "80"
	if a.Scheme == "https" {
		fallback = "443"
	}
	bounded, cancel := context.WithTimeout(ctx, c.cfg.Timeouts.Connect)
	defer cancel()

	dial := c.cfg.Dial
	if dial == nil {
		bounded = httptrace.WithClientTrace(bounded, &httptrace.ClientTrace{
			DNSStart: func(httptrace.DNSStartInfo) { looking = true },
			DNSDone: func(d httptrace.DNSDoneInfo) {
				if d.Err == nil {
					looking = false
					t.step(media.RungName, "name", start, list(d.Addrs), nil)
					start = time.Now()
				}
			},
		})
		// Where a name has addresses of both kinds, and the first does not answer
		// soon, the other kind is tried beside it (RFC 8305).
		dial = (&net.Dialer{Resolver: c.kept.names, Control: func(_, addr string, _ syscall.RawConn) error {
			if ip, err := netip.ParseAddrPort(addr); fromPublic && err == nil && !isPublic(ip.Addr()) {
				return ErrPrivate
			}
			return nil
		}}).DialContext
	}
	conn, err := dial(bounded, "tcp", a.HostPort(fallback))
	if err != nil {
		rung, name := media.RungTCP, "tcp"
		var lookup *net.DNSError
		if looking || errors.As(err, &lookup) {
			rung, name = media.RungName, "name"
		}
		switch {
		case errors.Is(err, ErrPrivate):
			err = ErrPrivate
		case ctx.Err() == nil && bounded.Err() != nil:
			err = &TimeoutError{What: "no connection to " + text(a.Authority(), maxErrorText), After: c.cfg.Timeouts.Connect}
		default:
			err = clean(media.Plainly(err))
		}
		return nil, t.step(rung, name, start, "", orCause(ctx, err))
	}
	far := conn.RemoteAddr().String()
	made := &connection{Conn: conn}
	if ip, err := netip.ParseAddrPort(far); err == nil {
		made.public = isPublic(ip.Addr())
	}
	if fromPublic && !made.public {
		conn.Close()
		return nil, t.step(media.RungTCP, "tcp", start, far, ErrPrivate)
	}
	t.step(media.RungTCP, "tcp", start, far, nil)
	return made, nil
}

// private are more networks that not everybody shares, beside those of RFC 1918
// and RFC 4193.
var private = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT (RFC 6598)
	netip.MustParsePrefix("198.18.0.0/15"), // benchmarks (RFC 2544)
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("fec0::/10"), // site-local, as it once was
}

// Addresses of IPv6 that stand for one of IPv4.
var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the last four bytes
	sixToIV = netip.MustParsePrefix("2002::/16")    // RFC 3056: the four behind the prefix
)

// isPublic reports whether ip belongs to the network that everybody shares.
func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap()
	switch b := ip.As16(); {
	case nat64.Contains(ip):
		ip = netip.AddrFrom4([4]byte(b[12:]))
	case sixToIV.Contains(ip):
		ip = netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate() &&
		!slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// list names the first few addresses of a lookup.
func list(addrs []net.IPAddr) string {
	const few = 3
	var b strings.Builder
	for i, a := range addrs {
		if i == few {
			fmt.Fprintf(&b, " and %d more", len(addrs)-few)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.String())
	}
	return b.String()
}

// orCause is the reason why ctx ended, where it did: then err is only its echo.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
