package hls

import (
	"time"

	"tapedeck/client/media"
)

const (
	// maxNews bounds the events that wait to be told.
	maxNews = 32

	// steadyDate is how far dates may be from what the one before lets expect
	// without being told: encoders round them.
	steadyDate = time.Second
)

// tag takes a timed ID3 tag. Session.mu is held.
func (r *reel) tag(p media.Packet) {
	title, ok := r.s.cfg.titleOf(p.Data)
	if title = text(title); !ok || title == "" || title == r.s.title || len(r.news) == maxNews {
		return
	}
	r.s.title = title
	r.news = append(r.news, media.Title{Text: title, Time: p.Time})
}

// airs takes the date of a segment (EXT-X-PROGRAM-DATE-TIME), which is that of
// its first packet. Session.mu is held.
func (r *reel) airs() {
	if r.date.IsZero() {
		return
	}
	aired := media.Aired{Time: r.clock.first, At: r.date}
	r.date = time.Time{}
	expected := r.s.aired.At.Add(aired.Time - r.s.aired.Time)
	if !r.s.aired.At.IsZero() && aired.At.Sub(expected).Abs() < steadyDate || len(r.news) == maxNews {
		return
	}
	r.s.aired = aired
	r.news = append(r.news, aired)
}

// tell tells what came up, without Session.mu.
func (r *reel) tell() {
	for _, e := range r.news {
		r.s.trace.Event(e)
	}
	r.news = r.news[:0]
}
