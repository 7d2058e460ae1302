package rtsp

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"sync"
	"time"

	"tapedeck/client/media"
)

// Config says how sessions are opened. Its zero value works.
type Config struct {
	// Trace is told what is tried and how it went. It is called from several
	// goroutines, one at a time. Default: nobody is told.
	Trace func(media.Event)

	// UserAgent is sent with every request; some servers refuse those they do
	// not know. Default: "tapedeck".
	UserAgent string

	// Dial connects to an address that Lookup gave. Default: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Lookup finds the addresses of a name. Default: the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

	// RootCAs are the authorities believed for rtsps. Default: the system's.
	RootCAs *x509.CertPool

	// Pins are certificates that are believed without an authority, and nothing
	// else in their place: the SHA-256 of the server's own certificate in hex, by
	// "host:port" in lower case. CertificateError has both. Default: none.
	Pins map[string]string

	// OldTLS also takes TLS 1.0 and 1.1 and RSA key exchange, which some
	// cameras' firmware needs. What it protects others can decrypt later.
	// Default: TLS 1.2 or later.
	OldTLS bool

	// Memory remembers which transport worked, over sessions. Default: nothing
	// is remembered.
	Memory *Memory

	// Start is the media time at which a live stream begins: that of a session
	// which goes on in the timeline of another one. Default: 0.
	Start time.Duration

	// OnlyPublic refuses addresses of private networks, for a link that came
	// from a server outside of them (MovedError). Default: all are allowed.
	OnlyPublic bool

	Timeouts Timeouts
}

// Timeouts bound every wait. Zero fields take the defaults.
type Timeouts struct {
	Open     time.Duration // all of Open, without fallbacks' first tries; default 60 s
	Connect  time.Duration // one address's TCP connection and handshake; default 5 s
	Tunnel   time.Duration // the HTTP that makes a tunnel, logins included; default 10 s
	Options  time.Duration // OPTIONS, which may stay unanswered; default 3 s
	Describe time.Duration // cameras wake up for it; default 30 s
	Setup    time.Duration // default 10 s
	Play     time.Duration // servers that convert need a while; default 30 s
	Pause    time.Duration // default 5 s
	Teardown time.Duration // default 1 s

	Hurry     time.Duration // first packet after PLAY over UDP, before TCP is tried beside it; default 700 ms
	SilentUDP time.Duration // first packet after PLAY, before it is given up; default 3 s
	Partial   time.Duration // no pictures over UDP, while others come and these are sent; default 8 s
	FirstTCP  time.Duration // first packet after PLAY where nothing is left to try; default 10 s
	Header    time.Duration // parameter sets after the first packet; default 2 s
	Picture   time.Duration // those of a picture, which come with a key picture; default 10 s
	Silence   time.Duration // no media while playing; default 10 s
	End       time.Duration // no media at the end of the stream; default 2 s
	Report    time.Duration // between receiver reports; default 5 s
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Open:      cmp.Or(t.Open, 60*time.Second),
		Connect:   cmp.Or(t.Connect, 5*time.Second),
		Tunnel:    cmp.Or(t.Tunnel, 10*time.Second),
		Options:   cmp.Or(t.Options, 3*time.Second),
		Describe:  cmp.Or(t.Describe, 30*time.Second),
		Setup:     cmp.Or(t.Setup, 10*time.Second),
		Play:      cmp.Or(t.Play, 30*time.Second),
		Pause:     cmp.Or(t.Pause, 5*time.Second),
		Teardown:  cmp.Or(t.Teardown, time.Second),
		Hurry:     cmp.Or(t.Hurry, 700*time.Millisecond),
		SilentUDP: cmp.Or(t.SilentUDP, 3*time.Second),
		Partial:   cmp.Or(t.Partial, 8*time.Second),
		FirstTCP:  cmp.Or(t.FirstTCP, 10*time.Second),
		Header:    cmp.Or(t.Header, 2*time.Second),
		Picture:   cmp.Or(t.Picture, 10*time.Second),
		Silence:   cmp.Or(t.Silence, 10*time.Second),
		End:       cmp.Or(t.End, 2*time.Second),
		Report:    cmp.Or(t.Report, 5*time.Second),
	}
}

func (c Config) withDefaults() Config {
	c.UserAgent = cmp.Or(c.UserAgent, "tapedeck")
	if c.Dial == nil {
		d := net.Dialer{KeepAlive: 30 * time.Second}
		c.Dial = d.DialContext
	}
	if c.Lookup == nil {
		c.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	c.Timeouts = c.Timeouts.withDefaults()
	c.Trace = oneAtATime(c.Trace)
	return c
}

func oneAtATime(trace func(media.Event)) func(media.Event) {
	if trace == nil {
		return func(media.Event) {}
	}
	var mu sync.Mutex
	return func(e media.Event) {
		mu.Lock()
		defer mu.Unlock()
		trace(e)
	}
}

// step times one step of the ladder and tells of it.
func (c *Config) step(rung media.Rung, name string, do func() (detail string, err error)) error {
	start := time.Now()
	detail, err := do()
	err = media.At(rung, err)
	c.Trace(media.Step{Rung: rung, Name: name, Took: time.Since(start), Err: err, Detail: detail})
	return err
}
