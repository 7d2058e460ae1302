package mms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// errOvertaken is why an attempt ends when it is not needed any more.
var errOvertaken = errors.New("mms: another way was faster")

// TriedError says that no way led to the stream. It is the failure that tells
// most of what is wrong.
type TriedError struct {
	Err   error
	Tried []string // "mmsu", "mmst", "mmsh", "mmsh at port 8080"
}

func (e *TriedError) Error() string {
	return fmt.Sprintf("%v (tried %s)", e.Err, strings.Join(e.Tried, ", "))
}
func (e *TriedError) Unwrap() error { return e.Err }

// rollover tries the routes to a link, one beside the other: a firewall that
// drops packets says nothing, and long waits one after another would be
// everybody's first impression (section 2.4 of the sheet).
//
//	mmsu  ──── hurry ─────────────────────────────×  overtaken
//	mmst           └──── hurry ──── × refused     |
//	mmsh                     └───────── media ────┘
//	mmsh 8080                           (not begun)
type rollover struct {
	a     address.Address
	cfg   *Config
	dial  dialer
	trace *trace.Tracer

	routes  []route // not begun yet
	running []*attempt
	failed  []*attempt
	busy    *attempt      // was told that the server is full, which may be the rivals' doing
	ends    chan *attempt // of those that run
	hurry   *time.Timer
}

// attempt is one route that is tried.
type attempt struct {
	route  route
	trace  *trace.Tracer
	cancel context.CancelCauseFunc
	s      *Session
	err    error
}

func (o *rollover) run(ctx context.Context) (*Session, error) {
	o.ends = make(chan *attempt, len(o.routes)+1) // an attempt that was told busy runs twice
	o.hurry = time.NewTimer(o.cfg.Timeouts.Hurry)
	defer o.hurry.Stop()
	o.begin(ctx, o.next())
	for len(o.running) > 0 {
		select {
		case at := <-o.ends:
			latest := at == o.running[len(o.running)-1]
			o.running = slices.DeleteFunc(o.running, func(r *attempt) bool { return r == at })
			if at.err == nil {
				return o.won(at), nil
			}
			o.failed = append(o.failed, at)
			if o.verdict(at) {
				o.stop()
				return nil, at.err
			}
			o.lost(ctx, at, latest)
		case <-o.hurry.C:
			if ctx.Err() == nil && len(o.routes) > 0 && o.busy == nil {
				before := o.running[len(o.running)-1].route
				r := o.next()
				o.trace.Note(fmt.Sprintf("%v: nothing yet after %v, trying %v beside it", before, o.cfg.Timeouts.Hurry, r))
				o.begin(ctx, r)
			}
		}
	}
	return nil, o.failure()
}

// next is the route that is tried next.
func (o *rollover) next() route {
	r := o.routes[0]
	o.routes = o.routes[1:]
	return r
}

// begin starts an attempt.
func (o *rollover) begin(ctx context.Context, r route) {
	limit := o.cfg.Timeouts.Attempt
	bounded, release := context.WithTimeoutCause(ctx, limit, &TimeoutError{"no success over " + r.String(), limit})
	bounded, cancel := context.WithCancelCause(bounded)
	at := &attempt{route: r, trace: trace.New(o.trace.Event), cancel: cancel}
	o.running = append(o.running, at)
	o.hurry.Reset(o.cfg.Timeouts.Hurry)
	shown := r.to(o.a)
	shown.Scheme = r.way.String()
	o.trace.Event(media.Attempt{URL: shown.String(), Transport: r.way.transport()})
	go func() {
		defer release()
		defer cancel(nil)
		at.s, at.err = o.try(bounded, at)
		o.ends <- at
	}()
}

// try goes over one route as far as the first media.
func (o *rollover) try(ctx context.Context, at *attempt) (*Session, error) {
	l, err := o.dial(ctx, at.route, at.route.to(o.a), o.cfg, at.trace)
	if err == nil && o.a.Scheme == "mmsu" && l.programme().way != overUDP {
		l.close()
		err = media.At(media.RungSession, errForced)
	}
	if err != nil {
		return nil, caused(ctx, err)
	}
	s := newSession(ctx, l, o.cfg, at.trace)
	if teaches(o.a) {
		s.lesson = func(w way) { o.cfg.Memory.set(memoryKey(o.a), route{w, at.route.port}) }
	}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// caused says why ctx ended, where err says only that it did.
func caused(ctx context.Context, err error) error {
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	rung := media.RungTCP
	if at, ok := errors.AsType[*media.RungError](err); ok {
		rung = at.Rung
	}
	return media.At(rung, context.Cause(ctx))
}

// won ends the rivals of the attempt that has brought media. The session's Close
// waits for them.
func (o *rollover) won(at *attempt) *Session {
	for _, r := range o.running {
		r.trace.Stop()
		r.cancel(errOvertaken)
		o.trace.Note(fmt.Sprintf("%v: given up, %v was faster", r.route, at.route))
	}
	if rivals := len(o.running); rivals > 0 {
		at.s.workers.Go(func() { o.drain(rivals) })
	}
	at.s.learn(at.s.link.programme().way)
	return at.s
}

// drain waits for attempts that were cancelled.
func (o *rollover) drain(rivals int) {
	for range rivals {
		if at := <-o.ends; at.s != nil {
			at.s.Close()
		}
	}
}

// stop ends what still runs, and waits for it.
func (o *rollover) stop() {
	for _, r := range o.running {
		r.trace.Stop()
		r.cancel(errOvertaken)
	}
	o.drain(len(o.running))
	o.running = nil
}

// verdict reports a failure after which nothing else is tried. A server that is
// full may be so because of our own other attempt: it is asked again when that
// has ended.
func (o *rollover) verdict(at *attempt) bool {
	if ClassOf(at.err) == Busy && len(o.running) > 0 && o.busy == nil {
		o.busy = at
		return false
	}
	return final(at.err)
}

// lost goes on after an attempt that has failed.
func (o *rollover) lost(ctx context.Context, at *attempt, latest bool) {
	text := fmt.Sprintf("%v: %s", at.route, reason(at.err))
	switch {
	case ctx.Err() != nil:
	case o.busy != nil && len(o.running) == 0:
		again := o.busy.route
		o.routes = nil // its answer is the last
		o.trace.Note(fmt.Sprintf("%s, trying %v again", text, again))
		o.busy = nil
		o.begin(ctx, again)
	case o.busy == nil && latest && len(o.routes) > 0:
		r := o.next()
		o.trace.Note(fmt.Sprintf("%s, trying %v", text, r))
		o.begin(ctx, r)
	case len(o.running) > 0:
		o.trace.Note(text)
	}
}

// failure is the error of a link over which nothing came: of the failures the
// one that tells most, and of those the first.
func (o *rollover) failure() error {
	best := slices.MaxFunc(o.failed, func(a, b *attempt) int { return telling(a.err) - telling(b.err) })
	if len(o.failed) == 1 {
		return best.err
	}
	tried := &TriedError{Err: best.err}
	for _, at := range o.failed {
		if name := at.route.String(); !slices.Contains(tried.Tried, name) {
			tried.Tried = append(tried.Tried, name)
		}
	}
	at, ok := errors.AsType[*media.RungError](best.err)
	if !ok {
		return media.At(media.RungTCP, tried)
	}
	return media.At(at.Rung, tried)
}

func reason(err error) string { return strings.TrimPrefix(err.Error(), "mms: ") }
