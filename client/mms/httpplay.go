package mms

import (
	"context"
	"errors"
	"time"

	"tapedeck/client/media"
)

// stillStreaming is how long a server may take to see that a data connection was
// closed: meanwhile it refuses another one for the session.
const stillStreaming = 2 * time.Second

// againAfter are the waits until it is asked again.
var againAfter = []time.Duration{100 * time.Millisecond, 300 * time.Millisecond}

// play asks the server to send ([MS-WMSP] 3.1.4.3). It stops what it sends
// before that, for it would not move to another place otherwise.
func (l *httpLink) play(ctx context.Context, r request) error {
	ctx, release, err := l.call(ctx)
	if err != nil {
		return err
	}
	defer release()
	l.line.Lock()
	defer l.line.Unlock()
	l.plays++
	l.asked = r
	l.decide(r.streams, true)
	start := time.Now()
	detail := ""
	old := l.cur.Load()
	if old != nil && old.waiting.Load() && r.from == 0 && r.packet == 0 {
		err = l.enter(ctx, old, r.streams)
		detail = "the next entry"
		if err == nil {
			return l.trace.Step(media.RungSession, "play", start, detail, nil)
		}
	}
	l.end(ctx, old)
	detail, err = l.begin(ctx, r)
	return l.trace.Step(media.RungSession, "play", start, detail, err)
}

// end stops a stream, nil for none. line is held.
func (l *httpLink) end(ctx context.Context, s *httpStream) {
	if s == nil {
		return
	}
	s.halt()
	l.show(nil)
	l.logOf(s)
	if !s.piped {
		l.closed = time.Now()
		return
	}
	if err := l.settle(ctx, s); err != nil {
		s.conn.Close()
		l.pipe = nil
	}
}

// begin asks for the stream, more than once where that helps: a server may not
// have seen yet that the old connection is closed, it may have forgotten the
// session in a pause, or a load balancer may have led to another one. Then the
// session begins anew at the same place.
func (l *httpLink) begin(ctx context.Context, r request) (detail string, err error) {
	detail, err = l.start(ctx, r)
	if !l.forgiven(err) {
		return detail, err
	}
	for _, wait := range againAfter {
		if time.Since(l.closed) > stillStreaming {
			break
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", context.Cause(ctx)
		}
		if detail, err = l.start(ctx, r); !l.forgiven(err) {
			return detail, err
		}
	}
	if l.plays > 1 {
		l.trace.Note("the server does not go on with the session: beginning another one at the same place")
	}
	l.drop()
	l.mu.Lock()
	l.session.id = ""
	l.mu.Unlock()
	if _, again := l.describe(ctx); again != nil {
		return detail, err // of the Play: that tells more
	}
	if detail, err = l.start(ctx, r); l.forgiven(err) && r.packet != 0 {
		r.packet = 0 // an imitator that knows times alone
		detail, err = l.start(ctx, r)
	}
	return detail, err
}

// forgiven reports a refusal after which another try makes sense.
func (l *httpLink) forgiven(err error) bool {
	status, ok := errors.AsType[*StatusError](err)
	if !ok {
		return errors.Is(err, errUnanswered)
	}
	switch status.Code {
	case 401, 403, 407, 410:
		return false
	}
	return status.Code >= 400 && status.Code < 500
}

// start sends one Play and reads the head of the reply.
func (l *httpLink) start(ctx context.Context, r request) (detail string, err error) {
	q := &httpAsk{step: "play", method: "GET", pragmas: append([]string{place(&r), "xPlayStrm=1"}, switches(r.streams)...)}
	l.mu.Lock()
	if l.session.major >= 5 {
		q.pragmas = append(q.pragmas, rightAway)
	}
	if l.session.entry != "" {
		q.pragmas = append(q.pragmas, "playlist-seek-id="+l.session.entry)
	}
	l.mu.Unlock()
	on := l.spare
	l.spare = nil
	if l.pipe != nil {
		on, q.new = l.pipe, true
		q.pragmas = append(q.pragmas, "version11-enabled=1")
	}
	l.pipe = nil
	reply, err := l.ask(ctx, q, on, nil)
	if err != nil {
		return "", err
	}
	if reply.Status < 200 || reply.Status >= 300 {
		err := l.refused(reply)
		if q.new && reply.discard(ctx, l.cfg.Timeouts.Reply) {
			l.pipe = reply.conn
		} else {
			reply.conn.Close()
		}
		return reply.detail(), err
	}
	s := &httpStream{
		conn: reply.conn, reply: reply, body: reply.body,
		piped: q.new && reply.Keeps() && reply.body.Length() < 0 && reply.body.Marked(),
		began: time.Now(), from: r.from, packets: l.packets.Load(), bytes: l.bytes.Load(),
	}
	if s.piped {
		l.pipe = s.conn
	}
	s.number.Store(int64(l.plays))
	l.show(s)
	if l.isClosed() { // close has not seen it
		s.halt()
	}
	return reply.detail(), nil
}

// refused is the error of a Play's reply that is no success.
func (l *httpLink) refused(r *httpReply) error {
	if location := r.Header.Get("Location"); r.Status < 400 && r.Status >= 300 && r.Status != 305 && location != "" {
		return &RedirectError{Link: l.to.Resolve(location), Public: l.public || r.conn.public}
	}
	return r.failure("play")
}

// enter has a server go on that waits with the next entry of its playlist for
// the choice of streams: all of them are to be named. line is held.
func (l *httpLink) enter(ctx context.Context, s *httpStream, d []decision) error {
	if err := l.choose(ctx, s, d, true); err != nil {
		return err
	}
	s.number.Store(int64(l.plays))
	s.waiting.Store(false)
	l.show(s)
	return nil
}

// choose tells the server about streams of what it sends, or is about to. The
// reply comes on another connection, or behind what is sent now.
func (l *httpLink) choose(ctx context.Context, s *httpStream, d []decision, next bool) error {
	q := &httpAsk{step: "change", method: "POST", pragmas: append([]string{"no-cache"}, switches(d)...)}
	if s.piped {
		q.method, q.new = "GET", true
		q.pragmas = append(q.pragmas, "version11-enabled=1")
		if next {
			q.step, q.pragmas = "next entry", append(q.pragmas, "xPlayNextEntry=1")
		}
		return l.push(s, q)
	}
	r, err := l.ask(ctx, q, nil, nil)
	if err != nil {
		return err
	}
	defer r.conn.Close()
	if r.Status < 200 || r.Status >= 300 {
		return r.failure(q.step)
	}
	return nil
}

// change replaces streams while the server sends ([MS-WMSP] 3.1.4.4). Where the
// server cannot do that it plays from the same place with the new ones.
func (l *httpLink) change(ctx context.Context, d []decision) error {
	ctx, release, err := l.call(ctx)
	if err != nil {
		return err
	}
	defer release()
	l.line.Lock()
	defer l.line.Unlock()
	before, thin := l.chosen, l.thinning
	l.decide(d, false)
	s := l.cur.Load()
	if s == nil || s.waiting.Load() {
		return nil // it goes with the next Play
	}
	l.mu.Lock()
	able := l.session.choose
	l.mu.Unlock()
	if able {
		if err = l.choose(ctx, s, d, false); err != nil {
			l.chosen, l.thinning = before, thin
		}
		return media.At(media.RungSession, err)
	}
	l.end(ctx, s)
	r := request{streams: l.decided()}
	if !l.first.broadcast {
		r.from = l.asked.from
		if last := l.last.Load(); last >= 0 {
			r.packet = uint32(last) + 1
		}
	}
	_, err = l.begin(ctx, r)
	return media.At(media.RungSession, err)
}

// stop has the server send no more. The keeper holds the session from now on.
func (l *httpLink) stop(ctx context.Context) error {
	ctx, release, err := l.call(ctx)
	if err != nil {
		return err
	}
	defer release()
	l.line.Lock()
	defer l.line.Unlock()
	l.end(ctx, l.cur.Load())
	return nil
}
