// Package web opens media over HTTP: radio that never ends, with the titles
// that ICY servers weave into it, bodies of known length, and files of which
// the server gives any part.
//
// Open asks once and looks at the answer. A server that gives byte ranges makes
// a *File, which keeps what it fetched and is read from any place; everything
// else makes a *Stream, which is read as it comes. Both hand on the container's
// bytes exactly as the server sent them, without transfer coding and titles.
//
//	s, err := web.Open(ctx, link, web.Config{Trace: show})
//	if err != nil {
//		return err // a media.RungError: which step of the ladder, and why
//	}
//	defer s.Close()
//	for {
//		chunk, err := s.Next(ctx)
//		...
//	}
//
// HTTP/1.x is read here and not by net/http: radio servers answer "ICY 200 OK",
// send header lines that net/http refuses, and expect the path byte for byte as
// the link has it. HTTP/2 is net/http's.
//
// A Client keeps its connections from one request to the next: Fetch is for the
// many small resources that a stream may be made of.
//
// Not here: HLS and the lists that stand in front of streams. Open gives them
// out in its error (ListError).
package web

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strconv"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// Session is what *Stream and *File have in common: client.Session, which is
// where the methods are described. A *File is a client.File too.
type Session interface {
	Info() media.Info
	Next(ctx context.Context) (media.Chunk, error)
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error
	Seek(ctx context.Context, to time.Duration) (time.Duration, error)
	Stats() media.Stats
	Close() error
}

// Config says how to open. Its zero value works.
type Config struct {
	// Trace is told what is tried and learned. Calls come one at a time, but
	// from more than one goroutine; none comes after Close. Nil: nobody is told.
	Trace func(media.Event)

	UserAgent string // DefaultUserAgent
	Referer   string // none is sent

	// OnlyPublic refuses servers outside the public network: a public server
	// sent us to the link.
	OnlyPublic bool

	// Dial makes connections. The name lookup is then Dial's own and is not
	// traced. A net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Proxy chooses the proxy for a link, of which it is shown scheme, host and
	// port; nil for none. The environment's: http_proxy, https_proxy, all_proxy,
	// no_proxy.
	Proxy func(link *url.URL) (*url.URL, error)

	// RootCAs, Pins and OldTLS are those of trust.Options.
	RootCAs *x509.CertPool
	Pins    map[string]string
	OldTLS  bool

	// Charset is the WHATWG label of the set in which the station writes names
	// and titles, such as "windows-1251". It is told from what the station sends.
	Charset string

	Start time.Duration // media time at which a live stream begins; 0

	CacheDir string // where a File keeps what it fetched; os.TempDir()
	MaxCache int64  // how many bytes a File keeps; DefaultMaxCache

	Timeouts Timeouts
}

// Timeouts bound each step. A field that is 0 has the default given here.
type Timeouts struct {
	Connect   time.Duration // name lookup and TCP: ConnectTimeout
	TLS       time.Duration // handshake: TLSTimeout
	Reply     time.Duration // from the request to the end of the headers: ReplyTimeout
	FirstByte time.Duration // from the headers to the first media: FirstByteTimeout
	Stall     time.Duration // silence in the middle: StallTimeout
}

// Defaults of Config.
const (
	DefaultUserAgent = "tapedeck/1.0"
	DefaultMaxCache  = 1 << 30

	ConnectTimeout   = 5 * time.Second
	TLSTimeout       = 5 * time.Second
	ReplyTimeout     = 10 * time.Second
	FirstByteTimeout = 10 * time.Second
	StallTimeout     = 15 * time.Second
)

func (t Timeouts) withDefaults() Timeouts {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Connect, ConnectTimeout},
		{&t.TLS, TLSTimeout},
		{&t.Reply, ReplyTimeout},
		{&t.FirstByte, FirstByteTimeout},
		{&t.Stall, StallTimeout},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return t
}

// Open opens the resource that a names, with a Client of its own. See
// Client.Open.
func Open(ctx context.Context, a address.Address, cfg Config) (Session, error) {
	c := NewClient(cfg)
	s, err := c.OpenAlone(ctx, a)
	if err != nil {
		c.Close()
		return nil, err
	}
	return s, nil
}

// Open opens the resource that a names: scheme http, https, icy or icyx. ctx
// bounds the opening only. The result is a *Stream or a *File, which ends with c
// at the latest; the error is a *media.RungError. Where the link leads to a list
// there is a *ListError in it.
func (c *Client) Open(ctx context.Context, a address.Address) (Session, error) {
	return c.open(ctx, a, false)
}

// OpenAlone is Open for a Client that is used for nothing else: where it holds,
// closing the session closes c.
func (c *Client) OpenAlone(ctx context.Context, a address.Address) (Session, error) {
	return c.open(ctx, a, true)
}

func (c *Client) open(ctx context.Context, a address.Address, owned bool) (Session, error) {
	one, err := c.asking(a)
	if err != nil {
		return nil, err
	}
	r, err := one.first(ctx)
	if err != nil {
		return nil, err
	}
	c.answered(one.link, r.public)
	s, err := one.session(ctx, r)
	if err != nil {
		r.body.Close()
		if stream, ok := behindPage(err, r.from); ok && ctx.Err() == nil {
			one.trace.Note("SHOUTcast shows its page to browsers: asked for its stream")
			return c.open(ctx, stream, owned)
		}
		return nil, err
	}
	one.owns = owned
	return s, nil
}

// first sends the opening request: with titles, and for everything from byte
// 0 on, which tells whether the server knows ranges. The few servers that
// refuse that are asked again without. A list is asked for as a whole.
func (c *client) first(ctx context.Context) (*reply, error) {
	r, err := c.get(ctx, c.link, ask{titles: true, ranged: !namesList(c.link)})
	var status *StatusError
	if errors.As(err, &status) && (status.Code == 400 || status.Code == 416) {
		c.trace.Note("the server refuses a request for a range: asked again without one")
		return c.get(ctx, c.link, ask{titles: true})
	}
	return r, err
}

// session looks at the first bytes and makes what fits them.
func (c *client) session(ctx context.Context, r *reply) (Session, error) {
	if r.zipped() {
		return nil, c.unpack(ctx, r)
	}
	if r.windowsMedia() {
		return nil, c.toWindowsMedia(r)
	}
	words, known := newLetters(c.cfg.Charset)
	if !known {
		c.trace.Note("the character set " + strconv.QuoteToASCII(c.cfg.Charset) + " is not known: it is told from the titles")
	}
	icy, err := newICY(r, words, &titles{trace: c.trace})
	if err != nil {
		return nil, media.At(media.RungReply, err)
	}
	size, ranged := c.rangesHold(ctx, r)
	head, err := c.peek(ctx, r, icy)
	if err != nil {
		return nil, err
	}
	if head.found.name == "JPEG" && r.length < 0 {
		head.found = pushedPictures(head.data)
		head.found.name = "JPEG"
	}
	info := describe(r, head.found, icy)
	if head.found.pushed {
		return newPush(c, r, info, icy, head), nil
	}
	if ranged && !icy.radio {
		return newFile(ctx, c, r, size, info, head)
	}
	return newStream(c, r, info, icy, head), nil
}

// rangesHold reports whether the server really gives ranges, and the size of
// the whole. A 206 to the first request proves it. A server that only claims
// it ("Accept-Ranges: bytes" beside a 200) is asked for its last byte.
func (c *client) rangesHold(ctx context.Context, r *reply) (size int64, ok bool) {
	if r.Status == 206 {
		from, size, ok := contentRange(r.Header.Get("Content-Range"))
		return size, ok && from == 0 && size > 0
	}
	if r.Header.Get("Accept-Ranges") != "bytes" || r.length <= 0 {
		return 0, false
	}
	last, err := c.get(ctx, r.from, ask{ranged: true, at: r.length - 1, quiet: true})
	if err != nil {
		return 0, false
	}
	last.discard()
	from, size, ok := contentRange(last.Header.Get("Content-Range"))
	return size, ok && last.Status == 206 && from == r.length-1 && size == r.length
}
