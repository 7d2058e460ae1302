package mmstest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	firstLook = 4096             // bytes of the buffer in front of a connection
	patience  = 10 * time.Second // for the first bytes of a connection, and for one write
)

// Server serves MMS over TCP, UDP and HTTP at one port of 127.0.0.1.
type Server struct {
	o     Options
	began time.Time
	tcp   net.Listener
	udp   *net.UDPConn

	// done is closed by Close, which also closes the connections, then waits
	// for all goroutines.
	done chan struct{}
	wg   sync.WaitGroup
	// off is closed when the broadcasts are over.
	off chan struct{}

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
	over   bool // off is closed
	stats  Stats

	funnels funnels
	web     webStore
}

// Stats is what a test wants to know of a server.
type Stats struct {
	Connections int // all there were
	Open        int // of them now

	Packets  int // media packets sent, lost ones too
	Ended    int // plays that came to the programme's end
	Dropped  int // by DropUDP
	Resends  int // datagrams sent again
	Requests int // for resends

	Logs []string // what clients logged: one line each
	Said []string // the requests of all clients in their order, by name
}

// Start serves until Close.
func Start(o Options) (*Server, error) {
	s := &Server{o: o.withDefaults(), began: time.Now(), done: make(chan struct{}), off: make(chan struct{}), conns: make(map[net.Conn]bool)}
	var err error
	if s.tcp, s.udp, err = listen(); err != nil {
		return nil, err
	}
	s.wg.Go(s.accept)
	s.wg.Go(s.datagrams)
	return s, nil
}

// listen finds a port that is free for both.
func listen() (net.Listener, *net.UDPConn, error) {
	const tries = 20
	var last error
	for range tries {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, fmt.Errorf("mmstest: %w", err)
		}
		at := tcp.Addr().(*net.TCPAddr)
		udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: at.IP, Port: at.Port})
		if err == nil {
			return tcp, udp, nil
		}
		last = errors.Join(err, tcp.Close())
	}
	return nil, nil, fmt.Errorf("mmstest: %w", last)
}

// URL is the link of a programme: scheme is mms, mmst, mmsu, mmsh or http.
func (s *Server) URL(scheme, path string) string {
	return scheme + "://" + s.tcp.Addr().String() + "/" + strings.TrimPrefix(path, "/")
}

// Port is that of all the server's protocols.
func (s *Server) Port() int { return s.tcp.Addr().(*net.TCPAddr).Port }

// Stats is what happened so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Open = len(s.conns)
	st.Logs, st.Said = append([]string(nil), st.Logs...), append([]string(nil), st.Said...)
	return st
}

// count changes the statistics.
func (s *Server) count(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.stats)
}

// maxSaid bounds what Stats remembers of a server that runs for long.
const maxSaid = 10_000

func (s *Server) said(what string) {
	s.count(func(st *Stats) {
		if len(st.Said) < maxSaid {
			st.Said = append(st.Said, what)
		}
	})
}

// Close ends all sessions and waits for them. It may be called twice.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
		_ = s.tcp.Close() // nothing more is wanted of it; so for all below
		_ = s.udp.Close()
		for c := range s.conns {
			_ = c.Close()
		}
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Disconnect cuts the connections that there are, as a network does.
func (s *Server) Disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// EndBroadcasts ends what is live, as an encoder does that is switched off.
func (s *Server) EndBroadcasts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.over = true
		close(s.off)
	}
}

// offAir is closed when a programme is over that is live.
func (s *Server) offAir(p *Programme) <-chan struct{} {
	if p.live {
		return s.off
	}
	return nil
}

func (s *Server) accept() {
	for {
		c, err := s.tcp.Accept()
		if err != nil {
			return // it is closed
		}
		s.mu.Lock()
		if s.closed {
			_ = c.Close()
		} else {
			s.conns[c] = true
			s.stats.Connections++
			s.wg.Go(func() { s.serve(c) })
		}
		s.mu.Unlock()
	}
}

// serve finds out which protocol a connection speaks.
func (s *Server) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	r := bufio.NewReaderSize(c, firstLook)
	_ = c.SetReadDeadline(time.Now().Add(patience)) // a closed connection says so when it is read
	first, err := r.Peek(1)
	if err != nil {
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	http := first[0] >= 'A' && first[0] <= 'Z'
	manner := s.o.MMS
	if http {
		manner = s.o.HTTP
	}
	switch {
	case manner == Refuse:
	case manner == Silent:
		discard(r)
	case http:
		s.serveHTTP(c, r)
	default:
		s.serveFunnel(c, r)
	}
}

// discard reads until the other end or ours closes.
func discard(r *bufio.Reader) {
	for {
		if _, err := r.Discard(firstLook); err != nil {
			return
		}
	}
}

// programme finds what a path leads to; its query is of no importance here.
func (s *Server) programme(path string) (*Programme, bool) {
	path, _, _ = strings.Cut(path, "?")
	p, ok := s.o.Programmes[strings.TrimPrefix(path, "/")]
	return p, ok
}

// pace is the clock of a reader that begins now.
func (s *Server) pace() Pace {
	return Pace{Began: s.began, Now: time.Now(), Speed: s.o.Speed, Burst: s.o.Burst}
}
