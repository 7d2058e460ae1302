package rtsp

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// keepalive is the ladder of methods that tell the server that we are still
// there. It has its own timer: neither the media nor their absence stop it. The
// answers are not waited for; one that says that a method is of no use moves on
// to the next.
type keepalive struct {
	methods []string
	rung    atomic.Int32 // moved by the connection's reader
	asked   atomic.Int32 // since the last answer
	next    time.Time
}

// maxUnanswered is how many keepalives in a row may stay without an answer
// before the next method is tried.
const maxUnanswered = 3

// refusedPing are the answers by which a keepalive's method is of no use; 451 only
// says that there is no such parameter.
var refusedPing = []int{400, 404, 405, 454, 455, 501, 551}

// keepaliveMethods is the ladder for a server: what it has of GET_PARAMETER,
// OPTIONS, SET_PARAMETER, in that order. Hipcam's firmware never answers
// GET_PARAMETER and stops after it.
func keepaliveMethods(server string, has func(string) (has, known bool)) []string {
	ladder := []string{"GET_PARAMETER", "OPTIONS", "SET_PARAMETER"}
	if strings.Contains(server, "Hipcam") {
		ladder = []string{"OPTIONS", "SET_PARAMETER"}
	}
	offered := slices.DeleteFunc(slices.Clone(ladder), func(m string) bool {
		ok, known := has(m)
		return m != "OPTIONS" && (known && !ok || m == "SET_PARAMETER" && !known)
	})
	if _, known := has("OPTIONS"); !known {
		// Without a list OPTIONS is the one that every server knows.
		offered = []string{"OPTIONS", "GET_PARAMETER"}
	}
	return offered
}

func (k *keepalive) method() string {
	return k.methods[int(k.rung.Load())%len(k.methods)]
}

// answered is called by the connection's reader.
func (k *keepalive) answered(r *response) {
	k.asked.Store(0)
	if slices.Contains(refusedPing, r.status) {
		k.rung.Add(1)
	}
}

// keepAlive sends a keepalive when one is due.
func (s *Session) keepAlive(now time.Time) error {
	k := &s.alive
	if now.Before(k.next) {
		return nil
	}
	k.next = now.Add(keepaliveInterval(s.d.sessionTimeout()))
	if k.asked.Add(1) > maxUnanswered {
		k.asked.Store(1)
		k.rung.Add(1)
	}
	if !s.over.interleaved() {
		s.punch()
	}
	return s.d.ping(k.method(), s.control, k.answered)
}

// punch keeps the way for the server's packets open.
func (s *Session) punch() {
	for _, t := range s.tracks {
		if t.pair == nil || t.receiver == nil {
			continue
		}
		s.f.mu.Lock()
		report := t.receiver.AppendReport(nil, time.Now())
		s.f.mu.Unlock()
		t.pair.punch(t.format.PayloadType, report)
	}
}
