package rtp

import (
	"encoding/binary"
	"time"
)

// RTCP packets (RFC 3550, 6.4 to 6.6) come several in a datagram:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|V=2|P|  count  |      PT       | length in words, less one     |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| SR: SSRC | NTP seconds | NTP fraction | RTP timestamp |       |
//	|     packets sent | bytes sent | ...                           |
//	| BYE: SSRC * count | (reason)                                  |
//
// They are walked by their lengths; one that cannot be read is passed over,
// and one that says it is longer than the datagram ends there.
const (
	rtcpHeader = 4
	rtcpSR     = 200
	rtcpRR     = 201
	rtcpSDES   = 202
	rtcpBYE    = 203

	srSize    = rtcpHeader + 16 // without what follows the timestamp
	srCounts  = srSize + 4      // with the count of packets
	sdesCNAME = 1
)

// syncPoint is a sender report: a wall clock time and a timestamp of the same
// moment.
type syncPoint struct {
	known   bool
	ssrc    uint32
	ntp     uint64 // 32.32 fixed point seconds since 1900
	ts      uint32
	arrival time.Time
}

// told is what sender reports said of packets since the last one that came.
type told struct {
	at     time.Time // of the first such report
	count  uint32    // of packets in it
	inVain bool      // later ones said that more were sent
}

// RTCP takes an RTCP datagram. bye says that the stream's source has ended;
// some cameras go on under another one all the same.
func (r *Receiver) RTCP(raw []byte, arrival time.Time) (bye bool, err error) {
	if len(raw) < rtcpHeader || raw[0]>>6 != version {
		return false, ErrMalformed
	}
	for len(raw) >= rtcpHeader {
		size := 4 * (int(binary.BigEndian.Uint16(raw[2:])) + 1)
		p := raw[:min(size, len(raw))]
		raw = raw[len(p):]
		switch {
		case p[0]>>6 != version:
		case p[1] == rtcpSR:
			r.senderReport(p, arrival)
		case p[1] == rtcpBYE && r.namedInBye(p):
			bye, r.source.gone = true, true
		}
	}
	return bye, nil
}

// namedInBye reports whether a BYE is for the source of this stream. One that
// names nobody is for all.
func (r *Receiver) namedInBye(p []byte) bool {
	count := int(p[0] & 0x1f)
	if count == 0 || !r.source.known {
		return true
	}
	for p = p[rtcpHeader:]; count > 0 && len(p) >= 4; count-- {
		if binary.BigEndian.Uint32(p) == r.source.ssrc {
			return true
		}
		p = p[4:]
	}
	return false
}

func (r *Receiver) senderReport(p []byte, arrival time.Time) {
	if len(p) < srSize {
		return
	}
	ssrc := binary.BigEndian.Uint32(p[4:])
	if r.source.known && ssrc != r.source.ssrc {
		return
	}
	r.sync = syncPoint{
		known:   true,
		ssrc:    ssrc,
		ntp:     binary.BigEndian.Uint64(p[8:]),
		ts:      binary.BigEndian.Uint32(p[16:]),
		arrival: arrival,
	}
	if len(p) >= srCounts {
		r.counted(binary.BigEndian.Uint32(p[20:]), arrival)
	}
	r.align(arrival)
}

// counted compares the packets that the sender says it has sent with what came.
func (r *Receiver) counted(count uint32, arrival time.Time) {
	t := &r.told
	switch {
	case r.bytes.Load() == 0: // the first packet is missing already
		t.inVain = t.inVain || count > 0
	case t.at.IsZero() || t.at.Before(r.source.last): // some came since
		*t = told{at: arrival, count: count}
	case count != t.count:
		t.inVain = true
	}
}

// SentInVain reports whether the sender has told of packets that it sent after
// the last one that came: they are lost on the way, all of them.
func (r *Receiver) SentInVain() bool {
	return r.told.inVain && (!r.source.known || !r.told.at.Before(r.source.last))
}

// align tells the session's clock what the last sender report says. Cameras
// without a clock of their own report the time 0.
func (r *Receiver) align(now time.Time) {
	s := &r.sync
	if !s.known || s.ntp>>32 == 0 || s.ssrc != r.source.ssrc {
		return
	}
	at, age, ok := r.timeline.near(s.ts)
	if !ok {
		return
	}
	wall := time.Duration(s.ntp>>32)*time.Second + time.Duration(s.ntp&0xffffffff*uint64(time.Second)>>32)
	r.opt.Clock.align(r.timeline.member, wall-at, age-now.Sub(s.arrival), now)
}

// report is the state of the reports that we send (RFC 3550, 6.4.1, A.3, A.8).
type report struct {
	ssrc     uint32 // ours
	begun    bool
	transit  uint32
	jitter   uint64 // times 16, in ticks: 36 bits for the wildest of timestamps
	base     uint64 // the first packet's number, as of the last report...
	expected uint64
	received uint64
}

// restart forgets the sender.
func (p *report) restart() { *p = report{ssrc: p.ssrc} }

// arrive counts a packet's lateness against the one before into the jitter.
func (p *report) arrive(ts uint32, arrival time.Time, rate int) {
	transit := arrivalTicks(arrival, rate) - ts
	d := int32(transit - p.transit)
	p.transit = transit
	if !p.begun {
		p.begun = true
		return
	}
	p.jitter += uint64(magnitude(d)) - (p.jitter+8)>>4
}

// magnitude is |d| for every d.
func magnitude(d int32) uint32 {
	if d < 0 {
		return uint32(-int64(d))
	}
	return uint32(d)
}

// arrivalTicks is a moment in ticks of a clock of that rate, of any beginning.
func arrivalTicks(t time.Time, rate int) uint32 {
	ns := t.UnixNano()
	whole, rest := ns/int64(time.Second), ns%int64(time.Second)
	return uint32(whole*int64(rate) + rest*int64(rate)/int64(time.Second))
}

const maxCumulative = 1<<23 - 1 // what 24 bits with a sign hold

// AppendReport appends a compound of a receiver report and our name:
//
//	|V=2|0|  RC   |  PT=201  |  length  | our SSRC |
//	{ SSRC | fraction lost8 | lost24 | highest number32 | jitter32 | LSR32 | DLSR32 }
//	|V=2|0| SC=1  |  PT=202  |  length  | our SSRC | 1 | size8 | CNAME | 0... |
//
// It has no block while nothing has come, and is worth sending even so.
func (r *Receiver) AppendReport(dst []byte, now time.Time) []byte {
	if r.source.known && r.report.ssrc == r.source.ssrc {
		r.report.ssrc++
	}
	be := binary.BigEndian
	blocks := 0
	if r.source.known && r.seq.started {
		blocks = 1
	}
	dst = append(dst, version<<6|byte(blocks), rtcpRR)
	dst = be.AppendUint16(dst, uint16(1+6*blocks))
	dst = be.AppendUint32(dst, r.report.ssrc)
	if blocks > 0 {
		dst = r.appendBlock(dst, now)
	}
	name := r.opt.Clock.name()
	chunk := 4 + 2 + len(name)
	pad := 4 - chunk%4 // at least one zero ends the list
	dst = append(dst, version<<6|1, rtcpSDES)
	dst = be.AppendUint16(dst, uint16((chunk+pad)/4))
	dst = be.AppendUint32(dst, r.report.ssrc)
	dst = append(dst, sdesCNAME, byte(len(name)))
	dst = append(dst, name...)
	return append(dst, 0, 0, 0, 0)[:len(dst)+pad]
}

func (r *Receiver) appendBlock(dst []byte, now time.Time) []byte {
	q, p := &r.seq, &r.report
	expected := q.top - q.base
	if q.base != p.base { // the sender has begun a new count
		p.base, p.expected, p.received = q.base, 0, 0
	}
	lost := int64(expected) - int64(q.received)
	lost = min(max(lost, -maxCumulative-1), maxCumulative)
	var fraction int64
	if due := int64(expected) - int64(p.expected); due > 0 {
		missed := due - (int64(q.received) - int64(p.received))
		fraction = min(max(missed*256/due, 0), 255)
	}
	p.expected, p.received = expected, q.received

	// Both are 0 without a sender report (RFC 3550, 6.4.1).
	var last, delay uint32
	if r.sync.known && r.sync.ssrc == r.source.ssrc {
		last = uint32(r.sync.ntp >> 16)
	}
	if last != 0 {
		since := min(max(now.Sub(r.sync.arrival), 0), time.Hour)
		delay = uint32(since * 65536 / time.Second)
	}
	be := binary.BigEndian
	dst = be.AppendUint32(dst, r.source.ssrc)
	dst = be.AppendUint32(dst, uint32(fraction)<<24|uint32(lost)&0xffffff)
	dst = be.AppendUint32(dst, uint32(q.top-1))
	dst = be.AppendUint32(dst, uint32(p.jitter>>4))
	dst = be.AppendUint32(dst, last)
	return be.AppendUint32(dst, delay)
}
