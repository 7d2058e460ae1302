package player

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// feedBuffer is the most that one write hands to VLC's connection.
const feedBuffer = 256 << 10

var feedBuffers = sync.Pool{New: func() any { return new([feedBuffer]byte) }}

// serveStream answers with what a fresh reader gives, for as long as it gives.
//
// The connection is taken over from net/http. Measured on loopback with reads of
// 64 KiB, CPU seconds of both ends together per GB (BenchmarkFeed): 0.45 either
// way for a plain reader, and 0.30 for one that holds its bytes in pieces and
// writes them with writev, which only the bare TCP connection can do.
func serveStream(ctx context.Context, w http.ResponseWriter, r *http.Request, open func() (io.ReadCloser, error)) {
	w.Header().Set("Connection", "close")
	if isMatroska(w.Header().Get("Content-Type")) {
		// VLC's own Matroska demuxer refuses what it believes it cannot seek in
		// ("cannot find any cluster"); libavformat's takes over, which looks at
		// seconds of the stream before it shows anything. VLC asks for no range
		// of a stream without an index, so nothing is promised that is not kept.
		w.Header().Set("Accept-Ranges", "bytes")
	}
	if from, _, kind := parseRange(r.Header.Get("Range"), math.MaxInt64); kind == rangeOne && from > 0 {
		// VLC asks so when its connection fails, when it looks for an index, and
		// on its way out. It would take 416 for the end of the stream; after any
		// other refusal it goes on with the connection that it has.
		http.Error(w, "from the beginning only", http.StatusNotImplemented)
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	in, err := open()
	if err != nil {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	header := w.Header().Clone()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		in.Close()
		http.Error(w, "not on this connection", http.StatusInternalServerError)
		return
	}
	s := stream{in: in, conn: conn, header: header}
	s.run(ctx)
}

// stream is one response under way.
type stream struct {
	in     io.ReadCloser
	conn   net.Conn
	header http.Header
}

// run copies until the reader ends, the client goes or ctx does.
func (s *stream) run(ctx context.Context) {
	// The three ends meet here: whichever comes first closes the other two, so
	// that a blocked Read, Write or watch returns.
	var once sync.Once
	end := func() {
		once.Do(func() {
			s.in.Close()
			_ = s.conn.SetDeadline(time.Unix(1, 0)) // a closed connection has no deadline to set
		})
	}
	stop := context.AfterFunc(ctx, end)
	watched := make(chan struct{})
	_ = s.conn.SetDeadline(time.Time{})
	go func() {
		defer close(watched)
		// The client has nothing more to say: a byte or an end is its end.
		var b [1]byte
		_, _ = s.conn.Read(b[:])
		end()
	}()
	s.copy()
	stop()
	end()
	<-watched
	s.conn.Close()
}

// copy sends what the reader gives until one of the two ends. Why it ended is
// the reader's to tell its owner; VLC takes any end for the end.
func (s *stream) copy() {
	buf := feedBuffers.Get().(*[feedBuffer]byte)
	defer feedBuffers.Put(buf)
	// The head of the response goes out with the first bytes, in one packet and
	// after a look at them.
	n, err := readSome(s.in, buf[:])
	if isList(buf[:n]) {
		_, _ = io.WriteString(s.conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return
	}
	first := net.Buffers{s.head(), buf[:n]}
	if _, werr := first.WriteTo(s.conn); werr != nil || err != nil {
		return
	}
	if wt, ok := s.in.(io.WriterTo); ok {
		_, _ = wt.WriteTo(s.conn)
		return
	}
	for {
		n, err := readSome(s.in, buf[:])
		if _, werr := s.conn.Write(buf[:n]); werr != nil || err != nil {
			return
		}
	}
}

// head is the status line and the header, with no length: the end of the
// connection is the end of the body.
func (s *stream) head() []byte {
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\n")
	_ = s.header.Write(&b) // a Builder does not fail
	b.WriteString("\r\n")
	return []byte(b.String())
}

// maxEmptyReads bounds how often a reader may give nothing and no error.
const maxEmptyReads = 100

// readSome reads at least one byte.
func readSome(in io.Reader, p []byte) (int, error) {
	for range maxEmptyReads {
		if n, err := in.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, fmt.Errorf("feed: %w", io.ErrNoProgress)
}
