package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"tapedeck/client/http1"
)

// Health checks of an HTTP/2 connection, which carries many requests: when
// nothing comes for so long it is asked for a sign of life.
const (
	pingAfter   = 15 * time.Second
	pingTimeout = 5 * time.Second
)

// speak2 has net/http speak HTTP/2 over a connection on which it was agreed.
func speak2(ctx context.Context, nc net.Conn, to server) (*http.ClientConn, error) {
	t := &http.Transport{
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: http1.MaxHead,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		DialTLSContext:         func(context.Context, string, string) (net.Conn, error) { return nc, nil },
	}
	return t.NewClientConn(ctx, "https", net.JoinHostPort(to.host, to.port))
}

// exchange2 is exchange1 in HTTP/2.
func (c *client) exchange2(ctx context.Context, conn *connection, h hop, q ask) (*reply, error) {
	header := make(http.Header)
	for _, f := range c.request(h, q) {
		if f[0] != "Host" {
			header.Set(f[0], f[1])
		}
	}
	// Opaque keeps the path byte for byte.
	target := &url.URL{Scheme: "https", Host: h.to.Authority(), Opaque: requestTarget(h.to)}
	if strings.HasPrefix(target.Opaque, "//") {
		target.Opaque = "//" + h.to.Authority() + target.Opaque
	}

	// The body lives longer than ctx: it ends with Close.
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { end(context.Cause(ctx)) })
	defer stop()
	late := &TimeoutError{What: "the server did not answer", After: c.cfg.Timeouts.Reply}
	timer := time.AfterFunc(late.After, func() { end(late) })
	defer timer.Stop()
	req := (&http.Request{Method: http.MethodGet, URL: target, Host: h.to.Authority(), Header: header, ProtoMajor: 1, ProtoMinor: 1}).WithContext(life)
	resp, err := conn.two.RoundTrip(req)
	if err != nil {
		cause := context.Cause(life)
		end(err)
		if cause == late {
			return nil, late
		}
		return nil, &unanswered{clean(err)}
	}
	r := &reply{
		Head: &http1.Head{
			Proto:  "http/2",
			Status: resp.StatusCode,
			Reason: http.StatusText(resp.StatusCode),
			Header: resp.Header,
		},
		length: resp.ContentLength,
		marked: true,
	}
	for _, values := range r.Header {
		for i, v := range values {
			values[i] = http1.Printable([]byte(v))
		}
	}
	body := newPumped(resp.Body, r.length)
	body.close = func() {
		end(errClosed)
		c.kept.ended(conn, body)
	}
	r.body = body
	if !c.kept.began(conn, body) {
		body.Close()
		return nil, errClosed
	}
	return r, nil
}

// pumped is the body of an HTTP/2 reply with the deadlines that net/http does
// not have: a goroutine reads ahead by one buffer, so that a Read which gives
// up loses nothing.
type pumped struct {
	from  io.ReadCloser
	want  int64
	close func()

	mu       sync.Mutex
	change   sync.Cond
	buf      []byte
	r, w     int // of buf, not yet handed out
	got      int64
	err      error // from the source, behind what is in buf
	closed   bool
	deadline time.Time
	timer    *time.Timer
	done     chan struct{}
}

// pumpBuffer is how far a pumped body reads ahead, in bytes.
const pumpBuffer = 64 << 10

func newPumped(from io.ReadCloser, want int64) *pumped {
	b := &pumped{from: from, want: want, buf: make([]byte, pumpBuffer), done: make(chan struct{})}
	b.change.L = &b.mu
	b.timer = time.AfterFunc(time.Hour, b.wake)
	b.timer.Stop()
	go b.pump()
	return b
}

func (b *pumped) wake() {
	b.mu.Lock()
	b.change.Broadcast()
	b.mu.Unlock()
}

func (b *pumped) pump() {
	defer close(b.done)
	for {
		b.mu.Lock()
		for b.r < b.w && !b.closed {
			b.change.Wait()
		}
		closed := b.closed
		b.mu.Unlock()
		if closed {
			return
		}
		n, err := b.from.Read(b.buf) // nobody looks at buf while it is empty
		b.mu.Lock()
		b.r, b.w, b.err = 0, n, err
		b.change.Broadcast()
		b.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (b *pumped) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		switch {
		case b.closed:
			return 0, net.ErrClosed
		case b.r < b.w:
			n := copy(p, b.buf[b.r:b.w])
			b.r += n
			b.got += int64(n)
			b.change.Broadcast()
			return n, nil
		case errors.Is(b.err, io.ErrUnexpectedEOF) && b.want >= 0:
			return 0, &ShortError{Got: b.got, Want: b.want}
		case b.err != nil:
			return 0, b.err
		case !b.deadline.IsZero() && !time.Now().Before(b.deadline):
			return 0, os.ErrDeadlineExceeded
		}
		b.change.Wait()
	}
}

func (b *pumped) SetReadDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deadline = t
	b.timer.Stop()
	if !t.IsZero() {
		b.timer.Reset(max(time.Until(t), 0))
	}
	b.change.Broadcast()
	return nil
}

func (b *pumped) Close() error {
	b.mu.Lock()
	again := b.closed
	b.closed = true
	b.timer.Stop()
	b.change.Broadcast()
	b.mu.Unlock()
	if !again {
		b.close()
		b.from.Close()
	}
	<-b.done
	return nil
}
