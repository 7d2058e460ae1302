package rtsptest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client speaks to a server by hand. It has no idea of media.
type client struct {
	t       *testing.T
	conn    net.Conn
	r       *bufio.Reader
	cseq    int
	session string
	frames  []frame // interleaved frames that came before an answer
}

// frame is an interleaved frame and when it came.
type frame struct {
	channel byte
	data    []byte
	at      time.Time
}

func (f frame) seq() uint16     { return binary.BigEndian.Uint16(f.data[2:]) }
func (f frame) stamp() uint32   { return binary.BigEndian.Uint32(f.data[4:]) }
func (f frame) marker() bool    { return f.data[1]&0x80 != 0 }
func (f frame) ssrc() uint32    { return binary.BigEndian.Uint32(f.data[8:]) }
func (f frame) hasBYE() bool    { return f.data[len(f.data)-7] == rtcpBYE }
func (f frame) payload() []byte { return f.data[12:] }

// answer is what a request was answered.
type answer struct {
	status int
	header textproto.MIMEHeader
	body   string
}

// inBubble runs test with a server and a client on a pipe, in fake time.
func inBubble(t *testing.T, cfg Config, test func(t *testing.T, s *Server, c *client)) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		s := newServer(cfg)
		s.running.Go(newConn(s, far, 1).serve)
		c := &client{t: t, conn: near, r: bufio.NewReader(near)}
		test(t, s, c)
		near.Close()
		s.running.Wait()
	})
}

// dial connects to a real server.
func dial(t *testing.T, s *Server) *client {
	t.Helper()
	conn, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn, r: bufio.NewReader(conn)}
}

const host = "rtsp://127.0.0.1:554"

// do sends a request and reads its answer; path is an address where it does not
// begin with a slash.
func (c *client) do(method, path string, fields ...string) answer {
	c.t.Helper()
	c.cseq++
	if strings.HasPrefix(path, "/") {
		path = host + path
	}
	req := fmt.Sprintf("%s %s RTSP/1.0\r\nCSeq: %d\r\n", method, path, c.cseq)
	for i := 0; i+1 < len(fields); i += 2 {
		req += fields[i] + ": " + fields[i+1] + "\r\n"
	}
	if c.session != "" {
		req += "Session: " + c.session + "\r\n"
	}
	return c.raw(req + "\r\n")
}

// raw sends text and reads an answer.
func (c *client) raw(text string) answer {
	c.t.Helper()
	go io.WriteString(c.conn, text) // a pipe has no buffer: the server may be writing too
	for {
		first, err := c.r.Peek(1)
		if err != nil {
			c.t.Fatalf("after %q: %v", text, err)
		}
		if first[0] != '$' {
			break
		}
		f, err := c.frame()
		if err != nil {
			c.t.Fatal(err)
		}
		c.frames = append(c.frames, f)
	}
	tp := textproto.NewReader(c.r)
	line, err := tp.ReadLine()
	if err != nil {
		c.t.Fatal(err)
	}
	var a answer
	if _, err := fmt.Sscanf(line, "RTSP/1.0 %d", &a.status); err != nil {
		c.t.Fatalf("status line %q", line)
	}
	if a.header, err = tp.ReadMIMEHeader(); err != nil {
		c.t.Fatal(err)
	}
	length, _ := strconv.Atoi(a.header.Get("Content-Length"))
	body := make([]byte, length)
	if _, err := io.ReadFull(c.r, body); err != nil {
		c.t.Fatal(err)
	}
	a.body = string(body)
	return a
}

// ok is do for a request that must be answered 200.
func (c *client) ok(method, path string, fields ...string) answer {
	c.t.Helper()
	a := c.do(method, path, fields...)
	if a.status != 200 {
		c.t.Fatalf("%s %s: %d", method, path, a.status)
	}
	if id, _, _ := strings.Cut(a.header.Get("Session"), ";"); id != "" {
		c.session = id
	}
	return a
}

// frame reads an interleaved frame.
func (c *client) frame() (frame, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(c.r, head); err != nil {
		return frame{}, err
	}
	if head[0] != '$' {
		return frame{}, fmt.Errorf("%q is no frame", head)
	}
	f := frame{channel: head[1], data: make([]byte, binary.BigEndian.Uint16(head[2:]))}
	_, err := io.ReadFull(c.r, f.data)
	f.at = time.Now()
	return f, err
}

// next takes the next frame, of those before an answer first.
func (c *client) next() (frame, error) {
	if len(c.frames) > 0 {
		f := c.frames[0]
		c.frames = c.frames[1:]
		return f, nil
	}
	return c.frame()
}

// until reads frames by channel until all the odd channels of tracks said BYE.
func (c *client) until(tracks int) map[byte][]frame {
	c.t.Helper()
	got := map[byte][]frame{}
	for byes := 0; byes < tracks; {
		f, err := c.next()
		if err != nil {
			c.t.Fatal(err)
		}
		got[f.channel] = append(got[f.channel], f)
		if f.channel%2 == 1 && f.hasBYE() {
			byes++
		}
	}
	return got
}

// setup sets up tracks of path, interleaved.
func (c *client) setup(path string, tracks int) {
	c.t.Helper()
	for i := range tracks {
		c.ok("SETUP", fmt.Sprintf("%s/trackID=%d", path, i), "Transport", fmt.Sprintf("RTP/AVP/TCP;unicast;interleaved=%d-%d", 2*i, 2*i+1))
	}
}

// rtpInfo takes an RTP-Info field apart: seq and rtptime of each track.
func rtpInfo(t *testing.T, field string) (seqs []uint16, stamps []uint32) {
	t.Helper()
	for part := range strings.SplitSeq(field, ",") {
		var seq uint16
		var stamp uint32
		_, rest, _ := strings.Cut(part, ";")
		if _, err := fmt.Sscanf(rest, "seq=%d;rtptime=%d", &seq, &stamp); err != nil {
			t.Fatalf("RTP-Info %q: %v", field, err)
		}
		seqs, stamps = append(seqs, seq), append(stamps, stamp)
	}
	return seqs, stamps
}
