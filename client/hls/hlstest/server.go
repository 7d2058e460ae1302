// Package hlstest has servers of HLS for tests and the demo, in the manner of
// net/http/httptest: a file server with the faults that networks and servers
// have, playlists with their segments that ffmpeg makes of the clip, and a film
// that needs no ffmpeg.
//
//	s := hlstest.NewServer(hlstest.Make(t, "-hls_time", "6"))
//	defer s.Close()
//	s.MissOnce("film3.ts")
//	address.Parse(s.URL("film.m3u8"))
package hlstest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server serves the files of a directory, with ranges, as most servers do. Its
// switches may be set at any time; a path stands for the files whose names end
// with it.
type Server struct {
	dir  string
	http *httptest.Server

	mu        sync.Mutex
	delay     time.Duration
	rate      int
	noRanges  bool
	missing   map[string]int
	resets    map[string]int
	stalls    map[string]int
	away      bool
	requests  []string
	conns     map[net.Conn]bool
	connCount int
	closed    chan struct{}
}

// NewServer serves dir at a free port of 127.0.0.1.
func NewServer(dir string) *Server {
	s := &Server{
		dir: dir, missing: make(map[string]int), resets: make(map[string]int), stalls: make(map[string]int),
		conns: make(map[net.Conn]bool), closed: make(chan struct{}),
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ConnState = s.state
	s.http.Start()
	return s
}

// URL is the address of a file.
func (s *Server) URL(name string) string { return s.http.URL + "/" + name }

// Slow lets every answer wait.
func (s *Server) Slow(d time.Duration) { s.set(func() { s.delay = d }) }

// Limit bounds the bytes a second of each answer; 0: as fast as it goes.
func (s *Server) Limit(rate int) { s.set(func() { s.rate = rate }) }

// IgnoreRanges answers every request with the whole.
func (s *Server) IgnoreRanges() { s.set(func() { s.noRanges = true }) }

// Miss answers 404 for a file, so many times.
func (s *Server) Miss(path string, times int) { s.set(func() { s.missing[path] = times }) }

// Reset cuts the connection in the middle of a file, so many times.
func (s *Server) Reset(path string, times int) { s.set(func() { s.resets[path] = times }) }

// Stall says nothing more from the middle of a file on, so many times.
func (s *Server) Stall(path string, times int) { s.set(func() { s.stalls[path] = times }) }

// Away cuts all connections, and answers none until it is set back.
func (s *Server) Away(away bool) {
	s.set(func() {
		s.away = away
		for c := range s.conns {
			c.Close()
		}
	})
}

func (s *Server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// Requests are the files that were asked for, with the range where there was one.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Connections is how many were made so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connCount
}

// Close ends the server and its connections.
func (s *Server) Close() {
	close(s.closed)
	s.http.CloseClientConnections()
	s.http.Close()
}

func (s *Server) state(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.connCount++
		if s.away {
			c.Close()
			return
		}
		s.conns[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(s.conns, c)
	case http.StateActive, http.StateIdle:
	}
}

// once takes one from the first entry that name ends with.
func once(m map[string]int, name string) bool {
	for path, n := range m {
		if n > 0 && strings.HasSuffix(name, path) {
			m[path]--
			return true
		}
	}
	return false
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	s.mu.Lock()
	s.requests = append(s.requests, strings.TrimSpace(name+" "+r.Header.Get("Range")))
	delay, rate, noRanges := s.delay, s.rate, s.noRanges
	miss, reset, stall := once(s.missing, name), once(s.resets, name), once(s.stalls, name)
	s.mu.Unlock()
	if !s.sleep(r, delay) {
		return
	}
	data, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(filepath.Clean("/"+name))))
	if miss || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType(name))
	from, to := 0, len(data)
	if first, last, ok := parseRange(r.Header.Get("Range"), len(data)); ok && !noRanges {
		from, to = first, last
		w.Header().Set("Content-Range", "bytes "+strconv.Itoa(from)+"-"+strconv.Itoa(to-1)+"/"+strconv.Itoa(len(data)))
	}
	w.Header().Set("Content-Length", strconv.Itoa(to-from))
	if w.Header().Get("Content-Range") != "" {
		w.WriteHeader(http.StatusPartialContent)
	}
	body := data[from:to]
	if reset || stall {
		body = body[:len(body)/2]
	}
	s.write(w, r, body, rate)
	switch {
	case reset:
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case stall:
		w.(http.Flusher).Flush()
		s.sleep(r, time.Hour)
	}
}

// write sends body at a rate.
func (s *Server) write(w io.Writer, r *http.Request, body []byte, rate int) {
	if rate == 0 {
		_, _ = w.Write(body) // a client that went away
		return
	}
	for len(body) > 0 {
		n := min(max(rate/20, 1), len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		body = body[n:]
		if !s.sleep(r, time.Duration(n)*time.Second/time.Duration(rate)) {
			return
		}
	}
}

func (s *Server) sleep(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-s.closed:
	}
	return false
}

func contentType(name string) string {
	switch filepath.Ext(name) {
	case ".m3u8":
		return "application/vnd.apple.mpegurl"
	case ".ts":
		return "video/mp2t"
	case ".m4s", ".mp4":
		return "video/mp4"
	case ".aac":
		return "audio/aac"
	}
	return "application/octet-stream"
}

// parseRange reads "bytes=5-" and "bytes=5-9"; to is the byte after the last.
func parseRange(s string, size int) (from, to int, ok bool) {
	span, ok := strings.CutPrefix(s, "bytes=")
	first, last, _ := strings.Cut(span, "-")
	from, err := strconv.Atoi(first)
	if !ok || err != nil || from < 0 || from >= size {
		return 0, 0, false
	}
	to = size
	if n, err := strconv.Atoi(last); err == nil {
		to = min(to, n+1)
	}
	return from, to, true
}
