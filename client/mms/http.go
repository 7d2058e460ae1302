package mms

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
	"tapedeck/client/trace"
)

// httpLink is MMS over HTTP ([MS-WMSP]): the server describes the programme in
// the reply to one request and sends it as the reply to another.
//
//	non-pipelined                            pipelined: all on one connection
//	1  GET           -> $M $H                GET -> $M $H, then a test of two GETs
//	2  GET xPlayStrm -> $M $H $D $D ...      GET xPlayStrm -> chunks of HTTP/1.1
//	3  POST streams, log, keepalive          GET, POST, OPTIONS: answered in turn,
//	   stop: 2 is closed                     behind the stream; stop is a POST
//
// What binds the requests is a number that the server gives, the client-id.
// A server holds a session that does not stream for as long as it is asked to
// from time to time: the keeper's goroutine does that, and sends logs. Everything
// else is done by whoever calls: next reads the connection itself.
type httpLink struct {
	cfg   *Config
	trace *trace.Tracer
	to    address.Address // where redirects have led
	guid  string          // constant for the session
	first *programme

	// public: a server of the public network has sent us to this one.
	public bool
	// webPublic: the web server that answered a Describe is of that network, or we
	// were sent to it from there.
	webPublic bool

	login *httpLogin

	// line is held while a request other than a data connection's reply is under
	// way in pipelined mode, and while play, stop and change are.
	line  sync.Mutex
	spare *httpConn // of the Describe, open for the Play; nil: none
	pipe  *httpConn // of pipelined mode; nil: every request has its own

	pipelines bool // the server would try that mode

	plays    int                 // calls of play
	asked    request             // of the last one
	chosen   [maxStream + 1]bool // streams that the server knows a decision about
	thinning [maxStream + 1]thinning
	closed   time.Time // when a data connection was, last

	cur  atomic.Pointer[httpStream] // that next reads; nil: none
	wake chan struct{}              // cur has changed

	// Of next's goroutine.
	in parser

	packets, bytes atomic.Uint64
	last           atomic.Int64 // number of the newest packet; -1 none

	mu      sync.Mutex
	session httpSession
	calls   map[int]context.CancelCauseFunc // that close ends
	callID  int
	logs    []playedLog   // to be sent
	due     chan struct{} // there are logs

	done   chan struct{} // closed by close: nothing begins any more
	leave  chan struct{} // closed by close: the last log is there
	once   sync.Once
	cancel context.CancelFunc // of the keeper
	keeper sync.WaitGroup
}

// httpSession is what the server has said of itself and of the session. mu is
// held for it.
type httpSession struct {
	id      string        // client-id; empty before the first reply
	entry   string        // playlist-gen-id
	server  string        // the header Server, cleaned
	major   int           // its version
	cougar  bool          // a server and no encoder
	predict bool          // it begins an entry without being asked
	choose  bool          // streams may be changed while it sends
	timeout time.Duration // that it lives without a request
	cookies []string      // name=value
	deaf    bool          // it does not want logs
}

func newHTTPLink(a address.Address, cfg *Config, t *trace.Tracer) *httpLink {
	l := &httpLink{
		cfg: cfg, trace: t, to: a, guid: newGUID(), public: cfg.OnlyPublic,
		wake: make(chan struct{}, 1), due: make(chan struct{}, 1), done: make(chan struct{}), leave: make(chan struct{}),
		calls: make(map[int]context.CancelCauseFunc),
	}
	l.last.Store(-1)
	l.login = newHTTPLogin(a)
	l.session.timeout = defaultKeep
	l.in.watch.Wake = func() {
		if s := l.cur.Load(); s != nil {
			s.conn.SetReadDeadline(past)
		}
	}
	return l
}

// past is a deadline that ends a Read at once.
var past = time.Unix(1, 0)

func (l *httpLink) programme() *programme { return l.first }

func (l *httpLink) stats() media.Stats {
	return media.Stats{Bytes: l.bytes.Load(), Packets: l.packets.Load()}
}

// call is ctx for one call; it ends with the link too.
func (l *httpLink) call(ctx context.Context) (context.Context, func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return nil, nil, ErrClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	l.callID++
	id := l.callID
	l.calls[id] = cancel
	return ctx, func() {
		l.mu.Lock()
		delete(l.calls, id)
		l.mu.Unlock()
		cancel(nil)
	}, nil
}

func (l *httpLink) isClosed() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// close ends the stream and the session. The keeper sends the last log.
func (l *httpLink) close() error {
	l.once.Do(func() {
		l.mu.Lock()
		close(l.done)
		for _, cancel := range l.calls {
			cancel(ErrClosed)
		}
		l.mu.Unlock()
		if s := l.cur.Load(); s != nil {
			s.halt()
		}
		l.line.Lock() // no call is under way any more
		defer l.line.Unlock()
		if s := l.cur.Swap(nil); s != nil {
			s.halt()
			l.logOf(s)
			s.conn.Close()
		}
		l.drop()
		l.in.watch.End()
		close(l.leave)
	})
	farewell := time.AfterFunc(l.cfg.Timeouts.Close, l.cancel)
	l.keeper.Wait()
	farewell.Stop()
	l.cancel()
	return nil
}

// drop closes the connections that are kept. line is held.
func (l *httpLink) drop() {
	for _, c := range []**httpConn{&l.spare, &l.pipe} {
		if *c != nil {
			(*c).Close()
			*c = nil
		}
	}
}

// show has next look at what has become of the stream.
func (l *httpLink) show(s *httpStream) {
	l.cur.Store(s)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// decide remembers what the server is told of its streams.
func (l *httpLink) decide(d []decision, all bool) {
	if all {
		clear(l.chosen[:])
	}
	for _, x := range d {
		if x.stream < 1 || x.stream > maxStream {
			continue
		}
		l.chosen[x.stream], l.thinning[x.stream] = true, x.thin
		if x.instead >= 1 && x.instead <= maxStream {
			l.chosen[x.instead], l.thinning[x.instead] = true, sendNone
		}
	}
}

// decided is the whole of it.
func (l *httpLink) decided() []decision {
	var all []decision
	for n, known := range l.chosen {
		if known {
			all = append(all, decision{stream: n, thin: l.thinning[n]})
		}
	}
	return all
}

// entries are decisions as the wire has them.
func entries(d []decision) []wire.StreamEntry {
	all := make([]wire.StreamEntry, 0, len(d))
	for _, x := range d {
		from := uint16(wire.NoStream)
		if x.instead != 0 {
			from = uint16(x.instead)
		}
		all = append(all, wire.StreamEntry{From: from, To: uint16(x.stream), Thin: wire.Thinning(x.thin)})
	}
	return all
}
