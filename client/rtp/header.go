package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"
)

// The fixed part of an RTP packet (RFC 3550, 5.1):
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|V=2|P|X|  CC   |M|     PT      |       sequence number         |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                           timestamp                           |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|           synchronization source (SSRC) identifier            |
//	+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
const (
	headerSize = 12
	version    = 2
)

// fixed is that part, read without looking at the rest: what a packet's place
// in the stream depends on.
type fixed struct {
	payloadType uint8
	seq         uint16
	ts, ssrc    uint32
}

func readFixed(raw []byte) (fixed, bool) {
	if len(raw) < headerSize || raw[0]>>6 != version {
		return fixed{}, false
	}
	return fixed{
		payloadType: raw[1] & 0x7f,
		seq:         binary.BigEndian.Uint16(raw[2:]),
		ts:          binary.BigEndian.Uint32(raw[4:]),
		ssrc:        binary.BigEndian.Uint32(raw[8:]),
	}, true
}

// readPacket reads the whole header into h and returns the payload, which is
// a part of raw. Header extensions that are broken inside are passed over;
// padding that cannot be right, as cheap encoders send it, is left in.
func readPacket(h *rtp.Header, raw []byte) ([]byte, bool) {
	if len(raw) < headerSize || raw[0]>>6 != version {
		return nil, false
	}
	n, err := h.Unmarshal(raw)
	if err != nil {
		if n = skipHeader(raw); n < 0 {
			return nil, false
		}
		h.Extensions = h.Extensions[:0]
	}
	payload := raw[n:]
	if h.Padding && len(payload) > 0 {
		pad := int(payload[len(payload)-1])
		if pad <= len(payload) {
			payload = payload[:len(payload)-pad]
		}
	}
	return payload, true
}

// skipHeader is the length of the header with sources and extension, -1 when
// they reach beyond the packet.
func skipHeader(raw []byte) int {
	n := headerSize + 4*int(raw[0]&0x0f)
	if raw[0]&0x10 != 0 {
		if n+4 > len(raw) {
			return -1
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(raw[n+2:]))
	}
	if n > len(raw) {
		return -1
	}
	return n
}
