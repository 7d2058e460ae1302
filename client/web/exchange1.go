package web

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

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

	reader := headReader{conn: conn}
	for range maxInterim + 1 {
		raw, err := reader.next()
		if err != nil {
			return nil, c.replyError(err, len(reader.buf))
		}
		parsed, err := parseHead(raw)
		if err != nil {
			return nil, err
		}
		if parsed.status < 200 {
			continue
		}
		length, chunked, err := parsed.bodyLength()
		if err != nil {
			return nil, err
		}
		if parsed.status == 408 && conn.again {
			return nil, errUnanswered // a farewell to a connection that was idle too long
		}
		if !stop() {
			return nil, context.Cause(ctx) // its deadline may still be set
		}
		b := &wireBody{conn: conn, left: reader.buf, want: length}
		if chunked {
			b.chunks = &dechunker{}
		}
		b.done = func(whole bool) { c.kept.give(conn, whole && parsed.keeps()) }
		return &reply{head: parsed, length: length, marked: chunked || length >= 0, body: b}, nil
	}
	return nil, errNotHTTP
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
	case errors.Is(err, errHeadTooLong), errors.Is(err, errNotHTTP), errors.Is(err, ErrRTSP), errors.Is(err, ErrTLS):
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

// headReader cuts heads off a connection and keeps what comes behind them.
type headReader struct {
	conn net.Conn
	buf  []byte
}

// next is the next head, its empty line included.
func (r *headReader) next() ([]byte, error) {
	searched := 0
	for {
		if end := headEnd(r.buf, searched); end > 0 {
			head := r.buf[:end]
			r.buf = r.buf[end:]
			return head, nil
		}
		searched = len(r.buf)
		if searched >= maxHead {
			return nil, errHeadTooLong
		}
		// What cannot become a status line is not waited for: a server of
		// another protocol may keep silent for ever after its greeting.
		switch {
		case len(r.buf) >= len(rtspStart) && equalFold(r.buf[:len(rtspStart)], rtspStart):
			return nil, ErrRTSP
		case startsLikeTLS(r.buf):
			return nil, ErrTLS
		case !startsLike(r.buf):
			return nil, errNotHTTP
		}
		if cap(r.buf)-len(r.buf) < 4<<10 {
			r.buf = append(make([]byte, 0, 2*cap(r.buf)+8<<10), r.buf...)
		}
		n, err := r.conn.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		if n == 0 && err != nil {
			return nil, err
		}
	}
}

// rtspStart is how an RTSP server answers a request that it does not know.
const rtspStart = "RTSP/"

// startsLike reports whether b may become a status line of HTTP, or of what is
// known not to be.
func startsLike(b []byte) bool {
	for _, start := range []string{"HTTP/1.", "ICY ", rtspStart} {
		k := min(len(start), len(b))
		if equalFold(b[:k], start[:k]) {
			return true
		}
	}
	return false
}

// startsLikeTLS reports a record of TLS: an alert, or a handshake of its own.
func startsLikeTLS(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3
}

func equalFold(b []byte, s string) bool {
	for i := range b {
		if b[i]&^0x20 != s[i]&^0x20 {
			return false
		}
	}
	return true
}
