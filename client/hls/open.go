package hls

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// Open plays the playlist that was found. ctx bounds the opening only. The error
// is a *media.RungError.
func Open(ctx context.Context, from Source, cfg Config) (*Session, error) {
	s := &Session{
		cfg: cfg, base: from.Link, transport: from.Transport, line: make(timeline),
		ready: make(chan struct{}, 1), wished: make(chan struct{}, 1),
		opened: make(chan struct{}), failed: make(chan struct{}), turns: make(chan struct{}, 1),
	}
	s.trace = trace.New(cfg.Trace)
	if cfg.sniff == nil {
		s.cfg.sniff, s.cfg.titleOf = sniff, titleOf
	}
	for i := range s.lanes {
		s.lanes[i].clear()
	}
	// The session lives on when ctx has ended.
	life, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	s.cancel = cancel
	err := s.open(ctx, life, from)
	if err != nil {
		s.Close()
		return nil, media.At(media.RungReply, err)
	}
	return s, nil
}

func (s *Session) open(ctx, life context.Context, from Source) error {
	begun := time.Now()
	var err error
	if isMaster(from.Body) {
		err = s.openMaster(ctx, from)
	} else {
		s.mainList, err = s.parseList(begun, sender{from.Link, from.Public}, from.Body)
		if err != nil {
			s.trace.Step(media.RungReply, "playlist", begun, "", err)
		} else {
			s.trace.Step(media.RungReply, "playlist", begun, "HLS, "+s.mainList.list.words(), nil)
		}
	}
	if err != nil {
		return err
	}
	if err := s.awaitSegments(ctx); err != nil {
		return err
	}
	s.describe(s.mainList.list)
	list := s.mainList.list
	p := plan{main: s.mainList, sound: s.soundList, at: list.joint()}
	if g := s.cfg.Place.after(list); g != nil && !list.absolute() {
		p.at = max(p.at, g.at)
	}
	if list.absolute() {
		p.target = p.at
	}
	begun = time.Now()
	s.workers.Add(1)
	go s.conduct(life, p)
	return s.opening(ctx, begun)
}

// opening waits until something can be played.
func (s *Session) opening(ctx context.Context, begun time.Time) error {
	select {
	case <-s.opened:
	case <-s.failed:
	case <-ctx.Done():
	}
	s.mu.Lock()
	opened, format, err := s.isOpened, s.format, s.err
	s.mu.Unlock()
	switch { // a short film may be fetched to its end by now: it is open all the same
	case opened:
		s.trace.Step(media.RungTransport, "segment", begun, "", nil)
		s.trace.Step(media.RungContainer, "container", time.Now(), format, nil)
		return nil
	case err == nil:
		return media.At(media.RungTransport, context.Cause(ctx))
	}
	rung, name := media.RungTransport, "segment"
	if at, ok := errors.AsType[*media.RungError](err); ok {
		if rung = at.Rung; rung == media.RungContainer || rung == media.RungCodec {
			name = string(rung)
		}
	} else {
		err = media.At(media.RungContainer, fmt.Errorf("hls: it ended before anything could be played: %w", err))
	}
	s.trace.Step(rung, name, begun, "", err)
	return err
}

// openMaster chooses a variant; one whose playlist cannot be had is left out.
func (s *Session) openMaster(ctx context.Context, from Source) error {
	begun := time.Now()
	m, err := parseMaster(from.Body, query(from.Link))
	if err == nil && m.guard != "" {
		err = protected(m.guard)
	}
	if err != nil {
		s.trace.Step(media.RungReply, "playlist", begun, "", err)
		return err
	}
	s.trace.Step(media.RungReply, "playlist", begun, "HLS, "+m.words(), nil)
	s.master, s.variables = m, m.variables
	if s.ladder, err = newLadder(m.variants); err != nil {
		s.trace.Step(media.RungCodec, "variant", begun, "", err)
		return err
	}
	for {
		l := s.ladder
		v := &l.all[l.now]
		begun := time.Now()
		a, err := link(from.Link, v.uri)
		if err == nil {
			s.mainList, err = s.fetchList(ctx, a)
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		detail := v.words()
		if err == nil {
			detail = join(detail, s.mainList.list.words())
		}
		s.trace.Step(media.RungReply, "variant", begun, detail, err)
		if err == nil {
			s.keepList(s.mainList)
			break
		}
		l.refused[l.now] = true
		if l.now = l.fitting(startRate); l.now < 0 || ctx.Err() != nil {
			return err
		}
	}
	return s.openSound(ctx)
}

// openSound finds the separate sound of the variant, where it has any.
func (s *Session) openSound(ctx context.Context) error {
	m := s.master
	v := &s.ladder.all[s.ladder.now]
	r, ok := m.sound(v.audio, "")
	s.soundGroup, s.soundName = v.audio, r.name
	if ok {
		if others := m.others(v.audio, r.name); others != "" {
			s.note(fmt.Sprintf("sound: %s; there is also %s", r.name, others))
		}
	}
	if m.subtitles != "" {
		s.note("subtitles that are not shown: " + m.subtitles)
	}
	if m.captions != "" {
		s.note("closed captions that are not shown: " + m.captions)
	}
	if !ok || r.uri == "" {
		return nil
	}
	begun := time.Now()
	a, err := link(s.base, r.uri)
	if err == nil && r.uri == v.uri {
		return nil // a programme of sound alone, named twice
	}
	if err == nil {
		s.soundList, err = s.fetchList(ctx, a)
	}
	s.trace.Step(media.RungReply, "sound", begun, r.name, err)
	if err != nil {
		return err
	}
	s.soundURI = r.uri
	s.keepList(s.soundList)
	return nil
}

// keepList remembers a list that does not change any more.
func (s *Session) keepList(m *mediaList) {
	if m.list.ended {
		s.lists.put(m.asked, m)
	}
}

// awaitSegments waits for the first segments of a live list that has none yet, or
// none that was not played.
func (s *Session) awaitSegments(ctx context.Context) error {
	for _, list := range []**mediaList{&s.mainList, &s.soundList} {
		if *list == nil {
			continue
		}
		since := (*list).poll.changed
		for len((*list).list.segments) == 0 || list == &s.mainList && s.cfg.Place.spent((*list).list) {
			m := *list
			if len(m.list.segments) > 0 && time.Since(since) > stuckLeast {
				return media.At(media.RungTransport, ErrStuck)
			}
			if m.list.ended || m.list.onDemand || time.Since(since) > stuckLeast {
				return media.At(media.RungReply, errNoSegments)
			}
			if err := wait(ctx, time.Until(m.poll.asked.Add(m.list.target/2))); err != nil {
				return err
			}
			next, err := s.fetchList(ctx, m.asked)
			if err != nil {
				return err
			}
			*list = next
		}
	}
	return nil
}
