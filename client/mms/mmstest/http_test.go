package mmstest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/mms/wire"
)

const (
	player9 = "NSPlayer/9.0.0.2980"
	player7 = "NSPlayer/7.10.0.3059"
	all     = "stream-switch-count=3,stream-switch-entry=ffff:1:0 ffff:2:2 ffff:3:0"
)

// webServer serves the sample on demand and live, in lists, and fast.
func webServer(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Speed == 0 {
		o.Speed = 1000
	}
	if o.Programmes == nil {
		o.Programmes = map[string]*Programme{
			"film.asf": programme(t, Film, 1), "live": programme(t, Live, 1),
			"list": programme(t, Film, 3), "station": programme(t, Live, 2),
		}
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func programme(t *testing.T, kind func(...[]byte) (*Programme, error), files int) *Programme {
	t.Helper()
	p, err := kind(slices.Repeat([][]byte{Sample()}, files)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// webClient is one connection to a server.
type webClient struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func connect(t *testing.T, s *Server) *webClient {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.URL("http", ""), "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &webClient{t: t, c: c, r: bufio.NewReader(c)}
}

// send writes a request. Lines that begin with a small letter are pragmas.
func (c *webClient) send(request string, lines ...string) {
	c.t.Helper()
	b := request + "\r\n"
	agent := "User-Agent: " + player9 + "\r\n"
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "User-Agent:"):
			agent = line + "\r\n"
		case line[0] >= 'a' && line[0] <= 'z':
			b += "Pragma: " + line + "\r\n"
		default:
			b += line + "\r\n"
		}
	}
	if _, err := io.WriteString(c.c, b+agent+"Host: localhost\r\n\r\n"); err != nil {
		c.t.Fatal(err)
	}
}

// answer is a reply that is being read.
type answer struct {
	t *testing.T
	*http.Response
	pragmas wire.Pragmas
	buf     wire.ChunkBuffer
}

func (c *webClient) receive() *answer {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	return &answer{t: c.t, Response: res, pragmas: wire.ParsePragmas(res.Header.Values("Pragma"))}
}

func (c *webClient) ask(request string, lines ...string) *answer {
	c.t.Helper()
	c.send(request, lines...)
	return c.receive()
}

// status fails unless the answer has that one, and reads what is left of it.
func (a *answer) status(want int) *answer {
	a.t.Helper()
	if a.StatusCode != want {
		a.t.Fatalf("%s, want %d", a.Status, want)
	}
	return a
}

func (a *answer) text() string {
	a.t.Helper()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(b)
}

// id is the client-id as a token.
func (a *answer) id() string {
	a.t.Helper()
	n, ok := a.pragmas.Number("client-id")
	if !ok || n == 0 {
		a.t.Fatalf("no client-id in %v", a.Header)
	}
	return fmt.Sprintf("client-id=%d", n)
}

// next is the next chunk; false at the end of the body.
func (a *answer) next() (c wire.Chunk, ok bool) {
	a.t.Helper()
	for {
		more, err := a.buf.Next(&c)
		if err != nil {
			a.t.Fatal(err)
		}
		if more {
			return c, true
		}
		n, err := a.Body.Read(a.buf.Room())
		a.buf.Filled(n)
		if n > 0 {
			continue
		}
		if err != io.EOF || a.buf.Pending() > 0 {
			a.t.Fatalf("%v with %d bytes left", err, a.buf.Pending())
		}
		return wire.Chunk{}, false
	}
}

// kinds reads to the end: "MHDDE" is told as "MHD*E", with the reasons of ends
// and changes behind their letters.
func (a *answer) kinds() (kinds string, packets int) {
	a.t.Helper()
	for {
		c, ok := a.next()
		if !ok {
			return kinds, packets
		}
		if kinds = addKind(kinds, &c); c.Kind == wire.ChunkData {
			packets++
		}
	}
}

func addKind(kinds string, c *wire.Chunk) string {
	switch c.Kind {
	case wire.ChunkData:
		if !strings.HasSuffix(kinds, "D*") {
			kinds += "D*"
		}
		return kinds
	case wire.ChunkEnd, wire.ChunkChange:
		return kinds + fmt.Sprintf("%c%X", c.Kind, c.Reason)
	}
	return kinds + string(c.Kind)
}

// until reads until a chunk of that kind.
func (a *answer) until(kind wire.ChunkKind) wire.Chunk {
	a.t.Helper()
	for {
		c, ok := a.next()
		if !ok {
			a.t.Fatalf("the body ends before %c", kind)
		}
		if c.Kind == kind {
			return c
		}
	}
}
