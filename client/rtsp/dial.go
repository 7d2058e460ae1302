package rtsp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/dial"
	"tapedeck/client/media"
)

const (
	maxAddresses = 8 // of one name that are dialled

	// stagger is the head start of one address before the next one is tried
	// beside it (RFC 8305 section 5).
	stagger = 250 * time.Millisecond
)

// dial connects to a: name, connection and, for rtsps, handshake, each a step
// of its own. With onlyPublic, addresses of the inside are refused: a server on
// the outside must not send us there.
func (c *Config) dial(ctx context.Context, a address.Address, onlyPublic bool) (net.Conn, error) {
	addrs, err := c.lookup(ctx, a.Host)
	if err != nil {
		return nil, err
	}
	if onlyPublic {
		addrs = slices.DeleteFunc(addrs, func(ip netip.Addr) bool { return !dial.IsPublic(ip) })
		if len(addrs) == 0 {
			return nil, media.At(media.RungReply, &RedirectError{To: a.String(), Why: "it leads into a private network"})
		}
	}
	_, port, err := net.SplitHostPort(hostPort(a))
	if err != nil {
		return nil, media.At(media.RungAddress, err)
	}
	var nc net.Conn
	err = c.step(media.RungTCP, "tcp connect", func() (string, error) {
		nc, err = c.race(ctx, addrs, port)
		if err != nil {
			return "", fmt.Errorf("rtsp: connect: %w", media.Plainly(err))
		}
		return nc.RemoteAddr().String(), nil
	})
	if err != nil || !secure(a) {
		return nc, err
	}
	secured, err := c.handshake(ctx, nc, a)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return secured, nil
}

// lookup finds the addresses of host, the families taking turns.
func (c *Config) lookup(ctx context.Context, host string) (addrs []netip.Addr, err error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	err = c.step(media.RungName, "name lookup", func() (string, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, c.Timeouts.Connect,
			&TimeoutError{"rtsp: name lookup: no answer", c.Timeouts.Connect})
		defer cancel()
		addrs, err = c.Lookup(ctx, host)
		if err == nil && len(addrs) == 0 {
			err = errors.New("the name has no address")
		}
		if err != nil {
			return "", fmt.Errorf("rtsp: name lookup: %w", media.Plainly(causeOr(ctx, err)))
		}
		addrs = takeTurns(addrs)
		return fmt.Sprint(addrs[0]), nil
	})
	return addrs, err
}

// causeOr is why ctx ended, or err while it has not.
func causeOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func takeTurns(addrs []netip.Addr) []netip.Addr {
	var first, second []netip.Addr
	for _, a := range addrs {
		if a = a.Unmap(); len(first) == 0 || a.Is4() == first[0].Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	var mixed []netip.Addr
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			mixed = append(mixed, first[i])
		}
		if i < len(second) {
			mixed = append(mixed, second[i])
		}
	}
	return mixed[:min(len(mixed), maxAddresses)]
}

// race dials the addresses one after another, each with a short head start;
// the first connection wins and the others are closed.
func (c *Config) race(ctx context.Context, addrs []netip.Addr, port string) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeouts.Connect,
		&TimeoutError{"no answer", c.Timeouts.Connect})
	defer cancel()
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	started, running := 0, 0
	start := func() {
		addr := net.JoinHostPort(addrs[started].String(), port)
		started++
		running++
		go func() {
			conn, err := c.Dial(ctx, "tcp", addr)
			results <- result{conn, err}
		}()
	}
	start()
	var won net.Conn
	var failure error
	next := time.NewTimer(stagger)
	defer next.Stop()
	for running > 0 {
		select {
		case r := <-results:
			running--
			switch {
			case r.err == nil && won == nil:
				won = r.conn
				cancel()
			case r.err == nil:
				r.conn.Close()
			case failure == nil && won == nil:
				failure = causeOr(ctx, r.err)
			}
		case <-next.C:
		}
		if won == nil && started < len(addrs) && ctx.Err() == nil {
			start()
			next.Reset(stagger)
		}
	}
	if won != nil {
		return won, nil
	}
	return nil, failure
}
