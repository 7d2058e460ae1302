package rtsp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/rtp"
)

// maxReconnects bounds the connections of one attempt that are made again
// because of what a server does when it is asked for OPTIONS or a login.
const maxReconnects = 3

// Open opens the link and waits for its first packets and the header: the
// session's Info is complete. Links of rtsp:// are tried over UDP first and
// then over TCP, rtspu:// and rtspt:// over one of them, rtsps:// over TCP,
// rtsph:// through HTTP and rtsp+ws:// through a WebSocket; with rtspst://,
// rtspsh:// and rtsp+wss:// over TLS. A multicast group is joined where the
// server answers with one, or offers one and nothing else. With TLS, media
// take UDP or multicast only if they are encrypted themselves (SRTP). Where an
// HTTP server answers at the port of a plain link, the tunnel is tried there
// too. Ports that the link does not name are left alone: 80 of the same address
// may be another machine behind the same router, which would be told the login.
// Whatever fails says at which rung of the ladder (media.RungError).
func Open(ctx context.Context, a address.Address, cfg Config) (*Session, error) {
	cfg = cfg.withDefaults()
	ways := waysTo(a, cfg.Memory)
	var silent error
	for i := 0; i < len(ways); i++ {
		over, last := ways[i], i == len(ways)-1
		var s *Session
		var err error
		if over == overUDP && !last && ways[i+1] == overTCP {
			if s, over, err = race(ctx, a, cfg, over, overTCP, i+1 == len(ways)-1); over == overTCP {
				i++
				last = i == len(ways)-1
			}
		} else {
			s, err = attempt(ctx, a, cfg, over, last, nil)
		}
		if err == nil {
			if len(ways) > 1 { // a link that forces its transport teaches nothing
				cfg.Memory.set(hostPort(a), s.over)
			}
			return s, nil
		}
		o, ok := err.(*offering)
		if ok {
			err = o.error
		}
		if through, ok := throughHTTP(a, err); ok {
			return openThrough(ctx, through, cfg, err)
		}
		if ok && last && tryNext(err) {
			ways = append(ways, further(a, ways, o.offers)...)
			last = i == len(ways)-1
		}
		if last && silent != nil && refusesTransport(err) {
			return nil, silent // TCP is no way here: the silence is what is to be told
		}
		if last || ctx.Err() != nil || !tryNext(err) {
			if over.interleaved() && errors.Is(err, ErrSilent) {
				cfg.Memory.set(hostPort(a), overUDP) // what worked once does not any more
			}
			return nil, err
		}
		if errors.Is(err, ErrSilent) {
			silent = err
		}
		cfg.Trace(media.Note{Text: fmt.Sprintf("%s: %s, trying %s", over, reason(err), ways[i+1])})
	}
	return nil, media.At(media.RungAddress, fmt.Errorf("rtsp: %s is not a scheme of RTSP", clean(a.Scheme)))
}

// openThrough tries the tunnel after an HTTP server has answered. Whether it has
// any is a guess: what is told is that it is an HTTP server, or wants a login.
func openThrough(ctx context.Context, a address.Address, cfg Config, first error) (*Session, error) {
	cfg.Trace(media.Note{Text: fmt.Sprintf("%s, trying %s", reason(first), overHTTP)})
	o := &opener{cfg: cfg, a: a, over: overHTTP, last: true, guess: true, onlyPublic: cfg.OnlyPublic}
	s, err := o.attempt(ctx)
	if err != nil && !errors.Is(err, login.ErrWanted) {
		return nil, first
	}
	return s, err
}

func reason(err error) string {
	if s, ok := errors.AsType[*silentError](err); ok {
		return s.what()
	}
	return strings.TrimPrefix(err.Error(), "rtsp: ")
}

// opener is what is kept over the connections of one attempt.
type opener struct {
	cfg         Config
	link        address.Address // as it was given
	a           address.Address // where redirects have led
	over        lower
	last        bool   // no other transport is left
	quiet       func() // told when nothing came for a while; may be nil
	login       logins // for the host of a
	logins      map[address.Address]logins
	guess       bool // the link does not ask for the tunnel
	skipOptions bool
	sessionLost bool // the server forgot the session between SETUP and PLAY
	onlyPublic  bool // a server on the outside sent us here
	telco       bool // a telephone company's server sent us here
	redirects   int
	reconnects  int
	offers      offers

	inTCP     bool // the description made UDP a bad choice: see unfit
	datagrams bool // and TCP turned out to be worse
}

// attempt tries one transport, over redirects and new connections.
func attempt(ctx context.Context, a address.Address, cfg Config, over lower, last bool, quiet func()) (*Session, error) {
	o := &opener{cfg: cfg, a: a, over: over, last: last, quiet: quiet, onlyPublic: cfg.OnlyPublic}
	return o.attempt(ctx)
}

func (o *opener) attempt(ctx context.Context) (*Session, error) {
	limit := o.cfg.Timeouts.Open
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &TimeoutError{"rtsp: open: no success", limit})
	defer cancel()
	o.link, o.logins = o.a, map[address.Address]logins{}
	o.useLogin()
	o.cfg.Trace(media.Attempt{URL: o.a.String(), Transport: o.over.String()})
	for {
		s, err := o.connect(ctx)
		if err == nil {
			return s, nil
		}
		again, err := o.again(err)
		if !again {
			if o.offers != (offers{}) {
				err = &offering{err, o.offers}
			}
			return nil, err
		}
	}
}

// again decides whether a failed connection is followed by another one.
func (o *opener) again(err error) (bool, error) {
	if r, ok := errors.AsType[*redirected](err); ok {
		if o.redirects++; o.redirects > maxRedirects {
			return false, media.At(media.RungReply, &RedirectError{To: clean(r.location), Why: "one redirect too many"})
		}
		to, err := follow(o.a, r.location)
		if refused, ok := errors.AsType[*RedirectError](err); ok {
			refused.Public = o.onlyPublic
		}
		if err != nil {
			return false, media.At(media.RungReply, err)
		}
		o.cfg.Trace(media.Note{Text: "redirected to " + to.String()})
		o.a = to
		o.useLogin()
		return true, nil
	}
	if o.inTCP && !o.datagrams && (refusesTransport(err) || errors.Is(err, ErrSilent)) {
		o.datagrams = true
		o.cfg.Trace(media.Note{Text: fmt.Sprintf("tcp: %s, trying udp all the same", reason(err))})
		return true, nil
	}
	if o.reconnects++; o.reconnects > maxReconnects || !o.worthAgain(err) {
		return false, err
	}
	// The links that redirects gave may hold for one visit only: telephone
	// companies' schedulers put a token into them.
	if o.redirects > 0 {
		o.a, o.redirects, o.onlyPublic = o.link, 0, o.cfg.OnlyPublic
		o.useLogin()
	}
	return true, nil
}

// worthAgain reports whether a new connection may do better.
func (o *opener) worthAgain(err error) bool {
	s, refused := errors.AsType[*StatusError](err)
	switch {
	case errors.Is(err, errOptionsSilent):
		o.skipOptions = true
		return true
	case errors.Is(err, errClosedAsking):
		return true
	case refused && s.Code == 454 && s.Method == "PLAY" && !o.sessionLost:
		o.sessionLost = true // a session of another connection, or a cluster's
		return true
	}
	return false
}

// connect makes one connection and goes up the ladder on it.
func (o *opener) connect(ctx context.Context) (*Session, error) {
	nc, err := o.reach(ctx)
	if err != nil {
		return nil, err
	}
	s := newSession(o, nc)
	if err := s.open(ctx, o); err != nil {
		o.telco = s.isTelco()
		s.Close()
		o.offers = s.offers
		return nil, err
	}
	return s, nil
}

func newSession(o *opener, nc net.Conn) *Session {
	s := &Session{
		cfg:  o.cfg,
		from: origin{o.a, o.onlyPublic},
		over: o.over,
		f:    newFunnel(),
		turn: make(chan struct{}, 1),
		stop: make(chan struct{}),
	}
	s.telco.Store(o.telco)
	if len(waysTo(o.link, nil)) > 1 {
		s.host = hostPort(o.link)
	}
	s.d = newDialogue(newConn(nc, s), o.cfg.UserAgent, o.login.rtsp)
	s.workers.Go(s.d.read)
	return s
}

// open goes from OPTIONS to the first packets.
func (s *Session) open(ctx context.Context, o *opener) error {
	target := requestTarget(o.a)
	if !o.skipOptions {
		if err := s.options(ctx, target); err != nil {
			return err
		}
	}
	d, err := s.describe(ctx, o.a, target)
	if err != nil {
		return err
	}
	if len(setupOrder(s.tracks)) == 0 {
		return media.At(media.RungSession, unplayable(s.tracks))
	}
	if s.over == overUDP && !o.last && !o.datagrams && unfit(s.tracks) {
		o.inTCP, s.over = true, overTCP
		s.cfg.Trace(media.Note{Text: "the pictures do not fit into datagrams (packetization-mode 0): over tcp"})
	}
	from := s.describeInfo(d)
	s.f.mu.Lock()
	s.f.tracks = s.tracks
	s.f.mu.Unlock()
	if err := s.setupTracks(ctx, d, new(rtp.Clock)); err != nil {
		return err
	}
	s.tellOfKeys()
	if !s.over.interleaved() {
		for _, t := range s.tracks {
			if t.receiver != nil && t.pair.tracks[0] == t {
				s.receive(t.pair)
			}
		}
		s.punch()
	}
	if err := s.firstPlay(ctx, from); err != nil {
		return err
	}
	s.workers.Go(s.watch)
	return s.firstPacket(ctx, o)
}

// describeInfo fills Info with what the description says, and returns where
// the stream begins.
func (s *Session) describeInfo(d description) time.Duration {
	r, from, duration, onDemand := extent(d.Session)
	s.ruler = r
	info := media.Info{
		Protocol:  "rtsp",
		Transport: s.over.String(),
		Server:    s.d.serverName(),
		Title:     clean(d.Name),
		Live:      !onDemand,
		Duration:  duration,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info = info
	return from
}

// firstPacket waits for media and for the header.
func (s *Session) firstPacket(ctx context.Context, o *opener) error {
	limit := s.cfg.Timeouts.FirstTCP
	if !s.over.interleaved() && !o.last {
		limit = s.cfg.Timeouts.SilentUDP
		if hurry := s.cfg.Timeouts.Hurry; hurry < limit && o.quiet != nil && othersMayDo(s.d.serverName()) {
			early := time.AfterFunc(hurry, o.quiet)
			defer early.Stop()
		}
	}
	err := s.cfg.step(media.RungTransport, "first packet", func() (string, error) {
		silence := time.NewTimer(limit)
		defer silence.Stop()
		select {
		case <-s.f.started:
			return "", nil
		case <-silence.C:
			return "", s.silence(limit)
		case <-s.f.ended:
			return "", s.ending()
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	})
	if err == nil && !s.over.interleaved() && !o.last {
		err = s.firstPicture(ctx)
	}
	if err != nil {
		return err
	}
	select {
	case <-s.f.opened:
	case <-s.f.ended:
		return s.ending()
	case <-ctx.Done():
		return media.At(media.RungContainer, context.Cause(ctx))
	}
	s.complete()
	return nil
}

// ending is why the stream ended before it was open.
func (s *Session) ending() error {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	return media.At(media.RungTransport, s.f.err)
}

const isLive = "the stream is live"

// complete fills Info with what is known once the header is made.
func (s *Session) complete() {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &s.info
	i.ContentType = s.f.writer.ContentType()
	for _, t := range s.tracks {
		m := t.info()
		i.Tracks = append(i.Tracks, m)
		if m.Problem == "" {
			i.BitRate += m.BitRate
		}
	}
	hasPause, known := s.d.has("PAUSE")
	switch {
	case i.Live:
		i.Can = media.Capabilities{NoSeek: isLive, NoPause: isLive, NoScale: isLive}
	case known && !hasPause:
		i.Can.NoPause = "the server has no PAUSE"
	}
	if !i.Live && !othersMayDo(i.Server) {
		// After its reply VLC goes on with the old place for up to 1.5 s, and
		// nothing in the packets tells where the new one begins.
		i.Can.NoSeek = "VLC's own server does not say where it goes on"
	}
	if !slices.ContainsFunc(s.tracks, func(t *track) bool { return t.receiver != nil && t.kind == media.Video }) && !i.Live {
		i.Can.NoScale = "it has no picture"
	}
}
