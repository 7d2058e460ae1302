// Package webtest has HTTP servers for tests and for the demo, in the manner
// of net/http/httptest: a radio that speaks ICY, files with and without byte
// ranges, servers that misbehave in every way that Open must survive, and a
// real Icecast with ffmpeg as its source.
//
//	radio := webtest.NewRadio(mp3, []string{"First", "Second"}, webtest.RadioOptions{})
//	defer radio.Close()
//	address.Parse(radio.URL)
//
// The servers listen on a free port of 127.0.0.1, answer one request per
// connection, and count what they did. Close waits for all their goroutines.
package webtest

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Server is a listening server and its counters.
type Server struct {
	URL string // of the resource that it serves

	listener net.Listener
	done     chan struct{}
	wait     sync.WaitGroup

	mu       sync.Mutex
	open     map[net.Conn]bool
	requests []*http.Request

	connections atomic.Int64
	bytes       atomic.Int64
}

// start serves each connection with serve, until it returns. path is the part
// of the URL behind the port.
func (s *Server) start(path string, serve func(net.Conn)) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("webtest: no port on loopback: " + err.Error())
	}
	s.listener = listener
	s.URL = "http://" + listener.Addr().String() + path
	s.done = make(chan struct{})
	s.open = make(map[net.Conn]bool)
	s.wait.Add(1)
	go func() {
		defer s.wait.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			s.mu.Lock()
			s.open[conn] = true
			s.mu.Unlock()
			s.wait.Add(1)
			go func() {
				defer s.wait.Done()
				serve(&counted{conn, s})
				conn.Close()
				s.mu.Lock()
				delete(s.open, conn)
				s.mu.Unlock()
			}()
		}
	}()
}

// request reads one request and remembers it.
func (s *Server) request(conn net.Conn) (*http.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err == nil {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
	}
	return r, err
}

// Addr is the server's host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Connections is how many were accepted so far.
func (s *Server) Connections() int { return int(s.connections.Load()) }

// Bytes is how many bytes were written to all connections, headers included.
func (s *Server) Bytes() int64 { return s.bytes.Load() }

// Requests are the requests so far, oldest first.
func (s *Server) Requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.requests...)
}

// CutConnections closes every open connection in the middle of what it does.
func (s *Server) CutConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.open {
		conn.Close()
	}
}

// Close stops the server and waits for it. It may be called twice.
func (s *Server) Close() {
	select {
	case <-s.done:
	default:
		close(s.done)
	}
	s.listener.Close()
	s.CutConnections()
	s.wait.Wait()
}

// counted is a connection whose written bytes are counted.
type counted struct {
	net.Conn
	server *Server
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.server.bytes.Add(int64(n))
	return n, err
}
