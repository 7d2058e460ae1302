package rtsp

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"time"

	"tapedeck/client/login"
)

// poster is the half of a tunnel that goes out. Its goroutine owns the POST of
// the moment; there is another one when its length is used up, when the server
// closes it, and when the server wants a login for it.
type poster struct {
	tunnel *httpTunnel
	length int // of a POST's body
	login  *login.Login
	path   string
	dial   func(ctx context.Context) (net.Conn, error)
	head   func(length int, authorization string) []byte

	writes chan *posting
	ended  chan struct{} // closed when the goroutine has ended
}

// posting is a message that waits to be sent.
type posting struct {
	message []byte
	by      time.Time
	done    chan error
}

// post is one POST.
type post struct {
	nc       net.Conn
	forget   func() bool // of its end with the tunnel's
	left     int         // bytes of its length
	sent     string      // its Authorization
	body     []byte      // what it has carried: it may have to go out again
	refusals int         // of the ones before it, in a row

	answer chan *response // the server's reply when it refuses; nil: it has closed
}

// run writes until life ends.
func (p *poster) run(life context.Context, now *post) {
	defer close(p.ended)
	defer recovered(p.tunnel.fail)
	defer func() { now.close() }()
	for {
		var answer chan *response
		if now != nil {
			answer = now.answer
		}
		select {
		case <-life.Done():
			return
		case r := <-answer:
			now = p.answered(life, now, r)
		case w := <-p.writes:
			var err error
			now, err = p.write(life, now, w)
			w.done <- err
		}
	}
}

// write sends a message over now or over another POST, which is the one of the
// moment from then on.
func (p *poster) write(life context.Context, now *post, w *posting) (*post, error) {
	if now != nil {
		select {
		case r := <-now.answer:
			now = p.answered(life, now, r)
		default:
		}
	}
	body := base64.StdEncoding.AppendEncode(nil, w.message)
	for fresh := false; ; {
		if err := p.tunnel.failure(); err != nil {
			return now, err
		}
		if now == nil || len(body) > now.left {
			now.close()
			var err error
			if now, err = p.begin(life, w.by, len(body)); err != nil {
				return nil, err
			}
			fresh = true
		}
		err := now.write(body, w.by)
		if err == nil || !errors.Is(closedBy(err), ErrConnection) {
			return now, err
		}
		// The server has closed it. If it has said why, the message may have gone
		// out again with a login.
		_ = now.nc.SetReadDeadline(w.by)
		now = p.answered(life, now, <-now.answer)
		switch {
		case now != nil:
			return now, nil
		case fresh && p.tunnel.failure() == nil:
			return nil, ErrConnection
		}
	}
}

// begin connects and sends the head of a POST that has room for need bytes.
func (p *poster) begin(life context.Context, by time.Time, need int) (*post, error) {
	ctx, cancel := context.WithDeadlineCause(life, by, &TimeoutError{"no connection for the POST", writeTimeout})
	defer cancel()
	nc, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	n := &post{
		nc: nc, left: max(p.length, need),
		sent:   p.login.Authorization("POST", p.path),
		forget: context.AfterFunc(life, func() { nc.Close() }),
		answer: make(chan *response, 1),
	}
	_ = nc.SetWriteDeadline(by)
	if _, err := nc.Write(p.head(n.left, n.sent)); err != nil {
		n.close()
		return nil, closedBy(err)
	}
	p.tunnel.workers.Go(func() { n.listen(p.login, p.tunnel.fail) })
	return n, nil
}

// answered takes the end of now, or the reply that refuses it. A login that is
// asked for goes out with another POST, and with it what this one carried.
func (p *poster) answered(life context.Context, now *post, r *response) *post {
	now.close()
	if r == nil {
		return nil
	}
	name := overHTTP.String()
	if r.status != 401 {
		p.tunnel.fail(&TunnelError{name, newStatusError(name, r)})
		return nil
	}
	if err := challenged(p.login, name, r, now.sent, now.refusals); err != nil {
		p.tunnel.fail(err)
		return nil
	}
	by := time.Now().Add(writeTimeout)
	again, err := p.begin(life, by, len(now.body))
	if err == nil {
		again.refusals = now.refusals + 1
		err = again.write(now.body, by)
	}
	if err != nil {
		again.close()
		p.tunnel.fail(&TunnelError{name, err})
		return nil
	}
	return again
}

func (n *post) write(body []byte, by time.Time) error {
	_ = n.nc.SetWriteDeadline(by)
	n.left -= len(body)
	n.body = append(n.body, body...)
	_, err := n.nc.Write(body)
	return err
}

// listen waits for the server to refuse the POST or to close it; of anything
// else that it says only the next nonce matters.
func (n *post) listen(l *login.Login, fail func(error)) {
	defer recovered(fail)
	r, _, err := readWebHead(n.nc)
	if err == nil && r.ok() {
		l.Answered(loginReply(r), n.sent)
		_, _ = io.Copy(io.Discard, n.nc)
		r = nil
	}
	n.answer <- r
}

func (n *post) close() {
	if n != nil {
		n.forget()
		n.nc.Close()
	}
}
