package mms

import (
	"bytes"
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/mms/wire"
)

const (
	// writeTimeout bounds the writing of one message: the server does not read.
	writeTimeout = 5 * time.Second

	// pongGap is the least time between two answers to pings.
	pongGap = 250 * time.Millisecond
)

// control is the side of an MMS connection on which requests go out and answers
// are matched to them. Answers have no numbers: it is their kind that tells, and
// where the server may say the same unasked, the incarnation in it.
type control struct {
	nc    net.Conn
	began time.Time

	wmu   sync.Mutex // one message is written at a time
	seq   uint16
	out   []byte
	limit atomic.Int64 // time.Duration that the writing of one may take

	mu      sync.Mutex
	pending []*call // oldest first
	ponged  time.Time
	err     error         // why it ended
	dead    chan struct{} // closed with err
}

// call is a request that waits for its answer.
type call struct {
	answers []wire.MID
	is      func(wire.Message) bool // nil: any of answers is
	got     chan wire.Message
}

func newControl(nc net.Conn) *control {
	c := &control{nc: nc, began: time.Now(), dead: make(chan struct{})}
	c.limit.Store(int64(writeTimeout))
	return c
}

// hurry shortens the time that may be spent on writing, also of a message that
// is being written.
func (c *control) hurry(limit time.Duration) {
	c.limit.Store(int64(limit))
	_ = c.nc.SetWriteDeadline(time.Now().Add(limit)) // a connection that has ended has none
}

// send writes a message that has no answer.
func (c *control) send(m wire.Appender) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.out = wire.AppendControl(c.out[:0], c.seq, time.Since(c.began), m)
	c.seq++
	if err := c.nc.SetWriteDeadline(time.Now().Add(time.Duration(c.limit.Load()))); err != nil {
		return c.failed(err)
	}
	_, err := c.nc.Write(c.out)
	return c.failed(err)
}

// failed is why the connection ended, where it did: err is only its echo.
func (c *control) failed(err error) error {
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return connectionError(err)
}

// ask writes a message and returns the call that takes one of the answers to it.
func (c *control) ask(m wire.Appender, answers ...wire.MID) (*call, error) {
	return c.askFor(m, &call{answers: answers})
}

func (c *control) askFor(m wire.Appender, k *call) (*call, error) {
	k.got = make(chan wire.Message, 1)
	c.mu.Lock()
	c.pending = append(c.pending, k)
	c.mu.Unlock()
	if err := c.send(m); err != nil {
		c.abandon(k)
		return nil, err
	}
	return k, nil
}

func (c *control) abandon(k *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.pending, k); i >= 0 {
		c.pending = slices.Delete(c.pending, i, i+1)
	}
}

// wait returns the answer to k; what is said of it when none comes in time.
func (c *control) wait(ctx context.Context, k *call, within time.Duration, what string) (wire.Message, error) {
	defer c.abandon(k)
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case m := <-k.got:
		return m, nil
	case <-ctx.Done():
		return wire.Message{}, context.Cause(ctx)
	case <-timer.C:
		return wire.Message{}, &TimeoutError{What: what, After: within}
	case <-c.dead:
	}
	select {
	case m := <-k.got: // it came just before the end
		return m, nil
	default:
		return wire.Message{}, c.failure()
	}
}

// request is ask and wait.
func (c *control) request(ctx context.Context, within time.Duration, what string, m wire.Appender, answers ...wire.MID) (wire.Message, error) {
	k, err := c.ask(m, answers...)
	if err != nil {
		return wire.Message{}, err
	}
	return c.wait(ctx, k, within, "no answer to "+what)
}

// deliver gives m to the oldest call that it answers. It reports false if none
// waits for it.
func (c *control) deliver(m wire.Message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, k := range c.pending {
		if slices.Contains(k.answers, m.ID) && (k.is == nil || k.is(m)) {
			c.pending = slices.Delete(c.pending, i, i+1)
			k.got <- wire.Message{ID: m.ID, B: bytes.Clone(m.B)} // it lay in a block
			return true
		}
	}
	return false
}

// awaited reports whether an answer is due.
func (c *control) awaited() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) > 0
}

// pong answers a ping, if the last one is not only just answered.
func (c *control) pong(now time.Time) error {
	c.mu.Lock()
	early := now.Sub(c.ponged) < pongGap
	if !early {
		c.ponged = now
	}
	c.mu.Unlock()
	if early {
		return nil
	}
	return c.send(wire.Pong{})
}

// fail ends the connection for a reason; the first one stays.
func (c *control) fail(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
		close(c.dead)
	}
	c.mu.Unlock()
	_ = c.nc.Close() // it ends what reads and writes
}

func (c *control) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
