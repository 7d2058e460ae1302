package rtsptest

import (
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// burst is how far ahead of its time an on-demand stream is sent.
const burst = 500 * time.Millisecond

// session is what SETUP made. The connection's goroutine owns it; between start
// and stop the sender owns the fields of the tracks that change.
type session struct {
	id     string
	conn   *conn
	path   string
	source *source
	tracks []*track

	// The range that is played: media time from is due at wall time begin and
	// has the RTP time base+offset; until is the end, 0 for none.
	from, until time.Duration
	begin       time.Time
	offset      time.Duration
	lead        time.Duration // how much earlier than due is sent
	epoch       time.Time     // the first PLAY; RTP time runs on from there, through pauses as well

	out    []byte // frames to be sent, in the form of interleaved ones
	frames int    // RTP frames in out
	err    error  // of the last write: the client has gone
	ended  bool   // BYE was sent

	quit    chan struct{} // closed by stop; nil when there is nothing to stop
	done    chan struct{} // closed when the sender has ended; nil before the first
	readers sync.WaitGroup
}

// track is one stream of a session.
type track struct {
	stream
	session *session
	number  int
	way     *transport
	ssrc    uint32
	base    uint32 // RTP time of offset 0
	seq     uint16 // of the next packet
	next    int    // the next unit
	faults  *faults

	firstSeq        uint16 // of the range that is played
	packets, octets uint32 // for sender reports
}

func newSession(c *conn, path string, src *source) *session {
	return &session{id: token(), conn: c, path: path, source: src}
}

// add makes a track of stream number on its way.
func (s *session) add(number int, way *transport) *track {
	t := &track{
		stream: s.source.streams[number], session: s, number: number, way: way,
		ssrc: rand.Uint32(), base: rand.Uint32(), seq: uint16(rand.Uint32()),
		faults: newFaults(s.conn.server, number),
	}
	s.tracks = append(s.tracks, t)
	if !way.tcp {
		s.readers.Go(func() { s.receive(way.rtcp) })
	}
	return t
}

// track finds a track by its number, nil if it was not set up.
func (s *session) track(number int) *track {
	for _, t := range s.tracks {
		if t.number == number {
			return t
		}
	}
	return nil
}

// receive takes receiver reports, whose coming is all that matters, until the
// socket is closed.
func (s *session) receive(rtcp *net.UDPConn) {
	var b [1]byte
	for {
		if _, _, err := rtcp.ReadFromUDP(b[:]); err != nil {
			return
		}
		s.conn.server.reports.Add(1)
		s.conn.alive.Reset(sessionTimeout)
	}
}

// begun says whether there was a PLAY, running whether packets go out now.
func (s *session) begun() bool { return !s.epoch.IsZero() }

func (s *session) running() bool { return s.done != nil && !closed(s.done) }

// join begins a live source at the key picture before its place at.
func (s *session) join(at time.Duration) {
	if !s.source.shared {
		at = 0
	}
	until := time.Duration(0)
	if s.source.length > 0 {
		until = at + s.source.length
	}
	s.place(keyBefore(at), until, 0)
	s.begin = s.begin.Add(s.from - at)
}

// seek moves to the key picture before start; end 0 is the source's own.
func (s *session) seek(start, end time.Duration) {
	if end == 0 || end > s.source.duration {
		end = s.source.duration
	}
	s.place(keyBefore(start), end, burst)
}

// resume goes on where stop has stopped, and starts again after the end.
func (s *session) resume() {
	if s.running() {
		return
	}
	at, ok := s.position()
	if !ok {
		s.seek(0, 0)
		return
	}
	// What was sent in the burst is with the client already: go on in real time.
	s.setRange(at, s.until, 0)
}

// place sets the range and the units to begin with.
func (s *session) place(from, until, lead time.Duration) {
	s.setRange(from, until, lead)
	for _, t := range s.tracks {
		t.next = t.index(from)
	}
}

// setRange begins a new range now. RTP time has gone on meanwhile, and at least
// as far as what was sent (RFC 2326, appendix B).
func (s *session) setRange(from, until, lead time.Duration) {
	now := time.Now()
	if s.begun() {
		elapsed := now.Sub(s.epoch)
		for _, t := range s.tracks {
			if u, ok := t.unit(t.next); ok {
				elapsed = max(elapsed, s.offset+toTime(u.ticks, t.clock())-s.from)
			}
		}
		s.offset = elapsed
	} else {
		s.epoch = now
	}
	s.from, s.until, s.lead, s.begin = from, until, lead, now
	for _, t := range s.tracks {
		t.firstSeq = t.seq
		if s.ended { // a source that has said BYE comes back as another (RFC 3550, 6.6)
			t.ssrc, t.packets, t.octets = rand.Uint32(), 0, 0
		}
		if t.faults != nil {
			t.faults.passed = 0
		}
	}
	s.ended = false
}

// position is the media time of the next unit; ok is false at the end.
func (s *session) position() (at time.Duration, ok bool) {
	t, u := s.earliest()
	if t == nil {
		return s.until, false
	}
	return toTime(u.ticks, t.clock()), true
}

// earliest is the track whose next unit comes first, with that unit; nil when
// all tracks are at the end of the range.
func (s *session) earliest() (first *track, next unit) {
	var at time.Duration
	for _, t := range s.tracks {
		u, ok := t.unit(t.next)
		if !ok {
			continue
		}
		due := toTime(u.ticks, t.clock())
		if s.until > 0 && due >= s.until || first != nil && due >= at {
			continue
		}
		first, next, at = t, u, due
	}
	return first, next
}

// rtpTime is the RTP time of media time at.
func (t *track) rtpTime(at time.Duration) uint32 {
	return t.stamp(toTicks(at, t.clock()))
}

// stamp is the RTP time of media time in ticks.
func (t *track) stamp(ticks int64) uint32 {
	return t.base + uint32(toTicks(t.session.offset, t.clock())+ticks-toTicks(t.session.from, t.clock()))
}

// start starts the sender, if it is not running.
func (s *session) start() {
	if s.running() || s.conn.server.cfg.SilentUDP && !s.tracks[0].way.tcp {
		return
	}
	quit, done := make(chan struct{}), make(chan struct{})
	s.quit, s.done = quit, done
	s.conn.server.running.Go(func() {
		defer close(done)
		s.send(quit)
	})
}

// stop stops the sender and waits for it.
func (s *session) stop() {
	if s.quit == nil {
		return
	}
	close(s.quit)
	s.quit = nil
	<-s.done
}

// close ends the session.
func (s *session) close() {
	s.stop()
	for _, t := range s.tracks {
		t.way.close()
	}
	s.readers.Wait()
}
