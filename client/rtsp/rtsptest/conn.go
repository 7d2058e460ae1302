package rtsptest

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// sessionTimeout is after how long without a request or a receiver report a
// session is ended, and its connection with it.
const sessionTimeout = 60 * time.Second

// conn is one client's connection. Its reading goroutine owns its sessions.
type conn struct {
	server *Server
	net    net.Conn
	number int
	nonce  string

	sessions map[string]*session
	alive    *time.Timer // cuts the connection at the end of sessionTimeout

	writing sync.Mutex   // responses and interleaved frames do not mix
	sent    atomic.Int64 // RTP packets, for Config.CloseAfter
}

func newConn(s *Server, nc net.Conn, number int) *conn {
	c := &conn{server: s, net: nc, number: number, nonce: token(), sessions: map[string]*session{}}
	c.alive = time.AfterFunc(sessionTimeout, func() {
		nc.Close()
	})
	return c
}

// serve answers requests until the connection ends.
func (c *conn) serve() {
	r := bufio.NewReaderSize(c.net, maxLine)
	for c.next(r) == nil {
		c.alive.Reset(sessionTimeout)
	}
	c.net.Close()
	for _, s := range c.sessions {
		s.close()
	}
	c.alive.Stop() // last: a receiver report may have set it again
}

// next takes the next message: an interleaved frame or a request.
func (c *conn) next(r *bufio.Reader) error {
	first, err := r.Peek(1)
	if err != nil {
		return err
	}
	switch first[0] {
	case '$':
		return skipFrame(r)
	case '\r', '\n':
		_, err := r.ReadByte()
		return err
	}
	req, err := readRequest(r)
	if err == errSyntax {
		c.write(reply(statusBadRequest).bytes(""))
	}
	if err != nil {
		return err
	}
	res := c.answer(req)
	c.server.log(Request{Conn: c.number, Method: req.method, URL: req.url, Header: req.header, Status: res.status})
	if err := c.write(res.bytes(req.header.Get("CSeq"))); err != nil {
		return err
	}
	if res.then != nil {
		res.then()
	}
	return nil
}

// skipFrame reads over what the client sends interleaved: receiver reports,
// whose coming is all that matters.
func skipFrame(r *bufio.Reader) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, r, int64(binary.BigEndian.Uint16(head[2:])))
	return err
}

// write sends bytes whole.
func (c *conn) write(b []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.net.Write(b)
	return err
}

// cutAfter notes that n RTP packets went out, and cuts the connection where the
// configuration says so.
func (c *conn) cutAfter(n int) bool {
	limit := c.server.cfg.CloseAfter
	if limit <= 0 || c.sent.Add(int64(n)) < int64(limit) {
		return false
	}
	c.net.Close()
	return true
}

// answer checks what all requests have in common and hands on to the method.
func (c *conn) answer(req *request) *response {
	switch {
	case req.version != "RTSP/1.0":
		return reply(statusVersion)
	case req.header.Get("CSeq") == "":
		return reply(statusBadRequest)
	case req.header.Get("Require") != "":
		return reply(statusOption, "Unsupported", req.header.Get("Require"))
	case req.method != "OPTIONS" && !c.authorized(req):
		return reply(statusUnauthorized, "WWW-Authenticate", c.challenge())
	}
	var s *session
	if id := sessionID(req.header.Get("Session")); id != "" {
		if s = c.sessions[id]; s == nil {
			return reply(statusNoSession)
		}
	}
	switch req.method {
	case "OPTIONS":
		return c.options(req, s)
	case "DESCRIBE":
		return c.describe(req)
	case "SETUP":
		return c.setup(req, s)
	case "GET_PARAMETER", "SET_PARAMETER":
		return withSession(reply(statusOK), s)
	case "PLAY", "PAUSE", "TEARDOWN":
		return c.control(req, s)
	case "ANNOUNCE", "RECORD", "REDIRECT":
		return reply(statusNotAllowed, "Allow", publicAll)
	}
	return reply(statusNotDone)
}

// sessionID takes the parameters off a Session field.
func sessionID(field string) string {
	id, _, _ := strings.Cut(field, ";")
	return strings.TrimSpace(id)
}

// withSession adds the Session field of s, if there is one.
func withSession(r *response, s *session) *response {
	if s != nil {
		r.add("Session", s.id+";timeout=60")
	}
	return r
}
