package hls

import "tapedeck/client/media"

// maxTitles bounds the titles that wait to be told.
const maxTitles = 32

// tag takes a timed ID3 tag. Session.mu is held.
func (r *reel) tag(p media.Packet) {
	title, ok := r.s.cfg.titleOf(p.Data)
	if title = text(title); !ok || title == "" || title == r.s.title || len(r.titles) == maxTitles {
		return
	}
	r.s.title = title
	r.titles = append(r.titles, media.Title{Text: title, Time: p.Time})
}

// tell tells of the titles that came, without Session.mu.
func (r *reel) tell() {
	for _, t := range r.titles {
		r.s.trace.event(t)
	}
	r.titles = r.titles[:0]
}
