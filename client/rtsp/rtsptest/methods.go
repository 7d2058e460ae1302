package rtsptest

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Methods that are served.
const (
	publicAll  = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
	publicLive = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
)

// maxSessions bounds the sessions of one connection.
const maxSessions = 4

// trackMark precedes a track's number in its control address.
const trackMark = "trackID="

// splitURL takes a request's address apart: the address of the whole
// presentation, its path with query, and the track, -1 for the whole.
func splitURL(url string) (base, path string, track int) {
	base, track = url, -1
	if i := strings.LastIndex(url, "/"+trackMark); i >= 0 {
		if n, err := strconv.Atoi(url[i+1+len(trackMark):]); err == nil {
			base, track = url[:i], n
		}
	}
	base = strings.TrimSuffix(base, "/")
	_, rest, _ := strings.Cut(base, "://")
	if i := strings.Index(rest, "/"); i >= 0 {
		path = rest[i:]
	}
	return base, path, track
}

func (c *conn) options(req *request, s *session) *response {
	public := publicAll
	if _, path, _ := splitURL(req.url); req.url != "*" {
		if src, err := c.server.source(path); err == nil && src.live {
			public = publicLive
		}
	}
	return withSession(reply(statusOK, "Public", public), s)
}

func (c *conn) describe(req *request) *response {
	base, path, track := splitURL(req.url)
	src, err := c.server.source(path)
	if err != nil || track >= 0 {
		return reply(statusNotFound)
	}
	if accept := req.header.Get("Accept"); accept != "" && !strings.Contains(accept, "application/sdp") && !strings.Contains(accept, "*/*") {
		return reply(statusNotAccepted)
	}
	r := reply(statusOK, "Content-Type", "application/sdp", "Content-Base", base+"/")
	r.body = src.describe(base)
	if c.server.cfg.WholeNALs {
		r.body = strings.Replace(r.body, "packetization-mode=1", "packetization-mode=0", 1)
	}
	return r
}

// setup makes a session, or adds a track to s.
func (c *conn) setup(req *request, s *session) *response {
	_, path, number := splitURL(req.url)
	src, err := c.server.source(path)
	if err != nil {
		return reply(statusNotFound)
	}
	if number < 0 && len(src.streams) == 1 {
		number = 0
	}
	switch {
	case number < 0:
		return reply(statusOneByOne)
	case number >= len(src.streams):
		return reply(statusNotFound)
	case s != nil && s.path != path:
		return reply(statusOneByOne)
	case s != nil && (s.running() || s.track(number) != nil):
		return reply(statusWrongState)
	}
	t, err := parseTransport(req.header.Get("Transport"), number)
	if err != nil || !t.tcp && c.server.cfg.RefuseUDP || t.tcp && c.server.cfg.RefuseTCP || s != nil && s.tracks[0].way.tcp != t.tcp {
		return reply(statusTransport)
	}
	if !t.tcp {
		if err := t.listen(c.net.LocalAddr().(*net.TCPAddr).IP); err != nil {
			return reply(statusInternal)
		}
	}
	if s == nil {
		if len(c.sessions) == maxSessions {
			t.close()
			return reply(statusInternal)
		}
		s = newSession(c, path, src)
		c.sessions[s.id] = s
	}
	track := s.add(number, t)
	return withSession(reply(statusOK, "Transport", t.field(track.ssrc)), s)
}

// control answers what needs a session: PLAY, PAUSE and TEARDOWN.
func (c *conn) control(req *request, s *session) *response {
	if s == nil {
		return reply(statusNoSession)
	}
	base, path, number := splitURL(req.url)
	switch {
	case path != s.path:
		return reply(statusNotFound)
	case number >= 0 && s.track(number) == nil:
		return reply(statusNotFound)
	case number >= 0 && len(s.tracks) > 1:
		return reply(statusAggregate)
	}
	switch req.method {
	case "PLAY":
		return c.play(req, s, base)
	case "PAUSE":
		if s.source.live {
			return reply(statusWrongState)
		}
		s.stop()
		at, _ := s.position()
		return withSession(reply(statusOK, "Range", "npt="+formatNPT(at)+"-"), s)
	}
	s.close()
	delete(c.sessions, s.id)
	return reply(statusOK)
}

// play begins, goes on or moves. The media go out after the answer.
func (c *conn) play(req *request, s *session, base string) *response {
	field := req.header.Get("Range")
	var start, end time.Duration
	if field != "" {
		var err error
		switch start, end, err = parseRange(field); {
		case errors.Is(err, errRangeUnit):
			return reply(statusNotDone)
		case err != nil, !s.source.live && start >= s.source.duration:
			return reply(statusBadRange)
		}
	}
	switch {
	case s.source.live && !s.running():
		s.join(time.Since(c.server.started))
	case s.source.live:
	case field != "" || !s.begun():
		s.stop()
		s.seek(start, end)
	default: // after PAUSE from there on; while playing, nothing changes
		s.resume()
	}
	r := reply(statusOK, "Range", s.rangeField(), "RTP-Info", s.rtpInfo(base))
	r.then = s.start
	return withSession(r, s)
}

// rangeField is the Range of an answer to PLAY.
func (s *session) rangeField() string {
	if s.source.live {
		return "npt=now-"
	}
	return "npt=" + formatNPT(s.from) + "-" + formatNPT(s.until)
}

// rtpInfo tells for each track the number of the first packet, and the RTP time
// that belongs to the beginning of the range (RFC 2326, 12.33).
func (s *session) rtpInfo(base string) string {
	var infos []string
	for _, t := range s.tracks {
		infos = append(infos, fmt.Sprintf("url=%s/%s%d;seq=%d;rtptime=%d", base, trackMark, t.number, t.firstSeq, t.rtpTime(s.from)))
	}
	return strings.Join(infos, ",")
}
