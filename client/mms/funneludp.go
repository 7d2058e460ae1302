package mms

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/net/ipv4"

	"tapedeck/client/datagram"
	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

const (
	batchSize = 32 // datagrams that one system call may bring

	// datagramNap is how long the reader sleeps when it has taken all there was, so
	// that the next call brings many again.
	datagramNap = 2 * time.Millisecond

	// tailLinger is how long the socket is read on behind an end that was announced
	// over TCP, if nothing is known to be missing: the end may have overtaken more
	// than one read brings.
	tailLinger = 20 * time.Millisecond

	maxReadErrors = 100 // in a row, on a socket that was not closed
)

// socket is where datagrams come in, and from where requests for lost ones go
// out.
type socket struct {
	conn     datagram.Conn
	reader   datagram.Reader
	messages []ipv4.Message

	to     netip.AddrPort // the server's end of the control connection
	client uint32
	file   uint16
	out    []byte

	// Under the funnel's mutex.
	block    *block
	deadline time.Time

	closes sync.Once
}

// listenDatagrams opens the socket at our end's address of the control
// connection: the server sends to where that comes from.
func listenDatagrams(control net.Conn) (*socket, error) {
	local, err := netip.ParseAddrPort(control.LocalAddr().String())
	if err != nil {
		return nil, errors.New("the connection has no IP address to receive on")
	}
	to, err := netip.ParseAddrPort(control.RemoteAddr().String())
	if err != nil {
		return nil, errors.New("the server has no IP address to receive from")
	}
	raw, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local.Addr().Unmap(), 0)))
	if err != nil {
		return nil, media.Plainly(err)
	}
	conn, err := datagram.Take(raw)
	if err != nil {
		return nil, err
	}
	messages := datagram.Messages(batchSize)
	return &socket{conn: conn, reader: datagram.NewReader(conn, messages), messages: messages, to: datagram.Unmapped(to)}, nil
}

func (s *socket) port() uint16 {
	at, err := netip.ParseAddrPort(s.conn.LocalAddr().String())
	if err != nil {
		return 0
	}
	return at.Port()
}

func (s *socket) close() { s.closes.Do(func() { _ = s.conn.Close() }) } // it ends the reading

// kick has the reader look at the clock anew. The funnel's mutex is held.
func (s *socket) kick() {
	s.deadline = time.Now()
	_ = s.conn.SetReadDeadline(s.deadline) // a closed socket has none
}

// punch sends a request for no datagrams at all to where requests go. Firewalls
// and routers that let in what comes from where something was sent to let the
// media in then, if the server sends them from that port; the specification does
// not say from which it does, and has nothing for this purpose. It does no harm:
// the host and the port are those that we are connected to, and a server that
// looks at it finds a request that asks for nothing and passes it over, as it
// must do with every bad one.
func (f *funnel) punch() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sock.request(nil)
}

// request asks for datagrams again. One that gets lost is sent again later.
func (s *socket) request(sequences []uint32) {
	s.out = wire.Resend{Client: s.client, OpenFileID: s.file, Sequences: sequences}.Append(s.out[:0])
	_, _ = s.conn.WriteToUDPAddrPort(s.out, s.to)
}

// readDatagrams is the one reader of the socket: it takes what has come in one
// system call and under one lock.
func (f *funnel) readDatagrams() {
	defer f.guard()
	s := f.sock
	for failed := 0; failed < maxReadErrors; {
		if !f.roomUDP() {
			return
		}
		f.mu.Lock()
		next := f.order.deadline()
		if f.tail != nil && f.order.empty() {
			next = time.Now().Add(tailLinger)
		}
		if !next.Equal(s.deadline) {
			s.deadline = next
			_ = s.conn.SetReadDeadline(next) // a closed socket says so when it is read
		}
		f.mu.Unlock()
		n, err := s.reader.ReadBatch(s.messages, 0)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
			n = 0
		case err != nil:
			failed++ // an ICMP answer to a request, for one
			continue
		}
		failed = 0
		if err := f.batch(s.messages[:max(n, 0)], n < batchSize); err != nil {
			f.fail(err)
			return
		}
		if n > 0 && n < batchSize {
			time.Sleep(datagramNap)
		}
	}
	f.fail(errors.New("mms: the UDP socket cannot be read"))
}

// roomUDP waits until there is room for more. Meanwhile the kernel keeps what
// comes, and drops what it has no room for.
func (f *funnel) roomUDP() bool {
	for {
		f.mu.Lock()
		f.full = f.q.waiting() >= maxBlocks
		full := f.full
		f.mu.Unlock()
		if !full {
			return true
		}
		select {
		case <-f.room:
		case <-f.c.dead:
			return false
		}
	}
}

// batch takes datagrams; all says that no more have come. What was missing too
// long is given up only then: if it was us who stood still, it may be next.
func (f *funnel) batch(messages []ipv4.Message, all bool) error {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range messages {
		m := &messages[i]
		from, ok := datagram.Sender(m)
		if !ok || from.Addr() != f.peer {
			continue
		}
		p, err := wire.ParseData(m.Buffers[0][:m.N])
		if err != nil || len(p.Payload) == 0 {
			continue // cut on its way, or not of the server at all
		}
		f.heard = now
		if err := f.datagram(p, now); err != nil {
			return err
		}
	}
	if all {
		f.order.expire(now)
	}
	f.order.ask(now, f.sock.request)
	if all {
		f.settleTail() // else more of the play lies in the socket than anybody guessed
	}
	if f.q.waiting() > 0 {
		wake(f.ready)
	}
	return nil
}

// settleTail goes on behind the end of a play when nothing before it is waited
// for. f.mu is held.
func (f *funnel) settleTail() {
	if f.tail == nil || !f.order.empty() {
		return
	}
	hr := f.tail.hr
	f.tail = nil
	f.ended(hr)
	wake(f.ebb)
}

// datagram is given a data packet that came over UDP. f.mu is held.
func (f *funnel) datagram(p wire.DataPacket, now time.Time) error {
	switch {
	case f.ofHeader(p.Incarnation):
		return f.piece(nil, p)
	case p.Incarnation < firstPlay, p.Incarnation == wire.PairIncarnation:
		return nil // a piece of a header that is whole, or a packet pair
	}
	ours := f.wanted(p.Incarnation)
	if ours {
		f.order.stats.Bytes += uint64(len(p.Payload))
		f.changes = 0
	}
	f.order.take(now, p.Location, p.Flags, p.Payload, ours)
	return nil
}

// deliverDatagram is given the packets in their order. f.mu is held.
func (f *funnel) deliverDatagram(location uint32, packet []byte) {
	s := f.sock
	s.block = f.q.space(s.block, len(packet), 0)
	b := s.block
	at := b.end
	b.end += copy(b.buf[at:], packet)
	f.q.push(b, item{play: f.plays, packet: b.buf[at:b.end:b.end], id: location})
}
