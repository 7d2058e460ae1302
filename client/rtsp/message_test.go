package rtsp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var responseCases = []struct {
	name, text string
	status     int
	reason     string
	header     header
	err        error
}{
	{"usual", "RTSP/1.0 200 OK\r\nCSeq: 2\r\nPublic: PLAY\r\n\r\n", 200, "OK", header{{"CSeq", "2"}, {"Public", "PLAY"}}, nil},
	{"no reason", "RTSP/1.0 200\r\nCSeq: 2\r\n\r\n", 200, "", header{{"CSeq", "2"}}, nil},
	{"two blanks, LF", "RTSP/1.0  454 Session Not Found\nCSeq:  2 \n\n", 454, "Session Not Found", header{{"CSeq", "2"}}, nil},
	{"bare CR", "RTSP/1.0 200 OK\rCSeq: 2\r\r", 200, "OK", header{{"CSeq", "2"}}, nil},
	{"folded", "RTSP/1.0 200 OK\r\nTransport: a;\r\n\tb\r\n\r\n", 200, "OK", header{{"Transport", "a; b"}}, nil},
	{"no colon, no value, no name", "RTSP/1.0 200 OK\r\nnonsense\r\nX:\r\n: y\r\n\r\n", 200, "OK", header{{"X", ""}}, nil},
	{"other version", "RTSP/1.1 302 Moved\r\nLocation: rtsp://h:1/a:b\r\n\r\n", 302, "Moved", header{{"Location", "rtsp://h:1/a:b"}}, nil},
	{"status is no number", "RTSP/1.0 OK 200\r\n\r\n", 0, "", nil, errMalformed},
	{"status out of range", "RTSP/1.0 99999999999999999999 OK\r\n\r\n", 0, "", nil, errMalformed},
	{"too many headers", "RTSP/1.0 200 OK\r\n" + strings.Repeat("A: b\r\n", maxHeaders+1) + "\r\n", 0, "", nil, errTooLong},
}

func TestParseResponse(t *testing.T) {
	for _, c := range responseCases {
		r, err := parseResponse([]byte(c.text))
		if !errors.Is(err, c.err) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.err)
		}
		if err != nil {
			continue
		}
		if r.status != c.status || r.reason != c.reason || !slices.Equal(r.header, c.header) {
			t.Errorf("%s: %d %q %v", c.name, r.status, r.reason, r.header)
		}
	}
}

func TestHeadEnd(t *testing.T) {
	for _, c := range responseCases {
		if errors.Is(c.err, errTooLong) {
			continue
		}
		b := []byte(c.text + "body")
		// However the bytes come in, the end is found once it is there and not
		// before; a CR may wait for its LF.
		resume := 0
		for n := range len(b) + 1 {
			end, next, err := headEnd(b[:n], resume)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if end != 0 {
				if end != len(c.text) {
					t.Errorf("%s: ends at %d, want %d", c.name, end, len(c.text))
				}
				break
			}
			if n > len(c.text) {
				t.Errorf("%s: no end in %d bytes", c.name, n)
			}
			resume = next
		}
	}
	for _, text := range []string{
		strings.Repeat("a", maxLine+2),
		"RTSP/1.0 200 OK\r\n" + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 100),
	} {
		if _, _, err := headEnd([]byte(text), 0); !errors.Is(err, errTooLong) {
			t.Errorf("%.20q...: error %v", text, err)
		}
	}
}

func TestBodyLength(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   int
		err    error
	}{
		{nil, 0, nil},
		{[]string{"12"}, 12, nil},
		{[]string{"12", "12"}, 12, nil},
		{[]string{"12", "13"}, 0, errMalformed},
		{[]string{"-1"}, 0, errMalformed},
		{[]string{"1e3"}, 0, errMalformed},
		{[]string{""}, 0, errMalformed},
		{[]string{fmt.Sprint(maxBody + 1)}, 0, errTooLong},
		{[]string{"18446744073709551616"}, 0, errMalformed},
	} {
		var h header
		for _, v := range c.values {
			h.add("content-length", v)
		}
		if n, err := h.bodyLength(maxBody); n != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q: %d, %v", c.values, n, err)
		}
	}
}

func TestParseRequest(t *testing.T) {
	for _, c := range []struct{ text, method, target string }{
		{"GET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "GET_PARAMETER", "*"},
		{"OPTIONS rtsp://h/a RTSP/1.0\n\n", "OPTIONS", "rtsp://h/a"},
		{"OPTIONS RTSP/1.0\r\n\r\n", "OPTIONS", ""},
		{"options * RTSP/1.0\r\n\r\n", "", ""},
		{"A * RTSP/1.0\r\n\r\n", "", ""},
		{"GET / HTTP/1.1\r\n\r\n", "", ""},
		{"\r\n", "", ""},
	} {
		r, err := parseRequest([]byte(c.text))
		if c.method == "" {
			if !errors.Is(err, errMalformed) {
				t.Errorf("%q: error %v", c.text, err)
			}
			continue
		}
		if err != nil || r.method != c.method || r.target != c.target {
			t.Errorf("%q: %+v, %v", c.text, r, err)
		}
	}
}

func TestAppendRequest(t *testing.T) {
	r := request{method: "SETUP", target: "rtsp://h/a b?x=%zz"}
	r.header.add("CSeq", "3")
	r.header.add("Transport", "x\r\nInjected: y\x00")
	r.body = []byte("abc")
	want := "SETUP rtsp://h/a b?x=%zz RTSP/1.0\r\nCSeq: 3\r\nTransport: xInjected: y\r\nContent-Length: 3\r\n\r\nabc"
	if got := string(r.append(nil)); got != want {
		t.Errorf("%q", got)
	}
}
