package hls

import (
	"fmt"
	"slices"
	"strings"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

const whyLive = "the stream is live"

// Info says what was opened; tracks and bit rate are those of the variant that
// plays now.
func (s *Session) Info() media.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.info
	i.Tracks = slices.Clone(i.Tracks)
	return i
}

// describe fills in what the playlist says.
func (s *Session) describe(list *playlist) {
	s.live = list.live()
	i := media.Info{Protocol: "hls", Transport: s.transport, ContentType: "video/x-matroska", Live: s.live}
	i.Can.NoScale = media.NormalSpeed
	if s.live {
		i.Can.NoPause, i.Can.NoScale = whyLive, whyLive
		if !list.event {
			i.Can.NoSeek = whyLive
		}
	} else {
		i.Duration = list.duration()
	}
	if s.ladder != nil {
		i.BitRate = s.ladder.all[s.ladder.now].bandwidth
	}
	s.info = i
}

// showTrack puts a track into Info, or its new configuration. Session.mu is held.
func (s *Session) showTrack(n int, t media.Track) {
	if s.out.dead[n] {
		return
	}
	if s.out.writer != nil {
		s.info.ContentType = s.out.writer.ContentType()
	}
	at := slices.IndexFunc(s.info.Tracks, func(o media.Track) bool { return o.Kind == t.Kind })
	if at < 0 {
		t.ID = len(s.info.Tracks)
		s.info.Tracks = append(s.info.Tracks, t)
		return
	}
	t.ID = at
	s.info.Tracks[at] = t
}

// words describe a media playlist: "live, segments of 6s".
func (p *playlist) words() string {
	kind := "on demand"
	switch {
	case p.live() && p.event:
		kind = "live from its beginning on"
	case p.live():
		kind = "live"
	}
	return fmt.Sprintf("%s, segments of %v", kind, p.target)
}

// words describe a master playlist: "3 variants; sound: English, Deutsch".
func (m *master) words() string {
	words := fmt.Sprintf("%d variants", len(m.variants))
	if len(m.variants) == 1 {
		words = "one variant"
	}
	return words
}

func query(a address.Address) string {
	_, q, _ := strings.Cut(a.Path, "?")
	return q
}
