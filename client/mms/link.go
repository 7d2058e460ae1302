package mms

import (
	"context"
	"time"

	"tapedeck/client/media"
)

// A way is one of the protocols that lead to a server.
type way uint8

const (
	overUDP way = iota + 1
	overTCP
	overHTTP
)

// String is the way's name in events and errors: that of its scheme.
func (w way) String() string {
	switch w {
	case overUDP:
		return "mmsu"
	case overTCP:
		return "mmst"
	case overHTTP:
		return "mmsh"
	}
	return "mms"
}

// transport is what carries the media of the way, as events name it.
func (w way) transport() string {
	switch w {
	case overUDP:
		return "udp"
	case overTCP:
		return "tcp"
	case overHTTP:
		return "http"
	}
	return ""
}

// link is one way that is open: a server that has described its programme. One
// goroutine calls next; play, stop and change come from another, one at a time.
type link interface {
	// programme is what was described when the link was opened. It is never
	// written to again; a later one comes as an item.
	programme() *programme

	// play has the server send from a place on. What was sent before is dropped:
	// items of this call carry its number, the first call's is 1, and calls that
	// the server refuses count. It returns when
	// the server has agreed. While the server sends, play stops it first.
	play(ctx context.Context, r request) error

	// stop has the server send no more and keeps the session alive, for as long
	// as the server allows. next waits meanwhile.
	stop(ctx context.Context) error

	// change replaces streams by others while the server sends. Packets of the
	// old ones may come for a while.
	change(ctx context.Context, d []decision) error

	// next returns what comes next. io.EOF is the programme's end, after the last
	// packet. What it returns is valid until the following call.
	next(ctx context.Context) (item, error)

	stats() media.Stats

	// close takes leave within a second, and waits for all the link's goroutines.
	// It may be called twice, and ends the other calls.
	close() error
}

// batcher is a link that knows whether next would return without a wait. What is
// at hand then goes into one chunk.
type batcher interface{ more() bool }

// programme is what a server says of what it is about to send. It comes from
// the network; the link has bounded its size and nothing else.
type programme struct {
	server string // how it calls itself: "9.1.1.3814", "Cougar/9.01.01.3814"
	way    way
	proto  string // "udp", "tcp", "http/1.0"
	public bool   // it is of the public network
	title  string // that the server gives the entry, cleaned; may be empty

	// header is the ASF header object and the first 50 bytes of the data object,
	// at most maxHeader bytes.
	header []byte

	broadcast bool          // live, or it looks so: no seek, no length
	seekable  bool          // the server said that it can start anywhere
	duration  time.Duration // as the server says; 0 not known
	bitRate   int           // of all streams, bits a second; 0 not known
}

// request says from where a server is to send, and what.
type request struct {
	from    time.Duration // media time; 0 is the beginning, and the place for what is live
	packet  uint32        // if not 0, the number of the packet to begin with, in place of from
	streams []decision    // one for every stream of the header
}

// decision is about one stream of the header (section 6 of the sheet).
type decision struct {
	stream  int // 1..127
	instead int // the stream that it replaces; 0 none
	thin    thinning
}

// thinning is how much of a stream is sent. The values are the wire's.
type thinning uint16

const (
	sendAll  thinning = 0
	sendKeys thinning = 1 // key pictures only
	sendNone thinning = 2
)

// item is what a link gives: a packet, or a new programme from here on.
type item struct {
	play   int        // the number of the play call that it belongs to
	header *programme // the next packets are of this one; packet is nil
	chose  bool       // with header: the server waits for play before it sends

	packet []byte // an ASF packet as it was received: its padding may be cut
	id     uint32 // its number in the file, or any that grows where it is live
}

// Limits of what a server may send (section 12 of the sheet).
const (
	maxHeader = 1 << 20 // bytes of an ASF header
	maxPacket = 65527   // bytes of an ASF packet: 65535 with the head of 8
	maxStream = 127
	maxChange = 50 // new headers in a row without a packet between them
)
