package mmstest

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/mms/wire"
)

// FunnelOptions are what only MMST and MMSU have.
type FunnelOptions struct {
	// Legacy is for clients that rely on what no specification promises: the file
	// has the number 1, and wrong numbers are passed over.
	Legacy bool

	// RefuseUDP answers DisconnectedFunnel to who wants datagrams.
	RefuseUDP bool

	// DropUDP says which packets get lost, DuplicateUDP which come twice, and
	// DelayUDP after how many others one comes; by their number in the session
	// from 0 on. They are not asked about what is sent again. The session's
	// goroutine calls them.
	DropUDP, DuplicateUDP func(seq uint32) bool
	DelayUDP              func(seq uint32) int

	FunnelInfo int // how many ReportFunnelInfo answer; default 1, 3 for a packet pair

	HeaderPieces int        // into how many data packets the header is cut; default 1
	MiddlePieces bool       // pieces between the first and the last have flags 0, and the last 8
	ReadBlock    ReportTime // when ReportReadBlock comes

	ProxyRedirect bool // Redirect names a proxy

	LateData int // packets of a play that come after its end, and again in the next one

	Chaos Chaos // how bytes are put into TCP segments

	// Mangle gives what is written in place of a packet. id is that of its first
	// message; 0: it is data. It may keep, change and append to b.
	Mangle func(id wire.MID, b []byte) []byte
}

// ReportTime is when ReportReadBlock comes.
type ReportTime uint8

const (
	ReportBefore ReportTime = iota // before the header
	ReportAfter                    // after it
	ReportNever
)

// HRESULTs that the server says ([MS-ERREF]).
const (
	hrOK           uint32 = 0
	hrNotFound     uint32 = 0x80070002
	hrDenied       uint32 = 0x80070005
	hrInvalid      uint32 = 0x80070057
	hrNoFunnel     uint32 = 0xC00D000C
	hrNotNow       uint32 = 0xC00D002B
	hrNoTrickPlay  uint32 = 0xC00D0045
	legacyFile     uint32 = 1
	serverMaxRate  uint32 = 10_000_000
	funnelGreeting        = "Funnel Of The Gods"
)

// funnel is a session of MMST or MMSU. Its goroutine owns it; another one reads
// the connection.
type funnel struct {
	s    *Server
	c    net.Conn
	o    FunnelOptions
	peer netip.Addr

	messages chan wire.Message  // closed at the connection's end
	resends  chan resendRequest // from the server's UDP socket
	began    time.Time
	ping     *time.Timer
	idle     *time.Timer
	playTick *time.Timer

	seq uint16 // of the next control packet
	out []byte

	// What was agreed on.
	client  uint32         // for resends
	pair    uint32         // what FunnelInfo asked for
	tcp     bool           // the funnel
	udp     netip.AddrPort // the funnel
	name    string         // what is to be opened
	login   loginState
	file    uint32 // openFileId; 0: nothing is open
	show    *Programme
	entry   int
	waiting bool // after StreamChange over UDP: for ReadBlock
	thin    map[uint16]wire.Thinning

	play play
	ring *ring
}

// serveFunnel serves a connection until it ends.
func (s *Server) serveFunnel(c net.Conn, r *bufio.Reader) {
	f := &funnel{
		s: s, c: c, o: s.o.Funnel, peer: netip.MustParseAddrPort(c.RemoteAddr().String()).Addr().Unmap(),
		messages: make(chan wire.Message), resends: make(chan resendRequest, resendQueue),
		began: time.Now(), thin: make(map[uint16]wire.Thinning), ring: new(ring),
		ping: time.NewTimer(s.o.Ping), idle: time.NewTimer(s.o.Idle), playTick: time.NewTimer(time.Hour),
	}
	f.client = s.funnels.add(f)
	defer s.funnels.remove(f.client)
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.read(r, stop)
	}()
	f.run()
	close(stop)
	_ = c.Close() // it ends the reading
	<-ended
	f.ping.Stop()
	f.idle.Stop()
	f.playTick.Stop()
}

// read cuts the connection into messages.
func (f *funnel) read(r *bufio.Reader, stop chan struct{}) {
	defer close(f.messages)
	buf := make([]byte, 0, wire.MaxControl)
	for {
		kind, n, err := wire.Split(buf)
		if err != nil || kind == wire.Data {
			f.s.said("garbage")
			return
		}
		if n == 0 || n > len(buf) {
			got, err := r.Read(buf[len(buf):cap(buf)])
			if err != nil {
				return
			}
			buf = buf[:len(buf)+got]
			continue
		}
		for rest := wire.Messages(bytes.Clone(buf[:n])); len(rest) > 0; {
			var m wire.Message
			if m, rest, err = wire.Next(rest); err != nil {
				f.s.said("garbage")
				return
			}
			select {
			case f.messages <- m:
			case <-stop:
				return
			}
		}
		buf = buf[:copy(buf, buf[n:])]
	}
}

// run is the session.
func (f *funnel) run() {
	for {
		var off <-chan struct{}
		if f.play.on {
			off = f.s.offAir(f.show)
		}
		select {
		case <-f.s.done:
			return
		case <-off:
			if !f.finish() {
				return
			}
		case m, ok := <-f.messages:
			if !ok {
				return
			}
			f.ping.Reset(f.s.o.Ping)
			f.idle.Reset(f.s.o.Idle)
			f.s.said(m.ID.String())
			if !f.answer(m) {
				return
			}
		case <-f.ping.C:
			f.ping.Reset(f.s.o.Ping)
			if !f.send(wire.Ping{}) {
				return
			}
		case <-f.idle.C:
			if !f.play.on {
				return
			}
			f.idle.Reset(f.s.o.Idle)
		case <-f.playTick.C:
			if !f.pump() {
				return
			}
		case r := <-f.resends:
			f.resend(r)
		}
	}
}

// answer answers a message; false ends the session.
func (f *funnel) answer(m wire.Message) bool {
	switch m.ID {
	case wire.MIDConnect:
		return parsed(f, m, wire.ParseConnect, f.connect)
	case wire.MIDFunnelInfo:
		return parsed(f, m, wire.ParseFunnelInfo, f.funnelInfo)
	case wire.MIDConnectFunnel:
		return parsed(f, m, wire.ParseConnectFunnel, f.connectFunnel)
	case wire.MIDOpenFile:
		return parsed(f, m, wire.ParseOpenFile, f.openFile)
	case wire.MIDSecurityResponse:
		return parsed(f, m, wire.ParseSecurityResponse, f.securityResponse)
	case wire.MIDReadBlock:
		return parsed(f, m, wire.ParseReadBlock, f.readBlock)
	case wire.MIDStreamSwitch:
		return parsed(f, m, wire.ParseStreamSwitch, f.streamSwitch)
	case wire.MIDStartPlaying:
		return parsed(f, m, wire.ParseStartPlaying, f.startPlaying)
	case wire.MIDStartStriding:
		return parsed(f, m, wire.ParseStartStriding, func(r wire.StartStriding) bool {
			return f.send(wire.ReportStartStriding{HResult: hrNoTrickPlay, Incarnation: r.Incarnation})
		})
	case wire.MIDStopPlaying:
		return parsed(f, m, wire.ParseStopPlaying, f.stopPlaying)
	case wire.MIDLogging:
		return parsed(f, m, wire.ParseLogging, f.log)
	case wire.MIDCloseFile:
		return false
	}
	return true // Pong, CancelReadBlock: a header is sent at once or not at all
}

// parsed has a message answered that can be read; one that cannot be read ends
// the session.
func parsed[T any](f *funnel, m wire.Message, parse func(wire.Message) (T, error), answer func(T) bool) bool {
	v, err := parse(m)
	if err != nil {
		f.s.said("garbage")
		return false
	}
	return answer(v)
}

func (f *funnel) log(l wire.Logging) bool {
	f.s.count(func(st *Stats) {
		if len(st.Logs) < maxSaid {
			st.Logs = append(st.Logs, l.URL+" "+l.Agent+" packets="+strconv.Itoa(int(l.Packets))+" lost="+strconv.Itoa(int(l.Lost)))
		}
	})
	return true
}

// major is the server's version before the first dot.
func (f *funnel) major() int {
	s, _, _ := strings.Cut(f.s.o.Version, ".")
	n, err := strconv.Atoi(s)
	if err != nil {
		return 9
	}
	return n
}
