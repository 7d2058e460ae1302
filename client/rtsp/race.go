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
	quiet := make(chan struct{})
	hush := sync.OnceFunc(func() { close(quiet) }) // an attempt may take several connections
	first, second := make(chan outcome, 1), make(chan outcome, 1)
	go func() {
		s, err := attempt(ctx, a, cfg, over, false, hush)
		first <- outcome{s, err}
	}()
	// keep ends the race with a winner: the other one is told, and waited for
	// by the winner's Close.
	keep := func(won *Session, by lower, rival chan outcome) (*Session, lower, error) {
		cancel(errOvertaken)
		if rival != nil {
			won.workers.Go(func() {
				if o := <-rival; o.s != nil {
					o.s.Close()
				}
			})
		}
		return won, by, nil
	}
	select {
	case o := <-first:
		if o.err == nil {
			return keep(o.s, over, nil)
		}
		cancel(o.err)
		return nil, over, o.err
	case <-quiet:
	}
	cfg.Trace(media.Note{Text: fmt.Sprintf("%s: nothing came in %v, trying %s beside it", over, cfg.Timeouts.Hurry, next)})
	go func() {
		s, err := attempt(ctx, a, cfg, next, last, nil)
		second <- outcome{s, err}
	}()
	var lost [2]error
	for {
		select {
		case o := <-first:
			if o.err == nil {
				rival := second
				if lost[1] != nil {
					rival = nil
				}
				return keep(o.s, over, rival)
			}
			if lost[1] != nil {
				cancel(o.err)
				return nil, over, o.err
			}
			lost[0] = o.err
		case o := <-second:
			if o.err == nil {
				rival := first
				if lost[0] != nil {
					rival = nil
				}
				return keep(o.s, next, rival)
			}
			if lost[0] != nil {
				cancel(o.err)
				if refusesTransport(o.err) {
					return nil, next, lost[0] // it is no way here: the silence is what is to be told
				}
				return nil, next, o.err
			}
			lost[1] = o.err
		}
	}
}
