package hls

import (
	"sync"
	"time"

	"tapedeck/client/media"
)

// tracer calls Config.Trace one at a time, and not at all once it is stopped.
type tracer struct {
	mu   sync.Mutex
	tell func(media.Event)
}

func (t *tracer) event(e media.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tell != nil {
		t.tell(e)
	}
}

// step tells that a step which began at start has ended.
func (t *tracer) step(rung media.Rung, name string, start time.Time, detail string, err error) {
	t.event(media.Step{Rung: rung, Name: name, Took: time.Since(start), Err: err, Detail: detail})
}

// stop returns when no call is under way and none will come.
func (t *tracer) stop() {
	t.mu.Lock()
	t.tell = nil
	t.mu.Unlock()
}
