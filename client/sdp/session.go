// Package sdp reads session descriptions (RFC 8866) the way they come from
// cameras and media servers: with missing, doubled, misplaced and broken lines.
//
// It is a reader only, made for the answer to an RTSP DESCRIBE: lines may come
// in any order, o= and t= are skipped unread, unknown lines and media are kept
// or left out but never refused. What a payload type means without an a=rtpmap
// line (RFC 3551) is not known here; that table is client/rtp's.
//
//	s, err := sdp.Parse(body)
//	for _, m := range s.Media {
//		for _, pt := range m.Formats {
//			fmt.Println(m.Type, m.Control, m.RTPMap[pt].Encoding, m.FMTP[pt]["config"])
//		}
//	}
package sdp

import (
	"errors"
	"strings"
)

// Limits on what a description may make us keep. A body that is too large is an
// error; what exceeds another limit is left out.
const (
	MaxBody       = 1 << 20 // bytes; Windows Media and Real put base64 headers in
	MaxMedia      = 64      // m= sections
	MaxAttributes = 512     // a= lines of the session, and of each medium
	MaxFormats    = 64      // payload types of one medium
	MaxParameters = 64      // of one a=fmtp line
)

// ErrNotSDP is returned for a body that has no v=, o= or m= line.
var ErrNotSDP = errors.New("sdp: the body is not a session description")

// ErrTooLarge is returned for a body above MaxBody.
var ErrTooLarge = errors.New("sdp: the description is larger than 1 MiB")

// Session is a whole description. Text fields are UTF-8 without control bytes,
// whatever the server sent.
type Session struct {
	Name    string // s=
	Info    string // i=
	Control string // a=control, byte for byte
	Range   string // a=range, see ParseRange
	Tool    string // a=tool
	Type    string // a=type, such as "broadcast"

	Attributes []Attribute // a= lines above the first m=, in order
	Media      []Media     // in the order of the m= lines
	Connection *Connection // c= above the first m=, nil without a usable one
}

// Media is one m= section.
type Media struct {
	Type    string  // "video", "audio", "application", ... in lower case
	Proto   string  // as written: "RTP/AVP"
	Port    int     // 0 is usual in RTSP and refuses nothing
	Formats []uint8 // payload types, the server's first choice first

	Control     string // a=control, byte for byte
	Range       string // a=range, see ParseRange
	Connection  *Connection
	BandwidthAS int // kbit/s by b=AS, or b=TIAS; 0 when not told
	Attributes  []Attribute

	// RTPMap and FMTP are complete for every payload type in Formats as far as
	// the description has it anywhere: lines under the wrong medium count.
	RTPMap map[uint8]RTPMap
	FMTP   map[uint8]map[string]string // keys in lower case
}

// Attribute is one a= line: "key:value", or only a key.
type Attribute struct{ Key, Value string }

// RTPMap is what an a=rtpmap line says of a payload type.
type RTPMap struct {
	Encoding  string // as written: "H264"
	ClockRate int    // 0 when not told
	Channels  int    // 0 when not told
}

// Connection is a c= line, needed for multicast only.
type Connection struct {
	Address string // IP address or host name
	TTL     int    // 0 where it does not apply
	Count   int    // number of consecutive addresses, at least 1
}

// Attribute returns the value of the first attribute with that key, whatever
// its case.
func (s *Session) Attribute(key string) (string, bool) { return find(s.Attributes, key) }

// Attribute returns the value of the first attribute with that key, whatever
// its case.
func (m *Media) Attribute(key string) (string, bool) { return find(m.Attributes, key) }

func find(list []Attribute, key string) (string, bool) {
	for _, a := range list {
		if strings.EqualFold(a.Key, key) {
			return a.Value, true
		}
	}
	return "", false
}
