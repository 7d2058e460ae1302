package mms

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/mms/wire"
	"tapedeck/client/trace"
)

// cannedConn gives a reply from memory, the end of it again and again.
type cannedConn struct {
	net.Conn // for what is not used here
	reply    []byte
	again    []byte
	far      net.IP // nil: 127.0.0.1
	closed   atomic.Bool
}

func (c *cannedConn) Read(p []byte) (int, error) {
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	if len(c.reply) == 0 {
		c.reply = c.again
	}
	if len(c.reply) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.reply)
	c.reply = c.reply[n:]
	return n, nil
}

func (c *cannedConn) Write(p []byte) (int, error)      { return len(p), nil }
func (c *cannedConn) Close() error                     { c.closed.Store(true); return nil }
func (c *cannedConn) SetDeadline(time.Time) error      { return nil }
func (c *cannedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *cannedConn) SetWriteDeadline(time.Time) error { return nil }
func (c *cannedConn) RemoteAddr() net.Addr {
	if c.far != nil {
		return &net.TCPAddr{IP: c.far, Port: 80}
	}
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
}

// canned opens a link whose replies come from memory, and plays it.
func canned(t testing.TB, body, again []byte) *httpLink {
	t.Helper()
	conns := 0
	cfg := Config{Dial: func(context.Context, string, string) (net.Conn, error) {
		conns++
		switch conns {
		case 1:
			return &cannedConn{reply: []byte(describes(okHead))}, nil
		case 2:
			return &cannedConn{reply: append([]byte(someHead), body...), again: again}, nil
		}
		return nil, errors.New("no more")
	}}
	a, err := address.Parse("mmsh://server/film.asf")
	if err != nil {
		t.Fatal(err)
	}
	l, err := dialHTTP(t.Context(), a, &cfg, trace.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.play(t.Context(), request{}); err != nil {
		t.Fatal(err)
	}
	return l
}

func manyPackets(n, size int) (b []byte) {
	payload := bytes.Repeat([]byte{7}, size)
	for i := range n {
		b = wire.AppendChunk(b, &wire.Chunk{Kind: wire.ChunkData, Location: uint32(i), Payload: payload})
	}
	return b
}

// TestHTTPAllocatesNothing: nothing is allocated for a packet, and many come with
// one read.
func TestHTTPAllocatesNothing(t *testing.T) {
	l := canned(t, []byte(hChunk(sampleHeader())), manyPackets(1000, 1400))
	defer l.close()
	ctx := t.Context()
	next := func() {
		if _, err := l.next(ctx); err != nil {
			t.Fatal(err)
		}
	}
	next()
	if n := testing.AllocsPerRun(1000, next); n > 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if !l.more() {
		t.Error("nothing is at hand behind a large read")
	}
}

func BenchmarkHTTPNext(b *testing.B) {
	const size = 1400
	l := canned(b, []byte(hChunk(sampleHeader())), manyPackets(1000, size))
	defer l.close()
	ctx := b.Context()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.next(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzHTTPStream: no body of a Play breaks the link; headers and packets are
// bounded, and it comes to an end.
func FuzzHTTPStream(f *testing.F) {
	h := hChunk(sampleHeader())
	for _, body := range []string{
		h + dChunk(1, "a") + endChunk('E', 0),
		h + dChunk(1, "a") + endChunk('E', 1) + endChunk('C', 0) + h + dChunk(2, "b"),
		endChunk('E', 0xC00D001A), "<html>", "$D\xff\xff", "$Z\x00\x00$H\x08\x00\x00\x00\x00\x00\x00\x0c\x08\x00",
		"$D\x0b\x00\x01\x00\x00\x00\x00\x00\x07\x00abc", strings.Repeat(endChunk('C', 0), 200),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l := canned(t, body, nil)
		defer l.close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for n := 0; ; n++ {
			it, err := l.next(ctx)
			if err != nil {
				break
			}
			if len(it.packet) > maxPacket || it.header != nil && len(it.header.header) > maxHeader || n > len(body) {
				t.Fatalf("item %d: %d bytes", n, len(it.packet))
			}
			if it.chose {
				cancel() // it waits for a choice
			}
		}
	})
}

// TestHTTPPipelineTest: what stands in the way of pipelined mode is seen, and the
// film plays without it.
func TestHTTPPipelineTest(t *testing.T) {
	const (
		head = "HTTP/1.1 200 OK\r\nServer: Cougar/9.5.6001.18281\r\nPragma: pipeline-experiment=1, client-id=7, features=\"\"\r\n"
		both = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n$T\x00\x00\r\n0\r\n\r\n"
	)
	result := func(s string) string {
		return "HTTP/1.1 204 No Content\r\nPragma: no-cache, client-id=8, " + s + "\r\nContent-Length: 0\r\n\r\n"
	}
	for _, row := range []struct {
		name, describe, first, second string
		pipelined                     bool
		asked                         string
	}{
		{"yes", head, both + keepOpen, result("pipeline-result=1") + keepOpen, true, "describe describe describe play"},
		{"in time for nobody", head, both + keepOpen, result("pipeline-result=0") + keepOpen, false, "describe describe describe play"},
		{"closed after it", head, both, "", false, "describe describe play"},
		{"refused", head, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n" + keepOpen, result(""), false, "describe describe describe play"},
		{"silent", head, keepOpen, keepOpen, false, "describe describe describe play"},
		{"a proxy of HTTP/1.0", head + "Via: 1.1 one, 1.0 two (x)\r\n", "", "", false, "describe play"},
		{"a proxy of HTTP/1.1", head + "Via: HTTP/1.1 one\r\n", both + keepOpen, result("pipeline-result=1") + keepOpen, true, "describe describe describe play"},
		{"not offered", strings.Replace(head, "pipeline-experiment=1", "no-cache", 1), "", "", false, "describe play"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tests := 0
			stream := hChunk(sampleHeader()) + dChunk(3, "a")
			s := &rawServer{}
			s.answer = func(_ int, r string) string {
				switch {
				case strings.Contains(r, "pipeline-request"):
					if tests++; tests == 1 {
						return row.first
					}
					return row.second
				case isPlay(r):
					return "HTTP/1.1 200 OK\r\n\r\n" + stream + keepOpen
				}
				return describes(row.describe) + keepOpen
			}
			l, _ := mustHTTP(t, linkTo(s.start(t)), Config{Timeouts: Timeouts{Reply: 500 * time.Millisecond}})
			if (l.pipe != nil) != row.pipelined {
				t.Errorf("pipelined: %v", l.pipe != nil)
			}
			if err := l.play(t.Context(), request{}); err != nil {
				t.Fatal(err)
			}
			some(t, l, 1, 1)
			if got := s.kindsAsked(); got != row.asked {
				t.Errorf("asked %q", got)
			}
			if play := s.asked()[len(s.asked())-1]; strings.Contains(play, " HTTP/1.1\r\n") != row.pipelined {
				t.Errorf("%q", play)
			}
		})
	}
}
