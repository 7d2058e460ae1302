package mmstest

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/mms/wire"
)

// WebRequest is what a client of MMSH asked for, for tests to look at.
type WebRequest struct {
	Kind    string // "Describe", "Play"
	Method  string
	Target  string
	Header  http.Header
	Pragmas wire.Pragmas
	Body    string
}

// webStore is what MMSH knows of its clients, over connections.
type webStore struct {
	mu       sync.Mutex
	sessions map[uint32]*webSession
	requests []WebRequest
}

// WebRequests are the requests over HTTP so far.
func (s *Server) WebRequests() []WebRequest {
	s.web.mu.Lock()
	defer s.web.mu.Unlock()
	return append([]WebRequest(nil), s.web.requests...)
}

func (st *webStore) note(r *webRequest) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.requests) < maxSaid {
		st.requests = append(st.requests, WebRequest{
			Kind: r.kind.String(), Method: r.method, Target: r.target,
			Header: r.header.Clone(), Pragmas: r.pragmas, Body: r.body,
		})
	}
}

func (s *Server) keepLog(r *webRequest) {
	line, ok := r.pragmas.Get("log-line")
	if !ok {
		line = r.body
	}
	s.count(func(st *Stats) {
		if len(st.Logs) < maxSaid {
			st.Logs = append(st.Logs, line)
		}
	})
}

// webState is a session's ([MS-WMSP] 3.2.1).
type webState uint8

const (
	webInit webState = iota
	webStreaming
	webWaiting // for what the client chooses of a new header
	webIdle
)

// webSession is known by its client-id, whatever connection a request comes on.
type webSession struct {
	id    uint32
	entry atomic.Int64 // that was described last

	mu      sync.Mutex
	state   webState
	expires time.Time
	orders  []wire.StreamEntry // that came on other connections
	chosen  time.Time          // when the last ones came
	stopped bool
	wake    chan struct{}
}

// open finds the session of a request, or makes one. reset says that it knew
// another one, which is gone.
func (st *webStore) open(r *webRequest, idle time.Duration) (ses *webSession, reset bool) {
	if ses = st.find(r); ses != nil {
		ses.touch(idle)
		return ses, false
	}
	_, reset = r.pragmas.Number("client-id")
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.sessions == nil {
		st.sessions = make(map[uint32]*webSession)
	}
	for {
		id := rand.Uint32()
		if _, taken := st.sessions[id]; !taken && id != 0 {
			ses = &webSession{id: id, wake: make(chan struct{}, 1), expires: time.Now().Add(idle)}
			st.sessions[id] = ses
			return ses, reset
		}
	}
}

// find is the session that a request names, nil if there is none any more.
func (st *webStore) find(r *webRequest) *webSession {
	id, ok := r.pragmas.Number("client-id")
	if !ok {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	now := time.Now()
	for id, ses := range st.sessions {
		if ses.expired(now) {
			delete(st.sessions, id)
		}
	}
	return st.sessions[id]
}

func (s *webSession) expired(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state != webStreaming && now.After(s.expires)
}

// touch begins the wait for its end anew.
func (s *webSession) touch(idle time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expires = time.Now().Add(idle)
}

func (s *webSession) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == webInit || s.state == webIdle
}

func (s *webSession) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == webWaiting
}

// begin makes it the stream of one connection. A second one is refused: it
// might be somebody else's.
func (s *webSession) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == webStreaming || s.state == webWaiting {
		return false
	}
	s.state, s.stopped, s.orders = webStreaming, false, nil
	return true
}

func (s *webSession) become(state webState, idle time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.expires = state, time.Now().Add(idle)
}

// order gives the stream what was chosen on another connection.
func (s *webSession) order(entries []wire.StreamEntry) {
	s.mu.Lock()
	s.orders = append(s.orders, entries...)
	s.chosen = time.Now()
	s.mu.Unlock()
	s.rouse()
}

// end stops the stream.
func (s *webSession) end() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.rouse()
}

func (s *webSession) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// news are the orders since the last call.
func (s *webSession) news() (entries []wire.StreamEntry, stopped bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries, s.orders = s.orders, nil
	return entries, s.stopped
}

// lastChoice is when streams were last chosen.
func (s *webSession) lastChoice() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chosen
}
