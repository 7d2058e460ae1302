package rtsp

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// errOvertaken is why an attempt ends whose rival has brought media.
var errOvertaken = errors.New("rtsp: the other transport was faster")

// outcome is how an attempt ended.
type outcome struct {
	s   *Session
	by  lower
	err error
}

// race tries over, and beside it next where nothing has come a while after
// PLAY (Timeouts.Hurry): a firewall that drops UDP says nothing, and a long
// wait for it would be everybody's first impression. The first media win.
//
//	udp  ──── PLAY ··· hurry ···············×  overtaken
//	tcp                      └──── PLAY ── media
//
// It returns the transport that err or the session belongs to. A server that
// allows one client at a time may refuse the second; that failure does not
// count, and err is of the first.
func race(ctx context.Context, a address.Address, cfg Config, over, next lower, last bool) (*Session, lower, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(errOvertaken) // it ends the attempt that has not won
	ends := make(chan outcome, 2)
	try := func(by lower, last bool, hush func()) {
		s, err := attempt(ctx, a, cfg, by, last, hush)
		ends <- outcome{s, by, err}
	}
	quiet := make(chan struct{})
	hush := sync.OnceFunc(func() { close(quiet) }) // an attempt may take several connections
	go try(over, false, hush)
	select {
	case only := <-ends:
		return only.s, over, only.err
	case <-quiet:
	}
	cfg.Trace(media.Note{Text: fmt.Sprintf("%s: nothing came in %v, trying %s beside it", over, cfg.Timeouts.Hurry, next)})
	go try(next, last, nil)

	first := <-ends
	if first.err == nil {
		first.s.workers.Go(func() { // its Close waits for the other one
			if o := <-ends; o.s != nil {
				o.s.Close()
			}
		})
		return first.s, first.by, nil
	}
	second := <-ends
	if second.by == next && refusesTransport(second.err) {
		second.err = first.err // it is no way here: the silence is what is to be told
	}
	return second.s, second.by, second.err
}
