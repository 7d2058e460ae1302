package rtp

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// Defaults and limits of the Receiver.
const (
	defaultReorder = maxReorder             // packets: 100 ms of 50 Mbit/s are 450
	defaultWait    = 150 * time.Millisecond // for a packet that is missing
	ssrcSilence    = 500 * time.Millisecond // of a source before another may follow it
	ssrcProof      = 2                      // packets in sequence that make a source
	maxRival       = 256 << 10              // bytes of it that are kept until then
	staleWindow    = 3000                   // numbers before RTP-Info's that belong to the old range
	staleTime      = 2 * time.Second        // for which they may come
)

// Options of a Receiver. The zero value suits TCP.
type Options struct {
	Reorder    bool          // put packets in order, as UDP needs it; TCP keeps the order
	MaxReorder int           // packets held back at most, up to 512, the default
	MaxWait    time.Duration // for a missing packet; default 150 ms
	Clock      *Clock        // shared by the receivers of a session; default one of its own
	SSRC       *uint32       // as SETUP or RTP-Info announced it; wins over others that send too
	Reporter   uint32        // the SSRC of our reports; default: by chance
}

// Receiver is the engine of one RTP stream: see the package's comment.
type Receiver struct {
	track   int
	format  Format
	depack  Depacketizer
	clocked clocked // nil where the depacketizer is none
	opt     Options

	seq      sequencer
	timeline timeline
	h        rtp.Header
	source   source
	rival    rival
	fresh    fresh
	report   report
	sync     syncPoint
	told     told

	// Of the call that runs: what deliver and unit need.
	now  time.Time
	emit func(media.Packet)
	unit func(Unit)
	err  error
	hole bool // the packet before could not be read

	bytes                                atomic.Uint64
	packets, lost, reordered, duplicates atomic.Uint64
}

// source is the sender that is listened to.
type source struct {
	known bool
	ssrc  uint32
	last  time.Time // arrival of its last packet
	gone  bool      // it said BYE
}

// rival is another sender on the same channel. An encoder that restarts comes
// back under a new SSRC; a stranger on the port has one too. What it sends is
// kept, since a restart begins with a key picture:
//
//	held: | nanoseconds since the first, 64 | size32 | packet |...
type rival struct {
	ssrc  uint32
	next  uint16
	count int       // packets in sequence, without one of the source's between them
	since time.Time // arrival of the first
	held  []byte
}

// keep keeps a packet, in the place of all before it when there is no room.
func (v *rival) keep(raw []byte, arrival time.Time) {
	if len(v.held)+len(raw) > maxRival {
		v.held = v.held[:0]
	}
	v.held = binary.BigEndian.AppendUint64(v.held, uint64(arrival.Sub(v.since)))
	v.held = binary.BigEndian.AppendUint32(v.held, uint32(len(raw)))
	v.held = append(v.held, raw...)
}

// fresh is what RTP-Info says of the range that PLAY has begun.
type fresh struct {
	taken   int // packets of the new range that came
	at      time.Duration
	seq     *uint16
	rtptime *uint32
	since   time.Time // arrival of the first packet after PLAY
}

// NewReceiver returns the engine for one stream. track is its number in the
// session, d what takes its payloads.
func NewReceiver(track int, f Format, d Depacketizer, opt Options) *Receiver {
	if opt.MaxReorder <= 0 {
		opt.MaxReorder = defaultReorder
	}
	opt.MaxReorder = min(opt.MaxReorder, maxReorder)
	if opt.MaxWait <= 0 {
		opt.MaxWait = defaultWait
	}
	if opt.Clock == nil {
		opt.Clock = new(Clock)
	}
	r := &Receiver{track: track, format: f.Complete(), depack: d, opt: opt}
	r.seq.out, r.seq.maxWait = r.deliver, opt.MaxWait
	if opt.Reorder {
		r.seq.slots = make([]slot, opt.MaxReorder)
	}
	r.clocked, _ = d.(clocked)
	r.unit = r.pass
	r.timeline = timeline{rate: int64(r.format.ClockRate), member: opt.Clock.join()}
	r.report.ssrc = cmp.Or(opt.Reporter, rand.Uint32())
	return r
}

// Track describes what comes out; see Depacketizer.
func (r *Receiver) Track() (media.Track, bool) {
	t, ready := r.depack.Track()
	t.ID = r.track
	return t, ready
}

// Stats may be called at any time from any goroutine.
func (r *Receiver) Stats() media.Stats {
	return media.Stats{
		Bytes:      r.bytes.Load(),
		Packets:    r.packets.Load(),
		Lost:       r.lost.Load(),
		Reordered:  r.reordered.Load(),
		Duplicates: r.duplicates.Load(),
	}
}

// RTP takes a packet as it came from the network; raw may be reused after the
// call. emit is called for each access unit that is complete by it. An error
// concerns that packet only.
func (r *Receiver) RTP(raw []byte, arrival time.Time, emit func(media.Packet)) error {
	f, ok := readFixed(raw)
	if !ok {
		return r.bare(raw, arrival, emit)
	}
	if f.payloadType != r.format.PayloadType || r.stale(f.seq, arrival) {
		return nil
	}
	r.enter(arrival, emit)
	if r.admit(f, raw, arrival) {
		r.take(f, raw, arrival)
	}
	return r.leave()
}

func (r *Receiver) take(f fixed, raw []byte, arrival time.Time) {
	r.bytes.Add(uint64(len(raw)))
	r.report.arrive(f.ts, arrival, r.format.ClockRate)
	r.seq.push(f.seq, raw, arrival)
}

// Poll hands out what has waited too long for packets before it. It is to be
// called when nothing more is there to be read, too: see sequencer.
func (r *Receiver) Poll(now time.Time, emit func(media.Packet)) {
	r.enter(now, emit)
	r.seq.expire(now)
	r.leave()
}

// Deadline is when Poll is to be called next; zero when nothing waits.
func (r *Receiver) Deadline() time.Time { return r.seq.deadline() }

func (r *Receiver) enter(now time.Time, emit func(media.Packet)) {
	r.now, r.emit, r.err = now, emit, nil
}

// leave ends a call: the counters become visible.
func (r *Receiver) leave() error {
	r.emit = nil
	r.packets.Store(r.seq.passed)
	r.lost.Store(r.seq.lost)
	r.reordered.Store(r.seq.reordered)
	r.duplicates.Store(r.seq.duplicates)
	return r.err
}

// Rebase begins a new range, after PLAY: its packets start at media time at.
// seq and rtptime are what RTP-Info says of its first packet, nil when it does
// not. Devices get both wrong, so they are hints: packets a little before seq
// are dropped for a while as belonging to the old range, and rtptime counts
// when the first packet is near it. Every receiver of a session is rebased
// before the next packet.
func (r *Receiver) Rebase(at time.Duration, seq *uint16, rtptime *uint32) {
	r.opt.Clock.rebase(r.timeline.member)
	r.timeline.begun = false
	r.fresh = fresh{at: at, seq: seq, rtptime: rtptime}
	r.seq.stop()
	r.depack.Reset()
	r.source, r.rival, r.sync, r.told = source{}, rival{}, syncPoint{}, told{}
	r.report.restart()
	r.hole = false
}

// TakeOver begins where o did: r takes its place in the middle of a range, for
// another payload type of the same source.
func (r *Receiver) TakeOver(o *Receiver) {
	r.fresh.at = o.fresh.at
	r.timeline.rate = max(1, o.timeline.rate*int64(r.format.ClockRate)/int64(o.format.ClockRate))
}

// Stretch says, before Rebase, that what comes is to be played speed times as
// fast as its timestamps say.
func (r *Receiver) Stretch(speed float64) {
	r.timeline.rate = max(1, int64(float64(r.format.ClockRate)*speed))
}

// stale reports whether a packet is left from before the last Rebase.
func (r *Receiver) stale(seq uint16, arrival time.Time) bool {
	if r.fresh.seq == nil {
		return false
	}
	if r.fresh.since.IsZero() {
		r.fresh.since = arrival
	}
	if arrival.Sub(r.fresh.since) > staleTime {
		r.fresh.seq = nil
		return false
	}
	before := int16(seq - *r.fresh.seq)
	if before < 0 && before >= -staleWindow {
		return true
	}
	// Once so many of the new range have come, a lower number is a wrapped one.
	if r.fresh.taken++; r.fresh.taken > staleWindow {
		r.fresh.seq = nil
	}
	return false
}

// admit decides whether to listen to a packet's source.
func (r *Receiver) admit(f fixed, raw []byte, arrival time.Time) bool {
	switch s := &r.source; {
	case !s.known:
		*s = source{known: true, ssrc: f.ssrc, last: arrival}
		return true
	case s.ssrc == f.ssrc:
		s.last, s.gone = arrival, false
		r.rival.count = 0
		return true
	case r.opt.SSRC != nil && *r.opt.SSRC == f.ssrc:
		r.follow(f.ssrc, arrival)
		return true
	}
	v := &r.rival
	if v.count == 0 || v.ssrc != f.ssrc || v.next != f.seq {
		*v = rival{ssrc: f.ssrc, since: arrival, held: v.held[:0]}
	}
	v.count++
	v.next = f.seq + 1
	v.keep(raw, arrival)
	silent := r.source.gone || arrival.Sub(r.source.last) >= ssrcSilence
	if v.count < ssrcProof || !silent {
		return false
	}
	held, since := v.held, v.since
	r.follow(f.ssrc, arrival)
	for len(held) > 0 {
		r.now = since.Add(time.Duration(binary.BigEndian.Uint64(held)))
		p := held[12:][:binary.BigEndian.Uint32(held[8:])]
		f, _ := readFixed(p)
		r.take(f, p, r.now)
		held = held[12+len(p):]
	}
	return false
}

// follow changes to another source. Its media time goes on from the old one's.
func (r *Receiver) follow(ssrc uint32, arrival time.Time) {
	r.seq.flush()
	r.seq.stop()
	r.depack.Reset()
	r.source = source{known: true, ssrc: ssrc, last: arrival}
	r.rival, r.sync = rival{}, syncPoint{}
	r.timeline.cut = true
	r.report.restart()
	r.hole = false
}

// deliver takes the packets in order, from the sequencer.
func (r *Receiver) deliver(raw []byte, lost bool) {
	payload, ok := readPacket(&r.h, raw)
	if !ok {
		r.fail(ErrMalformed)
		r.hole = true
		return
	}
	if !r.timeline.begun {
		r.begin(r.h.Timestamp)
	}
	lost = lost || r.hole
	r.hole = false
	r.fail(r.depack.Depacketize(&r.h, payload, lost, r.unit))
}

// fail keeps the first error of a call.
func (r *Receiver) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// begin fixes the media time of the first packet: by RTP-Info when it makes
// sense, else by its arrival among the streams of the session.
func (r *Receiver) begin(ts uint32) {
	t := &r.timeline
	start, byInfo := r.fresh.at, false
	if r.fresh.rtptime != nil {
		ahead := t.span(int64(int32(ts - *r.fresh.rtptime)))
		if byInfo = ahead < maxJump && ahead > -maxJump && start+ahead >= 0; byInfo {
			start += ahead
		}
	}
	wait := r.opt.Clock.begin(t.member, r.now, byInfo)
	if !byInfo {
		start += wait
	}
	t.begin(ts, start, r.now)
	r.align(r.now)
}

// clocked is a Depacketizer that finds out by itself how fast the timestamps
// run. It knows before it emits the first unit.
type clocked interface{ clockRate() int }

// pass gives a unit its time and its track.
func (r *Receiver) pass(u Unit) {
	if r.clocked != nil {
		r.timeline.tick(r.clocked.clockRate())
	}
	cut := r.timeline.cut
	at := r.timeline.at(u.Timestamp, r.now)
	if cut {
		r.align(r.now)
	}
	r.emit(media.Packet{Track: r.track, Time: at, Key: u.Key, Data: u.Data})
}

// bare takes transport stream packets that come without an RTP header, which
// servers send that announce MP2T/TCP and the like. Their time is that of
// arrival.
func (r *Receiver) bare(raw []byte, arrival time.Time, emit func(media.Packet)) error {
	if len(raw) == 0 || raw[0] != tsSync || !strings.EqualFold(r.format.Encoding, "MP2T") {
		return ErrMalformed
	}
	r.enter(arrival, emit)
	r.bytes.Add(uint64(len(raw)))
	r.seq.passed++
	r.h = rtp.Header{Timestamp: arrivalTicks(arrival, r.format.ClockRate)}
	if !r.timeline.begun {
		r.begin(r.h.Timestamp)
	}
	r.fail(r.depack.Depacketize(&r.h, raw, false, r.unit))
	return r.leave()
}
