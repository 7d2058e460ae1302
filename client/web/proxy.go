package web

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/net/proxy"

	"tapedeck/client/address"
	"tapedeck/client/dial"
	"tapedeck/client/http1"
	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// ProxyError is a failure on the way through a proxy.
type ProxyError struct {
	Proxy string // its host and port
	Err   error
}

func (e *ProxyError) Error() string {
	return "http: the proxy " + e.Proxy + ": " + strings.TrimPrefix(e.Err.Error(), "http: ")
}
func (e *ProxyError) Unwrap() error { return e.Err }

// environment is the choice of proxies that http_proxy, https_proxy, all_proxy
// and no_proxy make, in either case of letters. Nothing on loopback is ever
// asked for through a proxy.
func environment() func(*url.URL) (*url.URL, error) {
	from := httpproxy.FromEnvironment()
	all := os.Getenv("all_proxy")
	if all == "" {
		all = os.Getenv("ALL_PROXY")
	}
	if from.HTTPProxy == "" {
		from.HTTPProxy = all
	}
	if from.HTTPSProxy == "" {
		from.HTTPSProxy = all
	}
	return from.ProxyFunc()
}

// proxyFor is the proxy through which a is asked for, or nil.
func (c *Client) proxyFor(a address.Address) (*url.URL, error) {
	u, err := c.proxy(&url.URL{Scheme: a.Scheme, Host: a.Authority()})
	if err != nil {
		return nil, clean(err)
	}
	if u == nil {
		return nil, nil
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, fmt.Errorf("http: a proxy of the kind %q is not spoken here", text(u.Scheme, maxWords))
}

// proxyAddress is where a proxy listens.
func proxyAddress(u *url.URL) address.Address {
	a := address.Address{Scheme: u.Scheme, Host: u.Hostname(), Port: u.Port()}
	if a.Port == "" {
		a.Port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return a
}

// dialProxy makes a way to the server of h through a proxy:
//
//	http://   GET http://host/path, in the clear; the proxy asks the server
//	https://  CONNECT host:443, and TLS with the server behind it (RFC 9110, section 9.3.6)
//	SOCKS 5   the proxy connects (RFC 1928) and looks the name up
//
// What the name means behind the proxy cannot be known here. A public server's
// redirect is held to names and addresses that look public; where they really
// lead is the proxy's to guard.
func (c *client) dialProxy(ctx context.Context, t *trace.Tracer, u *url.URL, h hop) (*connection, error) {
	start := time.Now()
	at := proxyAddress(u)
	name := text(at.HostPort(""), maxErrorText)
	conn, err := c.throughProxy(ctx, u, at, h)
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrPrivate) {
		err = &ProxyError{Proxy: name, Err: plainly(err)}
	}
	return conn, t.Step(media.RungTCP, "proxy", start, u.Scheme+" proxy "+name, orCause(ctx, err))
}

// plainly takes the rung off an error that goes into another one.
func plainly(err error) error {
	if at, ok := err.(*media.RungError); ok {
		return at.Err
	}
	return err
}

func (c *client) throughProxy(ctx context.Context, u *url.URL, at address.Address, h hop) (*connection, error) {
	if h.fromPublic && !looksPublic(h.to.Host) {
		return nil, ErrPrivate
	}
	conn, err := c.dialTCP(ctx, new(trace.Tracer), at, false)
	if err != nil {
		return nil, err
	}
	conn.public = looksPublic(h.to.Host)
	if u.Scheme == "https" {
		_, _, err = c.handshake(ctx, conn, at, "http/1.1")
	}
	switch {
	case err != nil:
	case strings.HasPrefix(u.Scheme, "socks5"):
		err = c.socks(ctx, conn, u, h.to)
	case h.to.Scheme == "https":
		err = c.tunnel(ctx, conn, u, h.to)
	default:
		conn.proxy = u
	}
	if err != nil {
		conn.Conn.Close()
		return nil, err
	}
	return conn, nil
}

// bounded sets the time that a dialogue with the proxy may take; done ends it.
func (c *client) bounded(ctx context.Context, conn net.Conn) (done func()) {
	conn.SetDeadline(time.Now().Add(c.cfg.Timeouts.Reply))
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(past) })
	return func() {
		if stop() {
			conn.SetDeadline(time.Time{})
		}
	}
}

// socks has the proxy connect to a.
func (c *client) socks(ctx context.Context, conn *connection, u *url.URL, a address.Address) error {
	defer c.bounded(ctx, conn.Conn)()
	var user *proxy.Auth
	if u.User != nil {
		password, _ := u.User.Password()
		user = &proxy.Auth{User: u.User.Username(), Password: password}
	}
	dialer, err := proxy.SOCKS5("tcp", "", user, already{conn.Conn})
	if err != nil {
		return clean(err)
	}
	host := a
	host.Host, _, _ = strings.Cut(a.Host, "%")
	through, err := dialer.Dial("tcp", host.HostPort(port(a)))
	switch {
	case isTimeout(err):
		return &TimeoutError{What: "no connection to " + text(a.Authority(), maxErrorText), After: c.cfg.Timeouts.Reply}
	case err != nil:
		return clean(socksReason(err))
	}
	conn.Conn = through
	return nil
}

// socksReason is the proxy's own word, without the calls that led there.
func socksReason(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		if plain := media.Plainly(op.Err); plain != op.Err {
			return plain
		}
		return &worded{strings.TrimPrefix(op.Err.Error(), "unknown error "), err}
	}
	return media.Plainly(err)
}

// worded is an error in other words.
type worded struct {
	words string
	err   error
}

func (e *worded) Error() string { return e.words }
func (e *worded) Unwrap() error { return e.err }

// already is a dialer that has dialled.
type already struct{ conn net.Conn }

func (a already) Dial(string, string) (net.Conn, error) { return a.conn, nil }

// tunnel has the proxy connect to a by CONNECT.
func (c *client) tunnel(ctx context.Context, conn *connection, u *url.URL, a address.Address) error {
	defer c.bounded(ctx, conn.Conn)()
	to := a
	to.Port = port(a)
	line := "CONNECT " + to.Authority() + " HTTP/1.1\r\nHost: " + to.Authority() + "\r\nUser-Agent: " + c.cfg.UserAgent + "\r\n"
	if login := proxyLogin(u); login != "" {
		line += "Proxy-Authorization: " + login + "\r\n"
	}
	conn.Write([]byte(line + "\r\n"))
	reader := http1.Reader{Conn: conn}
	for range http1.MaxInterim + 1 {
		raw, err := reader.Next()
		if err != nil {
			return c.replyError(err, len(reader.Rest))
		}
		parsed, err := parseHead(raw)
		switch {
		case err != nil:
			return err
		case parsed.Status < 200:
			continue
		case parsed.Status >= 300:
			return &StatusError{Code: parsed.Status, Reason: parsed.Reason}
		case len(reader.Rest) > 0: // nobody speaks before us in TLS
			return http1.ErrNotHTTP
		}
		return nil
	}
	return http1.ErrNotHTTP
}

// proxyLogin is the proxy's own login, from its link in the environment. It is
// sent unasked: the user wrote it there for this.
func proxyLogin(u *url.URL) string {
	if u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
}

// inside are the ends of names that mean something in a private network only
// (RFC 6761, 6762, 8375, 9476).
var inside = []string{"localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa"}

// looksPublic judges a host of which the address is not known.
func looksPublic(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return dial.IsPublic(ip)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, end := range inside {
		if host == end || strings.HasSuffix(host, "."+end) {
			return false
		}
	}
	return strings.Contains(host, ".")
}
