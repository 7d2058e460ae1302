package web

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"tapedeck/client/http1"
	"tapedeck/client/media"
	"tapedeck/client/trust"
)

// errUnanswered: the connection gave not a byte in answer to a request.
var errUnanswered = errors.New("http: the server closed the connection without an answer")

// exchange1 is one request and the head of its reply in HTTP/1.x. The head has
// to be complete within Timeouts.Reply, however slowly it dribbles in.
func (c *client) exchange1(ctx context.Context, conn *connection, h hop, q ask) (*reply, error) {
	conn.SetDeadline(time.Now().Add(c.cfg.Timeouts.Reply))
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(past) })
	defer stop()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}

	line := make([]byte, 0, 1024)
	line = append(line, "GET "...)
	if conn.proxy != nil {
		line = append(line, h.to.Scheme+"://"+h.to.Authority()...)
	}
	line = append(append(line, requestTarget(h.to)...), " HTTP/1.1\r\n"...)
	if conn.proxy != nil && conn.proxy.User != nil {
		line = append(line, "Proxy-Authorization: "+proxyLogin(conn.proxy)+"\r\n"...)
	}
	for _, f := range c.request(h, q) {
		line = append(append(append(append(line, f[0]...), ": "...), f[1]...), "\r\n"...)
	}
	line = append(line, "\r\n"...)
	// A server may answer and hang up before it has read all of the request: a
	// failed write is told by the read below, unless there is an answer.
	conn.Write(line)

	reader := http1.Reader{Conn: conn}
	for range http1.MaxInterim + 1 {
		raw, err := reader.Next()
		if err != nil {
			return nil, c.replyError(err, len(reader.Rest))
		}
		parsed, err := parseHead(raw)
		if err != nil {
			return nil, err
		}
		if parsed.Status < 200 {
			continue
		}
		done := func(whole bool) { c.kept.give(conn, whole && parsed.Keeps()) }
		b, err := http1.NewBody(conn, parsed, reader.Rest, done)
		if err != nil {
			return nil, err
		}
		if parsed.Status == 408 && conn.again {
			return nil, errUnanswered // a farewell to a connection that was idle too long
		}
		if !stop() {
			return nil, context.Cause(ctx) // its deadline may still be set
		}
		return &reply{Head: parsed, length: b.Length(), marked: b.Marked(), body: b}, nil
	}
	return nil, http1.ErrNotHTTP
}

// replyError words an error of the connection while a head is awaited.
func (c *client) replyError(err error, got int) error {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout() && got == 0:
		return &TimeoutError{What: "the server did not answer", After: c.cfg.Timeouts.Reply}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &TimeoutError{What: "the server did not end its headers", After: c.cfg.Timeouts.Reply}
	case got == 0 && errors.Is(err, io.EOF):
		return errUnanswered
	case tlsAlert(err): // TLS 1.3 refuses a client after the handshake only
		return trust.Explain("http", "", err)
	case got == 0 && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)):
		return &unanswered{clean(media.Plainly(err))}
	case errors.Is(err, io.EOF):
		return errors.New("http: the server closed the connection in the middle of its headers")
	case errors.Is(err, http1.ErrTooLong), errors.Is(err, http1.ErrNotHTTP), errors.Is(err, ErrRTSP), errors.Is(err, ErrTLS):
		return err
	}
	return clean(err)
}

func tlsAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

// unanswered is errUnanswered with the connection's own reason.
type unanswered struct{ why error }

func (e *unanswered) Error() string   { return e.why.Error() }
func (e *unanswered) Unwrap() []error { return []error{errUnanswered, e.why} }
