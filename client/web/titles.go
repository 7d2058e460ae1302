package web

import (
	"time"

	"tapedeck/client/media"
	"tapedeck/client/trace"
)

const (
	// maxTitles bounds the titles that have come and whose place in the media was
	// not reached yet.
	maxTitles = 32

	// emptyAfter is how long nothing has to be announced before that is told:
	// many stations send an empty title between two songs.
	emptyAfter = 10 * time.Second
)

// titles tells what is on, once for each change, with the media time at which
// it begins. The methods of a nil *titles do nothing.
type titles struct {
	trace   *trace.Tracer
	waiting []mark
	told    string        // the last
	empty   bool          // nothing is announced, from since on
	since   time.Duration // and that was not told
}

// mark is a title that stands before the media byte at.
type mark struct {
	at   int64
	text string
}

// found notes a title before its place in the media is known.
func (t *titles) found(at int64, text string) {
	if len(t.waiting) == maxTitles {
		t.waiting = append(t.waiting[:0], t.waiting[1:]...)
	}
	t.waiting = append(t.waiting, mark{at, text})
}

// before takes out the first title that stands at or before a media byte.
func (t *titles) before(end int64) (m mark, ok bool) {
	if t == nil || len(t.waiting) == 0 || t.waiting[0].at > end {
		return mark{}, false
	}
	m = t.waiting[0]
	t.waiting = append(t.waiting[:0], t.waiting[1:]...)
	return m, true
}

// say tells a title that begins at a media time.
func (t *titles) say(text string, at time.Duration) {
	switch {
	case t == nil:
		return
	case text == "" && t.told != "":
		if !t.empty {
			t.empty, t.since = true, at
		}
		return
	}
	t.empty = false
	if text != t.told {
		t.told = text
		t.trace.Event(media.Title{Text: text, Time: at})
	}
}

// pass says that the media have come to a time.
func (t *titles) pass(now time.Duration) {
	if t != nil && t.empty && now-t.since >= emptyAfter {
		t.empty, t.told = false, ""
		t.trace.Event(media.Title{Time: t.since})
	}
}
