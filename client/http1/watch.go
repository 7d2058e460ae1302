package http1

import (
	"context"
	"sync"
)

// Watch wakes a blocked read when a context ends. It remembers one context
// between calls, by its Done channel, so that a loop that reads under the same
// one registers once and allocates nothing.
type Watch struct {
	Wake func() // sets the deadline of what is read

	mu   sync.Mutex
	done <-chan struct{}
	stop func() bool
}

// Over has ctx end what is read.
func (w *Watch) Over(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if done := ctx.Done(); done != w.done {
		if w.stop != nil {
			w.stop()
		}
		w.done, w.stop = done, context.AfterFunc(ctx, w.Wake)
	}
}

// End lets go of the context.
func (w *Watch) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		w.stop()
	}
}
