package web

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/http1"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// maxRedirects bounds a chain of redirects.
const maxRedirects = 5

// client asks one server, and those to which it points, for one resource, with
// what a Client keeps.
type client struct {
	kept  *Client
	link  address.Address // as opened: the only one that gets its password
	cfg   Config
	trace *trace.Tracer
	owns  bool // kept is closed with the session
}

// asking is a client for the resource at a.
func (c *Client) asking(a address.Address) (*client, error) {
	scheme, ok := webScheme(a.Scheme)
	if !ok || a.Host == "" {
		return nil, media.At(media.RungAddress, errors.New("http: not a web address: "+a.String()))
	}
	a.Scheme = scheme
	c.remember(&a)
	return &client{kept: c, link: a, cfg: c.cfg, trace: trace.New(c.trace.Event)}, nil
}

// end is called once, with the session's end: nothing is told after it.
func (c *client) end() {
	c.trace.Stop()
	if c.owns {
		c.kept.Close()
	}
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
	size   int64  // so many bytes of it; 0: all that follow
	ifOld  string // If-Range: the version that at belongs to
	quiet  bool   // not an opening: no steps are told
	step   string // the name of the step in which the reply comes; "reply"

	outside bool // only a public address will do
}

// reply is an answer with its body still on the wire.
type reply struct {
	*http1.Head
	length int64 // of the body, -1 unknown
	marked bool  // the body has an end of its own, apart from the connection's
	body   body
	from   address.Address // who answered, after redirects
	public bool            // from is in the public network
	proxy  *url.URL        // that asked from for us; nil: none

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
	h := hop{to: a, fromPublic: q.outside || c.kept.heldOutside(a)}
	for redirects := 0; ; {
		h.login = c.kept.loginFor(h.to)
		h.sent = h.login.Authorization("GET", requestTarget(h.to))
		r, err := c.exchange(ctx, h, q)
		if err != nil {
			return nil, err
		}
		if r.Status >= 200 && r.Status < 300 {
			return r, nil
		}
		r.discard()
		switch {
		case r.loginNext:
			h.asked++
			continue
		case isRedirect(r.Status) && r.Header.Get("Location") != "":
			if redirects++; redirects > maxRedirects {
				return nil, media.At(media.RungReply, fmt.Errorf("http: more than %d redirects", maxRedirects))
			}
			h.fromPublic = h.fromPublic || r.public
			h, err = c.follow(h, r.Header.Get("Location"), q)
			if err == nil {
				continue
			}
		case misasked(r.Status) && r.windowsMedia():
			err = c.toWindowsMedia(r)
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
	link := h.to.Resolve(location)
	to, err := address.Parse(link)
	if err != nil {
		return hop{}, fmt.Errorf("http: the server points to an address that is none: %w", err)
	}
	scheme, ok := webScheme(to.Scheme)
	if !ok {
		return hop{}, &RedirectError{Link: link, Public: h.fromPublic}
	}
	to.Scheme = scheme
	// A link's password stays with the host that it was written for.
	if !to.HasUser && sameServer(to, c.link) {
		to.User, to.Password, to.HasUser = c.link.User, c.link.Password, c.link.HasUser
	}
	if !q.quiet {
		c.trace.Note("redirected to " + to.String())
		if h.to.Scheme == "https" && scheme == "http" {
			c.trace.Note("the redirect leads from an encrypted address to one in the clear")
		}
	}
	return hop{to: to, fromPublic: h.fromPublic}, nil
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

// exchange sends one request and reads the head of the answer.
func (c *client) exchange(ctx context.Context, h hop, q ask) (*reply, error) {
	if !q.quiet {
		c.trace.Event(media.Attempt{URL: h.to.String(), Transport: "http"})
	}
	r, start, err := c.over(ctx, h, q)
	if _, told := err.(*media.RungError); told { // by the steps that make a connection
		return nil, err
	}
	if err == nil {
		r.takeLogin(h)
		c.kept.cookies.take(h.to, r.Header)
	}
	if !q.quiet {
		detail, failed := "", err
		if err == nil {
			detail = r.detail()
			if r.Status >= 400 && !r.loginNext {
				failed = r.failure()
			}
		}
		name := "reply"
		if q.step != "" {
			name = q.step
		}
		c.trace.Step(media.RungReply, name, start, detail, failed)
	}
	if err != nil {
		return nil, media.At(media.RungReply, err)
	}
	r.from = h.to
	return r, nil
}

// over sends the request over a connection that was kept for the server, or over
// a new one, and tells when it began to. A server closes what it keeps when it
// likes: where a kept connection gives no answer at all another one is taken.
func (c *client) over(ctx context.Context, h hop, q ask) (*reply, time.Time, error) {
	for {
		conn, again := c.kept.take(h)
		if !again {
			var err error
			if conn, err = c.connect(ctx, h, q.quiet); err != nil {
				return nil, time.Time{}, err
			}
		}
		start := time.Now()
		var r *reply
		var err error
		if conn.two != nil {
			r, err = c.exchange2(ctx, conn, h, q)
		} else {
			r, err = c.exchange1(ctx, conn, h, q)
		}
		if err == nil {
			r.public, r.proxy = conn.public, conn.proxy
			return r, start, nil
		}
		c.kept.drop(conn)
		if again && ctx.Err() == nil && (errors.Is(err, errUnanswered) || errors.Is(err, http1.ErrNotHTTP)) {
			continue
		}
		if c.kept.isClosed() {
			err = errClosed
		}
		return nil, start, orCause(ctx, err)
	}
}

// discard ends a reply whose body nobody wants.
func (r *reply) discard() {
	if b, ok := r.body.(*http1.Body); ok {
		b.Skim()
	}
	r.body.Close()
}

// failure is the error that a reply means which is no success.
func (r *reply) failure() error {
	if r.Status >= 400 && indexFold(r.Header.Get("Server"), "rtsp") >= 0 {
		return ErrRTSP // GStreamer: it takes any GET for a half of a tunnel, and says 503
	}
	err := &StatusError{
		Code: r.Status, Reason: r.Reason, Login: r.refused,
		RetryAfter: retryAfter(r.Header.Get("Retry-After"), time.Now()),
	}
	if r.Status == 407 && r.proxy != nil {
		return &ProxyError{Proxy: text(proxyAddress(r.proxy).HostPort(""), maxErrorText), Err: err}
	}
	return err
}

// detail is the reply in a few words: "200 OK, Icecast 2.4.4".
func (r *reply) detail() string {
	s := strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, r.Reason))
	if server := text(r.Header.Get("Server"), maxErrorText); server != "" {
		s += ", " + server
	}
	return s
}

// request is the head of the request: names in the order in which they are
// sent, and values.
func (c *client) request(h hop, q ask) [][2]string {
	coding := "identity" // media are packed as they are, and parts of them are wanted
	if !q.ranged && namesList(h.to) {
		coding = "gzip"
	}
	fields := [][2]string{
		{"Host", h.to.Authority()},
		{"User-Agent", c.cfg.UserAgent},
		{"Accept", "*/*"},
		{"Accept-Encoding", coding},
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
		last := ""
		if q.size > 0 {
			last = strconv.FormatInt(q.at+q.size-1, 10)
		}
		add("Range", fmt.Sprintf("bytes=%d-%s", q.at, last))
		add("If-Range", q.ifOld)
	}
	// The entry's Referer goes with every request for its stream, to other hosts
	// too: that is what those servers look at. None is made up for redirects.
	add("Referer", c.cfg.Referer)
	add("Cookie", c.kept.cookies.sent(h.to))
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
