package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

const (
	// aheadTime and aheadBytes are how much is fetched before it is taken. A segment
	// is taken whole once it is begun, so that no connection waits for a reader.
	aheadTime  = 30 * time.Second
	aheadBytes = 16 << 20

	// maxWaiting is how much memory the packets of one reel may take: what is ahead
	// of the reader, and a whole segment.
	maxWaiting = 2*aheadBytes + maxSegment

	// maxMissed is how many segments in a row may be left out because they are not
	// there or make no sense.
	maxMissed = 3
)

// reel follows one media playlist: the chosen variant's, or that of its sound.
// One goroutine asks for the playlist, fetches segment after segment and puts
// their packets into lanes, until it is ahead of the reader by enough.
//
//	playlist -> segment -> decrypter -> demuxer -> clock -> lanes
type reel struct {
	s     *Session
	sound bool            // it is the separate sound
	asked address.Address // for the playlist
	from  sender
	list  *playlist
	poll  poller
	seq   int64 // of the next segment
	clock clock
	date  time.Time // of the segment's first packet; zero when that was told, or is not known
	buf   []byte

	// The present run: segments that go on one from the other.
	dx       demuxer
	run      container
	era      int64
	init     *initTag
	settings [laneCount]*setting
	picks    []int8 // by track of the demuxer: its lane + 1; 0: not known yet; -1: left out

	missed int   // segments in a row that were left out
	why    error // the last one was
	gaveUp bool  // the last segment was given up because the line is slow

	// How much media is ahead of whoever plays them at their pace, wherever they
	// wait: what came, less the time that it took.
	stock   time.Duration
	stocked time.Time // when it was counted last; zero before the first segment

	// Guarded by Session.mu.
	ready   bool          // the tracks are known
	settled time.Duration // up to here nothing more comes
	ended   bool
	news    []media.Event // to be told of
	space   chan struct{} // something was taken
}

func newReel(s *Session, sound bool, m *mediaList) *reel {
	return &reel{
		s: s, sound: sound, asked: m.asked, from: m.from, list: m.list, poll: m.poll,
		clock: clock{line: s.line}, buf: make([]byte, readSize),
		settled: unset, space: make(chan struct{}, 1),
	}
}

// follow plays segment after segment until the list ends.
func (r *reel) follow(ctx context.Context) error {
	for {
		if err := r.waitRoom(ctx); err != nil {
			return err
		}
		if err := r.switchOver(ctx); err != nil {
			return err
		}
		g, err := r.next(ctx)
		switch {
		case err == io.EOF && r.missed > 0 && !r.s.isOpen():
			return r.why
		case err == io.EOF:
			r.end()
			return nil
		case err != nil:
			return err
		}
		r.seq = g.sequence + 1
		if g.gap {
			continue
		}
		if r.stocked.IsZero() {
			r.stocked = time.Now()
		}
		err = r.play(ctx, g)
		if r.gaveUp = err == errTooSlow; r.gaveUp {
			r.seq = g.sequence
			r.overlap()
			continue
		}
		if err != nil {
			if err := r.miss(ctx, g, err); err != nil {
				return err
			}
			continue
		}
		r.missed = 0
		if !r.sound {
			r.s.cfg.Place.played(g)
		}
		now := time.Now()
		r.stock = max(0, r.stock-now.Sub(r.stocked)) + g.duration
		r.stocked = now
	}
}

// miss decides whether the stream goes on without a segment.
func (r *reel) miss(ctx context.Context, g *segment, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	rung, _ := errors.AsType[*media.RungError](err)
	code := r.s.status(err)
	gone := code == 404 || code == 410
	if _, ok := errors.AsType[*noKey](err); ok {
		return err
	}
	garbled := rung != nil && rung.Rung == media.RungContainer
	if errors.Is(err, ErrPlaylist) || !gone && !garbled {
		return err
	}
	if r.missed++; r.missed == maxMissed || garbled && !r.s.isOpen() {
		return err
	}
	r.why = err
	r.fresh()
	r.s.note(fmt.Sprintf("left out %v: %v", g.duration.Round(100*time.Millisecond), err))
	return nil
}

// fresh ends the run: what comes next does not go on from what came.
func (r *reel) fresh() { r.dx = nil }

// waitRoom waits while enough is ahead of the reader.
func (r *reel) waitRoom(ctx context.Context) error {
	for {
		r.s.mu.Lock()
		bytes := r.aheadBytes()
		full := bytes > 0 && (bytes >= aheadBytes || r.ahead() >= aheadTime)
		if !r.s.landed { // a key picture is looked for, or the other playlist waited for
			full = bytes >= 2*aheadBytes
		}
		r.s.mu.Unlock()
		if !full {
			return orCause(ctx, nil)
		}
		select {
		case <-r.space:
			r.stocked = time.Now() // nothing is short
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *reel) aheadBytes() int {
	n := 0
	for i := range r.s.lanes {
		if r.s.lanes[i].reel == r {
			n += r.s.lanes[i].bytes
		}
	}
	return n
}

// ahead is how much media waits to be taken.
func (r *reel) ahead() time.Duration {
	var longest time.Duration
	for i := range r.s.lanes {
		if l := &r.s.lanes[i]; l.reel == r && !l.empty() {
			longest = max(longest, l.top-l.first().time)
		}
	}
	return longest
}

// prepare begins another run where g does not go on from the segment before.
func (r *reel) prepare(ctx context.Context, g *segment) error {
	if r.dx != nil && (g.era != r.era || !sameInit(g.init, r.init)) {
		r.fresh()
	}
	r.clock.enter(g.era)
	r.era, r.init, r.date = g.era, g.init, g.date
	if r.dx != nil || g.init == nil {
		return nil
	}
	head, err := r.s.initBytes(ctx, r.from, g.init)
	if err != nil {
		return err
	}
	if err := r.recognise(head); err != nil {
		return wrapped("the init segment", media.At(media.RungContainer, err))
	}
	if err := r.write(head); err != nil {
		r.fresh()
		return wrapped("the init segment", media.At(media.RungContainer, err))
	}
	return nil
}

func sameInit(a, b *initTag) bool {
	return a == b || a != nil && b != nil && a.uri == b.uri && a.bytes == b.bytes
}

// recognise looks at the beginning of a segment. It makes the demuxer where a run
// begins, or where the format is another one than before.
func (r *reel) recognise(b []byte) error {
	c, err := r.s.cfg.sniff(b)
	var format *formatError
	switch {
	case errors.As(err, &format) && r.dx != nil && !format.text:
		return nil // boxes that nobody knows, say: the demuxer will see
	case err != nil:
		return err
	case r.dx != nil && c.name == r.run.name:
		return nil
	}
	r.dx, r.run = c.make(), c
	r.s.mu.Lock()
	r.s.format = c.name
	r.s.mu.Unlock()
	r.picks = r.picks[:0]
	for i := range r.settings {
		r.settings[i] = nil
	}
	return nil
}

// write gives bytes to the demuxer; their packets go into the lanes.
func (r *reel) write(p []byte) error {
	r.s.mu.Lock()
	defer r.tell()
	defer r.s.mu.Unlock()
	err := r.dx.Write(p, r.emit)
	if r.dx.Known() {
		r.learn()
	}
	r.s.advance()
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errDemux, err)
	case r.aheadBytes() > maxWaiting:
		return errHuge
	}
	return nil
}

// flush ends a segment.
func (r *reel) flush() error {
	r.s.mu.Lock()
	defer r.tell()
	defer r.s.mu.Unlock()
	err := r.dx.Flush(r.emit)
	r.learn() // a track that has told nothing by now tells nothing
	for _, g := range r.settings {
		if g != nil {
			g.known = true
		}
	}
	for i := range r.s.lanes {
		if l := &r.s.lanes[i]; l.reel == r && l.order != unset {
			r.settled = max(r.settled, l.order)
		}
	}
	r.s.advance()
	if err != nil {
		return fmt.Errorf("%w: %w", errDemux, err)
	}
	return nil
}

// end says that nothing more comes.
func (r *reel) end() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.ended, r.ready = true, true
	r.s.advance()
}

// emit takes one packet of the demuxer. Session.mu is held.
func (r *reel) emit(p media.Packet) {
	for p.Track >= len(r.picks) {
		r.picks = append(r.picks, 0)
	}
	if r.picks[p.Track] == 0 {
		r.pick()
	}
	switch n := r.picks[p.Track]; {
	case n > 0:
		r.s.lanes[n-1].push(r.clock.stamp(int(n-1), p), r.settings[n-1])
		r.airs()
	case n == tagPick:
		r.tag(r.clock.stamp(tagTrack, p))
	}
}

// tagPick is the pick of a track of ID3 tags.
const tagPick = -2

// pick finds the lane of each track: the first picture and the first sound that
// can be played.
func (r *reel) pick() {
	tracks := r.dx.Tracks()
	for len(r.picks) < len(tracks) {
		r.picks = append(r.picks, 0)
	}
	for i, t := range tracks {
		n := laneOf(t)
		switch {
		case r.picks[i] != 0:
		case t.Codec == media.ID3:
			r.picks[i] = tagPick
		case n < 0, r.settings[n] != nil, r.sound != (n == audioLane && r.s.hasSound), r.sound && n != audioLane:
			r.picks[i] = -1
		default:
			r.picks[i] = int8(n + 1)
			r.settings[n] = &setting{track: t}
			if l := &r.s.lanes[n]; l.reel != r {
				l.clear()
				l.reel = r
			}
		}
	}
	for i := range r.picks {
		if r.picks[i] == 0 {
			r.picks[i] = -1
		}
	}
}

func laneOf(t media.Track) int {
	switch {
	case t.Problem != "":
	case t.Kind == media.Video:
		return videoLane
	case t.Kind == media.Audio:
		return audioLane
	}
	return -1
}

// learn takes over what the demuxer knows of the tracks.
func (r *reel) learn() {
	if r.ready && r.knows() {
		return
	}
	r.pick()
	for _, t := range r.dx.Tracks() {
		if n := laneOf(t); n >= 0 && t.ID < len(r.picks) && int(r.picks[t.ID]) == n+1 {
			if g := r.settings[n]; !g.known {
				g.track, g.known = t, true
			}
		}
	}
	r.ready = true
}

func (r *reel) knows() bool {
	for _, g := range r.settings {
		if g != nil && !g.known {
			return false
		}
	}
	return true
}
