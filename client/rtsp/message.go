package rtsp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds on what a peer may send as text.
const (
	maxLine        = 8 << 10  // one line of a message's head
	maxHeaders     = 256      // header lines of one message
	maxHead        = 64 << 10 // start line and header lines together
	maxBody        = 1 << 20  // the body of a description: some have base64 in it
	maxOtherBody   = 64 << 10 // the body of any other reply
	maxRequestBody = 64 << 10 // the body of a server's request
)

// RTSP text, RFC 2326 section 4, looks like HTTP's:
//
//	RTSP/1.0 200 OK              DESCRIBE rtsp://host/path RTSP/1.0
//	CSeq: 2                      CSeq: 2
//	Content-Length: 460          User-Agent: tapedeck
//	(empty line)                 (empty line)
//	body
//
// Lines end with CRLF, LF or CR. A line that begins with a blank continues the
// one before it. Without a Content-Length there is no body.
type request struct {
	method string
	target string // byte for byte: no trip through net/url
	header header
	body   []byte
}

type response struct {
	status int
	reason string
	header header
	body   []byte
}

var (
	errMalformed = errors.New("malformed message")
	// errTooLong is what exceeds one of the bounds above.
	errTooLong = errors.New("message is too long")
	// ErrHTTP says that something that speaks HTTP answered.
	ErrHTTP = errors.New("this is an HTTP server")
)

// ok reports a 2xx.
func (r *response) ok() bool { return r.status >= 200 && r.status < 300 }

// append writes the message at the end of dst: one write per request, since
// small devices take one segment for one request.
func (r *request) append(dst []byte) []byte {
	dst = append(dst, r.method...)
	dst = append(dst, ' ')
	dst = append(dst, r.target...)
	dst = append(dst, " RTSP/1.0\r\n"...)
	return appendHead(dst, r.header, r.body)
}

func (r *response) append(dst []byte) []byte {
	dst = append(dst, "RTSP/1.0 "...)
	dst = strconv.AppendInt(dst, int64(r.status), 10)
	dst = append(dst, ' ')
	dst = append(dst, r.reason...)
	dst = append(dst, "\r\n"...)
	return appendHead(dst, r.header, r.body)
}

func appendHead(dst []byte, h header, body []byte) []byte {
	for _, f := range h {
		dst = append(dst, f.name...)
		dst = append(dst, ": "...)
		dst = appendClean(dst, f.value)
		dst = append(dst, "\r\n"...)
	}
	if len(body) > 0 {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, int64(len(body)), 10)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	return append(dst, body...)
}

// appendClean keeps a value that came from a peer or a link from breaking out
// of its line.
func appendClean(dst []byte, value string) []byte {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c >= ' ' && c != 0x7f || c == '\t' {
			dst = append(dst, c)
		}
	}
	return dst
}

// headEnd finds the end of the head that begins at b[0]: the offset after its
// empty line, or 0 when more bytes are needed. from is where an earlier call
// stopped; the second result is where the next one may go on.
func headEnd(b []byte, from int) (end, resume int, err error) {
	line := from
	for {
		i := bytes.IndexAny(b[line:], "\r\n")
		if i < 0 {
			if len(b)-line > maxLine {
				return 0, line, errTooLong
			}
			return 0, line, nil
		}
		if i > maxLine || line+i > maxHead {
			return 0, line, errTooLong
		}
		next := line + i + 1
		// Where the line before ended with CR alone, this empty one does too: an
		// LF after it may come later, and is skipped then.
		if b[next-1] == '\r' && !(i == 0 && bareCR(b, line)) {
			switch {
			case next == len(b):
				return 0, line, nil // the LF may be on its way
			case b[next] == '\n':
				next++
			}
		}
		if i == 0 {
			return next, line, nil
		}
		line = next
	}
}

// bareCR reports whether the line before b[:line] ended with CR alone.
func bareCR(b []byte, line int) bool { return line > 0 && b[line-1] == '\r' }

// headLines cuts a head into lines and joins continued ones.
func headLines(head []byte) ([]string, error) {
	var lines []string
	for len(head) > 0 {
		i := bytes.IndexAny(head, "\r\n")
		if i < 0 {
			i = len(head)
		}
		line := string(bytes.Trim(head[:i], "\x00"))
		if i+1 < len(head) && head[i] == '\r' && head[i+1] == '\n' {
			i++
		}
		head = head[min(i+1, len(head)):]
		switch {
		case line == "":
			return lines, nil
		case len(lines) > 1 && (line[0] == ' ' || line[0] == '\t'):
			lines[len(lines)-1] += " " + strings.TrimSpace(line)
		default:
			lines = append(lines, line)
		}
		if len(lines) > maxHeaders {
			return nil, fmt.Errorf("%w: more than %d header lines", errTooLong, maxHeaders)
		}
	}
	return lines, nil
}

// parseHeader reads header lines; one without a colon is skipped.
func parseHeader(lines []string) header {
	h := make(header, 0, len(lines))
	for _, l := range lines {
		name, value, ok := strings.Cut(l, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			continue
		}
		h.add(name, strings.TrimSpace(value))
	}
	return h
}

// bodyLength is the Content-Length, 0 when there is none. It is an error when
// it is not a number, above limit, or given twice with different values.
func (h header) bodyLength(limit int) (int, error) {
	length := -1
	for _, v := range h.all("Content-Length") {
		n, err := strconv.ParseUint(strings.TrimSpace(v), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: its Content-Length is not a number", errMalformed)
		}
		if n > uint64(limit) {
			return 0, fmt.Errorf("%w: its Content-Length is above %d", errTooLong, limit)
		}
		if length >= 0 && length != int(n) {
			return 0, fmt.Errorf("%w: it has two Content-Lengths", errMalformed)
		}
		length = int(n)
	}
	return max(length, 0), nil
}

// parseResponse reads the head of a reply.
func parseResponse(head []byte) (*response, error) { return parseReply(head, "RTSP/") }

// parseReply reads the head of a reply of a protocol. The reason may be
// missing, with the blank before it.
func parseReply(head []byte, protocol string) (*response, error) {
	lines, err := headLines(head)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, errMalformed
	}
	version, rest, _ := strings.Cut(lines[0], " ")
	if !strings.HasPrefix(version, protocol) {
		return nil, errMalformed
	}
	code, reason, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(strings.TrimSpace(code))
	if err != nil || status < 100 || status > 999 {
		return nil, fmt.Errorf("%w: its status is not a number", errMalformed)
	}
	return &response{status: status, reason: strings.TrimSpace(reason), header: parseHeader(lines[1:])}, nil
}

// parseRequest reads the head of a server's request.
func parseRequest(head []byte) (*request, error) {
	lines, err := headLines(head)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, errMalformed
	}
	parts := strings.Fields(lines[0])
	if len(parts) < 2 || !isMethod(parts[0]) || !strings.HasPrefix(parts[len(parts)-1], "RTSP/") {
		return nil, errMalformed
	}
	r := &request{method: parts[0], header: parseHeader(lines[1:])}
	if len(parts) > 2 {
		r.target = parts[1]
	}
	return r, nil
}

// maxMethod is the longest method that is taken for one; GET_PARAMETER has 13
// letters.
const maxMethod = 24

func isMethod(s string) bool {
	if len(s) < 3 || len(s) > maxMethod {
		return false
	}
	for i := 0; i < len(s); i++ {
		if (s[i] < 'A' || s[i] > 'Z') && s[i] != '_' {
			return false
		}
	}
	return true
}
