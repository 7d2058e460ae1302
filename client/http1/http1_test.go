package http1

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

var headCases = []struct {
	name, raw string
	status    int
	proto     string
	header    string // one header to look for
	want      string
	err       error
}{
	{"plain", "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n", 200, "http/1.1", "Content-Type", "audio/mpeg", nil},
	{"icy", "ICY 200 OK\r\nicy-name:Name\r\n\r\n", 200, "icy", "Icy-Name", "Name", nil},
	{"old", "HTTP/1.0 404\n\n", 404, "http/1.0", "X", "", nil},
	{"line feeds", "HTTP/1.1 200 OK\nA: b\n\n", 200, "http/1.1", "A", "b", nil},
	{"continued", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 200, "http/1.1", "A", "b c", nil},
	{"blanks", "HTTP/1.1  200  OK\r\nA  :  b  \r\n\r\n", 200, "http/1.1", "A", "b", nil},
	{"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\nA: b\r\n\r\n", 200, "http/1.1", "A", "b", nil},
	{"control bytes", "HTTP/1.1 200 OK\r\nA: b\x1b[1mc\x00\r\n\r\n", 200, "http/1.1", "A", "b[1mc", nil},
	{"no code", "HTTP/1.1 OK\r\n\r\n", 0, "", "", "", ErrNotHTTP},
	{"not http", "220 mail.example ESMTP\r\n\r\n", 0, "", "", "", ErrNotHTTP},
	{"rtsp", "RTSP/1.0 200 OK\r\n\r\n", 0, "", "", "", ErrRTSP},
	{"too many lines", "HTTP/1.1 200 OK\r\n" + strings.Repeat("a:b\r\n", maxHeaderLines+2) + "\r\n", 0, "", "", "", ErrTooMany},
}

func TestParse(t *testing.T) {
	for _, c := range headCases {
		t.Run(c.name, func(t *testing.T) {
			h, err := Parse([]byte(c.raw))
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if h.Status != c.status || h.Proto != c.proto || h.Header.Get(c.header) != c.want {
				t.Errorf("%d %s %q", h.Status, h.Proto, h.Header)
			}
		})
	}
}

func TestHeadEnd(t *testing.T) {
	for raw, want := range map[string]int{"a\r\n\r\nb": 5, "a\n\nb": 3, "a\r\n\nb": 4, "a\r\nb\r\n": 0, "": 0, "a\n\r\nb": 4} {
		if got := headEnd([]byte(raw), 0); got != want {
			t.Errorf("%q: %d, want %d", raw, got, want)
		}
		for cut := range raw { // wherever the search went on
			if first := headEnd([]byte(raw[:cut]), 0); first == 0 {
				if got := headEnd([]byte(raw), cut); got != want {
					t.Errorf("%q from %d: %d, want %d", raw, cut, got, want)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range headCases {
		f.Add([]byte(c.raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := Parse(raw)
		if err != nil {
			return
		}
		h.BodyLength()
		for name, values := range h.Header {
			for _, v := range append(values, name) {
				if strings.ContainsAny(v, "\x00\r\n\x1b\x7f") {
					t.Errorf("control byte in %q", v)
				}
			}
		}
	})
}

func TestBodyLength(t *testing.T) {
	for _, c := range []struct {
		header  string
		length  int64
		chunked bool
		bad     bool
	}{
		{"Content-Length: 5", 5, false, false},
		{"Content-Length: 5\r\nContent-Length: 5", 5, false, false},
		{"Content-Length: 5\r\nContent-Length: 6", 0, false, true},
		{"Content-Length: -5", -1, false, false},
		{"Content-Length: 99999999999999999999", -1, false, false},
		{"Transfer-Encoding: chunked\r\nContent-Length: 5", -1, true, false},
		{"Transfer-Encoding: Chunked", -1, true, false},
		{"Transfer-Encoding: identity\r\nContent-Length: 5", 5, false, false},
		{"Transfer-Encoding: gzip, chunked", 0, false, true},
	} {
		h, err := Parse([]byte("HTTP/1.1 200 OK\r\n" + c.header + "\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		length, chunked, err := h.BodyLength()
		if (err != nil) != c.bad || err == nil && (length != c.length || chunked != c.chunked) {
			t.Errorf("%q: %d, %v, %v", c.header, length, chunked, err)
		}
	}
}

var chunkCases = []struct {
	name, raw, want string
	err             error // after everything was decoded; nil: more is awaited
}{
	{"plain", "3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n", "abcdefgh", io.EOF},
	{"extensions", "3;a=b\r\nabc\r\n0;x\r\n\r\n", "abc", io.EOF},
	{"trailer", "1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\nrest", "a", io.EOF},
	{"upper case", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", io.EOF},
	{"zeros", "003\r\nabc\r\n000\r\n\r\n", "abc", io.EOF},
	{"line feeds", "3\nabc\n0\n\n", "abc", io.EOF},
	{"unfinished", "3\r\nab", "ab", nil},
	{"no size", "\r\nabc", "", ErrChunk},
	{"not a size", "xyz\r\nabc", "", ErrChunk},
	{"data too long", "3\r\nabcd\r\n", "abc", ErrChunk},
	{"size too long", "00000000000000001\r\na", "", ErrChunk},
	{"words too long", "1;" + strings.Repeat("x", maxChunkWords+1), "", ErrChunk},
	{"trailer too long", "0\r\n" + strings.Repeat("x", maxChunkTrailer+1), "", ErrChunk},
}

func TestDechunkSplits(t *testing.T) {
	for _, c := range chunkCases {
		t.Run(c.name, func(t *testing.T) {
			step := 1 + len(c.raw)/100
			for cut := 0; cut <= len(c.raw); cut += step {
				d := &dechunker{}
				var got []byte
				var err error
				for _, p := range [][]byte{[]byte(c.raw[:cut]), []byte(c.raw[cut:])} {
					if err == nil {
						var n int
						n, err = d.decode(p)
						got = append(got, p[:n]...)
					}
				}
				if string(got) != c.want || err != c.err {
					t.Fatalf("cut at %d: %q, %v; want %q, %v", cut, got, err, c.want, c.err)
				}
			}
		})
	}
}

func FuzzDechunk(f *testing.F) {
	for _, c := range chunkCases {
		f.Add([]byte(c.raw), 3)
	}
	f.Fuzz(func(t *testing.T, raw []byte, cut int) {
		cut = max(min(cut, len(raw)), 0)
		one, two := &dechunker{}, &dechunker{}
		whole := slices.Clone(raw)
		n, err1 := one.decode(whole)
		first, second := slices.Clone(raw[:cut]), slices.Clone(raw[cut:])
		k, err2 := two.decode(first)
		got := slices.Clone(first[:k])
		if err2 == nil {
			k, err2 = two.decode(second)
			got = append(got, second[:k]...)
		}
		if !bytes.Equal(whole[:n], got) || err1 != err2 {
			t.Errorf("%q %v, cut %q %v", whole[:n], err1, got, err2)
		}
	})
}

// TestRest: what comes behind a body is the next reply's, however it is cut.
func TestRest(t *testing.T) {
	const next = "HTTP/1.1 204 No Content\r\n\r\n"
	for _, c := range []struct{ head, body string }{
		{"Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"},
		{"Content-Length: 3", "abc"},
		{"Content-Length: 0", ""},
	} {
		h, err := Parse([]byte("HTTP/1.1 200 OK\r\n" + c.head + "\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		for cut := range len(c.body) + len(next) + 1 {
			all := c.body + next
			conn := &fakeConn{strings.NewReader(all[cut:])}
			whole := true
			b, err := NewBody(conn, h, []byte(all[:cut]), func(ok bool) { whole = ok })
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(b)
			if err != nil || len(got) != min(len(c.body), 3) {
				t.Fatalf("%s cut at %d: %q, %v", c.head, cut, got, err)
			}
			b.Close()
			rest, _ := io.ReadAll(conn)
			if all := string(b.Rest()) + string(rest); all != next || whole && len(b.Rest()) > 0 {
				t.Errorf("%s cut at %d: %q is left, whole %v", c.head, cut, all, whole)
			}
		}
	}
}

type fakeConn struct{ io.Reader }

func (*fakeConn) SetReadDeadline(time.Time) error { return nil }
