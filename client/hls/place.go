package hls

import "sync"

// Place remembers how far a live programme was played, over sessions: one that is
// opened again after a loss does not play the same segments a second time. Its
// zero value is the beginning; it is safe for use from several goroutines.
type Place struct {
	mu    sync.Mutex
	known bool
	next  int64  // sequence number after the last segment that was played
	uri   string // of that one
}

// played remembers a segment. A nil Place remembers nothing.
func (p *Place) played(g *segment) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.next, p.uri = true, g.sequence+1, g.uri
}

// spent reports that all of a live list was played. Another of the server's
// machines may be a little behind; a list that is further back was begun anew.
func (p *Place) spent(list *playlist) bool {
	if p == nil || !list.live() || len(list.segments) == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.known:
		return false
	case !list.numbered:
		return list.segments[len(list.segments)-1].uri == p.uri
	}
	return list.next() <= p.next && list.next() >= p.next-backSteps
}

// after is the first segment of a list that was not played, where the list goes
// on from the place; nil where it does not.
func (p *Place) after(list *playlist) *segment {
	if p == nil || !list.live() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known {
		return nil
	}
	if list.numbered {
		return list.number(p.next)
	}
	for i := len(list.segments) - 2; i >= 0; i-- {
		if list.segments[i].uri == p.uri {
			return &list.segments[i+1]
		}
	}
	return nil
}
