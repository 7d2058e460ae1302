package rtsp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mux"
)

const (
	// maxHeld bounds the packets that are kept while it is not known what they
	// belong to, and those that wait for the header.
	maxHeld = 4 << 20
)

// funnel is the road from packets to chunks: the tracks' receivers, the mux and
// the queue, under one mutex that the goroutines which receive take once for
// each batch.
type funnel struct {
	mu      sync.Mutex
	busy    int // receivers in the middle of a batch
	tracks  []*track
	holding bool     // packets are kept until the PLAY reply says where they belong
	raw     holder   // those packets
	notes   []string // what changed by itself; told by the watch, without mu

	writer     *mux.Writer
	pictures   bool           // a track that plays has key pictures
	early      []media.Packet // units that wait for the header
	earlyBytes int
	emit       func(media.Packet) // f.unit, made once
	out        outbox
	patient    bool // the server can wait: it is not read while out is full
	backlogged bool // it is not read now
	unseen     bool // no packet of a picture has come yet

	first    time.Time // when the first packet came after PLAY
	last     time.Time // when the last one came
	pace     pace
	position time.Duration // the latest unit's time, as it is to be played
	noted    bool          // dropped chunks were told of

	err error // why Next ends, once out is empty

	kick    chan struct{} // the watch: there are notes
	ready   chan struct{} // Next: something may have come
	room    chan struct{} // the reader: something was taken
	started chan struct{} // closed at the first packet
	seen    chan struct{} // closed at the first packet of a picture, where there are any
	opened  chan struct{} // closed when the header is made
	ended   chan struct{} // replaced by revive; closed when err is set
}

func newFunnel() *funnel {
	f := &funnel{
		holding: true,
		pace:    normal,
		unseen:  true,
		kick:    make(chan struct{}, 1),
		ready:   make(chan struct{}, 1),
		room:    make(chan struct{}, 1),
		started: make(chan struct{}),
		seen:    make(chan struct{}),
		opened:  make(chan struct{}),
		ended:   make(chan struct{}),
	}
	f.emit = f.unit
	return f
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// packet takes one RTP or RTCP packet of t. f.mu is held.
func (f *funnel) packet(t *track, rtcp bool, raw []byte, now time.Time) {
	if t.receiver == nil || f.err != nil {
		return
	}
	if t.cipher != nil {
		var ok bool
		if raw, ok = t.decrypt(rtcp, raw, now); !ok {
			return
		}
	}
	if rtcp {
		if bye, _ := t.receiver.RTCP(raw, now); bye {
			t.bye = now
		}
		return
	}
	if f.holding {
		f.raw.keep(t, raw, now)
		return
	}
	f.receive(t, raw, now)
}

func (f *funnel) receive(t *track, raw []byte, now time.Time) {
	if pt := raw[1] & 0x7f; raw[0]>>6 == 2 && pt != t.format.PayloadType && !f.change(t, pt, now) {
		return // Geovision's type 50, comfort noise: no sign of the stream
	}
	if !t.bye.IsZero() && now.Sub(t.bye) > byeSilence/2 {
		t.bye = time.Time{} // it was not the end
	}
	if f.first.IsZero() {
		f.first = now
		close(f.started)
	}
	f.last, t.heard = now, now
	if f.unseen && t.kind == media.Video {
		f.unseen = false
		close(f.seen)
	}
	if len(raw) >= 8 {
		t.stamp = binary.BigEndian.Uint32(raw[4:])
	}
	// A packet that makes no sense is counted by the receiver and no reason to
	// stop.
	_ = t.receiver.RTP(raw, now, f.emit)
	if f.writer == nil {
		f.open(false) // parameter sets come before the unit that they belong to
	}
}

// poll releases what waited too long in t's reorder buffer. f.mu is held.
func (f *funnel) poll(t *track, now time.Time) {
	if t.receiver != nil && !f.holding {
		t.receiver.Poll(now, f.emit)
	}
}

// unit takes one access unit. f.mu is held.
func (f *funnel) unit(p media.Packet) {
	if f.writer == nil {
		f.keepEarly(p)
		return
	}
	f.deliver(p)
}

func (f *funnel) keepEarly(p media.Packet) {
	if f.earlyBytes+len(p.Data) > maxHeld {
		return
	}
	f.earlyBytes += len(p.Data)
	p.Data = bytes.Clone(p.Data)
	f.early = append(f.early, p)
}

func (f *funnel) deliver(p media.Packet) {
	t := f.tracks[p.Track]
	if t.problem != "" {
		return
	}
	if f.pace.rate != 1 && t.kind == media.Audio {
		return
	}
	key := false
	if t.video {
		var pass bool
		if pass, key = f.keypoint(t, p.Key); !pass || f.pace.rate < 0 && !key {
			return
		}
		p.Key = key
	}
	if key || !f.pictures {
		f.renew()
	}
	if t.stale {
		return // until the header can be renewed
	}
	f.position = max(f.position, p.Time)
	f.out.add(f.writer, p, key)
	f.trim()
}

// renew makes another header where a decoder can start and a track has another
// configuration than the header says: at a key picture, or at any packet of a
// stream that is all sound.
func (f *funnel) renew() {
	if !slices.ContainsFunc(f.tracks, (*track).reconfigured) {
		return
	}
	if w, err := f.newWriter(); err == nil {
		f.out.close()
		f.writer = w
		f.out.header = w.Init()
	}
}

// trim keeps the queue within its bounds.
func (f *funnel) trim() {
	limit := maxQueue
	if f.patient {
		limit = maxQueueWaiting
	}
	before := f.out.dropped
	f.out.trim(limit)
	if f.out.dropped > before && !f.noted {
		f.noted = true
		f.note("the stream comes in faster than it is taken: the oldest of it was dropped")
	}
}

// patience is how long parameter sets are waited for: those of a picture come
// with its key pictures, which may be far apart.
func (f *funnel) patience(limits Timeouts) time.Duration {
	for _, t := range f.tracks {
		if t.receiver == nil || t.problem != "" || t.kind != media.Video {
			continue
		}
		if _, ready := t.receiver.Track(); !ready {
			return max(limits.Header, limits.Picture)
		}
	}
	return limits.Header
}

// open makes the header once every track has what a decoder needs. With force,
// tracks that have not are left out.
func (f *funnel) open(force bool) {
	var missing []*track
	for _, t := range f.tracks {
		if t.receiver == nil || t.problem != "" {
			continue
		}
		if _, ready := t.receiver.Track(); !ready {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 && !force {
		return
	}
	for _, t := range missing {
		t.problem = "it came without parameter sets"
		f.note(fmt.Sprintf("%s left out: %s", t.kind, t.problem))
	}
	w, err := f.newWriter()
	if err != nil {
		f.finish(media.At(media.RungContainer, fmt.Errorf("rtsp: %w: %w", ErrNoPlayableTrack, err)))
		return
	}
	f.writer = w
	f.out.header = w.Init()
	close(f.opened)
	early := f.early
	f.early, f.earlyBytes = nil, 0
	for _, p := range early {
		f.deliver(p)
	}
}

// newWriter makes a mux for the tracks that play; one that it cannot take is
// left out.
func (f *funnel) newWriter() (*mux.Writer, error) {
	for {
		var playing []media.Track
		f.pictures = false
		for _, t := range f.tracks {
			m := t.info()
			if m.Problem == "" && !(f.pace.rate != 1 && m.Kind == media.Audio) {
				playing = append(playing, m)
				t.private, t.codec, t.stale = m.Private, m.Codec, false
				f.pictures = f.pictures || t.video
			}
		}
		w, err := mux.New(playing)
		bad, ok := errors.AsType[*mux.TrackError](err)
		if !ok || bad.Track < 0 || bad.Track >= len(f.tracks) || f.tracks[bad.Track].problem != "" {
			return w, err
		}
		f.tracks[bad.Track].problem = clean(bad.Err.Error())
	}
}

// atEnd reports that a recording of the given length, 0 where it is not known,
// is played to its end, which backwards is its beginning.
func (f *funnel) atEnd(length time.Duration) bool {
	at := f.pace.media(f.position)
	if f.pace.rate < 0 {
		return at <= nearEnd
	}
	return at >= length-nearEnd
}

func (f *funnel) note(text string) {
	f.notes = append(f.notes, text)
	wake(f.kick)
}

// begin lets packets through from here on, those that were held first.
func (f *funnel) begin() {
	f.holding = false
	f.last = time.Now()
	for _, t := range f.tracks {
		t.heard = f.last
	}
	f.raw.release(f.receive)
}

// flush releases everything that waits for packets before it.
func (f *funnel) flush() {
	for _, t := range f.tracks {
		f.poll(t, time.Now().Add(time.Hour))
	}
}

// finish sets why Next ends after what is queued; the first reason stays.
func (f *funnel) finish(err error) {
	if f.err != nil {
		return
	}
	f.err = err
	close(f.ended)
	wake(f.ready)
	wake(f.room)
}

// restart drops what was made before a seek and begins anew where p does.
func (f *funnel) restart(p pace) {
	before := f.pace
	f.pace, f.position = p, p.origin
	f.writer.Restart()
	if before.rate != p.rate { // with sound or without
		if w, err := f.newWriter(); err == nil {
			f.writer = w
		}
	}
	f.out.restart(f.writer.Init())
	for _, t := range f.tracks {
		t.waitKey, t.keySince = t.video, time.Time{}
	}
	f.revive()
	wake(f.room)
}

// revive lets a stream go on that had ended: it was sent back by a seek.
func (f *funnel) revive() {
	if f.err != nil {
		f.err = nil
		f.ended = make(chan struct{})
	}
}

// holder keeps raw packets for later, in one piece of memory.
type holder struct {
	arena []byte
	held  []heldPacket
}

type heldPacket struct {
	track *track
	end   int // of its bytes in arena
	at    time.Time
}

func (h *holder) keep(t *track, raw []byte, at time.Time) {
	if len(h.arena)+len(raw) > maxHeld {
		return
	}
	h.arena = append(h.arena, raw...)
	h.held = append(h.held, heldPacket{t, len(h.arena), at})
}

// release gives what was kept to use and forgets it.
func (h *holder) release(use func(t *track, raw []byte, at time.Time)) {
	start := 0
	for _, p := range h.held {
		use(p.track, h.arena[start:p.end], p.at)
		start = p.end
	}
	*h = holder{}
}

// forget drops the first n packets.
func (h *holder) forget(n int) {
	if n == 0 {
		return
	}
	cut := h.held[n-1].end
	h.arena = slices.Clone(h.arena[cut:])
	h.held = slices.Clone(h.held[n:])
	for i := range h.held {
		h.held[i].end -= cut
	}
}
