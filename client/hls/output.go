package hls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mux"
)

const (
	chunkSize = 64 << 10

	// lead is how much of a live stream is given out before it is due: enough for
	// a player to begin at once and to have something in hand. The rest waits here
	// and not on the tape, so that its newest point can be played from.
	lead = 3 * time.Second

	// beat is how much of a live stream is given out at once.
	beat = 100 * time.Millisecond

	// keyWait is how long a picture is waited for at which a decoder can start.
	keyWait = 10 * time.Second
)

// output is the road from lanes to chunks. Session.mu guards it.
//
// The header of the stream stays as it is while it can, for VLC ends with the
// stream where another one comes. H.264 and H.265 need none when their
// configuration changes: the parameter sets are put before the key pictures.
type output struct {
	writer *mux.Writer
	header []byte                 // goes with the next chunk; nil when none is due
	tracks [laneCount]media.Track // as the header has them
	plays  [laneCount]*setting    // what the last packet of each lane was of
	sets   []byte                 // parameter sets before each key picture; nil: none are needed
	stale  [laneCount]bool        // the header does not fit it
	dead   [laneCount]bool        // it cannot be muxed

	data    []byte
	carry   []byte // what comes first in the next chunk
	carried mux.Mark
	unit    []byte // a key picture with its parameter sets

	start time.Duration // where the present part begins: what is earlier is left out
	at    time.Duration // the time of the last packet
	began time.Time     // when the first packet went out; zero while none has
	from  time.Duration // its time
}

// Next returns the next run of container bytes; see client.Session.
func (s *Session) Next(ctx context.Context) (media.Chunk, error) {
	for {
		s.mu.Lock()
		var chunk media.Chunk
		var ok bool
		var due time.Time
		resume := s.paused
		if s.landed && resume == nil && s.err != errClosed {
			chunk, due, ok = s.assemble(time.Now())
		}
		err, notes := s.err, s.notes
		if err == io.EOF && s.latest.waits() {
			err = nil // it leads back from the end
		}
		s.notes = nil
		s.mu.Unlock()
		for _, n := range notes {
			s.note(n)
		}
		switch {
		case err == errClosed:
			return media.Chunk{}, err
		case ok:
			return chunk, nil
		case err != nil && due.IsZero() && resume == nil:
			return media.Chunk{}, err
		}
		if err := s.await(ctx, due, resume); err != nil {
			return media.Chunk{}, err
		}
	}
}

// await sleeps until something may have come.
func (s *Session) await(ctx context.Context, due time.Time, resume <-chan struct{}) error {
	var alarm <-chan time.Time
	if !due.IsZero() {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-s.ready:
	case <-alarm:
	case <-resume:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// assemble makes a chunk of the packets that are due. due is when the next one
// is, where one waits for its time.
func (s *Session) assemble(now time.Time) (c media.Chunk, due time.Time, ok bool) {
	o := &s.out
	o.data = append(o.data[:0], o.carry...)
	mark := o.carried
	o.carry = o.carry[:0]
	for len(o.data) < chunkSize {
		n := s.choose()
		if n < 0 {
			break
		}
		l := &s.lanes[n]
		it := l.first()
		if due = s.due(it.order); due.After(now) {
			break
		}
		due = time.Time{}
		cut := n == videoLane && it.key
		if cut && len(o.data) > 0 {
			break
		}
		if p, ok := s.unit(n, it); ok {
			before := len(o.data)
			var m mux.Mark
			o.data, m = o.writer.Append(o.data, p)
			if before == 0 {
				mark = m
			} else if m.Key { // sound at which a decoder can start: a chunk of its own
				o.carry, o.carried = append(o.carry, o.data[before:]...), m
				o.data = o.data[:before]
			}
		}
		o.at = max(o.at, it.time)
		l.take()
		wake(l.reel.space)
		if len(o.carry) > 0 {
			break
		}
	}
	if len(o.data) == 0 {
		return media.Chunk{}, due, false
	}
	c = media.Chunk{Init: o.header, Time: mark.Time, Key: mark.Key, Seek: s.seeks, Data: o.data}
	o.header = nil
	return c, time.Time{}, true
}

// choose is the lane whose packet is next; -1 where it is not known yet. A lane
// without packets is waited for as long as an earlier one may still come in it.
func (s *Session) choose() int {
	best := -1
	for i := range s.lanes {
		if l := &s.lanes[i]; l.reel != nil && !l.empty() && (best < 0 || l.first().order < s.lanes[best].first().order) {
			best = i
		}
	}
	if best < 0 || s.err != nil {
		return best
	}
	first := s.lanes[best].first()
	for i := range s.lanes {
		l := &s.lanes[i]
		if l.reel != nil && l.empty() && !l.reel.ended && l.reel.settled < first.order {
			return -1
		}
	}
	if !first.setting.known {
		return -1
	}
	return best
}

// due is when a packet is to go out; the zero time where nothing is live.
func (s *Session) due(at time.Duration) time.Time {
	o := &s.out
	if !s.live {
		return time.Time{}
	}
	now := time.Now()
	if o.began.IsZero() {
		o.began, o.from = now, at
	}
	due := o.began.Add((at - o.from).Truncate(beat) - lead)
	if late := now.Sub(due); late > lead { // there was a hole: the pace goes on from here
		o.began = o.began.Add(late - lead)
	}
	return due
}

// unit makes of an item what goes to the writer; not ok where it is left out.
func (s *Session) unit(n int, it *item) (media.Packet, bool) {
	o := &s.out
	p := media.Packet{Track: n, Time: it.time, Key: it.key, Data: it.data}
	if o.dead[n] || it.time < o.start {
		return p, false
	}
	if it.setting != o.plays[n] {
		o.plays[n] = it.setting
		s.changed(n, it.setting.track)
	}
	if n == videoLane && it.key || s.lanes[videoLane].reel == nil || o.dead[videoLane] {
		s.renew()
	}
	if o.stale[n] {
		return p, false
	}
	if n == videoLane && it.key && o.sets != nil {
		o.unit = append(append(o.unit[:0], o.sets...), it.data...)
		p.Data = o.unit
	}
	return p, true
}

// changed compares a lane's new configuration with what the header says.
func (s *Session) changed(n int, t media.Track) {
	o := &s.out
	s.showTrack(n, t)
	was := o.tracks[n]
	same := t.Codec == was.Codec && bytes.Equal(t.Private, was.Private)
	switch {
	case same && (n != videoLane || o.sets == nil):
		o.stale[n] = false
	case t.Codec == was.Codec && n == videoLane && parameterSets(t) != nil:
		o.sets, o.stale[n] = parameterSets(t), false
	case t.Codec == was.Codec && n == audioLane && t.SampleRate == was.SampleRate && t.Channels == was.Channels && len(was.Private) > 0:
		o.stale[n] = false // the same in other words
	default:
		o.stale[n] = true
	}
}

// renew makes another header where a track does not fit the one that is out.
func (s *Session) renew() {
	o := &s.out
	if !o.stale[videoLane] && !o.stale[audioLane] {
		return
	}
	if s.newWriter() == nil {
		s.notes = append(s.notes, "the coding changed: the player begins anew")
	}
}

// newWriter makes the header for what the lanes play.
func (s *Session) newWriter() error {
	o := &s.out
	for {
		var tracks []media.Track
		for i := range s.lanes {
			if t, ok := s.playing(i); ok && !o.dead[i] {
				t.ID = i
				tracks = append(tracks, t)
			}
		}
		w, err := mux.New(tracks)
		if bad, ok := errors.AsType[*mux.TrackError](err); ok && !o.dead[bad.Track] {
			o.dead[bad.Track] = true
			s.notes = append(s.notes, fmt.Sprintf("%s left out: %v", tracksKind(bad.Track), bad.Err))
			continue
		}
		if err != nil {
			return err
		}
		o.writer, o.header, o.sets = w, w.Init(), nil
		for _, t := range tracks {
			o.tracks[t.ID], o.stale[t.ID] = t, false
		}
		return nil
	}
}

func tracksKind(lane int) media.Kind {
	if lane == videoLane {
		return media.Video
	}
	return media.Audio
}

// playing is the configuration of what a lane plays now.
func (s *Session) playing(n int) (media.Track, bool) {
	l := &s.lanes[n]
	switch {
	case l.reel == nil:
		return media.Track{}, false
	case s.out.plays[n] != nil:
		return s.out.plays[n].track, true
	case !l.empty():
		return l.first().setting.track, true
	case l.reel.settings[n] != nil:
		return l.reel.settings[n].track, true
	}
	return media.Track{}, false
}

// forget begins another part: after a seek with another header.
func (o *output) forget(seek bool) {
	keep := *o
	*o = output{data: o.data, unit: o.unit, carry: o.carry[:0], at: keep.at}
	if !seek {
		o.writer, o.header, o.tracks, o.sets, o.dead = keep.writer, keep.header, keep.tracks, keep.sets, keep.dead
		if o.writer != nil {
			o.writer.Restart()
		}
	}
}
