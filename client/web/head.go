package web

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// Limits on the head of a reply: status line and headers.
const (
	maxHead        = 64 << 10 // bytes in all
	maxHeaderLines = 256
	maxReason      = 80 // bytes of a status line's words that are shown
	maxInterim     = 5  // 1xx replies before the real one
)

// Errors of a head.
var (
	errHeadTooLong = fmt.Errorf("http: the server's headers do not end within %d KiB", maxHead>>10)
	errHeadLines   = fmt.Errorf("http: the server sent more than %d header lines", maxHeaderLines)
	errNotHTTP     = errors.New("http: the server's answer is not HTTP")
	errCoding      = errors.New("http: the server used a transfer coding that was not asked for")
)

// head is the part of a reply before its body.
//
//	HTTP/1.1 200 OK\r\n          or  ICY 200 OK\r\n
//	Content-Type: audio/mpeg\r\n
//	icy-name:Name\r\n                no blank: Icecast
//	\r\n
type head struct {
	proto  string // "http/1.1", "http/1.0", "http/2", "icy"
	status int
	reason string
	header http.Header
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

// parseHead reads a whole head. It is lenient where servers are sloppy: bare
// line feeds, lines without a colon (skipped), blanks around names, lines that
// continue the one before.
func parseHead(b []byte) (*head, error) {
	first, rest, _ := bytes.Cut(b, []byte("\n"))
	h, err := parseStatus(string(first))
	if err != nil {
		return nil, err
	}
	h.header = make(http.Header)
	last := ""
	for lines := 0; len(rest) > 0; lines++ {
		if lines > maxHeaderLines {
			return nil, errHeadLines
		}
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && last != "" {
			values := h.header[last]
			values[len(values)-1] += " " + printable(line)
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if name = bytes.TrimSpace(name); !ok || len(name) == 0 {
			continue
		}
		last = textproto.CanonicalMIMEHeaderKey(printable(name))
		h.header[last] = append(h.header[last], printable(value))
	}
	return h, nil
}

// parseStatus reads "HTTP/1.1 200 OK" and SHOUTcast's "ICY 200 OK".
func parseStatus(line string) (*head, error) {
	proto, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	code, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	proto = strings.ToLower(proto)
	if strings.HasPrefix(proto, "rtsp/") {
		return nil, ErrRTSP
	}
	if proto != "icy" && !strings.HasPrefix(proto, "http/1.") {
		return nil, errNotHTTP
	}
	if proto != "icy" && proto != "http/1.0" {
		proto = "http/1.1"
	}
	status, err := strconv.ParseUint(code, 10, 16)
	if err != nil || status < 100 || status > 999 {
		return nil, errNotHTTP
	}
	return &head{proto: proto, status: int(status), reason: text(reason, maxReason)}, nil
}

// printable is b without control bytes and outer blanks. Bytes above 0x7f stay
// as they are: what they mean is decided where the value is shown.
func printable(b []byte) string {
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

// keeps reports whether the server keeps the connection for another request
// (RFC 9112, section 9.3).
func (h *head) keeps() bool {
	for _, v := range h.header.Values("Connection") {
		if strings.Contains(strings.ToLower(v), "close") {
			return false
		}
	}
	return h.proto == "http/1.1"
}

// bodyLength is the announced length of the body in bytes, -1 where there is
// none, and whether the body is chunked (RFC 9112, section 6.3).
func (h *head) bodyLength() (length int64, chunked bool, err error) {
	if h.status == 204 || h.status == 304 {
		return 0, false, nil
	}
	if codings := h.header.Values("Transfer-Encoding"); len(codings) > 0 {
		switch coding := strings.ToLower(strings.Join(codings, ",")); coding {
		case "chunked":
			return -1, true, nil
		case "identity", "":
		default:
			return 0, false, errCoding
		}
	}
	length = -1
	for _, v := range h.header.Values("Content-Length") {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			continue // nonsense announces nothing
		}
		if length >= 0 && n != length {
			return 0, false, errors.New("http: the server announced two different lengths")
		}
		length = n
	}
	return length, false, nil
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}

// contentRange reads "bytes 0-499/1234" (RFC 9110, section 14.4).
func contentRange(s string) (from, size int64, ok bool) {
	span, total, _ := strings.Cut(s, "/")
	from, to, ok := byteSpan(span)
	size, err := strconv.ParseInt(strings.TrimSpace(total), 10, 64)
	return from, size, ok && err == nil && size > to
}

// byteSpan reads "bytes 0-499".
func byteSpan(s string) (from, to int64, ok bool) {
	unit, rest, _ := strings.Cut(s, " ")
	first, last, _ := strings.Cut(rest, "-")
	from, err1 := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	to, err2 := strconv.ParseInt(strings.TrimSpace(last), 10, 64)
	return from, to, strings.EqualFold(unit, "bytes") && err1 == nil && err2 == nil && from >= 0 && to >= from
}

// rangeEnd is the offset behind the last byte that a contentRange names, and as
// good as none where it names none.
func rangeEnd(s string) int64 {
	_, span, _ := strings.Cut(s, "-")
	last, _, _ := strings.Cut(span, "/")
	to, err := strconv.ParseInt(strings.TrimSpace(last), 10, 64)
	if err != nil || to < 0 || to == math.MaxInt64 {
		return math.MaxInt64
	}
	return to + 1
}
