package rtp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// xiph is the payload that Vorbis (RFC 5215, 2) and Theora
// (draft-barbato-avt-rtp-theora-01, 2) have in common:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                     ident                     | F |TDT|# pkts.|
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|            length             | packet ...
//
// with F: 0 whole packets, 1 to 3 the first, a middle, the last part of one;
// TDT: 0 data, 1 the configuration, 2 a comment. The configuration is named by
// the ident. It comes with the description, in-band, or both ways.
type xiph struct {
	coding  xiphCoding
	configs []xiphConfig
	limit   int    // bytes of one packet
	known   bool   // a configuration is in use...
	current uint32 // ...which has this ident
	news    bool   // the last payload brought a configuration that is new

	part  []byte // of a packet that comes in parts
	begun bool   // there is one
	list  [][]byte
}

// xiphCoding is what differs.
type xiphCoding interface {
	// use makes c the configuration in use and reports whether it makes sense.
	use(c *xiphConfig) bool
}

// xiphConfig is the headers that a decoder needs.
type xiphConfig struct {
	ident   uint32
	packed  []byte
	headers [][]byte // parts of packed
	laced   []byte   // for Track, made once: idents may change with each packet
}

const (
	xiphWhole = 0
	xiphFirst = 1
	xiphLast  = 3

	xiphData          = 0
	xiphConfiguration = 1

	maxXiphConfigs = 4
	maxXiphHeaders = 8
	maxXiphConfig  = 64 << 10 // bytes of one: its length has 16 bits
)

// xiphHeader is the beginning of a payload.
type xiphHeader struct {
	ident    uint32
	fragment byte
	kind     byte
	count    int
}

// newXiph takes the configurations of a description and uses the first that
// makes sense.
func newXiph(coding xiphCoding, configuration string, limit int) xiph {
	x := xiph{coding: coding, limit: limit}
	x.learn(configuration)
	for i := range x.configs {
		if x.use(&x.configs[i]) {
			break
		}
	}
	return x
}

func (x *xiph) use(c *xiphConfig) bool {
	if c == nil || !x.coding.use(c) {
		return false
	}
	x.known, x.current = true, c.ident
	return true
}

func (x *xiph) reset() { x.part, x.begun = x.part[:0], false }

// packets returns the packets of data that a payload completes, valid until the
// next call, once the configuration that they name is in use. Without it they
// are dropped: what they mean has not been told.
func (x *xiph) packets(p []byte, lost bool) ([][]byte, error) {
	ident, list, err := x.split(p, lost)
	switch other := !x.known || ident != x.current; {
	case x.news && (!x.known || !other):
		if !x.use(x.config(ident)) {
			return nil, ErrMalformed
		}
	case len(list) > 0 && other && !x.use(x.config(ident)):
		return nil, err
	}
	return list, err
}

// split takes a payload apart and learns the configuration that it completes.
func (x *xiph) split(p []byte, lost bool) (ident uint32, list [][]byte, err error) {
	x.news = false
	if lost {
		x.reset()
	}
	if len(p) < 6 {
		x.reset()
		return 0, nil, ErrMalformed
	}
	h := xiphHeader{
		ident:    binary.BigEndian.Uint32(p) >> 8,
		fragment: p[3] >> 6,
		kind:     p[3] >> 4 & 3,
		count:    int(p[3] & 15),
	}
	p = p[4:]
	x.list = x.list[:0]
	if h.fragment == xiphWhole {
		x.reset()
		for range max(h.count, 1) {
			var packet []byte
			if packet, p, err = h.packet(p); err != nil {
				break
			}
			x.list = append(x.list, packet)
		}
	} else {
		err = x.fragment(h, p)
	}
	if h.kind == xiphConfiguration && len(x.list) > 0 {
		x.put(h.ident, x.list[0])
	}
	if h.kind != xiphData {
		x.list = x.list[:0]
	}
	return h.ident, x.list, err
}

// fragment adds a part; the last one puts the packet into the list.
func (x *xiph) fragment(h xiphHeader, p []byte) error {
	part, _, err := h.packet(p)
	if err != nil {
		x.reset()
		return err
	}
	if h.fragment == xiphFirst {
		x.reset()
		x.begun = true
	}
	if !x.begun {
		return nil
	}
	if len(x.part)+len(part) > x.limit {
		x.reset()
		return ErrTooLarge
	}
	x.part = append(x.part, part...)
	if h.fragment == xiphLast {
		x.list = append(x.list, x.part)
		x.reset()
	}
	return nil
}

// packet cuts a packet with its length off the front of p. The length of a
// configuration is that of its headers (RFC 5215, 3.2.1), without the fields in
// front of them, so that goes to the end.
func (h xiphHeader) packet(p []byte) (packet, rest []byte, err error) {
	if len(p) < 2 {
		return nil, nil, ErrMalformed
	}
	n := int(binary.BigEndian.Uint16(p))
	if p = p[2:]; n > len(p) {
		return nil, nil, ErrMalformed
	}
	if h.kind == xiphConfiguration {
		n = len(p)
	}
	return p[:n], p[n:], nil
}

// learn takes the configuration parameter (RFC 5215, 3.2.1), which is base64 of
//
//	| number32 | { ident24 | length16 | headers less 1 | lengths | headers }...
//
// where length16 is that of the headers together; some senders count the
// fields between in. The last header has no length of its own.
func (x *xiph) learn(configuration string) {
	if len(configuration) > 2*maxXiphConfig {
		return
	}
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(configuration), "="))
	if err != nil || len(b) < 4 {
		return
	}
	number := binary.BigEndian.Uint32(b)
	b = b[4:]
	for range min(number, maxXiphConfigs) {
		if len(b) < 5 {
			return
		}
		ident, length := binary.BigEndian.Uint32(b)>>8, int(binary.BigEndian.Uint16(b[3:]))
		b = b[5:]
		n := len(b)
		if number > 1 {
			n = min(n, length+xiphLengths(b))
		}
		x.put(ident, b[:n])
		b = b[n:]
	}
}

// xiphLengths is the size of the fields before the headers.
func xiphLengths(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	n := 1
	for range b[0] {
		for n < len(b) && b[n]&0x80 != 0 {
			n++
		}
		n++
	}
	return min(n, len(b))
}

// put keeps a packed configuration: | headers less 1 | lengths | headers |,
// where a length has 7 bits a byte, high bits first, with the highest bit set
// in all bytes but the last.
func (x *xiph) put(ident uint32, packed []byte) {
	if len(packed) == 0 || len(packed) > maxXiphConfig || int(packed[0]) >= maxXiphHeaders {
		return
	}
	old := x.config(ident)
	if old != nil && bytes.Equal(old.packed, packed) {
		return
	}
	c := xiphConfig{ident: ident, packed: bytes.Clone(packed)}
	count := int(packed[0])
	var lengths [maxXiphHeaders]int
	p := c.packed[1:]
	for i := range count {
		for more := true; more; p = p[1:] {
			if len(p) == 0 || lengths[i] > maxXiphConfig {
				return
			}
			lengths[i] = lengths[i]<<7 | int(p[0]&0x7f)
			more = p[0]&0x80 != 0
		}
	}
	for _, n := range lengths[:count] {
		if n > len(p) {
			return
		}
		c.headers = append(c.headers, p[:n])
		p = p[n:]
	}
	c.headers = append(c.headers, p)
	x.news = true
	switch {
	case old != nil:
		*old = c
	case len(x.configs) == maxXiphConfigs: // the oldest goes
		x.configs = append(x.configs[:0], x.configs[1:]...)
		x.configs = append(x.configs, c)
	default:
		x.configs = append(x.configs, c)
	}
}

// config is the configuration of that name, nil when it has not come.
func (x *xiph) config(ident uint32) *xiphConfig {
	for i := range x.configs {
		if x.configs[i].ident == ident {
			return &x.configs[i]
		}
	}
	return nil
}

// header is the one with that first byte, nil without it.
func (c *xiphConfig) header(first byte) []byte {
	for _, h := range c.headers {
		if len(h) > 0 && h[0] == first {
			return h
		}
	}
	return nil
}

// xiphLaced puts three headers together as Matroska keeps them:
//
//	| 2 | length of the first | of the second | the three headers |
//
// where a length is as many bytes of 255 as fit, and the rest.
func xiphLaced(first, second, third []byte) []byte {
	b := []byte{2}
	for _, h := range [][]byte{first, second} {
		n := len(h)
		for ; n >= 255; n -= 255 {
			b = append(b, 255)
		}
		b = append(b, byte(n))
	}
	b = append(b, first...)
	b = append(b, second...)
	return append(b, third...)
}
