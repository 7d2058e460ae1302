package rtsp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"tapedeck/client/login"
	"tapedeck/client/media"
)

// reach makes the connection that the attempt's RTSP goes over. What is above
// it does not know of tunnels: each is a net.Conn whose bytes are RTSP.
func (o *opener) reach(ctx context.Context) (nc net.Conn, err error) {
	switch o.over {
	case overHTTP:
		nc, err = o.httpTunnel(ctx)
	case overWebSocket:
		nc, err = o.webSocket(ctx)
	default:
		nc, err = o.dial(ctx)
	}
	if err == nil && (secure(o.a) || o.over == overWebSocket) {
		nc = gather(nc)
	}
	return nc, err
}

// dial connects to the address that the attempt is at, and notes where that is.
func (o *opener) dial(ctx context.Context) (net.Conn, error) {
	nc, err := o.cfg.dial(ctx, o.a, o.onlyPublic)
	if err != nil {
		return nil, err
	}
	if ip := hostOf(nc.RemoteAddr()); ip.IsValid() && !insideAddress(ip) {
		o.onlyPublic = true
	}
	return nc, nil
}

// quiet is a Config whose steps are told to nobody: they are within another one.
func (c Config) quiet() Config {
	c.Trace = func(media.Event) {}
	return c
}

// TunnelError is a server that does not make the tunnel that the link asks for.
type TunnelError struct {
	Tunnel string // "http tunnel", "websocket"
	Err    error
}

func (e *TunnelError) Error() string {
	why := strings.TrimPrefix(e.Err.Error(), "rtsp: ")
	return "rtsp: " + e.Tunnel + ": " + strings.TrimPrefix(why, e.Tunnel+": ")
}
func (e *TunnelError) Unwrap() error { return e.Err }

// errNotHTTP is something that answers HTTP with RTSP.
var errNotHTTP = errors.New("the server speaks RTSP at this port, not HTTP")

// errAnotherWay asks knock for a new connection, to ask in another way.
var errAnotherWay = errors.New("asked in another way")

// asked is what came of asking for a tunnel.
type asked struct {
	road   net.Conn  // the tunnel
	detail string    // for the ladder
	reply  *response // where there is no tunnel
}

// askFunc asks for a tunnel over nc, with the login's header or without.
type askFunc func(ctx context.Context, nc net.Conn, authorization string) (asked, error)

// tunnel connects and asks for a tunnel: a step of the ladder, with the logins
// that the server wants.
func (o *opener) tunnel(ctx context.Context, ask askFunc) (net.Conn, error) {
	nc, err := o.dial(ctx)
	if err != nil {
		return nil, err
	}
	name, limit := o.over.String(), o.cfg.Timeouts.Tunnel
	var road net.Conn
	err = o.cfg.step(media.RungReply, name, func() (detail string, err error) {
		ctx, cancel := context.WithTimeoutCause(ctx, limit, &TimeoutError{"rtsp: " + name + ": no answer", limit})
		defer cancel()
		road, detail, err = o.knock(ctx, name, nc, ask)
		return detail, err
	})
	return road, err
}

// knock asks over nc, and again over new connections.
func (o *opener) knock(ctx context.Context, name string, nc net.Conn, ask askFunc) (road net.Conn, detail string, err error) {
	cfg := o.cfg.quiet()
	challenges := 0
	for try := range maxTries {
		if try > 0 {
			if nc, err = cfg.dial(ctx, o.a, o.onlyPublic); err != nil {
				return nil, "", err
			}
		}
		sent := o.login.web.Authorization("GET", webPath(o.a))
		stop := context.AfterFunc(ctx, func() { nc.Close() })
		got, err := ask(ctx, nc, sent)
		switch stopped := stop(); {
		case err == nil && got.road != nil && stopped:
			return got.road, got.detail, nil
		case got.road != nil: // too late
			got.road.Close()
			return nil, "", context.Cause(ctx)
		}
		nc.Close()
		switch {
		case err == errAnotherWay:
		case err != nil:
			return nil, "", o.notAsked(ctx, name, err)
		case got.reply.status == 401:
			if err := challenged(o.login.web, name, got.reply, sent, challenges); err != nil {
				return nil, "", err
			}
			challenges++
		default:
			return nil, "", refusedTunnel(name, got.reply)
		}
	}
	return nil, "", fmt.Errorf("rtsp: %s: 401: %w", name, &login.Error{Refused: true})
}

// notAsked is what became of a tunnel whose server gave no reply to judge.
func (o *opener) notAsked(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, ok := errors.AsType[*media.RungError](err); ok {
		return err
	}
	return &TunnelError{name, closedBy(err)}
}

// refusedTunnel is what a reply means that brings no tunnel: redirects are
// followed as RTSP's are.
func refusedTunnel(name string, r *response) error {
	if r.ok() {
		return &TunnelError{name, fmt.Errorf("the server answers with %s, not with a tunnel",
			clean(strings.ToLower(r.header.get("Content-Type"))))}
	}
	err := replyError(name, r)
	if isRedirect(err) {
		return err
	}
	return &TunnelError{name, err}
}
