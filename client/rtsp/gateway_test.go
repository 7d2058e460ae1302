package rtsp

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// gateway is a scripted HTTP server in front of a camera, for tests in a bubble:
// it makes tunnels as a good server does, but for what on says.
type gateway struct {
	cam   *camera
	extra string // header lines of the reply to GET
	// on answers a request; "" is as usual. The connection is closed behind it,
	// unless the answer ends with "...".
	on func(q *webAsk) string
	// hangUp closes a POST after so many of its messages; 0: never.
	hangUp int
	chunks bool // the GET's reply is cut into chunks

	workers sync.WaitGroup
	mu      sync.Mutex
	dialled []string
	asks    []*webAsk
	tunnels map[string]net.Conn // to the camera, by cookie
}

// webAsk is an HTTP request: its head, and of a POST what came in it.
type webAsk struct {
	number int // of the connection, from 1
	to     string
	head   string
	method string
	path   string
	header header
	length int // of a POST: bytes of base64 that came
}

// addressed is a pipe that has an address.
type addressed struct {
	net.Conn
	to net.Addr
}

func (a *addressed) RemoteAddr() net.Addr { return a.to }

func (g *gateway) dial(_ context.Context, _, addr string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	g.mu.Lock()
	g.dialled = append(g.dialled, addr)
	n := len(g.dialled)
	g.mu.Unlock()
	g.workers.Go(func() {
		defer theirs.Close()
		g.serve(theirs, n, addr)
	})
	return &addressed{ours, net.TCPAddrFromAddrPort(to)}, nil
}

func (g *gateway) serve(nc net.Conn, number int, addr string) {
	r := bufio.NewReader(nc)
	q := &webAsk{number: number, to: addr}
	for !strings.HasSuffix(q.head, "\r\n\r\n") {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		q.head += line
	}
	lines := strings.Split(q.head, "\r\n")
	first := strings.Fields(lines[0])
	q.method, q.path, q.header = first[0], first[1], parseHeader(lines[1:])
	g.mu.Lock()
	g.asks = append(g.asks, q)
	g.mu.Unlock()
	if g.on != nil {
		if answer := g.on(q); answer != "" {
			answer, open := strings.CutSuffix(answer, "...")
			if answer != "" {
				_, _ = io.WriteString(nc, answer)
			}
			if open {
				_, _ = io.Copy(io.Discard, r)
			}
			return
		}
	}
	switch q.method {
	case "GET":
		g.get(nc, r, q)
	case "POST":
		g.post(r, q)
	}
}

// get carries what the camera says.
func (g *gateway) get(nc net.Conn, r io.Reader, q *webAsk) {
	inner, err := g.cam.dial(context.Background(), "tcp", q.to)
	if err != nil {
		return
	}
	g.mu.Lock()
	if g.tunnels == nil {
		g.tunnels = map[string]net.Conn{}
	}
	g.tunnels[q.header.get("x-sessioncookie")] = inner
	g.mu.Unlock()
	g.workers.Go(func() { // the client says no more
		_, _ = io.Copy(io.Discard, r)
		inner.Close()
	})
	fmt.Fprintf(nc, "HTTP/1.0 200 OK\r\nServer: gateway\r\nContent-Type: %s\r\n%s\r\n", tunnelType, g.extra)
	buf := make([]byte, 64<<10)
	for {
		n, err := inner.Read(buf)
		if err != nil {
			return
		}
		b := buf[:n]
		if g.chunks {
			b = slices.Concat([]byte(fmt.Sprintf("%x\r\n", n)), b, []byte("\r\n"))
		}
		if _, err := nc.Write(b); err != nil {
			return
		}
	}
}

// post carries what the client says, quantum by quantum, as servers decode it.
func (g *gateway) post(r io.Reader, q *webAsk) {
	g.mu.Lock()
	inner := g.tunnels[q.header.get("x-sessioncookie")]
	g.mu.Unlock()
	left, err := strconv.Atoi(q.header.get("Content-Length"))
	if inner == nil || err != nil {
		return
	}
	messages := 0
	var tail []byte
	for quantum := make([]byte, 4); left >= 4; left -= 4 {
		if _, err := io.ReadFull(r, quantum); err != nil {
			return
		}
		plain, err := base64.StdEncoding.DecodeString(string(quantum))
		if err != nil {
			g.cam.t.Errorf("%q in a POST: %v", quantum, err)
			return
		}
		g.mu.Lock()
		q.length += len(quantum)
		g.mu.Unlock()
		tail = append(tail, plain...)
		tail = tail[max(0, len(tail)-4):]
		if _, err := inner.Write(plain); err != nil {
			return
		}
		if string(tail) == "\r\n\r\n" { // the end of a message without a body
			if messages++; messages == g.hangUp {
				return
			}
		}
	}
}

// asked returns the requests of a method.
func (g *gateway) asked(method string) []*webAsk {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.asks), func(q *webAsk) bool { return q.method != method })
}

func (g *gateway) open(link string, cfg Config) (*Session, *events, error) {
	t := g.cam.t
	t.Helper()
	ev := &events{}
	cfg.Dial, cfg.Trace = g.dial, ev.trace
	s, err := Open(t.Context(), parse(t, link), cfg)
	if err != nil {
		g.workers.Wait()
		g.cam.workers.Wait()
	} else {
		t.Cleanup(func() { s.Close() })
	}
	return s, ev, err
}

func (g *gateway) mustOpen(link string, cfg Config) (*Session, *events) {
	g.cam.t.Helper()
	s, ev, err := g.open(link, cfg)
	if err != nil {
		g.cam.t.Fatalf("%v\n%s", err, ev)
	}
	return s, ev
}

func newGateway(t *testing.T) *gateway { return &gateway{cam: &camera{t: t, sdp: soundSDP}} }
