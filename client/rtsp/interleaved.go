package rtsp

import (
	"io"
	"strings"
	"time"
)

// channel is what comes over one interleaved channel.
type channel struct {
	track *track
	rtcp  bool
}

// frame takes an interleaved frame; it is called by the connection's reader.
func (s *Session) frame(ch uint8, payload []byte) {
	// Channels that nobody negotiated carry what is left of another session, in
	// old builds of live555, or nothing of use.
	if len(payload) < 4 || !s.d.wire.channels[ch].Load() {
		return
	}
	if !s.batch {
		s.batch, s.now = true, time.Now()
		s.f.mu.Lock()
		s.f.busy++
	} else {
		s.f.mu.Lock()
	}
	defer s.f.mu.Unlock()
	c := s.channels[ch]
	if isRTCP(payload) {
		c.rtcp = true
	}
	if t := c.track; !c.rtcp && (t == nil || !t.knows(payload[1]&0x7f)) {
		c.track = s.byPayload(payload[1]&0x7f, t)
	}
	if c.track != nil {
		s.f.packet(c.track, c.rtcp, payload, s.now)
	}
}

// isRTCP tells by the second byte: some servers send both kinds over one
// channel or port (RFC 5761 section 4).
func isRTCP(packet []byte) bool {
	return packet[0]>>6 == 2 && packet[1] >= 192 && packet[1] <= 223
}

// tsSync begins the packets of a transport stream, which some servers send
// without RTP around it; each has tsPacket bytes.
const (
	tsSync   = 0x47
	tsPacket = 188
)

// byPayload finds the only track with a payload type: some servers send all
// tracks over one channel.
func (s *Session) byPayload(pt uint8, otherwise *track) *track {
	found, n := otherwise, 0
	for _, t := range s.tracks {
		if t.receiver != nil && t.knows(pt) {
			found, n = t, n+1
		}
	}
	if n == 1 {
		return found
	}
	return otherwise
}

// drained ends a batch: Next is woken, and where the server can wait, reading
// stops while the queue is full. It goes on for a reply that is awaited.
func (s *Session) drained() {
	if !s.batch {
		return
	}
	s.batch = false
	s.f.mu.Lock()
	s.f.busy--
	some := s.f.out.bytes > 0
	s.f.mu.Unlock()
	if some {
		wake(s.f.ready)
	}
	for { // until there is room
		s.f.mu.Lock()
		full := s.f.patient && s.f.out.bytes >= maxQueue && s.f.err == nil && !s.d.waiting()
		s.f.backlogged = full
		s.f.mu.Unlock()
		if !full {
			return
		}
		<-s.f.room
		s.f.mu.Lock()
		s.f.last = time.Now() // it was us who waited
		s.f.mu.Unlock()
	}
}

// awaited lets reading go on: a reply is due.
func (s *Session) awaited() { wake(s.f.room) }

// askLimit bounds the server's requests that are answered.
type askLimit struct {
	since time.Time
	n     int
}

const maxAsks = 50 // in a minute

// asked answers a request of the server (called by the connection's reader).
func (s *Session) asked(r *request) *response {
	if now := time.Now(); now.Sub(s.asks.since) > time.Minute {
		s.asks = askLimit{since: now}
	}
	if s.asks.n++; s.asks.n > maxAsks {
		return nil
	}
	resp := &response{status: 200, reason: "OK"}
	switch r.method {
	case "OPTIONS":
		resp.header.add("Public", "OPTIONS, GET_PARAMETER, SET_PARAMETER, ANNOUNCE, REDIRECT, TEARDOWN")
	case "GET_PARAMETER", "SET_PARAMETER":
	case "ANNOUNCE", "PLAY_NOTIFY":
		if r.method == "ANNOUNCE" && s.telco.Load() {
			s.endedByServer(io.EOF)
		}
	case "TEARDOWN":
		s.endedByServer(io.EOF)
	case "REDIRECT":
		s.endedByServer(s.moved(r.header.get("Location")))
	default:
		resp.status, resp.reason = 501, "Not Implemented"
	}
	if endOfStream(r) {
		s.endedByServer(io.EOF)
	}
	if id := s.d.sessionID(); id != "" {
		resp.header.add("Session", id)
	}
	return resp
}

// endOfStream reports a notice that the stream has come to its end: notice 2101
// of several vendors, or RTSP 2.0's reason.
func endOfStream(r *request) bool {
	for _, name := range []string{"Notice", "X-Notice", "Notify-Reason"} {
		v := strings.ToLower(r.header.get(name))
		if strings.HasPrefix(v, "2101") || strings.Contains(v, "end-of-stream") {
			return true
		}
	}
	return false
}

func (s *Session) endedByServer(err error) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.flush()
	s.f.finish(err)
}
