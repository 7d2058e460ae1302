// Package client opens a link, whatever its protocol, and gives media out: a
// Session whose chunks are container bytes with their times.
//
// It knows no terminal, no player and no playlist. Each protocol lives in a
// package of its own and knows none of the others; this package holds the table
// of them and what a person is told when one fails.
//
//	c := &client.Client{}
//	s, err := c.Open(ctx, "rtsp://camera/live", client.Options{})
//	if err != nil {
//		log.Print(err, client.Hint(err))
//	}
//	defer s.Close()
//	for {
//		chunk, err := s.Next(ctx)
//		...
//	}
package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/hls"
	"tapedeck/client/media"
	"tapedeck/client/metafile"
	"tapedeck/client/mms"
	"tapedeck/client/rtsp"
	"tapedeck/client/web"
)

// Client opens links. Its zero value works; it remembers between links which
// transport reached a host, and is safe for use from several goroutines.
type Client struct {
	UserAgent string // "tapedeck/VERSION" of each protocol's default
	CacheDir  string // where seekable files keep what was fetched; os.TempDir()

	// Pins and OldTLS are those of trust.Options.
	Pins   map[string]string
	OldTLS bool

	transports rtsp.Memory
	ways       mms.Memory
}

// Options are one link's own.
type Options struct {
	// Trace is told each step of the way while the stream opens and plays. It
	// is called from the session's goroutines and must not block.
	Trace func(media.Event)

	UserAgent string // Client.UserAgent
	Referer   string // none is sent
	Charset   string // how titles are written, a WHATWG label; detected

	// ComeBack has a stream that is lost opened again, with growing waits, until
	// its server says no for good. Default: the loss ends the session.
	ComeBack bool

	place      *hls.Place    // how far a live programme was played before a loss
	start      time.Duration // media time at which a live stream begins
	onlyPublic bool          // a server on the outside sent us here
}

// opener opens one protocol's links.
type opener func(ctx context.Context, c *Client, a address.Address, o Options) (Session, error)

// protocols is the table: a new protocol is a line here.
var protocols = map[string]opener{
	"rtsp": openRTSP, "rtspu": openRTSP, "rtspt": openRTSP, "rtsph": openRTSP, "rtsp+ws": openRTSP,
	"rtsps": openRTSP, "rtspsu": openRTSP, "rtspst": openRTSP, "rtspsh": openRTSP, "rtsp+wss": openRTSP,
	"http": openWeb, "https": openWeb, "icy": openWeb, "icyx": openWeb,
	"mms": openMMS, "mmsu": openMMS, "mmst": openMMS, "mmsh": openMMS,
}

// UnknownSchemeError is returned for a link of a protocol that is not spoken.
type UnknownSchemeError struct{ Scheme string }

func (e *UnknownSchemeError) Error() string {
	return fmt.Sprintf("the protocol %q is not spoken here", e.Scheme)
}

// Schemes lists the schemes of the links that Open takes, in order.
func Schemes() []string {
	var names []string
	for name := range protocols {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Open opens link, or what it leads to where it is a list in front of a stream
// or points to another protocol. The error is a *media.RungError that names the step of the
// ladder which failed; Hint has a suggestion for the person who reads it. ctx
// bounds the opening only; the session lives until Close.
func (c *Client) Open(ctx context.Context, link string, o Options) (Session, error) {
	a, err := address.Parse(link)
	if err != nil {
		return nil, media.At(media.RungAddress, err)
	}
	if o.UserAgent == "" {
		o.UserAgent = c.UserAgent
	}
	if o.ComeBack {
		o.place = new(hls.Place)
	}
	w := c.way()
	s, err := w.open(ctx, a, o, 0)
	if err != nil || !o.ComeBack {
		return s, err
	}
	if _, ok := s.(File); ok {
		return s, nil // it asks for its parts one by one as it is
	}
	// What is lost comes back from where it was found, and not from another
	// place that a list names.
	return newSteady(s, w.leaf, w.options, func(ctx context.Context, a address.Address, o Options) (Session, error) {
		return c.way().open(ctx, a, o, 0)
	}), nil
}

func shorten(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return strings.ToLower(s)
}

func openRTSP(ctx context.Context, c *Client, a address.Address, o Options) (Session, error) {
	s, err := rtsp.Open(ctx, a, rtsp.Config{
		Trace: o.Trace, UserAgent: o.UserAgent, Memory: &c.transports,
		Pins: c.Pins, OldTLS: c.OldTLS, Start: o.start, OnlyPublic: o.onlyPublic,
	})
	if err != nil {
		return nil, err // not s: a nil *rtsp.Session is no nil Session
	}
	return s, nil
}

func openMMS(ctx context.Context, c *Client, a address.Address, o Options) (Session, error) {
	s, err := mms.Open(ctx, a, mms.Config{
		Trace: o.Trace, Memory: &c.ways, Start: o.start, OnlyPublic: o.onlyPublic,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// openWeb opens what a web server sends; a playlist of segments is played over
// the connections that brought it.
func openWeb(ctx context.Context, c *Client, a address.Address, o Options) (Session, error) {
	w := web.NewClient(web.Config{
		Trace: o.Trace, UserAgent: o.UserAgent, Referer: o.Referer, CacheDir: c.CacheDir,
		Pins: c.Pins, OldTLS: c.OldTLS, OnlyPublic: o.onlyPublic,
		Charset: o.Charset, Start: o.start,
	})
	s, err := w.OpenAlone(ctx, a)
	if err == nil {
		return s, nil
	}
	if list, ok := errors.AsType[*web.ListError](err); ok && list.Format == metafile.HLS {
		return openHLS(ctx, w, list, o)
	}
	w.Close()
	return nil, err
}

func openHLS(ctx context.Context, w *web.Client, list *web.ListError, o Options) (Session, error) {
	fetch := func(ctx context.Context, r hls.Request) (*hls.Response, error) {
		resp, err := w.Fetch(ctx, web.Request{Link: r.Link, From: r.From, Size: r.Size, Step: r.Step, OnlyPublic: r.OnlyPublic})
		if err != nil {
			return nil, err
		}
		return &hls.Response{ReadCloser: resp, Link: resp.Link, Length: resp.Length, Public: resp.Public}, nil
	}
	s, err := hls.Open(ctx, hls.Source{Link: list.Link, Body: list.Body, Transport: list.Transport, Public: list.Public}, hls.Config{
		Fetch: fetch, Status: statusOf, Trace: o.Trace, Close: w.Close,
		Place: o.place,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}
