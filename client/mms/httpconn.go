package mms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"tapedeck/client/dial"
	"tapedeck/client/http1"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
	"tapedeck/client/trace"
	"tapedeck/client/words"
)

const (
	maxErrorWords = 300      // bytes of a foreign error that are shown
	maxDiscard    = 64 << 10 // bytes of a body that nobody wants, for the sake of its connection
)

// httpConn is a connection to the server. One goroutine at a time asks on it and
// reads the reply.
type httpConn struct {
	net.Conn
	rest   []byte // came behind the last reply
	naps   *napper
	public bool
	used   bool // has answered: the server may close it when it likes

	step      ntlmStep
	challenge []byte // NTLM's, to be answered
}

// httpReply is the reply to a request, its body still on the wire.
type httpReply struct {
	*http1.Head
	pragmas wire.Pragmas
	conn    *httpConn
	body    *http1.Body
}

// errUnanswered: the connection gave not a byte in answer to a request.
var errUnanswered = errors.New("mms: the server closed the connection without an answer")

// connect makes a connection. t is nil where nobody is to be told.
func (l *httpLink) connect(ctx context.Context, t *trace.Tracer) (*httpConn, error) {
	d := dial.Dialer{Protocol: "mms", Timeout: l.cfg.Timeouts.Connect, Dial: l.cfg.Dial, Trace: t}
	conn, err := d.TCP(ctx, l.to.HostPort(portHTTP), l.public)
	if err != nil {
		return nil, err
	}
	return &httpConn{Conn: conn, public: dial.Public(conn), naps: newNapper(conn)}, nil
}

// ask sends a request and reads the head of the reply, logging in where the
// server asks for it. on is a connection that is used for it, and closed where
// the reply is on another one; nil: a new one. An error closes it.
func (l *httpLink) ask(ctx context.Context, q *httpAsk, on *httpConn, t *trace.Tracer) (*httpReply, error) {
	for n := 0; ; {
		if on == nil {
			var err error
			if on, err = l.connect(ctx, t); err != nil {
				return nil, err
			}
		}
		name, sent, err := l.login.authorization(on, q.method, q.target(l))
		if err != nil {
			on.Close()
			return nil, fmt.Errorf("mms: %w", err)
		}
		again := on.used
		r, err := l.exchange(ctx, on, q.bytes(l, name, sent))
		switch {
		case err != nil && again && ctx.Err() == nil && errors.Is(err, errUnanswered):
			on = nil // what was kept too long
			continue
		case err != nil:
			return nil, err
		}
		said := login.Reply{Status: r.Status, Values: r.Header.Values}
		if r.Status != 401 && r.Status != 407 {
			l.login.answered(on, said, sent)
			l.heard(r)
			return r, nil
		}
		keep, err := l.login.challenged(on, said, sent, n)
		if err != nil {
			on.Close()
			return nil, fmt.Errorf("mms: %s: %d: %w", q.step, r.Status, err)
		}
		n++
		if !r.discard(ctx, l.cfg.Timeouts.Reply) {
			if keep && on.step == ntlmAsked {
				return nil, errLoginCut
			}
			on = nil
		}
	}
}

// exchange sends bytes and reads the head of a reply, all of it within the time
// that one answer may take. An error closes c.
func (l *httpLink) exchange(ctx context.Context, c *httpConn, request []byte) (*httpReply, error) {
	release := c.bound(ctx, l.cfg.Timeouts.Reply)
	defer release()
	// A server may answer and hang up before it has read all of the request: a
	// failed write is told by the read below, unless there is an answer.
	c.Write(request)
	r, err := c.reply()
	if err != nil {
		c.Close()
		return nil, c.replyError(ctx, l.cfg.Timeouts.Reply, err)
	}
	return r, nil
}

// bound sets the time for a dialogue. release ends it, and waits for what ctx
// may be doing to c.
func (c *httpConn) bound(ctx context.Context, wait time.Duration) (release func()) {
	c.SetDeadline(time.Now().Add(wait))
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.SetDeadline(past)
		close(over)
	})
	return func() {
		if !stop() {
			<-over
		}
		c.SetDeadline(time.Time{})
	}
}

// reply reads the head of the next reply.
func (c *httpConn) reply() (*httpReply, error) {
	reader := http1.Reader{Conn: c.Conn, Rest: c.rest}
	c.rest = nil
	for range http1.MaxInterim + 1 {
		raw, err := reader.Next()
		if err != nil {
			c.rest = reader.Rest
			return nil, err
		}
		head, err := http1.Parse(raw)
		if err != nil {
			return nil, err
		}
		if head.Status < 200 {
			continue
		}
		r := &httpReply{Head: head, conn: c, pragmas: wire.ParsePragmas(head.Header.Values("Pragma"))}
		r.body, err = http1.NewBody(c.Conn, head, reader.Rest, func(bool) {})
		if err != nil {
			return nil, err
		}
		c.used = true
		return r, nil
	}
	return nil, http1.ErrNotHTTP
}

// replyError words an error of the connection while a head is awaited.
func (c *httpConn) replyError(ctx context.Context, wait time.Duration, err error) error {
	got := len(c.rest)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isTimeout(err) && got == 0:
		return &TimeoutError{What: "the server did not answer", After: wait}
	case isTimeout(err):
		return &TimeoutError{What: "the server did not end its headers", After: wait}
	case got == 0 && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)):
		return errUnanswered
	case errors.Is(err, io.EOF):
		return fmt.Errorf("mms: %w: it closed the connection in the middle of its headers", ErrProtocol)
	case isNetwork(err):
		return plainly(err)
	}
	return fmt.Errorf("mms: %w: %w", ErrProtocol, err)
}

// discard reads the body of a reply that nobody wants, and reports whether its
// connection can be used again; otherwise it is closed.
func (r *httpReply) discard(ctx context.Context, wait time.Duration) bool {
	release := r.conn.bound(ctx, wait)
	defer release()
	n, err := io.Copy(io.Discard, io.LimitReader(r.body, maxDiscard+1))
	if err != nil || n > maxDiscard || !r.settled() {
		r.conn.Close()
		return false
	}
	return true
}

// settled reports whether the connection is fit for another request behind r,
// of which all was read.
func (r *httpReply) settled() bool {
	r.conn.rest = r.body.Rest()
	return r.body.Marked() && r.Keeps()
}

// plainly words an error of the network.
func plainly(err error) error {
	return &wireError{words.Line(media.Plainly(err).Error(), maxErrorWords), err}
}

// wireError is an error of the network in words that can be shown.
type wireError struct {
	text string
	err  error
}

func (e *wireError) Error() string { return "mms: " + e.text }
func (e *wireError) Unwrap() error { return e.err }

func isNetwork(err error) bool {
	_, ok := errors.AsType[net.Error](err)
	return ok || errors.Is(err, net.ErrClosed)
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
