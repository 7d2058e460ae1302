// Package trace tells what a session tries and how it went, to whoever wants to
// know: one event at a time, and nothing more once the session is closed.
package trace

import (
	"sync"
	"time"

	"tapedeck/client/media"
)

// Tracer hands events to one listener, one at a time. Its zero value, and nil,
// tell nobody. Its methods may be called from several goroutines.
type Tracer struct {
	mu   sync.Mutex
	tell func(media.Event)
}

// New is a Tracer that tells tell, which may be nil.
func New(tell func(media.Event)) *Tracer { return &Tracer{tell: tell} }

// Event tells e.
func (t *Tracer) Event(e media.Event) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tell != nil {
		t.tell(e)
	}
}

// Note tells a media.Note.
func (t *Tracer) Note(text string) { t.Event(media.Note{Text: text}) }

// Step tells that a step which began at start has ended. A failure is returned
// with the step's rung on it.
func (t *Tracer) Step(rung media.Rung, name string, start time.Time, detail string, err error) error {
	t.Event(media.Step{Rung: rung, Name: name, Took: time.Since(start), Err: err, Detail: detail})
	return media.At(rung, err)
}

// Stop returns when no call is under way and none will come.
func (t *Tracer) Stop() {
	if t == nil {
		return
	}
	t.mu.Lock()
	t.tell = nil
	t.mu.Unlock()
}
