// Package rtsptest is an RTSP 1.0 server (RFC 2326) on the loopback interface,
// for tests and for the demo, in the manner of net/http/httptest. It serves the
// clip of client/media/clip and shares nothing with the client in client/rtsp:
// two implementations that were written apart check each other.
//
//	srv := rtsptest.NewServer(rtsptest.Config{User: "alice", Password: "secret", Digest: true})
//	defer srv.Close()
//	open(srv.URL("/vod"))
//
// Paths:
//
//	/live   the clip in a loop for ever, H.264 and AAC. All clients see the same
//	        place of it at the same time; a new one begins at the last key
//	        picture. PAUSE is answered 455.
//	/vod    the clip from its beginning, on demand: PAUSE, and PLAY with Range,
//	        which begins at the key picture before. It ends with RTCP BYE.
//	        Both end after ?seconds=10, with BYE.
//	/bench  H.264 at a high rate: ?mbit=50 (megabits a second), &pace=0 (as fast
//	        as the client takes it), &seconds=10 (then BYE; endless without).
//	        The rate is made up by SEI messages, which decoders skip.
//
// RTP goes over UDP unicast or interleaved with RTSP over TCP, with RTCP sender
// reports. Faults (Config) are injected by a seeded pattern and counted.
// StartGStreamer starts a server that is not ours. What is left out: RTSP 2.0,
// multicast, TLS, tunnels, RECORD.
package rtsptest

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how a server behaves. The zero value is one that works.
type Config struct {
	// Listen is the address to listen at. Default: a free port of 127.0.0.1.
	Listen string

	// User and Password are asked for when User is not empty; by Digest (MD5)
	// if Digest is set, else by Basic.
	User, Password string
	Digest         bool

	RefuseUDP bool // SETUP for UDP is answered 461
	RefuseTCP bool // SETUP for TCP is answered 461, as by VLC
	SilentUDP bool // SETUP for UDP is answered 200, and nothing is ever sent
	WholeNALs bool // H.264 is described with packetization-mode 0

	// LosePicture loses every RTP packet of the first track over UDP; its sender
	// reports come, and tell of them.
	LosePicture bool

	// Shares of the RTP packets, from 0 to 1, that are dropped, sent twice, or
	// sent late: after one to three later ones or, if Late is not 0, as much time
	// later at the most. Which they are depends on Seed alone. The first packets
	// after PLAY (spared, in faults.go) are never touched.
	Drop, Duplicate, Reorder float64
	Seed                     uint64
	Late                     time.Duration

	// ReportEvery is the time between sender reports. Default: 5 s.
	ReportEvery time.Duration

	// CloseAfter cuts a client's connection, without a word, after that many RTP
	// packets on it. Default: never.
	CloseAfter int
}

// Sent counts what a server has sent since it was started.
type Sent struct {
	Packets    uint64 // different RTP packets that were sent
	Bytes      uint64 // bytes of these packets, with their headers
	Dropped    uint64 // packets that took a sequence number and were not sent, while later ones were
	Duplicated uint64 // packets that were sent a second time
	Reordered  uint64 // packets that were sent after later ones

	// Held is the longest time that one of these was held back. On a machine that
	// is busy it may be more than Config.Late.
	Held time.Duration
}

// Request is one request as it came.
type Request struct {
	Conn   int // which connection, from 1
	Method string
	URL    string
	Header Header
	Status int // what it was answered
}

// Server is a running server. Its methods may be called from any goroutine.
type Server struct {
	cfg      Config
	listener net.Listener
	started  time.Time      // where the timeline of /live begins
	running  sync.WaitGroup // accept, connections, senders, UDP readers

	packets, bytes, dropped, duplicated, reordered, reports atomic.Uint64

	held atomic.Int64 // Sent.Held

	mu       sync.Mutex
	closed   bool
	conns    map[*conn]struct{}
	accepted int
	requests []Request
}

// NewServer starts a server. As in httptest, it panics where it cannot listen.
func NewServer(cfg Config) *Server {
	listener, err := net.Listen("tcp", cmp.Or(cfg.Listen, "127.0.0.1:0"))
	if err != nil {
		panic(fmt.Sprintf("rtsptest: listen: %v", err))
	}
	s := newServer(cfg)
	s.listener = listener
	s.running.Go(s.accept)
	return s
}

func newServer(cfg Config) *Server {
	return &Server{cfg: cfg, started: time.Now(), conns: map[*conn]struct{}{}}
}

// URL is the address of path, such as "/live".
func (s *Server) URL(path string) string { return "rtsp://" + s.listener.Addr().String() + path }

// Close cuts all connections and waits until everything has ended. It may be
// called twice.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.net.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Connections is how many connections were accepted so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// Requests is what was asked so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Methods is the methods that were asked so far, in order.
func (s *Server) Methods() []string {
	var methods []string
	for _, r := range s.Requests() {
		methods = append(methods, r.Method)
	}
	return methods
}

// Reports is how many RTCP datagrams came over UDP so far.
func (s *Server) Reports() int { return int(s.reports.Load()) }

// Sent is what was sent so far.
func (s *Server) Sent() Sent {
	return Sent{
		Packets:    s.packets.Load(),
		Bytes:      s.bytes.Load(),
		Dropped:    s.dropped.Load(),
		Duplicated: s.duplicated.Load(),
		Reordered:  s.reordered.Load(),
		Held:       time.Duration(s.held.Load()),
	}
}

// accept takes connections until the listener is closed.
func (s *Server) accept() {
	for {
		nc, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.accepted++
		c := newConn(s, nc, s.accepted)
		s.conns[c] = struct{}{}
		if s.closed { // Close came after Accept and has not seen this one
			nc.Close()
		}
		s.mu.Unlock()
		s.running.Go(func() {
			c.serve()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// log notes a request and its answer.
func (s *Server) log(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
}
