// Package dial makes connections: the name lookup and the dialling are steps
// that are told, both families of addresses are tried side by side (RFC 8305),
// and a server on the outside is not let in.
package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/trace"
	"tapedeck/client/words"
)

// ErrPrivate: a public server points into a private network.
var ErrPrivate = errors.New("a public server points to a private address, which is refused")

// maxWords bounds what of a foreign error's words is shown, in bytes.
const maxWords = 300

// Dialer makes connections for one protocol.
type Dialer struct {
	Protocol string        // begins the errors: "http"
	Timeout  time.Duration // of the lookup and the dialling together
	Trace    *trace.Tracer // nil: nobody is told

	// Dial connects to "host:port". Default: net.Dialer.
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	Resolver *net.Resolver // of the default; nil: the system's
}

// Error is a connection that could not be made. Its words are safe to show.
type Error struct {
	Protocol string
	Err      error
	timeout  time.Duration // 0: something else than time ran out
	to       string
}

func (e *Error) Error() string {
	if e.timeout > 0 {
		return fmt.Sprintf("%s: no connection to %s within %v", e.Protocol, e.to, e.timeout)
	}
	return e.Protocol + ": " + words.Line(e.Err.Error(), maxWords)
}

func (e *Error) Unwrap() error { return e.Err }

// TCP connects to hostport and tells of two steps, the name and the connection.
// With onlyPublic only a public address will do, whatever the name resolves to:
// otherwise the error wraps ErrPrivate. What ended ctx is returned as it is.
func (d *Dialer) TCP(ctx context.Context, hostport string, onlyPublic bool) (net.Conn, error) {
	start, looking := time.Now(), false
	bounded, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()

	dial := d.Dial
	if dial == nil {
		bounded = httptrace.WithClientTrace(bounded, &httptrace.ClientTrace{
			DNSStart: func(httptrace.DNSStartInfo) { looking = true },
			DNSDone: func(found httptrace.DNSDoneInfo) {
				if found.Err == nil {
					looking = false
					d.Trace.Step(media.RungName, "name", start, list(found.Addrs), nil)
					start = time.Now()
				}
			},
		})
		// Where a name has addresses of both kinds, and the first does not answer
		// soon, the other kind is tried beside it.
		dial = (&net.Dialer{Resolver: d.Resolver, Control: func(_, addr string, _ syscall.RawConn) error {
			if ip, err := netip.ParseAddrPort(addr); onlyPublic && err == nil && !IsPublic(ip.Addr()) {
				return ErrPrivate
			}
			return nil
		}}).DialContext
	}
	conn, err := dial(bounded, "tcp", hostport)
	if err != nil {
		rung, name := media.RungTCP, "tcp"
		var lookup *net.DNSError
		if looking || errors.As(err, &lookup) {
			rung, name = media.RungName, "name"
		}
		switch {
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case errors.Is(err, ErrPrivate):
			err = ErrPrivate
		case bounded.Err() != nil:
			err = &Error{Protocol: d.Protocol, Err: os.ErrDeadlineExceeded, timeout: d.Timeout, to: words.Line(hostport, maxWords)}
		default:
			err = &Error{Protocol: d.Protocol, Err: media.Plainly(err)}
		}
		return nil, d.Trace.Step(rung, name, start, "", err)
	}
	far := conn.RemoteAddr().String()
	if onlyPublic && !Public(conn) {
		conn.Close()
		return nil, d.Trace.Step(media.RungTCP, "tcp", start, far, ErrPrivate)
	}
	d.Trace.Step(media.RungTCP, "tcp", start, far, nil)
	return conn, nil
}

// Public reports whether the far end of conn is in the network that everybody
// shares.
func Public(conn net.Conn) bool {
	far, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	return err == nil && IsPublic(far.Addr())
}

// list names the first few addresses of a lookup.
func list(addrs []net.IPAddr) string {
	const few = 3
	var b strings.Builder
	for i, a := range addrs {
		if i == few {
			fmt.Fprintf(&b, " and %d more", len(addrs)-few)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.String())
	}
	return b.String()
}
