package mmstest

import (
	"bufio"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"tapedeck/client/mms/wire"
)

// How servers of HTTP call themselves.
const (
	Cougar91 = "Cougar/9.01.01.5001" // Windows Server 2003
	Cougar41 = "Cougar 4.1.0.3923"   // Windows 2000; with the blank of its imitators
	Rex9     = "Rex/9.0.0.2980"      // Windows Media Encoder
)

// WebOptions are what only MMSH has ([MS-WMSP]).
type WebOptions struct {
	// Server is how it calls itself. Below version 9 it says less and sends no
	// Metadata. Default: Cougar91, or Cougar41 where Options.Version is below 9.
	Server string

	// Features are said in place of those that are true: a pointer to "" has
	// none. Default: the true ones.
	Features *string

	// Idle is how long a session lives without a request. Default: 60 s.
	Idle time.Duration

	// NoPipeline refuses the test whether requests can be pipelined, and to
	// answer in chunks of HTTP/1.1.
	NoPipeline bool

	// NoPredict waits at each new header for what the client chooses.
	NoPredict bool

	// NewHeader has each reply to a Play begin with an older header, and then a
	// change (the token expect-new-header).
	NewHeader bool

	// KeepOpen leaves the connection open behind the end, which is repeated 512
	// times.
	KeepOpen bool

	HeaderPiece int // bytes of a header in one chunk; default: the most that goes
	Cut         int // bytes that are written at once; default: all

	Unknown bool // chunks of an unknown kind come between the packets
	Sloppy  bool // line ends without CR, a Pragma header for each token, names in other case

	// Status is the answer to all who ask for a path: 404, 503.
	Status map[string]int

	// RedirectCode goes with Options.Redirect. Default: 302.
	RedirectCode int

	// ScriptRedirect redirects all by a script command in a header without
	// streams, as servers do with players before version 7.
	ScriptRedirect bool

	// Reference answers foreign clients with an INI file and not with ASX.
	Reference bool

	Describe, Play Fault // what is wrong with the reply to these requests
}

func (o WebOptions) withDefaults(version string) WebOptions {
	if o.Server == "" {
		o.Server = Cougar91
		if majorOf(version) < 9 {
			o.Server = Cougar41
		}
	}
	if o.Idle == 0 {
		o.Idle = time.Minute
	}
	if o.RedirectCode == 0 {
		o.RedirectCode = 302
	}
	return o
}

// majorOf is the major number of a version: of "NSPlayer/9.0.0.2980", of
// "Cougar 4.1.0.3923".
func majorOf(version string) int {
	digits := strings.TrimLeft(version, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/ ")
	digits, _, _ = strings.Cut(digits, ".")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// modern reports a server of version 9, which knows lists.
func (o WebOptions) modern() bool { return majorOf(o.Server) >= 9 }

// metadata reports that $M goes to a client: from servers that are no encoders,
// to players that know it. Older ones take it for garbage.
func (o WebOptions) metadata(r *webRequest) bool {
	return o.modern() && strings.HasPrefix(o.Server, "Cougar") && r.version >= 9
}

// webConn is a connection of HTTP. Its goroutine owns it; another one reads its
// requests.
type webConn struct {
	s   *Server
	o   WebOptions
	c   net.Conn
	out webWriter

	requests chan *webRequest // closed when no more can come
	quit     chan struct{}

	login webLogin
}

// serveHTTP serves a connection that begins with an HTTP method, until it ends
// or s.done is closed; the caller closes it.
func (s *Server) serveHTTP(c net.Conn, r *bufio.Reader) {
	o := s.o.Web.withDefaults(s.o.Version)
	w := &webConn{
		s: s, o: o, c: c, out: webWriter{c: c, cut: o.Cut},
		requests: make(chan *webRequest), quit: make(chan struct{}),
	}
	var reader sync.WaitGroup
	reader.Go(func() { w.read(r) })
	for req := range w.requests {
		if !w.serve(req) {
			break
		}
	}
	close(w.quit)
	_ = c.SetReadDeadline(time.Unix(1, 0)) // wakes the reader
	reader.Wait()
}

// read reads requests until there are no more.
func (w *webConn) read(r *bufio.Reader) {
	defer close(w.requests)
	for {
		req, err := readRequest(r)
		if err != nil {
			return
		}
		select {
		case w.requests <- req:
		case <-w.quit:
			return
		}
	}
}

// serve answers a request; false ends the connection.
func (w *webConn) serve(req *webRequest) bool {
	w.s.said("http " + req.kind.String())
	w.s.web.note(req)
	if req.kind == askNothing {
		return w.refuse(req, 400)
	}
	if !req.ours() {
		return w.sendReference(req)
	}
	if code := w.o.Status[req.path]; code != 0 {
		return w.refuse(req, code)
	}
	if ok, again := w.authorise(req); !ok {
		return again
	}
	if to := w.s.o.Redirect[req.path]; to != "" {
		return w.redirect(req, to)
	}
	switch req.kind {
	case askDescribe:
		return w.describe(req)
	case askPlay:
		return w.play(req)
	case askPipeline:
		return w.testPipeline(req)
	case askAlive:
		return w.keepAlive(req)
	case askInfo, askEvent:
		return w.acknowledge(req, nil)
	case askLog, askSelect, askStop, askNext:
		return w.ofSession(req)
	}
	return w.refuse(req, 400)
}

// ofSession answers what needs a session, on a connection that is not its
// stream's.
func (w *webConn) ofSession(req *webRequest) bool {
	ses := w.s.web.find(req)
	if ses == nil {
		return w.refuse(req, 400)
	}
	switch req.kind {
	case askLog:
		w.s.keepLog(req)
	case askSelect:
		ses.order(req.switches)
	case askStop:
		ses.end()
	default:
		return w.refuse(req, 400)
	}
	ses.touch(w.o.Idle)
	return w.acknowledge(req, ses)
}

// keepAlive holds a session: the POST names one, the OPTIONS may not.
func (w *webConn) keepAlive(req *webRequest) bool {
	ses := w.s.web.find(req)
	if ses == nil && req.method == "POST" {
		return w.refuse(req, 400)
	}
	if ses != nil {
		ses.touch(w.o.Idle)
	}
	return w.acknowledge(req, ses)
}

// pipelineWait is how long the second request of a test may take
// ([MS-WMSP] 3.2.5.5).
const pipelineWait = time.Second

// testPipeline answers two requests that ought to come at once: if the second
// is there while the first one's reply still lasts, no proxy holds it back.
func (w *webConn) testPipeline(req *webRequest) bool {
	if w.o.NoPipeline || req.minor == 0 {
		return w.refuse(req, 400)
	}
	h := w.head(req, 200)
	h.line("Content-Type", "application/x-mms-framed")
	h.line("Transfer-Encoding", "chunked")
	if !w.out.put(h.bytes()) || !w.out.chunk(wire.AppendTest(nil)) {
		return false
	}
	timer := time.NewTimer(pipelineWait)
	defer timer.Stop()
	var second *webRequest
	result := "pipeline-result=1"
	select {
	case second = <-w.requests:
	case <-timer.C:
		result = "pipeline-result=0"
	case <-w.s.done:
		return false
	}
	if !w.out.lastChunk() {
		return false
	}
	if second == nil {
		select {
		case second = <-w.requests:
		case <-w.s.done:
		}
	}
	if second == nil {
		return false
	}
	if second.kind != askPipeline {
		return w.serve(second)
	}
	w.s.said("http " + second.kind.String())
	h = w.head(second, 204)
	h.pragma(result)
	h.line("Content-Length", "0")
	return w.out.put(h.bytes())
}
