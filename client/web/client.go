package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
)

// maxRedirects bounds a chain of redirects.
const maxRedirects = 5

// maxTickets bounds the TLS sessions that are kept to be resumed.
const maxTickets = 4

// client asks one server, and those to which it points, for one resource.
type client struct {
	link    address.Address // as opened: the only one that gets its password
	cfg     Config
	trace   *tracer
	tickets tls.ClientSessionCache
	logins  map[address.Address]*login.Login // by server; one request at a time uses it
}

func newClient(a address.Address, cfg Config) (*client, error) {
	scheme, ok := webScheme(a.Scheme)
	if !ok || a.Host == "" {
		return nil, media.At(media.RungAddress, errors.New("http: not a web address: "+a.String()))
	}
	a.Scheme = scheme
	cfg.Timeouts = cfg.Timeouts.withDefaults()
	if cfg.UserAgent == "" {
		cfg.UserAgent = DefaultUserAgent
	}
	if cfg.MaxCache <= 0 {
		cfg.MaxCache = DefaultMaxCache
	}
	// Both come from playlists: nothing in them may become a header of its own.
	cfg.UserAgent, cfg.Referer = printable([]byte(cfg.UserAgent)), printable([]byte(cfg.Referer))
	return &client{
		link:    a,
		cfg:     cfg,
		trace:   &tracer{tell: cfg.Trace},
		tickets: tls.NewLRUClientSessionCache(maxTickets),
		logins:  make(map[address.Address]*login.Login),
	}, nil
}

// webScheme is the scheme that is spoken for the one that a link names.
func webScheme(s string) (string, bool) {
	switch s {
	case "http", "icy", "icyx":
		return "http", true
	case "https":
		return "https", true
	}
	return "", false
}

// ask is what a request asks for.
type ask struct {
	titles bool   // ICY titles woven into the body
	ranged bool   // from byte at on
	at     int64  //
	ifOld  string // If-Range: the version that at belongs to
	quiet  bool   // not an opening: no steps are told
}

// reply is an answer with its body still on the wire.
type reply struct {
	*head
	length int64 // of the body, -1 unknown
	marked bool  // the body has an end of its own, apart from the connection's
	body   body
	from   address.Address // who answered, after redirects

	loginNext bool  // the next request carries the login that is asked for
	refused   error // why there is no such request; nil where none is asked for
}

// hop is the state of one chain of redirects.
type hop struct {
	to         address.Address
	fromPublic bool
	login      *login.Login // for the server of to alone; nil where the link has none
	sent       string       // what the request carries of it
	asked      int          // how often the server has asked for it
}

// get sends the request to a and follows where it leads. The reply is a
// success (2xx); anything else is an error that knows its rung.
func (c *client) get(ctx context.Context, a address.Address, q ask) (*reply, error) {
	h := hop{to: a}
	for redirects := 0; ; {
		h.login = c.loginFor(h.to)
		h.sent = h.login.Authorization("GET", requestTarget(h.to))
		r, public, err := c.exchange(ctx, h, q)
		if err != nil {
			return nil, err
		}
		if r.status >= 200 && r.status < 300 {
			return r, nil
		}
		r.body.Close()
		switch {
		case r.loginNext:
			h.asked++
			continue
		case isRedirect(r.status) && r.header.Get("Location") != "":
			if redirects++; redirects > maxRedirects {
				return nil, media.At(media.RungReply, fmt.Errorf("http: more than %d redirects", maxRedirects))
			}
			h, err = c.follow(h, r.header.Get("Location"), q)
			h.fromPublic = public
			if err == nil {
				continue
			}
		default:
			err = r.failure()
		}
		return nil, media.At(media.RungReply, err)
	}
}

func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// follow is the hop to which a Location header points.
func (c *client) follow(h hop, location string, q ask) (hop, error) {
	link := resolve(h.to, location)
	to, err := address.Parse(link)
	if err != nil {
		return hop{}, fmt.Errorf("http: the server points to an address that is none: %w", err)
	}
	scheme, ok := webScheme(to.Scheme)
	if !ok {
		return hop{}, &RedirectError{Link: link}
	}
	to.Scheme = scheme
	// A link's password stays with the host that it was written for.
	if !to.HasUser && sameServer(to, c.link) {
		to.User, to.Password, to.HasUser = c.link.User, c.link.Password, c.link.HasUser
	}
	if !q.quiet {
		c.trace.note("redirected to " + to.String())
		if h.to.Scheme == "https" && scheme == "http" {
			c.trace.note("the redirect leads from an encrypted address to one in the clear")
		}
	}
	return hop{to: to}, nil
}

func sameServer(a, b address.Address) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) && port(a) == port(b)
}

func port(a address.Address) string {
	switch {
	case a.Port != "":
		return a.Port
	case a.Scheme == "https":
		return "443"
	}
	return "80"
}

// resolve makes a link of a Location header (RFC 3986, section 5.2) without
// changing a byte of what the server wrote.
func resolve(base address.Address, location string) string {
	location, _, _ = strings.Cut(strings.TrimSpace(location), "#")
	if i := strings.Index(location, "://"); i > 0 && !strings.ContainsAny(location[:i], "/?") {
		return location
	}
	if strings.HasPrefix(location, "//") {
		return base.Scheme + ":" + location
	}
	path, query, _ := strings.Cut(base.Path, "?")
	switch {
	case strings.HasPrefix(location, "/"):
		path = location
	case strings.HasPrefix(location, "?"):
		path += location
	case location == "" && query != "":
		path += "?" + query
	case location != "":
		path = path[:strings.LastIndexByte(path, '/')+1] + location
	}
	return base.Scheme + "://" + base.Authority() + dotless(path)
}

// dotless removes "." and ".." from a path (RFC 3986, section 5.2.4).
func dotless(path string) string {
	path, query, hasQuery := strings.Cut(path, "?")
	var kept []string
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, p := range parts {
		last := i == len(parts)-1
		switch p {
		case ".":
			if last {
				kept = append(kept, "")
			}
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, p)
		}
	}
	path = "/" + strings.Join(kept, "/")
	if hasQuery {
		path += "?" + query
	}
	return path
}

// exchange sends one request over a connection of its own and reads the head
// of the answer.
func (c *client) exchange(ctx context.Context, h hop, q ask) (r *reply, public bool, err error) {
	if !q.quiet {
		c.trace.event(media.Attempt{URL: h.to.String(), Transport: "http"})
	}
	conn, err := c.connect(ctx, h.to, h.fromPublic, q.quiet)
	if err != nil {
		return nil, false, err
	}
	start := time.Now()
	if conn.h2 {
		r, err = c.exchange2(ctx, conn, h, q)
	} else {
		r, err = c.exchange1(ctx, conn, h, q)
	}
	if err != nil {
		conn.Close()
		err = orCause(ctx, err)
	} else {
		r.takeLogin(h)
	}
	if !q.quiet {
		detail, failed := "", err
		if err == nil {
			detail = r.detail()
			if r.status >= 400 && !r.loginNext {
				failed = r.failure()
			}
		}
		c.trace.step(media.RungReply, "reply", start, detail, failed)
	}
	if err != nil {
		return nil, false, media.At(media.RungReply, err)
	}
	r.from = h.to
	return r, conn.public, nil
}

// failure is the error that a reply means which is no success.
func (r *reply) failure() error {
	return &StatusError{Code: r.status, Reason: r.reason, Login: r.refused}
}

// detail is the reply in a few words: "200 OK, Icecast 2.4.4".
func (r *reply) detail() string {
	s := strings.TrimSpace(fmt.Sprintf("%d %s", r.status, r.reason))
	if server := text(r.header.Get("Server"), maxErrorText); server != "" {
		s += ", " + server
	}
	return s
}

// request is the head of the request: names in the order in which they are
// sent, and values.
func (c *client) request(h hop, q ask) [][2]string {
	fields := [][2]string{
		{"Host", h.to.Authority()},
		{"User-Agent", c.cfg.UserAgent},
		{"Accept", "*/*"},
		{"Accept-Encoding", "identity"},
	}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, [2]string{name, value})
		}
	}
	if q.titles {
		add("Icy-MetaData", "1")
	}
	if q.ranged {
		add("Range", fmt.Sprintf("bytes=%d-", q.at))
		add("If-Range", q.ifOld)
	}
	add("Referer", c.cfg.Referer)
	add(h.login.Header(), h.sent)
	return fields
}

// requestTarget is what the request line carries.
func requestTarget(a address.Address) string {
	if !strings.HasPrefix(a.Path, "/") {
		return "/" + a.Path
	}
	return a.Path
}
