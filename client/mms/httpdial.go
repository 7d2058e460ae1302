package mms

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/asf"
	"tapedeck/client/media"
	"tapedeck/client/trace"
	"tapedeck/client/words"
)

// maxHops bounds the redirects that are followed here.
const maxHops = 5

var (
	errHops  = fmt.Errorf("mms: %w: it points elsewhere more than %d times", ErrProtocol, maxHops)
	errLoops = fmt.Errorf("mms: %w: its redirects lead back to where they began", ErrProtocol)
	errProxy = fmt.Errorf("mms: %w: it wants another server to be asked in its place (305), which is refused", ErrProtocol)
)

// dialHTTP opens a link as far as its description.
func dialHTTP(ctx context.Context, a address.Address, cfg *Config, t *trace.Tracer) (*httpLink, error) {
	filled := *cfg
	filled.Timeouts = cfg.Timeouts.withDefaults()
	a.Scheme = overHTTP.String() // of what a redirect is relative to
	l := newHTTPLink(a, &filled, t)
	seen := map[string]bool{serverOf(a): true}
	for hop := 0; ; hop++ {
		p, err := l.describe(ctx)
		r, redirected := errors.AsType[*RedirectError](err)
		if err == nil {
			l.first, l.in.told = p, p.header
			break
		}
		if !redirected || !l.follow(r) {
			l.drop()
			if errors.Is(err, errFile) || hop > 0 && errors.Is(err, errWebServer) { // a redirect has left the protocol
				err = media.At(media.RungReply, l.asWeb())
			}
			return nil, err
		}
		l.drop()
		switch {
		case seen[serverOf(l.to)]:
			return nil, media.At(media.RungReply, errLoops)
		case hop == maxHops:
			return nil, media.At(media.RungReply, errHops)
		}
		seen[serverOf(l.to)] = true
		t.Note("redirected to " + l.to.String())
	}
	l.tryPipeline(ctx)
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	l.keeper.Go(func() { l.keep(life) })
	return l, nil
}

// serverOf tells whether two links lead to the same.
func serverOf(a address.Address) string {
	return strings.ToLower(a.HostPort(portHTTP)) + requestPath(a.Path)
}

// follow goes over to where a redirect leads, if that is this protocol. The
// login stays behind, unless it is the same server.
func (l *httpLink) follow(r *RedirectError) bool {
	to, err := address.Parse(r.Link)
	if err != nil || to.Scheme != "http" && to.Scheme != "mmsh" {
		return false
	}
	same := strings.EqualFold(to.HostPort(portHTTP), l.to.HostPort(portHTTP))
	if !to.HasUser && same {
		to.User, to.Password, to.HasUser = l.to.User, l.to.Password, l.to.HasUser
	}
	if !same || to.User != l.to.User || to.Password != l.to.Password {
		l.login = newHTTPLogin(to)
	}
	l.to, l.public = to, r.Public
	l.session = httpSession{timeout: defaultKeep}
	return true
}

// asWeb is the link for whoever speaks plain HTTP.
func (l *httpLink) asWeb() error {
	link := "http://"
	if l.to.HasUser {
		link += url.UserPassword(l.to.User, l.to.Password).String() + "@"
	}
	return &RedirectError{Link: link + l.to.Authority() + requestPath(l.to.Path), Public: l.webPublic}
}

// describe asks for the header ([MS-WMSP] 3.1.4.2).
func (l *httpLink) describe(ctx context.Context) (p *programme, err error) {
	start := time.Now()
	q := &httpAsk{step: "describe", method: "GET", new: true, pragmas: []string{
		"no-cache,rate=1.000,stream-time=0,stream-offset=0:0,packet-num=4294967295,max-duration=0",
		"version11-enabled=1", "pipeline-experiment=1",
	}}
	r, err := l.ask(ctx, q, nil, l.trace)
	if err == nil && (r.Status == 400 || r.Status == 505) { // as those that know HTTP/1.0 alone may say
		r.conn.Close()
		q.new, q.pragmas = false, q.pragmas[:1]
		r, err = l.ask(ctx, q, nil, l.trace)
	}
	if _, told := errors.AsType[*media.RungError](err); told {
		return nil, err // by the steps that make a connection
	}
	detail := ""
	if err == nil {
		detail = r.detail()
		p, err = l.described(ctx, r)
	}
	return p, l.trace.Step(media.RungReply, "describe", start, detail, err)
}

// described reads the reply to a Describe.
func (l *httpLink) described(ctx context.Context, r *httpReply) (*programme, error) {
	public := l.public || r.conn.public
	location := r.Header.Get("Location")
	switch {
	case r.Status == 305:
		r.conn.Close()
		return nil, errProxy
	case r.Status >= 300 && r.Status < 400 && location != "":
		r.conn.Close()
		return nil, &RedirectError{Link: l.to.Resolve(location), Public: public}
	case r.Status < 200 || r.Status >= 300:
		r.conn.Close()
		return nil, r.failure("describe")
	}
	p, err := l.readHeader(ctx, r)
	if err != nil {
		return nil, err
	}
	if h, err := asf.Parse(p.header); err == nil && h.Elsewhere != "" {
		// A header without streams and with the script command FILENAME: how
		// servers redirect players that are older than 7.
		r.conn.Close()
		return nil, &RedirectError{Link: l.to.Resolve(h.Elsewhere), Public: public}
	}
	return p, nil
}

// detail is the reply in a few words: "200 OK, Cougar/9.01.01.5001".
func (r *httpReply) detail() string {
	s := strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, words.Line(r.Reason, maxReason)))
	if server := words.Line(r.Header.Get("Server"), maxErrorWords); server != "" {
		s += ", " + server
	}
	return s
}
