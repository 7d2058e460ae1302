package web

import (
	"context"
	"sync"
)

// watch wakes a blocked read when a context ends. It remembers one context
// between calls, by its Done channel, so that a loop that reads under the same
// one registers once and allocates nothing.
type watch struct {
	wake func()

	mu   sync.Mutex
	done <-chan struct{}
	stop func() bool
}

func (w *watch) over(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if done := ctx.Done(); done != w.done {
		if w.stop != nil {
			w.stop()
		}
		w.done, w.stop = done, context.AfterFunc(ctx, w.wake)
	}
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		w.stop()
	}
}
