package rtsp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	batchSize   = 32       // datagrams that one system call may bring
	maxDatagram = 64 << 10 // some cameras send 10 kB and leave the rest to IP

	maxReadErrors = 100 // in a row, on a socket that was not closed
)

// batchReader reads several datagrams with one system call where the system
// can.
type batchReader interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
}

func newBatchReader(c *net.UDPConn, ip netip.Addr) batchReader {
	if ip.Is4() {
		return ipv4.NewPacketConn(c)
	}
	return ipv6.NewPacketConn(c)
}

// receive starts the readers of a track's sockets.
func (s *Session) receive(t *track) {
	s.workers.Go(func() { s.readRTP(t) })
	s.workers.Go(func() { s.readRTCP(t) })
}

// readRTP is the one reader of a track's RTP socket: it takes what has come in
// one system call and under one lock, and sleeps a little when that was little.
func (s *Session) readRTP(t *track) {
	defer recovered(s.broken)
	p := t.pair
	reader := newBatchReader(p.rtp, p.peer)
	messages := make([]ipv4.Message, batchSize)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, maxDatagram)}
	}
	failed := 0
	var deadline time.Time
	for failed < maxReadErrors {
		s.f.mu.Lock()
		next := t.receiver.Deadline()
		s.f.mu.Unlock()
		if !next.Equal(deadline) {
			deadline = next
			if err := p.rtp.SetReadDeadline(deadline); err != nil {
				return
			}
		}
		n, err := reader.ReadBatch(messages, 0)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			failed++ // an ICMP answer to a punch, for one
			continue
		}
		failed = 0
		s.take(t, messages[:max(n, 0)])
		if n > 0 && n < batchSize/2 {
			time.Sleep(nap)
		}
	}
	s.broken(errors.New("the UDP socket cannot be read"))
}

// take gives a batch of datagrams to the funnel.
func (s *Session) take(t *track, messages []ipv4.Message) {
	now := time.Now()
	s.f.mu.Lock()
	for i := range messages {
		m := &messages[i]
		b := m.Buffers[0][:m.N]
		if len(b) < 4 || b[0]>>6 != 2 && b[0] != tsSync {
			continue
		}
		from, ok := m.Addr.(*net.UDPAddr)
		if !ok || !t.pair.latch.accepts(t.pair.allowed, unmapped(from.AddrPort()), now) {
			continue
		}
		s.f.packet(t, isRTCP(b), b, now)
	}
	s.f.poll(t, now)
	s.f.mu.Unlock()
	wake(s.f.ready)
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// readRTCP reads a track's other socket, on which little comes.
func (s *Session) readRTCP(t *track) {
	defer recovered(s.broken)
	p := t.pair
	b := make([]byte, maxDatagram)
	for failed := 0; failed < maxReadErrors; {
		n, from, err := p.rtcp.ReadFromUDPAddrPort(b)
		switch from = unmapped(from); {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			failed++
			continue
		}
		failed = 0
		if n < 4 || b[0]>>6 != 2 || !slices.Contains(p.allowed, from.Addr()) {
			continue
		}
		if at := p.rtcpAt.Load(); at == nil || *at != from {
			p.rtcpAt.Store(&from)
		}
		s.f.mu.Lock()
		s.f.packet(t, true, b[:n], time.Now())
		s.f.mu.Unlock()
	}
}
