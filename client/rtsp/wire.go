package rtsp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

const (
	// wireBuffer is how much one read may bring: many packets for one system
	// call. It holds any frame and any head.
	wireBuffer = 256 << 10

	// maxResync is how many bytes in a row may be skipped in search of the next
	// frame or reply.
	maxResync = 2 << 20
)

var (
	// errMore says that the buffer holds no whole element.
	errMore = errors.New("more bytes are needed")
	// errOutOfSync is what is left when nothing sensible came in maxResync bytes.
	errOutOfSync = errors.New("the connection carries neither RTSP nor media")
)

type elementKind uint8

const (
	frameElement elementKind = iota + 1
	responseElement
	requestElement
)

// element is one thing that came over the connection. Payload lies in the
// wire's buffer and is valid until the next call of fill.
type element struct {
	kind     elementKind
	channel  uint8
	payload  []byte
	response *response
	request  *request
}

// wire cuts the byte stream of a connection into interleaved frames, replies
// and requests. An interleaved frame (RFC 2326 section 10.12) is
//
//	 0        1         2                 4
//	+--------+---------+--------+--------+-----------
//	| '$'    | channel | length, big end | length bytes
//	+--------+---------+--------+--------+-----------
//
// It reads in large pieces (fill) and gives what is there (next), so that the
// caller knows when a read would wait.
type wire struct {
	r       io.Reader
	buf     []byte
	off     int // first byte not yet given
	end     int // bytes of buf that are filled
	scanned int // how far headEnd has looked, from off

	// channels are the negotiated ones: a resync believes no other. They are
	// set while the reader runs.
	channels [256]atomic.Bool

	limit func() int // of the body of the next reply; nil for maxBody

	lost    bool   // between frames that cannot be told
	skipped int    // bytes skipped since the last good element
	resyncs uint64 // times that the stream was lost
	started bool   // an element was given
}

func newWire(r io.Reader) *wire { return &wire{r: r, buf: make([]byte, wireBuffer)} }

// fill reads once. What next gave before is no longer valid.
func (w *wire) fill() error {
	if w.off > 0 {
		copy(w.buf, w.buf[w.off:w.end])
		w.end -= w.off
		w.off = 0
	}
	if w.end == len(w.buf) {
		return errTooLong
	}
	n, err := w.r.Read(w.buf[w.end:])
	w.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// need makes room for an element of n bytes.
func (w *wire) need(n int) error {
	if n > len(w.buf) {
		grown := make([]byte, n)
		w.end = copy(grown, w.buf[w.off:w.end])
		w.off = 0
		w.buf = grown
	}
	return errMore
}

func (w *wire) take(n int) []byte {
	b := w.buf[w.off : w.off+n]
	w.off += n
	w.scanned = 0
	w.skipped = 0
	w.started = true
	return b
}

// next gives the next whole element in the buffer, or errMore.
func (w *wire) next() (element, error) {
	for {
		if w.lost {
			if err := w.resync(); err != nil {
				return element{}, err
			}
		}
		b := w.buf[w.off:w.end]
		if len(b) == 0 {
			return element{}, errMore
		}
		switch c := b[0]; {
		case c == '$':
			e, err := w.frame(b)
			if err != errMalformed {
				return e, err
			}
			w.lose()
		case c >= 'A' && c <= 'Z':
			e, err := w.message(b)
			if err != errMalformed {
				return e, err
			}
			w.lose()
		case c == '\r' || c == '\n' || c == ' ' || c == '\t' || c == 0 || c >= 0xfe:
			w.off++
			if w.skipped++; w.skipped > maxResync {
				return element{}, errOutOfSync
			}
		default:
			w.lose()
		}
	}
}

func (w *wire) lose() {
	w.lost = true
	w.resyncs++
}

// frame reads a frame. errMalformed means that it is none: what it holds on a
// negotiated channel can be no packet.
func (w *wire) frame(b []byte) (element, error) {
	if len(b) < 5 && !(len(b) == 4 && b[2] == 0 && b[3] == 0) {
		return element{}, errMore
	}
	n := 4 + int(binary.BigEndian.Uint16(b[2:]))
	if n >= 8 && w.channels[b[1]].Load() && b[4]>>6 != 2 && b[4] != tsSync {
		return element{}, errMalformed
	}
	if len(b) < n {
		return element{}, errMore
	}
	payload := w.take(n)[4:]
	return element{kind: frameElement, channel: b[1], payload: payload}, nil
}

// message reads a reply or a request. errMalformed means that it is neither.
func (w *wire) message(b []byte) (element, error) {
	isResponse := bytes.HasPrefix(b, []byte("RTSP/"))
	if !isResponse {
		const http = "HTTP/1."
		switch {
		case strings.HasPrefix("RTSP/", string(b[:min(len(b), 5)])):
			return element{}, errMore
		case !w.started && bytes.HasPrefix(b, []byte(http)):
			return element{}, ErrHTTP
		case !w.started && strings.HasPrefix(http, string(b[:min(len(b), len(http))])):
			return element{}, errMore
		}
		switch i := bytes.IndexByte(b[:min(len(b), maxMethod+1)], ' '); {
		case i < 0 && len(b) <= maxMethod && isUpper(b):
			return element{}, errMore
		case i < 0 || !isMethod(string(b[:i])):
			return element{}, errMalformed
		}
	}
	end, resume, err := headEnd(b, w.scanned)
	if err != nil {
		return element{}, err
	}
	w.scanned = resume
	if end == 0 {
		return element{}, errMore
	}
	if isResponse {
		return w.response(b, end)
	}
	return w.request(b, end)
}

func isUpper(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return true
}

func (w *wire) response(b []byte, end int) (element, error) {
	r, err := parseResponse(b[:end])
	if err != nil {
		return element{}, err
	}
	n := 0
	// A 1xx has no body, whatever it says, and for a redirect's nobody waits: the
	// connection is of no use any more.
	if r.status >= 200 && r.status/100 != 3 {
		limit := maxBody
		if w.limit != nil {
			limit = w.limit()
		}
		if n, err = r.header.bodyLength(limit); err != nil {
			return element{}, err
		}
	}
	if len(b) < end+n {
		return element{}, w.need(end + n)
	}
	r.body = bytes.Clone(w.take(end + n)[end:])
	return element{kind: responseElement, response: r}, nil
}

func (w *wire) request(b []byte, end int) (element, error) {
	r, err := parseRequest(b[:end])
	if err != nil {
		return element{}, err
	}
	n, err := r.header.bodyLength(maxRequestBody)
	if err != nil {
		return element{}, err
	}
	if len(b) < end+n {
		return element{}, w.need(end + n)
	}
	r.body = bytes.Clone(w.take(end + n)[end:])
	return element{kind: requestElement, request: r}, nil
}

// resync drops bytes until a frame of a negotiated channel with a plausible
// packet and something sensible behind it, or a reply. Servers that drop half a
// frame when their socket is full make it necessary.
func (w *wire) resync() error {
	for {
		b := w.buf[w.off:w.end]
		i := bytes.IndexAny(b, "$R")
		if i < 0 {
			i = len(b)
		}
		w.off += i
		if w.skipped += i; w.skipped > maxResync {
			return fmt.Errorf("%w: %d bytes were skipped", errOutOfSync, w.skipped)
		}
		if b = b[i:]; len(b) == 0 {
			return errMore
		}
		found, err := w.plausible(b)
		if err != nil {
			return err
		}
		if found {
			w.lost, w.scanned = false, 0
			return nil
		}
		w.off++
		w.skipped++
	}
}

// plausible judges the bytes at a '$' or an 'R'.
func (w *wire) plausible(b []byte) (bool, error) {
	const reply = "RTSP/1."
	if b[0] == 'R' {
		if len(b) < len(reply) && bytes.HasPrefix([]byte(reply), b) {
			return false, errMore
		}
		return bytes.HasPrefix(b, []byte(reply)), nil
	}
	if len(b) >= 2 && !w.channels[b[1]].Load() {
		return false, nil
	}
	if len(b) < 6 {
		return false, errMore
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if !plausiblePacket(b[4:], n) {
		return false, nil
	}
	if len(b) <= 4+n {
		return false, errMore
	}
	c := b[4+n]
	return c == '$' || c >= 'A' && c <= 'Z' || c == '\r' || c == '\n', nil
}

// plausiblePacket looks at the first two bytes of a packet of n: version 2, and
// long enough for RTP, or of one of RTCP's types; or whole packets of a transport
// stream.
func plausiblePacket(b []byte, n int) bool {
	if b[0] == tsSync {
		return n > 0 && n%tsPacket == 0
	}
	if b[0]>>6 != 2 {
		return false
	}
	return n >= 12 || n >= 4 && b[1] >= 192 && b[1] <= 223
}
