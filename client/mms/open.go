package mms

import (
	"context"
	"fmt"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// Open opens a link of mms://, mmsu://, mmst:// or mmsh:// and waits for its
// first packets: the session's Info is complete. The ways that the scheme leaves
// open are tried in their order (see orders), each beside the one before where
// that takes longer than Timeouts.Hurry, until one has brought media; what the
// server says of the stream itself ends them all. Whatever fails says at which
// rung of the ladder (media.RungError); where several ways were tried the error
// is of the one that tells most.
func Open(ctx context.Context, a address.Address, cfg Config) (*Session, error) {
	return open(ctx, a, cfg, dialRoute)
}

// A dialer opens one route to the server of a link.
type dialer func(ctx context.Context, r route, a address.Address, cfg *Config, t *trace.Tracer) (link, error)

func dialRoute(ctx context.Context, r route, a address.Address, cfg *Config, t *trace.Tracer) (link, error) {
	if r.way == overHTTP {
		l, err := dialHTTP(ctx, a, cfg, t)
		if err != nil {
			return nil, err // not l: a nil *httpLink is no nil link
		}
		return l, nil
	}
	l, err := dialFunnel(ctx, a, r.way, cfg, t)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func open(ctx context.Context, a address.Address, cfg Config, dial dialer) (*Session, error) {
	cfg.Timeouts = cfg.Timeouts.withDefaults()
	routes := routesTo(a, cfg.Memory)
	if len(routes) == 0 {
		return nil, media.At(media.RungAddress, fmt.Errorf("mms: %s is not a scheme of MMS", clean(a.Scheme)))
	}
	limit := cfg.Timeouts.Open
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &TimeoutError{"no success", limit})
	defer cancel()
	o := &rollover{a: a, cfg: &cfg, dial: dial, trace: trace.New(cfg.Trace), routes: routes}
	s, err := o.run(ctx)
	if err != nil {
		o.trace.Stop()
		return nil, err
	}
	return s, nil
}
