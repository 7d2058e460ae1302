package rtsp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// frameOf is an interleaved frame around a packet.
func frameOf(channel byte, packet ...byte) string {
	return string(append([]byte{'$', channel, byte(len(packet) >> 8), byte(len(packet))}, packet...))
}

// rtpOf is a small RTP packet with the given sequence number.
func rtpOf(seq byte) []byte { return []byte{0x80, 96, 0, seq, 0, 0, 0, 0, 1, 2, 3, 4, seq} }

const okReply = "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"

var wireCases = []struct {
	name, in string
	want     []string
	err      error // what ends it; io.EOF when everything was read
}{
	{"reply, frame, reply", okReply + frameOf(0, rtpOf(1)...) + okReply, []string{"200", "0:13", "200"}, io.EOF},
	{"frame before the reply", frameOf(2, 1, 2) + okReply, []string{"2:2", "200"}, io.EOF},
	{"empty frame", frameOf(2) + okReply, []string{"2:0", "200"}, io.EOF},
	{"stray line ends, NULs, blanks, FF", "\r\n\x00 \xff" + okReply + "\n\n" + okReply, []string{"200", "200"}, io.EOF},
	{"body", "RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nv=0\r\n" + okReply, []string{"200 v=0\r\n", "200"}, io.EOF},
	{"big body", "RTSP/1.0 200 OK\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000) + okReply, []string{"200 " + strings.Repeat("x", 300000), "200"}, io.EOF},
	{"body cut off", "RTSP/1.0 200 OK\r\nContent-Length: 50\r\n\r\nv=0\r\n", nil, io.EOF},
	{"request", "OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n" + okReply, []string{"OPTIONS", "200"}, io.EOF},
	{"request with body", "ANNOUNCE * RTSP/1.0\r\nContent-Length: 3\r\n\r\nabc" + okReply, []string{"ANNOUNCE", "200"}, io.EOF},
	{"half a frame, then a good one", "$\x00\x05" + frameOf(0, rtpOf(1)...)[1:9] + "...." + frameOf(0, rtpOf(2)...) + frameOf(0, rtpOf(3)...) + okReply, nil, io.EOF},
	{"garbage before a frame", "garbage" + frameOf(0, rtpOf(1)...) + frameOf(0, rtpOf(2)...), []string{"0:13", "0:13"}, io.EOF},
	{"garbage before a reply", "gar$bage $$$ RTSP RTSP/2" + okReply, []string{"200"}, io.EOF},
	{"garbage with false frames", "x$\x07\x00\x01y$\x00\x00\x0dshort-or-wrong" + okReply, []string{"200"}, io.EOF},
	{"upper case that is no request", "HELLO WORLD" + strings.Repeat("!", 20) + "\r\n\r\n" + okReply, []string{"200"}, io.EOF},
	{"a long word", strings.Repeat("A", 100) + "\r\n" + okReply, []string{"200"}, io.EOF},
	{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", nil, ErrHTTP},
	{"endless garbage", strings.Repeat("x", maxResync+2), nil, errOutOfSync},
	{"endless NULs", strings.Repeat("\x00", maxResync+2), nil, errOutOfSync},
	{"endless line", "RTSP/1.0 200 " + strings.Repeat("x", maxLine+1), nil, errTooLong},
	{"endless headers", "RTSP/1.0 200 OK\r\n" + strings.Repeat("A: b\r\n", maxHead), nil, errTooLong},
	{"bad length", "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", nil, errMalformed},
	{"huge length", "RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n", nil, errTooLong},
}

// drain reads everything and writes down what it was.
func drain(w *wire) (got []string, err error) {
	for {
		e, err := w.next()
		switch {
		case err == errMore:
			if err := w.fill(); err != nil {
				return got, err
			}
			continue
		case err != nil:
			return got, err
		}
		switch e.kind {
		case frameElement:
			got = append(got, fmt.Sprintf("%d:%d", e.channel, len(e.payload)))
		case responseElement:
			got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s", e.response.status, e.response.body)))
			if len(e.response.body) > 0 {
				got[len(got)-1] = fmt.Sprintf("%d %s", e.response.status, e.response.body)
			}
		case requestElement:
			got = append(got, e.request.method)
		}
	}
}

func testWire(r io.Reader) *wire {
	w := newWire(r)
	w.channels[0].Store(true)
	w.channels[1].Store(true)
	return w
}

func TestWire(t *testing.T) {
	for _, c := range wireCases {
		got, err := drain(testWire(strings.NewReader(c.in)))
		if !errors.Is(err, c.err) {
			t.Errorf("%s: ended with %v, want %v", c.name, err, c.err)
		}
		if c.want != nil && fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %.200q, want %.200q", c.name, got, c.want)
		}
		if len(c.in) > 4096 {
			continue
		}
		// The same, byte by byte.
		slow, slowErr := drain(testWire(iotest.OneByteReader(strings.NewReader(c.in))))
		if fmt.Sprint(slow) != fmt.Sprint(got) || !errors.Is(slowErr, c.err) {
			t.Errorf("%s, byte by byte: %q, %v", c.name, slow, slowErr)
		}
		for i := range c.in {
			parts := io.MultiReader(strings.NewReader(c.in[:i]), strings.NewReader(c.in[i:]))
			split, splitErr := drain(testWire(parts))
			if fmt.Sprint(split) != fmt.Sprint(got) || !errors.Is(splitErr, c.err) {
				t.Errorf("%s, split at %d: %q, %v", c.name, i, split, splitErr)
			}
		}
	}
}

// TestWireResync cuts a stream of frames at every place within one of them: all
// but a few of the others come through.
func TestWireResync(t *testing.T) {
	var whole []byte
	const frames = 20
	for i := range frames {
		whole = append(whole, frameOf(0, rtpOf(byte(i))...)...)
	}
	size := len(whole) / frames
	for cut := 1; cut < size; cut++ {
		in := append(bytes.Clone(whole[:5*size+cut]), whole[6*size:]...)
		in = append(in, okReply...)
		got, err := drain(testWire(bytes.NewReader(in)))
		if err != io.EOF || len(got) < frames-2 || got[len(got)-1] != "200" {
			t.Errorf("cut at %d: %q, %v", cut, got, err)
		}
	}
}

func FuzzWire(f *testing.F) {
	for _, c := range wireCases {
		if len(c.in) <= 4096 {
			f.Add([]byte(c.in))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := drain(testWire(bytes.NewReader(in)))
		slow, slowErr := drain(testWire(iotest.OneByteReader(bytes.NewReader(in))))
		if err == nil || slowErr == nil {
			t.Fatal("no end")
		}
		if fmt.Sprint(got) != fmt.Sprint(slow) {
			t.Fatalf("at once %q, byte by byte %q", got, slow)
		}
	})
}
