package rtsp

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// keepalive is the ladder of methods that tell the server that we are still
// there. It has its own timer: neither the media nor their absence stop it. The
// answers are not waited for; one that says that a method is of no use moves on
// to the next, at once.
//
// As long as media come the session lives, whatever the answers are: Thingino's
// firmware says 454 to GET_PARAMETER while it streams. While it is paused the
// answers are the only sign of life.
type keepalive struct {
	methods []string
	out     *call        // the last one sent
	rung    atomic.Int32 // moved by the connection's reader
	asked   atomic.Int32 // since the last answer
	gone    atomic.Int32 // answers in a row by which there is no such session
	again   atomic.Bool  // ask once more, with another method or a new nonce
	extra   int          // asked once more since next was set
	next    time.Time
}

// maxUnanswered is how many keepalives in a row may stay without an answer:
// then the next method is tried while media come, and the session is over while
// none are to come.
const maxUnanswered = 3

// refusedPing are the answers by which a keepalive's method is of no use; 451 only
// says that there is no such parameter.
var refusedPing = []int{400, 404, 405, 454, 455, 501, 551}

// keepaliveMethods is the ladder for a server: what it has of GET_PARAMETER,
// OPTIONS, SET_PARAMETER, in that order. A server that has SET_PARAMETER alone of
// the two means it (GW4089IP); MediaMTX closes the connection after one. Hipcam's
// firmware never answers GET_PARAMETER and stops after it.
func keepaliveMethods(server string, has func(string) (has, known bool)) []string {
	if _, known := has("OPTIONS"); !known {
		// Without a list OPTIONS is the one that every server knows.
		return []string{"OPTIONS", "GET_PARAMETER"}
	}
	get, _ := has("GET_PARAMETER")
	set, _ := has("SET_PARAMETER")
	get = get && !strings.Contains(server, "Hipcam")
	set = set && !strings.Contains(server, "gortsplib")
	switch {
	case get && set:
		return []string{"GET_PARAMETER", "OPTIONS", "SET_PARAMETER"}
	case get:
		return []string{"GET_PARAMETER", "OPTIONS"}
	case set && !strings.Contains(server, "Hipcam"):
		return []string{"SET_PARAMETER", "OPTIONS"}
	case set:
		return []string{"OPTIONS", "SET_PARAMETER"}
	}
	return []string{"OPTIONS"}
}

func (k *keepalive) method() string {
	return k.methods[int(k.rung.Load())%len(k.methods)]
}

// answered is called by the connection's reader.
func (k *keepalive) answered(r *response, renewed bool) {
	k.asked.Store(0)
	refused := slices.Contains(refusedPing, r.status)
	if refused {
		k.rung.Add(1)
	}
	if r.status == 454 {
		k.gone.Add(1)
	} else {
		k.gone.Store(0)
	}
	if refused || renewed {
		k.again.Store(true)
	}
}

// due reports whether it is time for a keepalive.
func (k *keepalive) due(now time.Time, interval time.Duration) bool {
	switch {
	case !now.Before(k.next):
		k.next, k.extra = now.Add(interval), 0
		k.again.Store(false)
		return true
	case k.again.Swap(false) && k.extra < max(1, len(k.methods)-1):
		k.extra++
		return true
	}
	return false
}

// keepAlive sends a keepalive when one is due. The error is the session's end.
func (s *Session) keepAlive(now time.Time) error {
	k := &s.alive
	s.f.mu.Lock()
	paused, backlogged := !s.playing, s.f.backlogged
	s.f.mu.Unlock()
	if paused && int(k.gone.Load()) >= len(k.methods) {
		return newStatusError(k.method(), &response{status: 454})
	}
	interval := keepaliveInterval(s.d.sessionTimeout())
	if !k.due(now, interval) {
		return nil
	}
	if k.out != nil {
		s.d.abandon(k.out)
	}
	switch asked := k.asked.Load(); {
	case backlogged:
		k.asked.Store(0) // the answers are there, but not read
	case asked >= maxUnanswered && paused:
		return &TimeoutError{"rtsp: keepalive: no answer", maxUnanswered * interval}
	case asked >= maxUnanswered:
		k.asked.Store(0)
		k.rung.Add(1)
	case asked > 0 && paused:
		k.rung.Add(1)
	}
	if !s.over.interleaved() {
		s.punch()
	}
	k.asked.Add(1) // the answer may be there before ping returns
	var err error
	if k.out, err = s.d.ping(k.method(), s.control, k.answered); err != nil && s.d.failure() == nil {
		return fmt.Errorf("rtsp: keepalive: %w", err)
	}
	if k.out == nil {
		k.asked.Add(-1)
	}
	return nil
}

// punch keeps the way for the server's packets open.
func (s *Session) punch() {
	for _, t := range s.tracks {
		if t.pair == nil || t.receiver == nil {
			continue
		}
		s.f.mu.Lock()
		report := t.appendReport(nil, time.Now())
		s.f.mu.Unlock()
		t.pair.punch(t.format.PayloadType, report)
	}
}
