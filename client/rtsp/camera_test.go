package rtsp

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tapedeck/client/media"
)

const (
	soundSDP = "v=0\r\ns=sound\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:track1\r\n"
	filmSDP  = "v=0\r\ns=film\r\nt=0 0\r\na=range:npt=0-60\r\nm=audio 0 RTP/AVP 0\r\na=control:track1\r\n"
)

// camera is a scripted server behind net.Pipes, for tests in a bubble of
// synctest. It answers as a good server does, but for what on says.
type camera struct {
	t      *testing.T
	sdp    string
	public string
	server string                              // its name in every answer
	login  string                              // the challenge of its 401s; "" asks for none
	refuse map[string]int                      // what it answers to a method; 0 is silence
	on     func(l *line, r *request) *response // nil: as usual
	edit   func(r *request, resp *response)    // changes the usual answers
	send   func(l *line)                       // after PLAY; nil for three packets of sound
	split  bool                                // every byte of an answer in a write of its own
	real   bool                                // connections have addresses
	tcp    bool                                // connections are real ones: not in a bubble
	needs  string                              // the method without which it hangs up
	within time.Duration                       // so long after PLAY and the last of them
	shy    bool                                // it hangs up when a frame comes
	tls    *tls.Config                         // nil: in the clear

	taken   atomic.Int64                       // bytes that the client has read
	protect func(packet []byte) []byte         // what sound goes through; nil: as it is
	heard   func(channel uint8, packet []byte) // is given the client's frames; nil: counted only
	host    string                             // where dialTCP's connections go; empty: 127.0.0.1

	workers sync.WaitGroup
	answers sync.Mutex // on runs for one request at a time
	mu      sync.Mutex
	dialled []string
	asked   []*request
	lines   []*line
}

// line is one connection to a camera.
type line struct {
	c       *camera
	nc      net.Conn
	number  int          // of the connection, from 1
	out     chan []byte  // what waits to be written; nil hangs up
	frames  atomic.Int64 // interleaved frames that came
	seq     uint16
	alive   *time.Timer    // hangs up
	gone    chan struct{}  // closed when nothing is written any more
	replies chan *response // of the client to the server's requests; nil: dropped
}

// dial is for Config.Dial.
func (c *camera) dial(_ context.Context, _, addr string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	if c.tcp {
		ours, theirs = tcpPair(c.t)
	}
	if c.real {
		ours = located{ours, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))}
	}
	return c.answerOn(ours, theirs, addr), nil
}

// dialTCP is for Config.Dial where a connection must have addresses.
func (c *camera) dialTCP(_ context.Context, _, addr string) (net.Conn, error) {
	l, err := net.Listen("tcp", cmp.Or(c.host, "127.0.0.1")+":0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	ours, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, err
	}
	theirs, err := l.Accept()
	if err != nil {
		return nil, err
	}
	return c.answerOn(ours, theirs, addr), nil
}

// answerOn begins to serve a connection to addr and returns the client's end.
func (c *camera) answerOn(ours, theirs net.Conn, addr string) net.Conn {
	if c.tls != nil {
		theirs = tls.Server(theirs, c.tls)
	}
	c.mu.Lock()
	l := &line{c: c, nc: theirs, number: len(c.lines) + 1, seq: 100, out: make(chan []byte, 100_000), gone: make(chan struct{})}
	c.dialled = append(c.dialled, addr)
	c.lines = append(c.lines, l)
	c.mu.Unlock()
	c.workers.Go(l.serve)
	c.workers.Go(l.transmit)
	return ours
}

func (l *line) serve() {
	defer func() {
		if l.alive != nil {
			l.alive.Stop()
		}
		l.hangUp()
	}()
	w := newWire(l.nc)
	for {
		e, err := w.next()
		switch {
		case err == errMore:
			if w.fill() != nil {
				return
			}
		case err != nil:
			l.c.t.Errorf("the client sent nonsense: %v", err)
			return
		case e.kind == frameElement && l.c.shy:
			return
		case e.kind == frameElement:
			l.frames.Add(1)
			if l.c.heard != nil {
				l.c.heard(e.channel, e.payload)
			}
		case e.kind == responseElement && l.replies != nil:
			l.replies <- e.response
		case e.kind == requestElement:
			l.c.mu.Lock()
			l.c.asked = append(l.c.asked, e.request)
			l.c.mu.Unlock()
			l.answer(e.request)
		}
	}
}

func (l *line) answer(r *request) {
	var resp *response
	l.c.answers.Lock()
	if l.c.on != nil {
		resp = l.c.on(l, r)
	}
	l.c.answers.Unlock()
	if resp == nil {
		resp = l.quirk(r)
	}
	if resp == silence {
		return
	}
	if l.c.server != "" {
		resp.header.add("Server", l.c.server)
	}
	if _, ok := resp.header.lookup("CSeq"); !ok {
		resp.header = append(header{{"CSeq", r.header.get("CSeq")}}, resp.header...)
	}
	first := r.method == "PLAY" && resp.ok() && l.seq == 100
	switch {
	case first && l.c.needs != "":
		l.alive = time.AfterFunc(l.c.within, l.hangUp)
	case l.alive != nil && r.method == l.c.needs:
		l.alive.Reset(l.c.within)
	}
	l.write(resp.append(nil))
	switch {
	case first && l.c.send != nil:
		l.c.send(l)
	case first:
		l.sound(3)
	}
}

// quirk is the usual answer but for what the camera's fields say.
func (l *line) quirk(r *request) *response {
	if code, ok := l.c.refuse[r.method]; ok {
		if code == 0 {
			return silence
		}
		return &response{status: code}
	}
	if l.c.login != "" && r.header.get("Authorization") == "" {
		return &response{status: 401, header: header{{"WWW-Authenticate", l.c.login}}}
	}
	resp := l.usual(r)
	if l.c.edit != nil {
		l.c.edit(r, resp)
	}
	return resp
}

// silence as an answer is none.
var silence = &response{}

func (l *line) usual(r *request) *response {
	resp := &response{status: 200, reason: "OK"}
	switch r.method {
	case "OPTIONS":
		public := l.c.public
		if public == "" {
			public = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER"
		}
		resp.header.add("Public", public)
	case "DESCRIBE":
		resp.header.add("Content-Type", "application/sdp")
		resp.body = []byte(l.c.sdp)
	case "SETUP":
		resp.header.add("Session", "4711;timeout=60")
		resp.header.add("Transport", r.header.get("Transport"))
	}
	return resp
}

// write puts b into the queue of what goes out, as a socket's buffer would;
// hangUp closes the connection after that.
func (l *line) write(b []byte) { l.out <- b }
func (l *line) hangUp()        { l.out <- nil }

func (l *line) transmit() {
	defer close(l.gone)
	defer l.nc.Close()
	for b := range l.out {
		if b == nil {
			return
		}
		for len(b) > 0 {
			n := len(b)
			if l.c.split {
				n = 1
			}
			if _, err := l.nc.Write(b[:n]); err != nil {
				return
			}
			l.c.taken.Add(int64(n))
			b = b[n:]
		}
	}
}

// sound sends n packets of 20 ms PCMU on channel 0.
func (l *line) sound(n int) {
	var b []byte
	for range n {
		p := soundPacket(l.seq)
		if l.c.protect != nil {
			p = l.c.protect(p)
		}
		b = append(b, frameOf(0, p...)...)
		l.seq++
	}
	l.write(b)
}

// change changes what the camera does while it is running.
func (c *camera) change(what func()) {
	c.answers.Lock()
	defer c.answers.Unlock()
	what()
}

// put sends packets on a channel.
func (l *line) put(channel byte, packets ...[]byte) {
	var b []byte
	for _, p := range packets {
		b = append(b, frameOf(channel, p...)...)
	}
	l.write(b)
}

// soundPacket is packet seq of a stream of which packet 100 is the first.
func soundPacket(seq uint16) []byte {
	p := make([]byte, 12+160)
	p[0] = 0x80
	binary.BigEndian.PutUint16(p[2:], seq)
	binary.BigEndian.PutUint32(p[4:], uint32(seq-100)*160)
	binary.BigEndian.PutUint32(p[8:], 0xCAFE)
	return p
}

// keepSending sends sound in real time until stop is closed or the line is.
func (l *line) keepSending(stop <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			l.sound(1)
		}
	}
}

func (c *camera) methods() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var m []string
	for _, r := range c.asked {
		m = append(m, r.method)
	}
	return m
}

// requests returns what was asked with a method.
func (c *camera) requests(method string) []*request {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*request
	for _, r := range c.asked {
		if r.method == method {
			found = append(found, r)
		}
	}
	return found
}

func (c *camera) line(n int) *line {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lines[n-1]
}

// open opens link on the camera.
func (c *camera) open(link string, cfg Config) (*Session, *events, error) {
	c.t.Helper()
	ev := &events{}
	cfg.Dial, cfg.Trace = c.dial, ev.trace
	s, err := Open(c.t.Context(), parse(c.t, link), cfg)
	if err != nil {
		c.workers.Wait()
	} else {
		c.t.Cleanup(func() { s.Close() })
	}
	return s, ev, err
}

// mustOpen opens link and closes it at the end of the bubble's test.
func (c *camera) mustOpen(link string, cfg Config) (*Session, *events) {
	c.t.Helper()
	s, ev, err := c.open(link, cfg)
	if err != nil {
		c.t.Fatalf("%v\n%s", err, ev)
	}
	return s, ev
}

// readUntil takes chunks until the packets in them reach a media time.
func readUntil(t *testing.T, s *Session, reached time.Duration) (chunks []media.Chunk) {
	t.Helper()
	for {
		c, err := s.Next(t.Context())
		if err != nil {
			t.Fatalf("after %d chunks: %v", len(chunks), err)
		}
		c.Data = slices.Clone(c.Data)
		chunks = append(chunks, c)
		s.f.mu.Lock()
		done := c.Time >= reached || s.f.position >= reached && s.f.out.bytes == 0
		s.f.mu.Unlock()
		if done {
			return chunks
		}
	}
}

// waiting is how many bytes wait for Next.
func waiting(s *Session) int {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	return s.f.out.bytes
}

// readToEnd takes chunks until the session ends.
func readToEnd(t *testing.T, s *Session) (chunks int, err error) {
	t.Helper()
	for {
		if _, err := s.Next(t.Context()); err != nil {
			return chunks, err
		}
		chunks++
	}
}
