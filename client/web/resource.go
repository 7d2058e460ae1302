package web

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// maxSkip bounds what is read and thrown away, in bytes, before the part that
// was asked for, where a server sends the whole.
const maxSkip = 64 << 20

// Request asks for one resource, or for a part of it.
type Request struct {
	Link       address.Address
	From, Size int64  // bytes; Size 0: all from From on
	Step       string // the name under which the answer is traced; empty: nothing is
	OnlyPublic bool   // as in Config, for this one
}

// Response is an answer with success. Read gives the resource without any
// coding; it fails when the server is silent for Timeouts.Stall, and when the
// context of the Fetch ends.
type Response struct {
	io.ReadCloser
	Link        address.Address // who answered, after redirects
	ContentType string          // as announced
	Length      int64           // of what Read gives, -1 when not known
	Header      http.Header
	Public      bool // who answered is in the public network
}

// Fetch asks for a resource over a kept connection, or over one that is kept
// after it: read the body to its end, and close it. ctx bounds the reading too.
// The error, as that of Read, is a *media.RungError.
func (c *Client) Fetch(ctx context.Context, r Request) (*Response, error) {
	one, err := c.asking(r.Link)
	if err != nil {
		return nil, err
	}
	q := ask{
		ranged: r.From > 0 || r.Size > 0, at: r.From, size: r.Size,
		quiet: r.Step == "", step: r.Step, outside: r.OnlyPublic,
	}
	got, err := one.get(ctx, one.link, q)
	if err != nil {
		return nil, err
	}
	c.answered(one.link, got.public)
	b := &fetched{body: got.body, stall: c.cfg.Timeouts.Stall, over: func() error { return context.Cause(ctx) }}
	b.stop = context.AfterFunc(ctx, func() { got.body.SetReadDeadline(past) })
	resp := &Response{
		ReadCloser: b, Link: got.from, ContentType: text(got.Header.Get("Content-Type"), maxErrorText),
		Length: got.length, Header: got.Header, Public: got.public,
	}
	if err := resp.part(got, r); err != nil {
		b.Close()
		return nil, media.At(media.RungReply, err)
	}
	return resp, nil
}

// part makes of the reply what was asked for.
func (resp *Response) part(got *reply, r Request) error {
	var body io.Reader = resp.ReadCloser
	if got.zipped() {
		body, resp.Length = &unzipper{from: body}, -1
	}
	switch {
	case got.Status == 206:
		span, _, _ := strings.Cut(got.Header.Get("Content-Range"), "/")
		from, to, ok := byteSpan(span)
		if !ok || from != r.From || r.Size > 0 && to >= r.From+r.Size {
			return fmt.Errorf("http: the server sent another part than the one from byte %d on", r.From)
		}
		if said := to - from + 1; got.length < 0 || got.length > said { // it may send more than that
			body = io.LimitReader(body, said)
			resp.Length = min(resp.Length, said)
		}
	case r.From > maxSkip:
		return errNoRanges
	case r.From > 0 || r.Size > 0: // the server sent the whole
		rest := int64(math.MaxInt64)
		if r.Size > 0 {
			rest = r.Size
		}
		body = io.LimitReader(&partOf{from: body, skip: r.From}, rest)
		if resp.Length >= 0 {
			resp.Length = min(max(resp.Length-r.From, 0), rest)
		}
	}
	resp.ReadCloser = &readCloser{body, resp.ReadCloser}
	return nil
}

// readCloser reads from one and closes another.
type readCloser struct {
	io.Reader
	io.Closer
}

// partOf leaves out the first bytes.
type partOf struct {
	from io.Reader
	skip int64
}

func (p *partOf) Read(b []byte) (int, error) {
	if p.skip > 0 {
		if _, err := io.CopyN(io.Discard, p.from, p.skip); err != nil {
			return 0, err
		}
		p.skip = 0
	}
	return p.from.Read(b)
}

// fetched is the body of a Response as it comes over the wire.
type fetched struct {
	body  body
	stall time.Duration
	over  func() error // why the Fetch's context has ended; nil: it has not
	stop  func() bool  // ends the watch over that context
}

func (b *fetched) Read(p []byte) (int, error) {
	b.body.SetReadDeadline(time.Now().Add(b.stall))
	if err := b.over(); err != nil {
		return 0, media.At(media.RungTransport, err)
	}
	n, err := b.body.Read(p)
	switch {
	case n > 0 || err == nil:
		return n, nil
	case err == io.EOF:
		return 0, io.EOF
	case b.over() != nil:
		err = b.over()
	case isTimeout(err):
		err = &TimeoutError{What: "nothing came from the server", After: b.stall}
	default:
		err = wireError(err)
	}
	return 0, media.At(media.RungTransport, err)
}

func (b *fetched) Close() error {
	b.stop()
	return b.body.Close()
}
