package mms

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/dial"
	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
	"tapedeck/client/trace"
	"tapedeck/client/words"
)

const (
	funnelPort = "1755"

	// player is what we say that we are. From 9 on servers let the client choose
	// how to log in, and take fields that speed up the start.
	player = "NSPlayer/9.0.0.2980"

	// anyAddress stands in the name of the funnel where our own would tell of the
	// network behind a router. Servers take the address that they see; this one is
	// what all open clients send.
	anyAddress = "192.168.0.129"
	anyPort    = 1037 // over TCP, where it means nothing

	maxVersion = 64 // bytes of what a server calls itself
)

// newGUID names one session, and says nothing of who it is.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it does not fail
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("{%X-%X-%X-%X-%X}", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// dialFunnel opens a over UDP or TCP, as far as the header.
func dialFunnel(ctx context.Context, a address.Address, w way, cfg *Config, t *trace.Tracer) (*funnel, error) {
	d := dial.Dialer{Protocol: "mms", Timeout: cfg.Timeouts.withDefaults().Connect, Trace: t, Dial: cfg.Dial}
	nc, err := d.TCP(ctx, a.HostPort(funnelPort), cfg.OnlyPublic)
	if err != nil {
		return nil, err
	}
	return openFunnel(ctx, nc, listenDatagrams, a, w, cfg, t)
}

// listener opens the socket for the media of a control connection.
type listener func(control net.Conn) (*socket, error)

// openFunnel is dialFunnel on a connection.
func openFunnel(ctx context.Context, nc net.Conn, listen listener, a address.Address, w way, cfg *Config, t *trace.Tracer) (*funnel, error) {
	f := &funnel{
		cfg: *cfg, trace: t, link: a.Target("mms"), guid: newGUID(), c: newControl(nc), public: dial.Public(nc),
		turn: make(chan struct{}, 1), whole: make(chan []byte, 1), ready: make(chan struct{}, 1), room: make(chan struct{}, 1),
		entry: make(chan struct{}, 1), ebb: make(chan struct{}, 1), heard: time.Now(),
	}
	f.cfg.Timeouts = cfg.Timeouts.withDefaults()
	f.order = newReorder(f.deliverDatagram)
	f.give()
	if far, err := netip.ParseAddrPort(nc.RemoteAddr().String()); err == nil {
		f.peer = far.Addr().Unmap()
	}
	f.workers.Go(f.readControl)
	f.workers.Go(f.watch)
	if err := f.open(ctx, listen, a, w); err != nil {
		f.abort()
		return nil, err
	}
	return f, nil
}

// abort closes a session that did not come about.
func (f *funnel) abort() {
	f.closes.Do(func() {})
	f.fail(ErrClosed)
	f.workers.Wait()
}

// open is the sequence of [MS-MMSP] 3.2.4.1: each request waits for its answer.
func (f *funnel) open(ctx context.Context, listen listener, a address.Address, w way) error {
	start := time.Now()
	err := f.connect(ctx, a)
	if err == nil && w == overTCP {
		err = f.connectTCP(ctx)
	}
	if err = f.trace.Step(media.RungReply, "connect", start, f.server, err); err != nil {
		return err
	}
	if w == overUDP {
		if err := f.funnelUDP(ctx, listen, a.Scheme == "mmsu"); err != nil {
			return err
		}
	}
	start = time.Now()
	err = f.openFile(ctx, a)
	if err = f.trace.Step(media.RungSession, "open", start, "", err); err != nil {
		return err
	}
	start = time.Now()
	header, err := f.readHeader(ctx)
	rung := media.RungSession
	if errors.Is(err, ErrSilent) {
		rung = media.RungTransport
	}
	if err = f.trace.Step(rung, "header", start, fmt.Sprintf("%d bytes", len(header)), err); err != nil {
		return err
	}
	f.first = f.describe(header, f.file.BitRate)
	f.first.duration = f.file.Duration
	f.mu.Lock()
	f.heard = time.Now()
	f.mu.Unlock()
	if f.sock != nil {
		entries := context.WithoutCancel(ctx)
		f.workers.Go(func() { f.readEntries(entries) })
	}
	return nil
}

// connect says hello ([MS-MMSP] 2.2.4.2).
func (f *funnel) connect(ctx context.Context, a address.Address) error {
	m, err := f.timed(ctx, "connect", wire.Connect{
		Pair: wire.NoPair, Subscriber: player + "; " + f.guid + "; Host: " + a.Authority(),
	}, wire.MIDConnected)
	if err != nil {
		return err
	}
	r, err := wire.ParseConnected(m)
	if err = refused("connect", r.HResult, err); err != nil {
		return err
	}
	major, _, _ := strings.Cut(r.Version, ".")
	n, err := strconv.ParseUint(major, 10, 16)
	if err != nil {
		n = 0
	}
	f.mu.Lock() // the reader looks at them where a server says what nobody asked for
	f.server, f.scheme, f.major = words.Line(r.Version, maxVersion), r.Login, int(n)
	f.mu.Unlock()
	return nil
}

// timed is a request that tells how long the way to the server is.
func (f *funnel) timed(ctx context.Context, what string, m wire.Appender, answers ...wire.MID) (wire.Message, error) {
	start := time.Now()
	answer, err := f.c.request(ctx, f.cfg.Timeouts.Reply, what, m, answers...)
	if took := time.Since(start); err == nil && (f.rtt == 0 || took < f.rtt) {
		f.rtt = took
	}
	return answer, err
}

// refused is the error of an answer: one that cannot be read, or says no.
func refused(step string, hr uint32, err error) error {
	switch {
	case err != nil:
		return protocolError(err)
	case HResult(hr).Failed():
		return &ServerError{Step: step, Code: HResult(hr)}
	}
	return nil
}

// old reports a server before version 9, which says 0 at every end.
func (f *funnel) old() bool { return f.major > 0 && f.major < 9 }

func (f *funnel) connectTCP(ctx context.Context) error {
	return f.connectFunnel(ctx, wire.ConnectFunnel{Address: anyAddress, Port: anyPort}, "funnel tcp")
}

// funnelUDP asks for the media over UDP. Where the server refuses that they come
// over TCP, unless the link forces UDP: it lets the client ask again on the same
// connection.
func (f *funnel) funnelUDP(ctx context.Context, listen listener, forced bool) error {
	start := time.Now()
	err := f.connectUDP(ctx, listen)
	detail := ""
	if err == nil {
		detail = f.sock.conn.LocalAddr().String()
	}
	if err = f.trace.Step(media.RungSession, "funnel udp", start, detail, err); err == nil {
		f.order.resends, f.order.rtt = f.client != 0, f.rtt
		f.workers.Go(f.readDatagrams)
		f.punch()
		return nil
	}
	if f.sock != nil {
		f.sock.close()
		f.mu.Lock()
		f.sock = nil
		f.mu.Unlock()
	}
	if !errors.Is(err, errNoFunnel) {
		return err
	}
	if forced {
		return media.At(media.RungSession, errForced)
	}
	f.trace.Note("the server does not send over UDP: going on over TCP")
	return media.At(media.RungSession, f.connectTCP(ctx))
}

// errNoFunnel marks a refused funnel: a DisconnectedFunnel.
var errNoFunnel = errors.New("mms: the server has no funnel of the kind")

// errForced ends a link with mmsu:// where the media would come over TCP.
var errForced = fmt.Errorf("mms: %w: it does not send over UDP", ErrForced)

func (f *funnel) connectUDP(ctx context.Context, listen listener) error {
	m, err := f.timed(ctx, "funnel info", wire.FunnelInfo{Pair: wire.NoPair}, wire.MIDReportFunnelInfo)
	if err != nil {
		return err
	}
	r, err := wire.ParseReportFunnelInfo(m)
	if err = refused("funnel udp", r.HResult, err); err != nil {
		return err
	}
	f.client = r.Client
	sock, err := listen(f.c.nc)
	if err != nil {
		return fmt.Errorf("mms: %w", err)
	}
	sock.client = r.Client
	f.mu.Lock()
	f.sock = sock
	f.mu.Unlock()
	return f.connectFunnel(ctx, wire.ConnectFunnel{Address: f.shown(), UDP: true, Port: sock.port()}, "funnel udp")
}

// shown is our address as the server may know it: not one of our own network to
// a server outside of it.
func (f *funnel) shown() string {
	local, err := netip.ParseAddrPort(f.c.nc.LocalAddr().String())
	if err != nil || !local.Addr().Unmap().Is4() || f.public && !dial.IsPublic(local.Addr()) {
		return anyAddress
	}
	return local.Addr().Unmap().String()
}

func (f *funnel) connectFunnel(ctx context.Context, c wire.ConnectFunnel, step string) error {
	m, err := f.timed(ctx, step, c, wire.MIDConnectedFunnel, wire.MIDDisconnectedFunnel)
	if err != nil {
		return err
	}
	if m.ID == wire.MIDDisconnectedFunnel {
		r, err := wire.ParseDisconnectedFunnel(m)
		if err = refused(step, r.HResult, err); err == nil {
			return errNoFunnel
		}
		return fmt.Errorf("%w (%w)", err, errNoFunnel)
	}
	r, err := wire.ParseConnectedFunnel(m)
	return refused(step, r.HResult, err)
}

// openFile names what is wanted, and logs in.
func (f *funnel) openFile(ctx context.Context, a address.Address) error {
	f.mu.Lock()
	inc := f.incs.nextPlay()
	f.mu.Unlock()
	l := newFunnelLogin(f, a)
	var ask wire.Appender = wire.OpenFile{Incarnation: uint32(inc), Name: fileName(a)}
	for {
		m, err := f.timed(ctx, "open", ask, wire.MIDReportOpenFile, wire.MIDSecurityChallenge, wire.MIDRedirect)
		if err != nil {
			return err
		}
		switch m.ID {
		case wire.MIDSecurityChallenge:
			c, err := wire.ParseSecurityChallenge(m)
			if err != nil {
				return refused("open", 0, err)
			}
			token, err := l.answer(c.Token)
			if err != nil {
				return fmt.Errorf("mms: open: %w", err)
			}
			ask = wire.SecurityResponse{Incarnation: c.Incarnation, Cookie: c.Cookie, Token: token}
		case wire.MIDRedirect:
			return f.elsewhere(m)
		default:
			file, err := wire.ParseReportOpenFile(m)
			f.mu.Lock()
			f.file = file
			if f.sock != nil {
				f.sock.file = uint16(file.OpenFileID)
			}
			f.mu.Unlock()
			return l.verdict(refused("open", file.HResult, err))
		}
	}
}

// elsewhere is where a server points ([MS-MMSP] 2.2.4.18).
func (f *funnel) elsewhere(m wire.Message) error {
	r, err := wire.ParseRedirect(m)
	switch {
	case err != nil || HResult(r.HResult).Failed():
		return refused("open", r.HResult, err)
	case r.Kind == wire.RedirectProxy:
		return fmt.Errorf("mms: open: %w: it asks for a proxy, which is not done here", ErrProtocol)
	case r.Location == "" || len(r.Location) > address.MaxLength:
		return fmt.Errorf("mms: open: %w: it points to nowhere", ErrProtocol)
	}
	return &RedirectError{Link: r.Location, Public: f.public}
}

// fileName is a link's path as the server knows it: without its first slash, not
// escaped, with its query.
func fileName(a address.Address) string {
	path, query, has := strings.Cut(strings.TrimPrefix(a.Path, "/"), "?")
	name := plain(path)
	if has {
		name += "?" + plain(query)
	}
	return name
}

func plain(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// describe is the programme of a header.
func (f *funnel) describe(header []byte, bitRate uint32) *programme {
	p := &programme{
		server: f.server, way: overTCP, proto: "tcp", public: f.public, header: header,
		broadcast: f.file.Attributes&(wire.Broadcast|wire.Live) != 0,
		seekable:  f.file.Attributes&wire.CanSeek != 0,
		bitRate:   int(min(bitRate, 1<<31-1)),
	}
	if f.sock != nil {
		p.way, p.proto = overUDP, "udp"
	}
	return p
}
