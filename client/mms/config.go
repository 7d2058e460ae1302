package mms

import (
	"cmp"
	"context"
	"net"
	"time"

	"tapedeck/client/media"
)

// Config says how sessions are opened. Its zero value works.
type Config struct {
	// Trace is told what is tried and how it went. It is called from several
	// goroutines, one at a time. Default: nobody is told.
	Trace func(media.Event)

	// Dial connects to "host:port". Default: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Memory remembers which way worked, over sessions. Default: nothing is
	// remembered.
	Memory *Memory

	// Start is the media time at which a live stream begins: that of a session
	// which goes on in the timeline of another one. Default: 0.
	Start time.Duration

	// MaxBitRate bounds the streams that are chosen among several bit rates, bits
	// a second. Default: the best that comes through.
	MaxBitRate int

	// OnlyPublic refuses addresses of private networks, for a link that came
	// from a server outside of them. Default: all are allowed.
	OnlyPublic bool

	Timeouts Timeouts
}

// Timeouts bound every wait. Zero fields take the defaults.
type Timeouts struct {
	Open    time.Duration // all of Open; default 30 s
	Attempt time.Duration // one way, all its steps; default 10 s
	Connect time.Duration // a connection; default 5 s
	Reply   time.Duration // one answer; default 5 s
	Hurry   time.Duration // an attempt that is not through by then gets a rival; default 1 s
	Silence time.Duration // no packet and no ping while it plays; default 45 s
	Stop    time.Duration // the answer to a stop; default 5 s
	Close   time.Duration // the farewell; default 1 s
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Open:    cmp.Or(t.Open, 30*time.Second),
		Attempt: cmp.Or(t.Attempt, 10*time.Second),
		Connect: cmp.Or(t.Connect, 5*time.Second),
		Reply:   cmp.Or(t.Reply, 5*time.Second),
		Hurry:   cmp.Or(t.Hurry, time.Second),
		Silence: cmp.Or(t.Silence, 45*time.Second),
		Stop:    cmp.Or(t.Stop, 5*time.Second),
		Close:   cmp.Or(t.Close, time.Second),
	}
}
