package rtsptest

import (
	"cmp"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"
)

const (
	reportEvery = 5 * time.Second // sender reports, where nothing else is asked for
	flushSize   = 64 << 10        // bytes that are written at once

	// A large picture goes over UDP in bursts that a receive buffer of usual
	// size can hold, with gaps between them.
	udpBurst = 32 // packets
	udpGap   = time.Millisecond
)

// errCut is why a sender stops after Config.CloseAfter packets.
var errCut = errors.New("rtsptest: connection cut")

// send sends units as they are due until the range ends or quit is closed.
func (s *session) send(quit <-chan struct{}) {
	var report time.Time
	for s.err == nil && !closed(quit) {
		t, u := s.earliest()
		if t == nil {
			s.bye(quit)
			return
		}
		now := time.Now()
		if !now.Before(report) {
			s.report(now, false)
			report = now.Add(cmp.Or(s.conn.server.cfg.ReportEvery, reportEvery))
		}
		held := s.late(now)
		due := s.begin.Add(toTime(u.ticks, t.clock()) - s.from - s.lead)
		if wait := due.Sub(now); wait > 0 && !s.source.unpaced {
			s.flush(quit)
			if wait = min(wait, report.Sub(now)); !held.IsZero() {
				wait = min(wait, held.Sub(now))
			}
			sleep(quit, wait)
			continue
		}
		t.pack(u, func(head, rest []byte, last bool) { t.packet(quit, u, head, rest, last) })
		t.next++
		if len(s.out) >= flushSize {
			s.flush(quit)
		}
	}
	s.release(quit)
}

// packet appends one RTP packet to what is to be sent (RFC 3550, 5.1):
//
//	| V=2 P X CC | M type | sequence 16 | timestamp 32 | SSRC 32 | payload
//
// It has the four bytes of an interleaved frame before it (RFC 2326, 10.12).
func (t *track) packet(quit <-chan struct{}, u unit, head, rest []byte, last bool) {
	s := t.session
	if s.err != nil {
		return
	}
	const header = 12
	size := header + len(head) + len(rest)
	marker := byte(0)
	if last {
		marker = 0x80
	}
	start := len(s.out)
	s.out = append(s.out, '$', t.channel(0), byte(size>>8), byte(size), 0x80, marker|t.payload())
	s.out = binary.BigEndian.AppendUint16(s.out, t.seq)
	s.out = binary.BigEndian.AppendUint32(s.out, t.stamp(u.ticks))
	s.out = binary.BigEndian.AppendUint32(s.out, t.ssrc)
	s.out = append(append(s.out, head...), rest...)
	t.seq++
	t.packets++
	t.octets += uint32(size - header)

	if t.number == 0 && !t.way.tcp && s.conn.server.cfg.LosePicture {
		s.out = s.out[:start]
		return
	}
	kept := true
	if t.faults != nil {
		s.out, kept = t.faults.pass(s.out, start, time.Now())
	}
	if kept {
		s.conn.server.packets.Add(1)
		s.conn.server.bytes.Add(uint64(size))
		s.frames++
	}
	if s.conn.server.cfg.CloseAfter > 0 { // the cut is exact
		s.flush(quit)
	}
}

// late sends the packets that faults have held back and that are due, and
// returns when the next one is, zero when none is held.
func (s *session) late(now time.Time) (next time.Time) {
	for _, t := range s.tracks {
		if t.faults == nil {
			continue
		}
		s.out = t.faults.release(s.out, now)
		if due := t.faults.next(); next.IsZero() || !due.IsZero() && due.Before(next) {
			next = due
		}
	}
	return next
}

// channel is the interleaved channel of RTP (0) or RTCP (1); over UDP it is
// only our own name for the track.
func (t *track) channel(which int) byte {
	switch {
	case !t.way.tcp:
		return byte(2*t.number + which)
	case which == 0:
		return byte(t.way.low)
	}
	return byte(t.way.high)
}

// report appends a sender report of each track, with BYE if it is the end.
func (s *session) report(now time.Time, bye bool) {
	for _, t := range s.tracks {
		start := len(s.out)
		s.out = append(s.out, '$', t.channel(1), 0, 0)
		s.out = t.appendReport(s.out, now, t.rtpTime(s.from+now.Sub(s.begin)), bye)
		binary.BigEndian.PutUint16(s.out[start+2:], uint16(len(s.out)-start-4))
	}
}

// bye ends the range.
func (s *session) bye(quit <-chan struct{}) {
	s.release(quit)
	s.report(time.Now(), true)
	s.flush(quit)
	s.ended = true
}

// release sends everything that waits, what faults hold back as well.
func (s *session) release(quit <-chan struct{}) {
	for _, t := range s.tracks {
		if t.faults != nil {
			s.out = t.faults.flush(s.out)
		}
	}
	s.flush(quit)
}

// flush sends the frames that were appended.
func (s *session) flush(quit <-chan struct{}) {
	frames := s.frames
	switch {
	case len(s.out) == 0 || s.err != nil:
	case s.tracks[0].way.tcp:
		s.err = s.conn.write(s.out)
	default:
		s.datagrams(quit)
	}
	s.out, s.frames = s.out[:0], 0
	if s.err == nil && frames > 0 && s.conn.cutAfter(frames) {
		s.err = errCut
	}
}

// datagrams sends each frame as a datagram of its own. A client that has gone
// is noticed on its connection, not here.
func (s *session) datagrams(quit <-chan struct{}) {
	client := s.conn.net.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	sent := 0
	for rest := s.out; len(rest) > 0; {
		channel, size := int(rest[1]), int(binary.BigEndian.Uint16(rest[2:]))
		way := s.track(channel / 2).way
		socket, port := way.rtp, way.low
		if channel%2 == 1 {
			socket, port = way.rtcp, way.high
		}
		socket.WriteToUDPAddrPort(rest[4:4+size], netip.AddrPortFrom(client, uint16(port)))
		rest = rest[4+size:]
		if sent++; sent%udpBurst == 0 && !s.source.unpaced {
			sleep(quit, udpGap)
		}
	}
}

// sleep waits for d or until quit is closed.
func sleep(quit <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-quit:
	}
}

func closed(quit <-chan struct{}) bool {
	select {
	case <-quit:
		return true
	default:
		return false
	}
}
