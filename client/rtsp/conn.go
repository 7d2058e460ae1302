package rtsp

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	writeTimeout = 5 * time.Second // for one message; the peer does not read
	maxAbandoned = 64              // requests given up whose late replies are known
	maxContinues = 32              // 1xx replies to one request

	// nap is how long the reader waits for more media before it reads again, so
	// that one system call brings many packets. A read that brought napBelow
	// bytes or more shows that no patience is needed.
	nap      = 3 * time.Millisecond
	napBelow = wireBuffer / 2
)

// sink takes what the reader of a connection finds. The reader calls it, from
// one goroutine; it owns the socket's receiving side.
type sink interface {
	// frame is given one interleaved frame; payload is valid during the call.
	frame(channel uint8, payload []byte)
	// drained says that everything that had come was given. It may wait for
	// room before more is read.
	drained()
	// awaited says that a reply is due: drained must not wait now.
	awaited()
	// asked is given a request of the server and returns the answer.
	asked(r *request) *response
}

// conn is one connection: requests out, replies matched to them, frames and
// the server's own requests to the sink.
type conn struct {
	nc   net.Conn
	wire *wire
	sink sink

	wmu sync.Mutex // one message is written at a time
	out []byte

	mu        sync.Mutex
	cseq      int
	pending   []*call // oldest first
	abandoned []int   // CSeqs whose replies nobody waits for any more
	err       error   // why the reader ended

	done chan struct{} // closed when the reader has ended
}

// call is a request that waits for its reply. Its reply goes to one of the two.
type call struct {
	cseq      int
	method    string
	continues int
	continued func() // runs in the reader, after a 1xx; may be nil
	reply     chan *response
	then      func(*response) // runs in the reader; nil to use reply
}

func newConn(nc net.Conn, s sink) *conn {
	c := &conn{nc: nc, wire: newWire(nc), sink: s, done: make(chan struct{})}
	c.wire.limit = c.bodyLimit
	return c
}

// bodyLimit is how long the body of a reply may be: only a description is long.
func (c *conn) bodyLimit() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.pending, func(k *call) bool { return k.method == "DESCRIBE" }) {
		return maxBody
	}
	return maxOtherBody
}

// send writes r with the next CSeq in front of its header.
func (c *conn) send(r *request, then func(*response), continued func()) (*call, error) {
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return nil, c.err
	}
	c.cseq++
	k := &call{cseq: c.cseq, method: r.method, reply: make(chan *response, 1), then: then, continued: continued}
	c.pending = append(c.pending, k)
	c.mu.Unlock()

	numbered := request{method: r.method, target: r.target, body: r.body}
	numbered.header = append(header{{"CSeq", strconv.Itoa(k.cseq)}}, r.header...)
	err := c.write(func(dst []byte) []byte { return numbered.append(dst) })
	if err != nil {
		c.abandon(k)
		return nil, err
	}
	return k, nil
}

// write gives the connection what fill appends, in one write.
func (c *conn) write(fill func(dst []byte) []byte) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.out = fill(c.out[:0])
	if err := c.nc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return closedBy(err)
	}
	_, err := c.nc.Write(c.out)
	return closedBy(err)
}

// roundTrip sends r and waits for its reply, until ctx ends or the reader does.
// continued is called at every 1xx.
func (c *conn) roundTrip(ctx context.Context, r *request, continued func()) (*response, error) {
	k, err := c.send(r, nil, continued)
	if err != nil {
		if read := c.failure(); read != nil {
			err = read
		}
		return nil, err
	}
	c.sink.awaited()
	select {
	case resp := <-k.reply:
		return resp, nil
	case <-ctx.Done():
		c.abandon(k)
		return nil, context.Cause(ctx)
	case <-c.done:
	}
	select {
	case resp := <-k.reply: // it came just before the end
		return resp, nil
	default:
		return nil, c.failure()
	}
}

func (c *conn) abandon(k *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.pending, k); i >= 0 {
		c.pending = slices.Delete(c.pending, i, i+1)
		if len(c.abandoned) == maxAbandoned {
			c.abandoned = slices.Delete(c.abandoned, 0, 1)
		}
		c.abandoned = append(c.abandoned, k.cseq)
	}
}

// waiting reports whether somebody waits for a reply.
func (c *conn) waiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.pending, func(k *call) bool { return k.then == nil })
}

func (c *conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// match takes the call that r answers out of the pending ones. Some servers
// leave CSeq out, repeat an old one, or answer a request that was given up.
func (c *conn) match(r *response) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) == 0 {
		return nil
	}
	i := 0
	if text, ok := r.header.lookup("CSeq"); ok {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		i = slices.IndexFunc(c.pending, func(k *call) bool { return err == nil && k.cseq == n })
		if i < 0 {
			if len(c.pending) != 1 || slices.Contains(c.abandoned, n) {
				return nil
			}
			i = 0
		}
	}
	k := c.pending[i]
	if r.status < 200 {
		k.continues++
		if k.continues <= maxContinues {
			if k.continued != nil {
				k.continued()
			}
			return nil
		}
	}
	c.pending = slices.Delete(c.pending, i, i+1)
	return k
}

// read runs until the connection ends. It is the only reader.
func (c *conn) read() {
	defer close(c.done)
	defer recovered(c.fail)
	for {
		media, err := c.dispatch()
		if err != nil {
			c.fail(err)
			return
		}
		c.sink.drained()
		if media > 0 && media < napBelow {
			time.Sleep(nap)
		}
		if err := c.wire.fill(); err != nil {
			c.fail(closedBy(err))
			return
		}
	}
}

// closedBy is ErrConnection for what a read or a write says after the server
// has closed the connection, however it did.
func closedBy(err error) error {
	for _, closed := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, closed) {
			return ErrConnection
		}
	}
	return err
}

// dispatch hands on every whole element that has come and returns how many
// bytes of media were among them.
func (c *conn) dispatch() (media int, err error) {
	for {
		e, err := c.wire.next()
		if err == errMore {
			return media, nil
		}
		if err != nil {
			return media, err
		}
		switch e.kind {
		case frameElement:
			media += len(e.payload)
			c.sink.frame(e.channel, e.payload)
		case responseElement:
			c.answered(e.response)
		case requestElement:
			if err := c.answer(e.request); err != nil {
				return media, err
			}
		}
	}
}

func (c *conn) answered(r *response) {
	k := c.match(r)
	switch {
	case k == nil:
	case k.then != nil:
		k.then(r)
	default:
		k.reply <- r
	}
}

func (c *conn) answer(r *request) error {
	resp := c.sink.asked(r)
	if resp == nil {
		return nil
	}
	if v, ok := r.header.lookup("CSeq"); ok {
		resp.header = append(header{{"CSeq", v}}, resp.header...)
	}
	return c.write(func(dst []byte) []byte { return resp.append(dst) })
}

// fail keeps the first reason for the end.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// close ends the connection for the given reason and waits for the reader.
func (c *conn) close(why error) {
	c.fail(why)
	c.nc.Close()
	<-c.done
}
