package rtsp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtp"
)

// errSwitched is a SETUP that the server answers with another transport than
// it was asked for.
var errSwitched = fmt.Errorf("rtsp: setup: the answer names another transport: %w", ErrTransport)

// otherURL are the refusals after which another reading of a track's control
// URL is tried.
var otherURL = []int{400, 404, 451, 454, 455, 503}

// setupTracks does SETUP for every track that can be played. The first must
// hold; one of the others may fail and is left out.
func (s *Session) setupTracks(ctx context.Context, d description, clock *rtp.Clock) error {
	session := sessionControl(d.base, d.Control, d.asked)
	s.control, s.described = session, d.asked
	form := -1 // which candidate the server understood
	for i, t := range setupOrder(s.tracks) {
		name := fmt.Sprintf("setup %s %s", s.over, t.kind)
		err := s.cfg.step(media.RungSession, name, func() (string, error) {
			candidates := controlCandidates(session, t.control, d.asked)
			if form >= 0 && form < len(candidates) {
				candidates = candidates[form : form+1]
			}
			n, detail, err := s.setupAny(ctx, t, i, candidates, clock)
			if err == nil && form < 0 && len(candidates) > 1 {
				form = n
			}
			return detail, err
		})
		if err == nil {
			continue
		}
		t.pair.close()
		t.pair = nil
		if i == 0 || isRedirect(err) || ctx.Err() != nil || s.d.failure() != nil {
			return err
		}
		t.problem = "the server refuses it: " + err.Error()
		s.cfg.Trace(media.Note{Text: fmt.Sprintf("%s left out: %v", t.kind, err)})
	}
	return nil
}

// setupAny tries the candidates for a track's URL and returns which one held.
func (s *Session) setupAny(ctx context.Context, t *track, nth int, candidates []string, clock *rtp.Clock) (int, string, error) {
	var first error
	for i, url := range candidates {
		detail, err := s.setup(ctx, t, nth, url, clock)
		if err == nil {
			return i, detail, nil
		}
		if first == nil {
			first = err
		}
		if s.d.sessionID() != "" && status(err) == 454 || !slices.Contains(otherURL, status(err)) {
			return i, "", err
		}
	}
	return 0, "", first
}

// setup asks for one track over the session's transport.
func (s *Session) setup(ctx context.Context, t *track, nth int, url string, clock *rtp.Clock) (detail string, err error) {
	want, err := s.want(t, nth)
	if err != nil {
		return "", err
	}
	resp, own, err := s.askSetup(ctx, t, url, want)
	if err != nil {
		s.seeRefusal(resp)
		return "", err
	}
	if noSeek, _ := mediaProperties(resp); noSeek { // RFC 7826 section 18.29 has them here
		s.cannot(func(c *media.Capabilities) { c.NoSeek = noSeeking })
	}
	got := want // what a reply leaves out is as it was asked for
	if v := resp.header.get("Transport"); v != "" {
		if got, err = parseTransport(v); err != nil {
			return "", fmt.Errorf("rtsp: setup: %w", err)
		}
	}
	depacketizer, err := rtp.NewDepacketizer(t.format)
	if err != nil {
		return "", err
	}
	cipher, err := s.openCipher(t, resp, own)
	if err != nil {
		return "", fmt.Errorf("rtsp: setup: %w", err)
	}
	switch {
	case s.over.interleaved():
		detail, err = s.useChannels(t, want, got)
	case got.multicast, s.over == overMulticast && !got.unicast:
		detail, err = s.useGroup(ctx, t, got)
	default:
		detail, err = s.usePorts(ctx, t, got)
	}
	if err != nil {
		return "", err
	}
	if stream := streamURL(url, resp.header); stream != url {
		url, s.control = stream, stream
	}
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	t.url, t.cipher = url, cipher
	t.options = rtp.Options{Reorder: !s.over.interleaved(), Clock: clock, SSRC: got.ssrc, Reporter: t.reporter}
	t.receiver = rtp.NewReceiver(t.index, t.format, depacketizer, t.options)
	t.video = t.isVideo()
	t.waitKey = t.video
	return detail, nil
}

// want is what is asked for over the session's transport.
func (s *Session) want(t *track, nth int) (want transport, err error) {
	want.profile = t.secrecy.profile
	switch {
	case s.over.interleaved():
		want.tcp, want.interleaved = true, &[2]uint8{uint8(2 * nth), uint8(2*nth + 1)}
	case s.over == overMulticast:
		want.multicast = true
	default:
		if t.pair == nil {
			if t.pair, err = listenPair(hostOf(s.d.nc.LocalAddr())); err != nil {
				return want, fmt.Errorf("rtsp: setup: %w", err)
			}
			t.pair.tracks = []*track{t}
		}
		want.clientPort = &t.pair.ports
	}
	return want, nil
}

// seeOffers notes what the description offers, for after a refusal.
func (s *Session) seeOffers() {
	s.offers.multicast = offersGroup(s.tracks)
	s.offers.encrypted = slices.ContainsFunc(s.tracks, func(t *track) bool {
		return t.problem == "" && t.secrecy.profile != ""
	})
}

// seeRefusal notes that a refusal names a group.
func (s *Session) seeRefusal(resp *response) {
	if resp == nil {
		return
	}
	if got, err := parseTransport(resp.header.get("Transport")); err == nil && got.multicast {
		s.offers.multicast = true
	}
}

// useChannels takes the channels of a reply, which may be others than asked.
func (s *Session) useChannels(t *track, want, got transport) (string, error) {
	if got.interleaved == nil {
		s.offers.multicast = s.offers.multicast || got.multicast
		if !got.tcp && (got.serverPort != nil || got.multicast) {
			return "", errSwitched
		}
		got.interleaved = want.interleaved
	}
	c := *got.interleaved
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.channels[c[1]] = channel{t, true}
	s.channels[c[0]] = channel{t, false}
	t.rtcpTo = c[1]
	s.d.wire.channels[c[0]].Store(true)
	s.d.wire.channels[c[1]].Store(true)
	return fmt.Sprintf("channels %d-%d", c[0], c[1]), nil
}

// usePorts notes where the server sends from and opens the way for it.
func (s *Session) usePorts(ctx context.Context, t *track, got transport) (string, error) {
	if got.interleaved != nil || got.tcp || s.over == overMulticast {
		return "", errSwitched
	}
	p := t.pair
	p.peer = hostOf(s.d.nc.RemoteAddr())
	p.allowed = []netip.Addr{p.peer}
	if got.source != "" {
		p.allow(s.sourceAddress(ctx, got.source))
	}
	if got.serverPort != nil {
		p.server = *got.serverPort
	}
	return fmt.Sprintf("ports %d-%d from %d-%d", p.ports[0], p.ports[1], p.server[0], p.server[1]), nil
}

// useGroup joins the group that a reply names; it may be the answer to SETUP for
// UDP.
func (s *Session) useGroup(ctx context.Context, t *track, got transport) (string, error) {
	if got.interleaved != nil || got.tcp {
		return "", errSwitched
	}
	var source netip.Addr
	if got.source != "" {
		source = s.sourceAddress(ctx, got.source)
	}
	peer := hostOf(s.d.nc.RemoteAddr())
	g, err := agreedGroup(got, t.group, source, peer)
	if err != nil {
		return "", err
	}
	pair := s.sharing(g)
	if pair == nil {
		if pair, err = joinGroup(g, hostOf(s.d.nc.LocalAddr())); err != nil {
			return "", err
		}
		pair.peer = peer
		pair.server = [2]uint16{0, g.ports[1]}
		if got.serverPort != nil {
			pair.server = *got.serverPort
		}
	}
	pair.tracks = append(pair.tracks, t)
	t.pair.close()
	t.pair = pair
	if s.over != overMulticast {
		s.over = overMulticast // the other tracks are asked for as it is
		s.mu.Lock()
		s.info.Transport = s.over.String()
		s.mu.Unlock()
	}
	return g.String(), nil
}

// sourceLookup bounds the lookup of a source that is a host's name.
const sourceLookup = time.Second

func (s *Session) sourceAddress(ctx context.Context, source string) netip.Addr {
	if a, err := netip.ParseAddr(source); err == nil {
		return a.Unmap()
	}
	ctx, cancel := context.WithTimeout(ctx, sourceLookup)
	defer cancel()
	if addrs, err := s.cfg.Lookup(ctx, source); err == nil && len(addrs) > 0 {
		return addrs[0].Unmap()
	}
	return netip.Addr{}
}

// hostOf is the IP address of a, the zero Addr where it has none.
func hostOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// refusesTransport reports whether a failed SETUP is a reason to try another
// transport: 461, or a refusal that devices give instead.
func refusesTransport(err error) bool {
	if errors.Is(err, ErrTransport) {
		return true
	}
	s, ok := errors.AsType[*StatusError](err)
	return ok && s.Method == "SETUP" && s.Code >= 400 && !slices.Contains([]int{401, 403, 407, 453, noKeys}, s.Code)
}
