package rtsp

import (
	"errors"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/net/ipv4"

	"tapedeck/client/datagram"
)

const (
	batchSize = 32 // datagrams that one system call may bring; some cameras send 10 kB

	// lastLook is for what lies in a socket when the time for a missing packet is
	// up.
	lastLook = time.Millisecond

	// udpNap is how long the reader of a socket sleeps when it has taken all there
	// was. A key picture comes as fast as the wire is, and most systems' buffers
	// hold two milliseconds of a gigabit. Longer naps saved nothing when measured.
	udpNap = 2 * time.Millisecond

	maxReadErrors = 100 // in a row, on a socket that was not closed
)

// receive starts the readers of a pair's sockets.
func (s *Session) receive(p *udpPair) {
	s.workers.Go(func() { s.readRTP(p) })
	if p.rtcp != nil {
		s.workers.Go(func() { s.readRTCP(p) })
	}
}

// readRTP is the one reader of a pair's RTP socket: it takes what has come in
// one system call and under one lock, and sleeps a little when that was all, so
// that the next call brings many again: a picture comes in many datagrams.
func (s *Session) readRTP(p *udpPair) {
	defer recovered(s.broken)
	messages := datagram.Messages(batchSize)
	reader := datagram.NewReader(p.rtp, messages)
	failed := 0
	var deadline time.Time
	expired := false // the time is up for a packet that may lie in the socket
	for failed < maxReadErrors {
		s.f.mu.Lock()
		next := p.deadline()
		s.f.mu.Unlock()
		if expired {
			next = time.Now().Add(lastLook)
		}
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
		case errors.Is(err, os.ErrDeadlineExceeded):
			if expired = !expired; expired { // nothing was read if we stood still
				continue
			}
		case err != nil:
			failed++ // an ICMP answer to a punch, for one
			continue
		}
		failed, expired = 0, false
		s.take(p, messages[:max(n, 0)], n < batchSize)
		if n > 0 && n < batchSize {
			time.Sleep(udpNap)
		}
	}
	s.broken(errors.New("the UDP socket cannot be read"))
}

// take gives a batch of datagrams to the funnel; all says that no more have
// come. What has waited for a missing one long enough is given up only then: if
// it was us who stood still, the missing one may be next.
func (s *Session) take(p *udpPair, messages []ipv4.Message, all bool) {
	now := time.Now()
	s.f.mu.Lock()
	for i := range messages {
		m := &messages[i]
		b := m.Buffers[0][:m.N]
		if len(b) < 4 {
			continue
		}
		from, ok := datagram.Sender(m)
		if !ok {
			continue
		}
		rtcp := isRTCP(b)
		for _, t := range p.meant(rtcp, b) {
			if t.plausible(b) && t.latch.accepts(p.allowed, from, now) {
				s.f.packet(t, rtcp, b, now)
			}
		}
	}
	if all {
		for _, t := range p.tracks {
			s.f.poll(t, now)
		}
	}
	some := s.f.out.bytes > 0
	s.f.mu.Unlock()
	if some { // most batches are the middle of a picture
		wake(s.f.ready)
	}
}

// plausible reports whether a datagram can be of the track: RTP with its payload
// type, RTCP, or a transport stream by itself. Nothing else may take hold of the
// latch.
func (t *track) plausible(b []byte) bool {
	switch {
	case len(b) < 4:
		return false
	case b[0] == tsSync:
		return strings.EqualFold(t.format.Encoding, "MP2T")
	}
	return b[0]>>6 == 2 && (isRTCP(b) || t.knows(b[1]&0x7f))
}

// deadline is when the first of the tracks wants to be polled.
func (p *udpPair) deadline() (first time.Time) {
	for _, t := range p.tracks {
		if d := t.receiver.Deadline(); first.IsZero() || !d.IsZero() && d.Before(first) {
			first = d
		}
	}
	return first
}

// meant is the tracks that a packet may be for. Those that share a group are told
// apart by their payload types; reports name their sender, and the receivers
// know whether it is theirs.
func (p *udpPair) meant(rtcp bool, packet []byte) []*track {
	if rtcp || len(p.tracks) == 1 {
		return p.tracks
	}
	for i, t := range p.tracks {
		if t.knows(packet[1] & 0x7f) {
			return p.tracks[i : i+1]
		}
	}
	return nil
}

// readRTCP reads a pair's other socket, on which little comes.
func (s *Session) readRTCP(p *udpPair) {
	defer recovered(s.broken)
	b := make([]byte, datagram.MaxSize)
	for failed := 0; failed < maxReadErrors; {
		n, from, err := p.rtcp.ReadFromUDPAddrPort(b)
		switch from = datagram.Unmapped(from); {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			failed++
			continue
		}
		failed = 0
		if n < 4 || b[0]>>6 != 2 || !admits(p.allowed, from.Addr()) {
			continue
		}
		if at := p.rtcpAt.Load(); at == nil || *at != from {
			p.rtcpAt.Store(&from)
		}
		s.f.mu.Lock()
		for _, t := range p.tracks {
			s.f.packet(t, true, b[:n], time.Now())
		}
		s.f.mu.Unlock()
	}
}
