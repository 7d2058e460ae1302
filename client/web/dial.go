package web

import (
	"context"
	"crypto/tls"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/dial"
	"tapedeck/client/media"
	"tapedeck/client/trace"
	"tapedeck/client/trust"
)

// connect makes a connection to the server of h and shakes hands where the
// scheme asks for it. Where a public server sent us here only a public address
// will do, whatever the name resolves to.
func (c *client) connect(ctx context.Context, h hop, quiet bool) (*connection, error) {
	t := c.trace
	if quiet {
		t = nil
	}
	proxy, err := c.kept.proxyFor(h.to)
	if err != nil {
		return nil, t.Step(media.RungAddress, "proxy", time.Now(), "", err)
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
		if err = t.Step(media.RungTLS, "tls", start, detail, err); err != nil {
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
func (c *client) dialTCP(ctx context.Context, t *trace.Tracer, a address.Address, fromPublic bool) (*connection, error) {
	fallback := "80"
	if a.Scheme == "https" {
		fallback = "443"
	}
	d := dial.Dialer{Protocol: "http", Timeout: c.cfg.Timeouts.Connect, Trace: t, Dial: c.cfg.Dial, Resolver: c.kept.names}
	conn, err := d.TCP(ctx, a.HostPort(fallback), fromPublic)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: conn, public: dial.Public(conn)}, nil
}

// orCause is the reason why ctx ended, where it did: then err is only its echo.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
