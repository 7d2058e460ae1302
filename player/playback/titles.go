package playback

import (
	"slices"
	"time"

	"tapedeck/client/media"
)

const (
	// maxTitles bounds the history of titles: more than a day of music.
	maxTitles = 500

	// joined is how late after a live stream's beginning its first title may
	// come and still be what was on from there: stations send it some kilobytes
	// after the first sound.
	joined = 5 * time.Second

	// Early is how much before its beginning a title is shown: the player can
	// start some way before the place that was asked for.
	Early = time.Second

	// repeated is how far the same title of a stream on demand may lie from the
	// one that came before a seek.
	repeated = time.Second
)

// Title is one line of the history of titles: what the server said is on.
type Title struct {
	Text string        // empty: nothing that it names
	Came time.Time     // when the server said so
	From time.Duration // the position at which it begins
}

// titled takes a title that the server sends: for live streams some seconds
// before it is heard, or much earlier where one listens behind live.
func (l *loop) titled(e media.Title) {
	s := l.stream
	t := Title{Text: e.Text, Came: time.Now(), From: max(e.Time, 0)}
	if s.heardOf(t) {
		return
	}
	if len(s.titles) == maxTitles {
		s.titles = append(s.titles[:0], s.titles[1:]...)
	}
	s.titles, s.titlesNew = append(s.titles, t), true
	if s.session != nil {
		l.cfg.OnTitle(l.state.Entry, s.info.Title, t)
	}
	if l.decodes() {
		l.hear(s)
	} else { // nobody hears it: it is told as it comes
		l.nowOn(t)
	}
}

// heardOf reports whether t is what a stream says again after it has come back,
// or after a seek.
func (s *stream) heardOf(t Title) bool {
	if s.session == nil || s.info.Live {
		n := len(s.titles)
		return n > 0 && s.titles[n-1].Text == t.Text
	}
	return slices.ContainsFunc(s.titles, func(old Title) bool {
		return old.Text == t.Text && (old.From-t.From).Abs() < repeated
	})
}

// hear sets the title of what is at the present position.
func (l *loop) hear(s *stream) {
	if !l.decodes() {
		return
	}
	if t, ok := s.titleAt(l.state.Position); ok {
		l.nowOn(t)
	} else {
		l.state.Title = s.info.Title
	}
}

// titleAt is the title that is on at media time at.
func (s *stream) titleAt(at time.Duration) (on Title, ok bool) {
	for _, t := range s.titles {
		if t.From <= at+Early && (!ok || t.From >= on.From) {
			on, ok = t, true
		}
	}
	if !ok && s.info.Live && len(s.titles) > 0 && s.titles[0].From <= joined {
		return s.titles[0], true
	}
	return on, ok
}

// nowOn shows t and tells of it, where it is not what is shown already.
func (l *loop) nowOn(t Title) {
	if l.state.Title == t.Text {
		return
	}
	l.state.Title = t.Text
	l.emit(TitleEvent{Title: t.Text, Position: seconds(t.From), At: t.Came.Format(time.RFC3339)})
}

// moveTo sets the position, and with it the title and the time of day.
func (l *loop) moveTo(s *stream, at time.Duration) {
	l.state.Position, l.state.Aired = at, s.airedAt(at)
	l.hear(s)
}
