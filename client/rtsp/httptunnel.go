package rtsp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"net/netip"
	"strings"
	"sync"
	"time"

	"tapedeck/client/media"
)

const (
	tunnelType = "application/x-rtsp-tunnelled"

	// cookieLength keeps within what Darwin's server takes.
	cookieLength = 22

	// postLength is what QuickTime announces as the length of a POST: servers
	// know the number. When a message does not fit any more another POST begins.
	postLength = 32767
)

// httpTunnel is RTSP within two HTTP connections, one for each direction, as
// QuickTime began it and cameras still have it:
//
//	GET /path HTTP/1.0                          POST /path HTTP/1.0
//	x-sessioncookie: 22 letters                 x-sessioncookie: the same
//	Accept: application/x-rtsp-tunnelled        Content-Type: application/x-rtsp-tunnelled
//	                                            Content-Length: 32767
//	HTTP/1.0 200 OK
//	RTSP/1.0 200 OK ... $..packet..             T1BUSU9OUyBydHNwOi8v... (base64)
//
// What the GET brings is raw. Of what goes out each message is base64 of its
// own, padding included. Nobody waits for a reply to the POST.
type httpTunnel struct {
	net.Conn           // the GET's
	body     io.Reader // what comes over it
	posts    poster
	cancel   context.CancelFunc
	workers  sync.WaitGroup

	mu  sync.Mutex
	by  time.Time // the deadline of writes
	err error     // why the tunnel does not go on
}

// httpTunnel makes the tunnel and its first POST.
func (o *opener) httpTunnel(ctx context.Context) (net.Conn, error) {
	cookie := rand.Text()[:cookieLength]
	return o.tunnel(ctx, func(ctx context.Context, nc net.Conn, authorization string) (asked, error) {
		_, err := nc.Write(o.webRequest("GET", authorization,
			field{"x-sessioncookie", cookie}, field{"Accept", tunnelType}))
		if err != nil {
			return asked{}, err
		}
		reply, rest, err := readWebHead(nc)
		if err != nil {
			return asked{}, err
		}
		if !reply.ok() || !o.isTunnel(reply) {
			return asked{reply: reply}, nil
		}
		o.login.web.Answered(loginReply(reply), authorization) // before the POST, which has the next nonce
		t := &httpTunnel{Conn: nc, body: tunnelBody(reply, rest, nc)}
		t.posts = poster{
			tunnel: t, length: postLength, login: o.login.web, path: webPath(o.a),
			dial: o.postDial(o.postHost(reply, hostOf(nc.RemoteAddr()))),
			head: func(length int, authorization string) []byte {
				return o.webRequest("POST", authorization,
					field{"x-sessioncookie", cookie}, field{"Content-Type", tunnelType},
					field{"Content-Length", fmt.Sprint(length)}, field{"Expires", "Sun, 9 Jan 1972 00:00:00 GMT"})
			},
		}
		if err := t.start(ctx); err != nil {
			return asked{}, err
		}
		return asked{road: t, detail: clean(reply.header.get("Server"))}, nil
	})
}

// isTunnel judges the type of what a 200 brings. Servers that leave it out or
// have a vague one are believed where the link asks for a tunnel.
func (o *opener) isTunnel(r *response) bool {
	kind, _, _ := strings.Cut(strings.ToLower(r.header.get("Content-Type")), ";")
	kind = strings.TrimSpace(kind)
	if o.guess {
		return kind == tunnelType
	}
	return kind == "" || strings.HasPrefix(kind, "application/")
}

// tunnelBody is the reply's body. Its Content-Length means nothing: it ends
// with the connection. A proxy may have cut it into chunks all the same.
func tunnelBody(r *response, rest []byte, nc net.Conn) io.Reader {
	body := io.MultiReader(bytes.NewReader(rest), nc)
	if strings.EqualFold(strings.TrimSpace(r.header.get("Transfer-Encoding")), "chunked") {
		return httputil.NewChunkedReader(bufio.NewReaderSize(body, wireBuffer))
	}
	return body
}

// postHost is where the POSTs go: to where the GET went, or to the address that
// one server of a group gives for itself. That one is not followed from the
// outside to the inside, nor with a login that others could read.
func (o *opener) postHost(r *response, peer netip.Addr) netip.Addr {
	value := strings.TrimSpace(r.header.get("x-server-ip-address"))
	ip, err := netip.ParseAddr(strings.Trim(value, "[]"))
	ip = ip.Unmap()
	if err != nil || ip == peer {
		return peer
	}
	var why string
	switch {
	case ip.IsUnspecified(), ip.IsMulticast(), ip.IsLoopback() && !peer.IsLoopback(), insideAddress(ip) && !insideAddress(peer):
		why = "it leads into a private network"
	case o.a.HasUser && !secure(o.a):
		why = "the login would go to another host"
	default:
		return ip
	}
	o.cfg.Trace(media.Note{Text: fmt.Sprintf("the tunnel's other half is not sent to %s: %s", ip, why)})
	return peer
}

// postDial connects for a POST: to ip, or where the connection has none to the
// link's host.
func (o *opener) postDial(ip netip.Addr) func(ctx context.Context) (net.Conn, error) {
	cfg, a, onlyPublic := o.cfg.quiet(), o.a, o.onlyPublic
	return func(ctx context.Context) (net.Conn, error) {
		if !ip.IsValid() {
			return cfg.dial(ctx, a, onlyPublic)
		}
		_, port, err := net.SplitHostPort(hostPort(a))
		if err != nil {
			return nil, err
		}
		nc, err := cfg.race(ctx, []netip.Addr{ip}, port)
		if err != nil {
			return nil, fmt.Errorf("connect: %w", err)
		}
		if !secure(a) {
			return nc, nil
		}
		secured, err := cfg.handshake(ctx, nc, a)
		if err != nil {
			nc.Close()
			return nil, err
		}
		return secured, nil
	}
}

// start begins the first POST and the goroutine that writes.
func (t *httpTunnel) start(ctx context.Context) error {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t.cancel = cancel
	t.posts.writes = make(chan *posting)
	t.posts.ended = make(chan struct{})
	deadline, _ := ctx.Deadline()
	first, err := t.posts.begin(life, deadline, 0)
	if err != nil {
		cancel()
		t.workers.Wait()
		return fmt.Errorf("post: %w", err)
	}
	t.workers.Go(func() { t.posts.run(life, first) })
	return nil
}

func (t *httpTunnel) Read(p []byte) (int, error) {
	n, err := t.body.Read(p)
	if err != nil {
		if why := t.failure(); why != nil {
			err = why
		}
	}
	return n, err
}

// Write sends one message.
func (t *httpTunnel) Write(p []byte) (int, error) {
	t.mu.Lock()
	w := &posting{message: p, by: t.by, done: make(chan error, 1)}
	t.mu.Unlock()
	if w.by.IsZero() {
		w.by = time.Now().Add(writeTimeout)
	}
	select {
	case t.posts.writes <- w:
	case <-t.posts.ended:
		return 0, t.ending()
	}
	select {
	case err := <-w.done:
		if err != nil {
			return 0, err
		}
		return len(p), nil
	case <-t.posts.ended:
		return 0, t.ending()
	}
}

// fail ends the tunnel, and the read that waits, for a reason of the POST's.
func (t *httpTunnel) fail(err error) {
	t.mu.Lock()
	if t.err == nil {
		t.err = err
	}
	t.mu.Unlock()
	t.Conn.Close()
}

func (t *httpTunnel) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *httpTunnel) ending() error {
	if err := t.failure(); err != nil {
		return err
	}
	return errors.New("the tunnel is closed")
}

// SetWriteDeadline bounds a write, with the POST that may have to begin for it.
func (t *httpTunnel) SetWriteDeadline(by time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.by = by
	return nil
}

func (t *httpTunnel) SetDeadline(by time.Time) error {
	_ = t.SetWriteDeadline(by)
	return t.Conn.SetReadDeadline(by)
}

// Close ends both connections and waits for what works on them.
func (t *httpTunnel) Close() error {
	t.cancel()
	err := t.Conn.Close()
	t.workers.Wait()
	return err
}
