package mms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tapedeck/client/media"
)

// Pipelined mode ([MS-WMSP] 3.1.4.3): several requests are written on one
// connection without a wait, and answered in turn. A stream is a reply in
// chunks of HTTP/1.1: its end is marked, and the next reply stands behind it.
//
//	C: GET xPlayStrm    S: 200, chunks: $H $D $D $D ...
//	C: GET streams      S: the last chunk; 200, chunks: $D $D $D ...
//	C: POST xStopStrm   S: the last chunk; 200

// pipelineTest bounds the test: a server holds its first reply for a second.
const pipelineTest = 2500 * time.Millisecond

// tryPipeline finds out whether the mode works ([MS-WMSP] 2.2.2.5): two requests
// are sent at once, and the server says in the second reply whether they came so.
// A proxy on the way may hold the second one back until the first is answered.
func (l *httpLink) tryPipeline(ctx context.Context) {
	c := l.spare
	if c == nil || !l.pipelines {
		return
	}
	l.spare = nil
	start := time.Now()
	ok, err := l.testPipeline(ctx, c)
	switch {
	case ok:
		l.pipe = c
		l.trace.Step(media.RungReply, "pipeline", start, "one connection for all requests", nil)
		return
	case err == nil:
		l.spare = c
	default:
		c.Close()
	}
	l.trace.Step(media.RungReply, "pipeline", start, "a connection for each request", nil)
}

// testPipeline reports the result, and an error where c cannot be used again.
func (l *httpLink) testPipeline(ctx context.Context, c *httpConn) (bool, error) {
	q := &httpAsk{method: "GET", new: true, pragmas: []string{"no-cache", "pipeline-request=1"}}
	var requests []byte
	for range 2 {
		name, sent, err := l.login.authorization(c, q.method, q.target(l))
		if err != nil {
			return false, err
		}
		requests = append(requests, q.bytes(l, name, sent)...)
	}
	defer c.bound(ctx, min(pipelineTest, l.cfg.Timeouts.Reply))()
	c.Write(requests)
	for n := range 2 {
		r, err := c.reply()
		if err != nil {
			return false, err
		}
		if size, err := io.Copy(io.Discard, io.LimitReader(r.body, maxDiscard+1)); err != nil || size > maxDiscard || !r.settled() {
			return false, errors.New("the connection does not last")
		}
		if r.Status >= 300 {
			return false, fmt.Errorf("refused with %d", r.Status)
		}
		l.heard(r)
		if n == 1 {
			return r.pragmas.Has("pipeline-result"), nil
		}
	}
	return false, nil
}

// offersPipeline reports whether the reply to a Describe allows the test. A proxy
// of HTTP/1.0 on the way would keep the chunks for itself.
func (r *httpReply) offersPipeline() bool {
	if !r.pragmas.Has("pipeline-experiment") || r.Proto != "http/1.1" {
		return false
	}
	for _, via := range r.Header.Values("Via") {
		for _, hop := range strings.Split(via, ",") {
			version, _, _ := strings.Cut(strings.TrimSpace(hop), " ")
			if version = strings.TrimPrefix(strings.ToUpper(version), "HTTP/"); version == "1.0" || version == "0.9" {
				return false
			}
		}
	}
	return true
}

// push writes a request behind that of a stream; next meets its reply behind
// what the server sends now.
func (l *httpLink) push(s *httpStream, q *httpAsk) error {
	name, sent, err := l.login.authorization(s.conn, q.method, q.target(l))
	if err != nil {
		return err
	}
	s.expect(q.step)
	s.conn.SetWriteDeadline(time.Now().Add(l.cfg.Timeouts.Reply))
	if _, err := s.conn.Write(q.bytes(l, name, sent)); err != nil {
		return plainly(err)
	}
	return nil
}

// turnOver goes on with the reply behind the one that has ended.
func (l *httpLink) turnOver(ctx context.Context, s *httpStream) error {
	until := time.Now().Add(l.cfg.Timeouts.Reply)
	s.conn.SetReadDeadline(until)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case s.halted.Load():
		return errSwitched
	}
	r, err := s.conn.reply()
	switch {
	case err == nil:
	case s.halted.Load():
		return errSwitched
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isTimeout(err) && time.Now().Before(until):
		return nil // woken by an earlier ctx
	default:
		s.end = media.At(media.RungTransport, s.conn.replyError(ctx, l.cfg.Timeouts.Reply, err))
		return nil
	}
	l.heard(r)
	kind := s.expected()
	if r.Status < 200 || r.Status >= 300 {
		s.end = media.At(media.RungTransport, r.failure(kind))
		return nil
	}
	s.reply, s.body = r, r.body
	return nil
}

// settle reads what is left on a stream's connection, so that it is ready for
// another request. A stream that has not ended is stopped. line is held.
func (l *httpLink) settle(ctx context.Context, s *httpStream) error {
	s.mu.Lock() // next has seen that it is halted
	defer s.mu.Unlock()
	if s.end != nil && s.end != io.EOF {
		return s.end
	}
	defer s.conn.bound(ctx, l.cfg.Timeouts.Stop)()
	if s.end == nil {
		q := &httpAsk{step: "stop", method: "POST", new: true, pragmas: []string{"no-cache", "xStopStrm=1"}}
		if err := l.push(s, q); err != nil {
			return err
		}
	}
	for {
		if s.body != nil {
			if _, err := io.Copy(io.Discard, s.body); err != nil {
				return err
			}
			s.conn.rest, s.body = s.body.Rest(), nil
		}
		if s.expected() == "" {
			return nil
		}
		r, err := s.conn.reply()
		if err != nil {
			return err
		}
		l.heard(r)
		if !r.Keeps() || !r.body.Marked() {
			return errUnanswered
		}
		s.body = r.body
	}
}
