package mmstest

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it does not fail
	return b
}

func random32() uint32 { return binary.LittleEndian.Uint32(random(4)) }

func (f *funnel) connect(c wire.Connect) bool {
	f.s.said(c.Subscriber)
	return f.send(wire.Connected{Pair: c.Pair, MaxBitRate: serverMaxRate, Version: f.s.o.Version, Login: f.s.o.Login.Scheme.pack()})
}

// funnelInfo answers with the number for resends. The three messages of a packet
// pair are of 512, 512 and 1056 bytes with their headers.
func (f *funnel) funnelInfo(i wire.FunnelInfo) bool {
	const head = 32 + 48
	sizes := []int{512 - head, 512 - head, 1056 - head}
	f.pair = i.Pair
	count := f.o.FunnelInfo
	pair := i.Pair == wire.PairTCP || i.Pair == wire.PairTCPMore
	if count == 0 {
		count = 1
		if pair {
			count = len(sizes)
		}
	}
	for n := range count {
		r := wire.ReportFunnelInfo{Pair: i.Pair, Client: f.client}
		if pair {
			r.Random = random(sizes[n%len(sizes)])
		}
		if !f.send(r) {
			return false
		}
	}
	return true
}

func (f *funnel) connectFunnel(c wire.ConnectFunnel) bool {
	if c.UDP && f.o.RefuseUDP {
		return f.send(wire.DisconnectedFunnel{HResult: hrNoFunnel})
	}
	f.tcp, f.udp = !c.UDP, netip.AddrPort{}
	if c.UDP {
		f.udp = netip.AddrPortFrom(f.peer, c.Port) // never to who else is named
	}
	return f.send(wire.ConnectedFunnel{Text: funnelGreeting})
}

func (f *funnel) openFile(o wire.OpenFile) bool {
	if !f.tcp && !f.udp.IsValid() {
		return f.send(wire.ReportOpenFile{HResult: hrNoFunnel, Incarnation: o.Incarnation})
	}
	f.name = o.Name
	f.s.said("open " + o.Name)
	if to, ok := f.s.redirect(o.Name); ok {
		kind := wire.RedirectURL
		if f.o.ProxyRedirect {
			kind = wire.RedirectProxy
		}
		f.send(wire.Redirect{Kind: kind, Location: to})
		return false
	}
	if f.s.o.Login.Scheme == NoLogin || f.s.o.Login.Scheme == Basic && f.s.o.Login.basic(o.Token) {
		return f.opened(o.Incarnation)
	}
	f.login = loginState{}
	return f.challenge(o.Incarnation, f.s.o.Login.first())
}

// challenge asks for a login, with a token of the scheme.
func (f *funnel) challenge(incarnation uint32, token []byte) bool {
	f.login.cookie = random32()
	return f.send(wire.SecurityChallenge{Incarnation: incarnation, Cookie: f.login.cookie, Token: token})
}

func (f *funnel) securityResponse(r wire.SecurityResponse) bool {
	if f.s.o.Login.Scheme == NoLogin || f.login.cookie != r.Cookie {
		return f.send(wire.ReportOpenFile{HResult: hrDenied, Incarnation: r.Incarnation})
	}
	switch next, verdict := f.s.o.Login.answer(&f.login, r.Token); verdict {
	case loginGood:
		return f.opened(r.Incarnation)
	case loginMore:
		return f.challenge(r.Incarnation, next)
	case loginBad:
	}
	if f.login.tries++; f.login.tries < loginTries {
		return f.challenge(r.Incarnation, f.s.o.Login.first())
	}
	return f.send(wire.ReportOpenFile{HResult: hrDenied, Incarnation: r.Incarnation})
}

// opened reports what OpenFile has found.
func (f *funnel) opened(incarnation uint32) bool {
	p, ok := f.s.programme(f.name)
	if !ok {
		return f.send(wire.ReportOpenFile{HResult: hrNotFound, Incarnation: incarnation})
	}
	f.show, f.file = p, legacyFile
	for !f.o.Legacy && f.file <= legacyFile {
		f.file = random32()
	}
	f.entry = f.current()
	e, _ := p.Entry(f.entry)
	return f.send(wire.ReportOpenFile{
		Incarnation: incarnation, OpenFileID: f.file, Attributes: attributes(e), Duration: e.Duration,
		PacketSize: uint32(e.PacketSize), Packets: e.Packets, BitRate: uint32(e.BitRate), HeaderSize: uint32(len(e.Header)),
	})
}

// current is the entry with which who comes now begins.
func (f *funnel) current() int {
	pace := f.s.pace()
	return f.show.NowEntry(pace.Began, pace.Now, pace.Speed)
}

func attributes(e Entry) (a uint32) {
	if e.Live {
		a |= wire.Broadcast | wire.Live
	}
	if e.Seekable {
		a |= wire.CanSeek
	}
	if e.Playlist {
		a |= wire.Playlist
	}
	return a
}

// known says whether a request names the file that is open.
func (f *funnel) known(file uint32) bool {
	return f.file != 0 && (f.o.Legacy || file == f.file)
}

// readBlock sends the header.
func (f *funnel) readBlock(r wire.ReadBlock) bool {
	report := wire.ReportReadBlock{Incarnation: r.Incarnation}
	if !f.known(r.OpenFileID) {
		report.HResult = hrInvalid
		return f.send(report)
	}
	if !f.waiting && !f.play.on {
		f.entry = f.current()
	}
	f.waiting = false
	e, _ := f.show.Entry(f.entry)
	if f.pair == wire.PairUDP && f.udp.IsValid() {
		f.packetPair()
	}
	if f.o.ReadBlock == ReportBefore && !f.send(report) {
		return false
	}
	if !f.header(e, uint8(r.Incarnation)) {
		return false
	}
	return f.o.ReadBlock != ReportAfter || f.send(report)
}

// header sends a header in pieces, none of them longer than a packet of the
// file.
func (f *funnel) header(e Entry, incarnation uint8) bool {
	rest := e.Header
	count := max(f.o.HeaderPieces, (len(rest)+e.PacketSize-1)/e.PacketSize, 1)
	for i := range count {
		n := len(rest) / (count - i)
		d := wire.DataPacket{Location: uint32(i), Incarnation: incarnation, Flags: wire.HeaderPiece, Payload: rest[:n]}
		switch last := i == count-1; {
		case last && f.o.MiddlePieces && i > 0:
			d.Flags = wire.HeaderLast
		case last:
			d.Flags |= wire.HeaderLast
		case f.o.MiddlePieces && i > 0:
			d.Flags = 0
		}
		rest = rest[n:]
		if !f.data(d.Append(nil)) {
			return false
		}
	}
	return f.flush()
}

// packetPair sends two datagrams by which a client may measure its link.
func (f *funnel) packetPair() {
	const payload = 1464
	for _, location := range []uint32{wire.PairFirst, wire.PairSecond} {
		f.datagram(wire.DataPacket{
			Location: location, Incarnation: wire.PairIncarnation, Flags: wire.PairFlags, Payload: random(payload),
		}.Append(nil))
	}
}

// streamSwitch chooses streams.
func (f *funnel) streamSwitch(sw wire.StreamSwitch) bool {
	if f.show == nil {
		return f.send(wire.ReportStreamSwitch{HResult: hrNotNow})
	}
	e, _ := f.show.Entry(f.entry)
	for _, s := range sw.Entries {
		if !f.o.Legacy && !has(e.Streams, s.To) && !has(e.Streams, s.From) {
			return f.send(wire.ReportStreamSwitch{HResult: hrInvalid})
		}
	}
	for _, s := range sw.Entries {
		switch {
		case s.To > asf.MaxStream:
			f.thin[s.From] = wire.ThinAll
		case s.From > asf.MaxStream || s.From == s.To:
			f.thin[s.To] = s.Thin
		default:
			f.thin[s.From], f.thin[s.To] = wire.ThinAll, wire.ThinNone
		}
	}
	if f.play.on {
		f.play.reader.Select(sw.Entries)
	}
	return f.send(wire.ReportStreamSwitch{})
}

func has(streams []int, n uint16) bool {
	for _, s := range streams {
		if s == int(n) {
			return true
		}
	}
	return false
}

// selection is all that was decided about streams.
func (f *funnel) selection() []wire.StreamEntry {
	entries := make([]wire.StreamEntry, 0, len(f.thin))
	for n, thin := range f.thin {
		entries = append(entries, wire.StreamEntry{From: wire.NoStream, To: n, Thin: thin})
	}
	return entries
}
