package http1

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// Limits on the head of a reply: status line and headers.
const (
	MaxHead        = 64 << 10 // bytes in all
	MaxInterim     = 5        // 1xx replies before the real one
	maxHeaderLines = 256
)

// Errors of a head.
var (
	ErrTooLong = fmt.Errorf("http: the server's headers do not end within %d KiB", MaxHead>>10)
	ErrTooMany = fmt.Errorf("http: the server sent more than %d header lines", maxHeaderLines)
	ErrNotHTTP = errors.New("http: the server's answer is not HTTP")
	ErrCoding  = errors.New("http: the server used a transfer coding that was not asked for")
	ErrLengths = errors.New("http: the server announced two different lengths")

	// ErrRTSP: who answers at this port speaks RTSP, as the links of cameras do
	// that begin with rtsp://.
	ErrRTSP = errors.New("http: an RTSP server answers at this port")

	// ErrTLS: a link in the clear leads to a port where TLS is spoken.
	ErrTLS = errors.New("http: the server speaks TLS on this port")
)

// Head is the part of a reply before its body.
//
//	HTTP/1.1 200 OK\r\n          or  ICY 200 OK\r\n
//	Content-Type: audio/mpeg\r\n
//	icy-name:Name\r\n                no blank: Icecast
//	\r\n
//
// Control bytes are gone from its texts; they may be in any charset.
type Head struct {
	Proto  string // "http/1.1", "http/1.0", "icy"
	Status int
	Reason string
	Header http.Header
}

// headEnd is the offset behind the empty line that ends a head, or 0 while it
// has not come. from is where the search may begin.
func headEnd(b []byte, from int) int {
	for i := max(from-3, 0); i < len(b); i++ {
		j := bytes.IndexByte(b[i:], '\n')
		if j < 0 {
			return 0
		}
		i += j
		switch {
		case i+1 < len(b) && b[i+1] == '\n':
			return i + 2
		case i+2 < len(b) && b[i+1] == '\r' && b[i+2] == '\n':
			return i + 3
		}
	}
	return 0
}

// Parse reads a whole head. It is lenient where servers are sloppy: bare
// line feeds, lines without a colon (skipped), blanks around names, lines that
// continue the one before.
func Parse(b []byte) (*Head, error) {
	first, rest, _ := bytes.Cut(b, []byte("\n"))
	h, err := parseStatus(string(first))
	if err != nil {
		return nil, err
	}
	h.Header = make(http.Header)
	last := ""
	for lines := 0; len(rest) > 0; lines++ {
		if lines > maxHeaderLines {
			return nil, ErrTooMany
		}
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && last != "" {
			values := h.Header[last]
			values[len(values)-1] += " " + Printable(line)
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if name = bytes.TrimSpace(name); !ok || len(name) == 0 {
			continue
		}
		last = textproto.CanonicalMIMEHeaderKey(Printable(name))
		h.Header[last] = append(h.Header[last], Printable(value))
	}
	return h, nil
}

// parseStatus reads "HTTP/1.1 200 OK" and SHOUTcast's "ICY 200 OK".
func parseStatus(line string) (*Head, error) {
	proto, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	code, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	proto = strings.ToLower(proto)
	if strings.HasPrefix(proto, "rtsp/") {
		return nil, ErrRTSP
	}
	if proto != "icy" && !strings.HasPrefix(proto, "http/1.") {
		return nil, ErrNotHTTP
	}
	if proto != "icy" && proto != "http/1.0" {
		proto = "http/1.1"
	}
	status, err := strconv.ParseUint(code, 10, 16)
	if err != nil || status < 100 || status > 999 {
		return nil, ErrNotHTTP
	}
	return &Head{Proto: proto, Status: int(status), Reason: Printable([]byte(reason))}, nil
}

// Printable is b without control bytes and outer blanks. Bytes above 0x7f stay
// as they are: what they mean is decided where the value is shown.
func Printable(b []byte) string {
	kept := make([]byte, 0, len(b))
	for _, c := range b {
		if c == '\t' {
			c = ' '
		}
		if c >= 0x20 && c != 0x7f {
			kept = append(kept, c)
		}
	}
	return strings.TrimSpace(string(kept))
}

// Keeps reports whether the server keeps the connection for another request
// (RFC 9112, section 9.3).
func (h *Head) Keeps() bool {
	alive := false
	for _, v := range h.Header.Values("Connection") {
		v = strings.ToLower(v)
		if strings.Contains(v, "close") {
			return false
		}
		alive = alive || strings.Contains(v, "keep-alive")
	}
	return h.Proto == "http/1.1" || h.Proto == "http/1.0" && alive
}

// BodyLength is the announced length of the body in bytes, -1 where there is
// none, and whether the body is chunked (RFC 9112, section 6.3).
func (h *Head) BodyLength() (length int64, chunked bool, err error) {
	if h.Status == 204 || h.Status == 304 {
		return 0, false, nil
	}
	if codings := h.Header.Values("Transfer-Encoding"); len(codings) > 0 {
		switch coding := strings.ToLower(strings.Join(codings, ",")); coding {
		case "chunked":
			return -1, true, nil
		case "identity", "":
		default:
			return 0, false, ErrCoding
		}
	}
	length = -1
	for _, v := range h.Header.Values("Content-Length") {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			continue // nonsense announces nothing
		}
		if length >= 0 && n != length {
			return 0, false, ErrLengths
		}
		length = n
	}
	return length, false, nil
}
