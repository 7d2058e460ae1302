package mms

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"tapedeck/client/mms/mmstest"
	"tapedeck/client/mms/wire"
)

// rawServer answers each request with what answer gives for it, byte for byte.
// An answer that ends with keepOpen leaves the connection open, and reads the next
// request; after any other one it is closed.
type rawServer struct {
	answer func(n int, request string) string

	mu       sync.Mutex
	requests []string
}

const keepOpen = "<keep open>"

func (s *rawServer) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// kindsAsked are the first lines without their versions.
func (s *rawServer) kindsAsked() string {
	var all []string
	for _, r := range s.asked() {
		kind, _, _ := strings.Cut(r, " ")
		switch {
		case strings.Contains(r, "xPlayStrm=1"):
			kind = "play"
		case strings.Contains(r, "stream-switch-entry"):
			kind = "change"
		case strings.Contains(r, "xKeepAliveInPause"):
			kind = "keepalive"
		case strings.Contains(r, "log-line"), strings.Contains(r, "LogStats"):
			kind = "log"
		case kind == "GET":
			kind = "describe"
		}
		all = append(all, kind)
	}
	return strings.Join(all, " ")
}

// start serves until the test ends; the result is host:port.
func (s *rawServer) start(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	conns := make(map[net.Conn]bool)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[c] = true
			mu.Unlock()
			wg.Go(func() {
				s.serve(c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

func (s *rawServer) serve(c net.Conn) {
	var buf []byte
	for {
		end := bytes.Index(buf, []byte("\r\n\r\n"))
		for end < 0 {
			more := make([]byte, 4096)
			n, err := c.Read(more)
			if buf = append(buf, more[:n]...); err != nil {
				return
			}
			end = bytes.Index(buf, []byte("\r\n\r\n"))
		}
		request := string(buf[:end+4])
		buf = buf[end+4:]
		s.mu.Lock()
		s.requests = append(s.requests, request)
		n := len(s.requests)
		s.mu.Unlock()
		answer, open := strings.CutSuffix(s.answer(n, request), keepOpen)
		io.WriteString(c, answer)
		if !open {
			return
		}
	}
}

const (
	okHead   = "HTTP/1.0 200 OK\r\nServer: Cougar 4.1.0.3923\r\nPragma: no-cache,client-id=7,features=\"seekable\"\r\n"
	okHead9  = "HTTP/1.0 200 OK\r\nServer: Cougar/9.01.01.5001\r\nPragma: no-cache,client-id=7,features=\"seekable\",timeout=60000\r\nSupported: com.microsoft.wm.sswitch, com.microsoft.wm.predstrm\r\n"
	someHead = okHead + "\r\n"
)

// sampleHeader is the header of a film, and bodies made of it.
var sampleHeader = sync.OnceValue(func() []byte {
	film, err := mmstest.Film(mmstest.Sample())
	if err != nil {
		panic(err)
	}
	e, _ := film.Entry(0)
	return e.Header
})

func hChunk(header []byte) string { return string(wire.AppendPieces(nil, wire.ChunkHeader, header, 0)) }

func dChunk(id uint32, payload string) string {
	return string(wire.AppendChunk(nil, &wire.Chunk{Kind: wire.ChunkData, Location: id, Payload: []byte(payload)}))
}

func endChunk(kind wire.ChunkKind, code uint32) string {
	return string(wire.AppendReason(nil, kind, code))
}

// describes is the reply to a Describe.
func describes(head string) string {
	h := hChunk(sampleHeader())
	return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(h), h)
}

func linkTo(at string) string { return "mmsh://" + at + "/film.asf" }

// isPlay and others tell requests apart.
func isPlay(r string) bool     { return strings.Contains(r, "xPlayStrm=1") }
func isDescribe(r string) bool { return strings.HasPrefix(r, "GET") && !isPlay(r) }
