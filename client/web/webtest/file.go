package webtest

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// FileOptions change what a FileServer does. The zero value gives byte ranges.
type FileOptions struct {
	NoRanges bool  // every request is answered with the whole
	ClaimAll bool  // a request for everything from 0 on is answered 200, others 206
	NoLength bool  // the length is not told: the end of the connection is the end
	Chunked  bool  // HTTP/1.1's chunked coding, without a length
	Announce int64 // a Content-Length that is not true; 0: the real one
	CutAfter int64 // body bytes after which each connection is closed; 0: never
}

// FileServer serves one file.
type FileServer struct {
	Server
	contentType string
	o           FileOptions

	mu   sync.Mutex
	data []byte
	etag string
}

// NewFile serves data as /name.
func NewFile(name, contentType string, data []byte, o FileOptions) *FileServer {
	f := &FileServer{contentType: contentType, o: o, data: data, etag: `"1"`}
	f.start("/"+name, f.serve)
	return f
}

// Change replaces the file by another version of it.
func (f *FileServer) Change(data []byte, etag string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data, f.etag = data, etag
}

func (f *FileServer) serve(conn net.Conn) {
	req, err := f.request(conn)
	if err != nil {
		return
	}
	f.mu.Lock()
	data, etag := f.data, f.etag
	f.mu.Unlock()

	size := int64(len(data))
	from, to, ranged := parseRange(req.Header.Get("Range"), size)
	if old := req.Header.Get("If-Range"); old != "" && old != etag {
		ranged = false
	}
	if f.o.NoRanges || f.o.ClaimAll && from == 0 {
		ranged = false
	}
	var head strings.Builder
	switch {
	case ranged && from >= size:
		fmt.Fprintf(conn, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */%d\r\nContent-Length: 0\r\n\r\n", size)
		return
	case ranged:
		fmt.Fprintf(&head, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\n", from, to, size)
	default:
		from, to = 0, size-1
		head.WriteString("HTTP/1.1 200 OK\r\n")
	}
	body := data[from : to+1]
	fmt.Fprintf(&head, "Server: webtest\r\nContent-Type: %s\r\nETag: %s\r\n", f.contentType, etag)
	if !f.o.NoRanges {
		head.WriteString("Accept-Ranges: bytes\r\n")
	}
	switch {
	case f.o.Chunked:
		head.WriteString("Transfer-Encoding: chunked\r\n")
	case f.o.Announce > 0:
		fmt.Fprintf(&head, "Content-Length: %d\r\n", f.o.Announce)
	case !f.o.NoLength:
		fmt.Fprintf(&head, "Content-Length: %d\r\n", len(body))
	}
	if _, err := conn.Write([]byte(head.String() + "\r\n")); err != nil || req.Method == http.MethodHead {
		return
	}
	if f.o.CutAfter > 0 {
		body = body[:min(int64(len(body)), f.o.CutAfter)]
	}
	if f.o.Chunked {
		writeChunked(conn, body, f.o.CutAfter > 0)
		return
	}
	conn.Write(body)
}

// writeChunked sends body in chunks of growing sizes; cut leaves the end out.
func writeChunked(conn net.Conn, body []byte, cut bool) {
	for size := 1; len(body) > 0; size = min(size*3, 40<<10) {
		n := min(size, len(body))
		chunk := append([]byte(strconv.FormatInt(int64(n), 16)+";x=y\r\n"), body[:n]...)
		if _, err := conn.Write(append(chunk, "\r\n"...)); err != nil {
			return
		}
		body = body[n:]
	}
	if !cut {
		conn.Write([]byte("0\r\nTrailer: x\r\n\r\n"))
	}
}

// parseRange reads "bytes=5-" and "bytes=5-9".
func parseRange(s string, size int64) (from, to int64, ok bool) {
	span, ok := strings.CutPrefix(s, "bytes=")
	if !ok {
		return 0, 0, false
	}
	first, last, _ := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from < 0 {
		return 0, 0, false
	}
	to = size - 1
	if n, err := strconv.ParseInt(last, 10, 64); err == nil {
		to = min(to, n)
	}
	return from, to, true
}
