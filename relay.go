package main

import (
	"context"
	"sync"
)

// relay hands values from one that must not wait to one that may be slow: of
// those that pile up only the newest is handed on.
type relay[T any] struct {
	mu     sync.Mutex
	newest T
	fresh  chan struct{}
}

func newRelay[T any]() *relay[T] { return &relay[T]{fresh: make(chan struct{}, 1)} }

// put replaces what waits by v.
func (r *relay[T]) put(v T) {
	r.mu.Lock()
	r.newest = v
	r.mu.Unlock()
	select {
	case r.fresh <- struct{}{}:
	default:
	}
}

// run hands values to take until ctx ends.
func (r *relay[T]) run(ctx context.Context, take func(T)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.fresh:
			r.mu.Lock()
			v := r.newest
			r.mu.Unlock()
			take(v)
		}
	}
}
