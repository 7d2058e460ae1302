package rtsptest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of a request.
const (
	maxLine    = 8 << 10 // bytes of a line
	maxHeaders = 64      // header lines
	maxBody    = 64 << 10
)

// errSyntax is returned for what is not an RTSP request.
var errSyntax = errors.New("rtsptest: not an RTSP request")

// Header holds header fields; the names are in lower case.
type Header map[string]string

// Get returns a field by its name in any case, "" where there is none.
func (h Header) Get(name string) string { return h[strings.ToLower(name)] }

// request is a parsed request (RFC 2326, section 6).
type request struct {
	method, url, version string
	header               Header
}

// readRequest reads a request; the body of one is read and thrown away.
func readRequest(r *bufio.Reader) (*request, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	words := strings.Split(line, " ")
	if len(words) != 3 || !strings.HasPrefix(words[2], "RTSP/") {
		return nil, errSyntax
	}
	req := &request{method: words[0], url: words[1], version: words[2], header: Header{}}
	for range maxHeaders {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if line == "" {
			return req, skipBody(r, req.header.Get("Content-Length"))
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, errSyntax
		}
		req.header[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return nil, errSyntax
}

// readLine reads a line and takes off its CRLF.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", errSyntax
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func skipBody(r *bufio.Reader, length string) error {
	if length == "" {
		return nil
	}
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 || n > maxBody {
		return errSyntax
	}
	_, err = io.CopyN(io.Discard, r, int64(n))
	return err
}

// Status codes that are answered (RFC 2326, section 7.1.1).
const (
	statusOK           = 200
	statusBadRequest   = 400
	statusUnauthorized = 401
	statusNotFound     = 404
	statusNotAllowed   = 405
	statusNotAccepted  = 406
	statusNoSession    = 454
	statusWrongState   = 455
	statusBadRange     = 457
	statusOneByOne     = 459
	statusAggregate    = 460
	statusTransport    = 461
	statusInternal     = 500
	statusNotDone      = 501
	statusVersion      = 505
	statusOption       = 551
)

var reasons = map[int]string{
	statusOK:           "OK",
	statusBadRequest:   "Bad Request",
	statusUnauthorized: "Unauthorized",
	statusNotFound:     "Not Found",
	statusNotAllowed:   "Method Not Allowed",
	statusNotAccepted:  "Not Acceptable",
	statusNoSession:    "Session Not Found",
	statusWrongState:   "Method Not Valid In This State",
	statusBadRange:     "Invalid Range",
	statusOneByOne:     "Aggregate Operation Not Allowed",
	statusAggregate:    "Only Aggregate Operation Allowed",
	statusTransport:    "Unsupported Transport",
	statusInternal:     "Internal Server Error",
	statusNotDone:      "Not Implemented",
	statusVersion:      "RTSP Version Not Supported",
	statusOption:       "Option Not Supported",
}

// response is the answer to a request. then is done after it was sent.
type response struct {
	status int
	fields []string // "Name: value"
	body   string
	then   func()
}

// reply makes a response; fields are pairs of a name and a value.
func reply(status int, fields ...string) *response {
	r := &response{status: status}
	for i := 0; i+1 < len(fields); i += 2 {
		r.add(fields[i], fields[i+1])
	}
	return r
}

func (r *response) add(name, value string) { r.fields = append(r.fields, name+": "+value) }

// bytes is the response as it is sent.
func (r *response) bytes(cseq string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "RTSP/1.0 %d %s\r\n", r.status, reasons[r.status])
	if cseq != "" {
		fmt.Fprintf(&b, "CSeq: %s\r\n", cseq)
	}
	b.WriteString("Server: tapedeck rtsptest\r\n")
	for _, f := range r.fields {
		b.WriteString(f + "\r\n")
	}
	if r.body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.body))
	}
	b.WriteString("\r\n" + r.body)
	return []byte(b.String())
}
