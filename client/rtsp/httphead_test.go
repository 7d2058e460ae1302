package rtsp

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

var webHeads = []struct {
	in     string
	status int
	rest   string
	err    error
}{
	{"HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n", 200, "", nil},
	{"HTTP/1.1 200\r\n\r\n$\x00\x00\x04abcd", 200, "$\x00\x00\x04abcd", nil},
	{"HTTP/1.0 200 OK\nServer: x\n\nRTSP/1.0 200 OK\r\n", 200, "RTSP/1.0 200 OK\r\n", nil}, // bare LF
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n\r\n", 401, "", nil},
	{"HTTP/1.1 302 Found\r\nLocation: http://h/\r\n folded\r\n\r\n", 302, "", nil},
	{"HTTP/1.1 200 OK\r\nno colon\r\n: no name\r\n\r\n", 200, "", nil},
	{"HTTP/1.1 -1 OK\r\n\r\n", 0, "", errMalformed},
	{"HTTP/1.1 OK\r\n\r\n", 0, "", errMalformed},
	{"RTSP/1.0 200 OK\r\n\r\n", 0, "", errNotHTTP},
	{"ICY 200 OK\r\n\r\n", 0, "", errMalformed},
	{"\r\n\r\n", 0, "", errMalformed},
	{"HTTP/1.0 200 OK\r\n", 0, "", ErrConnection},
	{"", 0, "", ErrConnection},
}

func TestWebHead(t *testing.T) {
	for _, c := range webHeads {
		for _, whole := range []bool{true, false} {
			r, rest, err := readWebHead(readerOf(c.in, whole))
			switch {
			case !errors.Is(err, c.err) || c.err == nil && err != nil:
				t.Errorf("%q: %v", c.in, err)
			case err == nil && (r.status != c.status || whole && string(rest) != c.rest || !strings.HasPrefix(c.rest, string(rest))):
				t.Errorf("%q: %d, %q", c.in, r.status, rest)
			}
		}
	}
}

func FuzzWebHead(f *testing.F) {
	for _, c := range webHeads {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r, rest, err := readWebHead(readerOf(string(in), true))
		if (r == nil) == (err == nil) {
			t.Fatalf("%v, %v", r, err)
		}
		if err == nil && (r.status < 200 || r.status > 999 || len(r.header) > maxHeaders || !strings.HasSuffix(string(in), string(rest))) {
			t.Errorf("%+v, %q", r, rest)
		}
		// However it comes, it means the same.
		r2, _, err2 := readWebHead(readerOf(string(in), false))
		if (err == nil) != (err2 == nil) || err == nil && r.status != r2.status {
			t.Errorf("%v, %v; in pieces %v, %v", r, err, r2, err2)
		}
	})
}

func readerOf(s string, whole bool) io.Reader {
	if whole {
		return strings.NewReader(s)
	}
	return iotest.OneByteReader(strings.NewReader(s))
}
