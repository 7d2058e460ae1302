package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/http1"
	"tapedeck/client/login"
	"tapedeck/client/trace"
)

// Limits of what a Client keeps.
const (
	maxTickets = 8 // TLS sessions to be resumed
	maxKept    = 8 // connections without a request

	// keepFor is how long a connection is kept without a request. Servers keep
	// theirs for 5 (Apache) to 75 seconds (nginx).
	keepFor = 45 * time.Second
)

// Client asks servers for resources: it keeps connections, cookies, logins and
// TLS sessions for as long as it lives. It is for one link and for what that link
// leads to: where the answer to its first request came from the public network,
// nothing inside is asked for later. Its methods may be called from several
// goroutines.
type Client struct {
	cfg     Config
	trace   *trace.Tracer
	tickets tls.ClientSessionCache
	cookies *cookies
	proxy   func(*url.URL) (*url.URL, error)
	names   *net.Resolver // nil: the system's

	mu     sync.Mutex
	logins map[address.Address]*login.Login // by server and user
	users  map[server]address.Address       // whose name and password a server gets
	conns  map[*connection]bool             // all of them
	idle   []*connection                    // HTTP/1.x without a request, and HTTP/2; oldest first
	bodies map[*pumped]*connection          // of HTTP/2, not closed yet
	first  address.Address                  // the link of the first request
	origin origin
	closed bool
}

// origin is where the answer to a Client's first request came from.
type origin uint8

const (
	originUnknown origin = iota
	originInside
	originOutside
)

// NewClient makes a Client that has asked nobody yet.
func NewClient(cfg Config) *Client {
	cfg.Timeouts = cfg.Timeouts.withDefaults()
	if cfg.UserAgent == "" {
		cfg.UserAgent = DefaultUserAgent
	}
	if cfg.MaxCache <= 0 {
		cfg.MaxCache = DefaultMaxCache
	}
	// Both come from playlists: nothing in them may become a header of its own.
	cfg.UserAgent, cfg.Referer = http1.Printable([]byte(cfg.UserAgent)), http1.Printable([]byte(cfg.Referer))
	if cfg.Proxy == nil {
		cfg.Proxy = environment()
	}
	return &Client{
		cfg:     cfg,
		trace:   trace.New(cfg.Trace),
		cookies: newCookies(),
		proxy:   cfg.Proxy,
		tickets: tls.NewLRUClientSessionCache(maxTickets),
		logins:  make(map[address.Address]*login.Login),
		users:   make(map[server]address.Address),
		conns:   make(map[*connection]bool),
		bodies:  make(map[*pumped]*connection),
	}
}

// Close ends all connections, also those of sessions and responses that are
// still open, and waits for what runs in them. It may be called twice.
func (c *Client) Close() error {
	c.trace.Stop()
	c.mu.Lock()
	c.closed = true
	var bodies []*pumped
	for b := range c.bodies {
		bodies = append(bodies, b)
	}
	c.mu.Unlock()
	for _, b := range bodies {
		b.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		conn.close()
	}
	clear(c.conns)
	c.idle = nil
	return nil
}

func (c *Client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// server is what a connection is for.
type server struct{ scheme, host, port string }

func serverOf(a address.Address) server {
	return server{a.Scheme, strings.ToLower(a.Host), port(a)}
}

// connection is a way to one server, TLS included. Its fields are guarded by
// Client.mu once it is kept.
type connection struct {
	net.Conn
	to     server
	public bool // the far end has an address of the public network, as far as can be known
	again  bool // it had a request before
	since  time.Time
	proxy  *url.URL         // that asks the server for us; nil: none, or it only connects
	two    *http.ClientConn // HTTP/2 was agreed on; nil: HTTP/1.x
	users  int              // requests and bodies in HTTP/2
	gone   bool             // takes no request more
}

func (conn *connection) close() {
	if conn.two != nil {
		conn.two.Close()
	}
	conn.Conn.Close()
}

// made takes in a connection that was just made.
func (c *Client) made(ctx context.Context, conn *connection, h2 bool) error {
	if h2 {
		two, err := speak2(ctx, conn.Conn, conn.to)
		if err != nil {
			return clean(err)
		}
		conn.two, conn.users = two, 1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		conn.close()
		return errClosed
	}
	c.conns[conn] = true
	if h2 {
		c.idle = append(c.idle, conn)
		c.evict()
	}
	return nil
}

// take is a kept connection for the request of h, if there is one.
func (c *Client) take(h hop) (*connection, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to := serverOf(h.to)
	for i := len(c.idle) - 1; i >= 0; i-- {
		conn := c.idle[i]
		if conn.users == 0 && time.Since(conn.since) > keepFor || conn.two != nil && conn.two.Err() != nil {
			c.forget(conn)
			continue
		}
		if conn.to != to || h.fromPublic && !conn.public {
			continue
		}
		if conn.two == nil {
			c.idle = append(c.idle[:i], c.idle[i+1:]...)
		} else if conn.two.Reserve() != nil {
			continue // as many requests as the server takes at once
		} else {
			conn.users++
		}
		conn.again = true
		return conn, true
	}
	return nil, false
}

// forget takes conn from the list, and closes it unless it is in use.
func (c *Client) forget(conn *connection) {
	for i, other := range c.idle {
		if other == conn {
			c.idle = append(c.idle[:i], c.idle[i+1:]...)
			break
		}
	}
	if conn.gone = true; conn.users == 0 {
		conn.close()
		delete(c.conns, conn)
	}
}

// evict bounds the connections that nobody uses.
func (c *Client) evict() {
	unused := 0
	for i := len(c.idle) - 1; i >= 0; i-- {
		if c.idle[i].users > 0 {
			continue
		}
		if unused++; unused > maxKept {
			c.forget(c.idle[i])
		}
	}
}

// give is called with an HTTP/1.x connection after its request: fit says that
// it can have another one.
func (c *Client) give(conn *connection, fit bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !fit || c.closed || conn.SetDeadline(time.Time{}) != nil {
		c.forget(conn)
		return
	}
	conn.since = time.Now()
	c.idle = append(c.idle, conn)
	c.evict()
}

// drop is called with a connection whose request failed: it gets no other one.
// Those that it carries already may still end well.
func (c *Client) drop(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn.two != nil {
		conn.users--
	}
	c.forget(conn)
}

// began and ended surround the body of a reply in HTTP/2. began reports whether
// the Client is still open.
func (c *Client) began(conn *connection, b *pumped) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies[b] = conn
	return !c.closed
}

func (c *Client) ended(conn *connection, b *pumped) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.bodies, b)
	conn.since = time.Now()
	if conn.users--; conn.gone || c.closed {
		c.forget(conn)
	} else {
		c.evict()
	}
}

// remember keeps the name and the password of a link for its server: what the
// server's own lists name there needs them too. A link without them gets them.
func (c *Client) remember(a *address.Address) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := serverOf(*a)
	if a.HasUser {
		if len(c.users) == maxLogins {
			clear(c.users)
		}
		c.users[s] = *a
	} else if known, ok := c.users[s]; ok {
		a.User, a.Password, a.HasUser = known.User, known.Password, true
	}
}

// answered notes where the answer to the first request, for first, came from.
func (c *Client) answered(first address.Address, public bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.origin != originUnknown {
		return
	}
	if c.first, c.origin = first, originInside; public {
		c.origin = originOutside
	}
}

// heldOutside reports whether only a public address will do for a: a server on
// the outside named it.
func (c *Client) heldOutside(a address.Address) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cfg.OnlyPublic || c.origin == originOutside && a != c.first
}
