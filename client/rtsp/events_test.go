package rtsp

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// events collects what a session tells.
type events struct {
	mu  sync.Mutex
	all []media.Event
}

func (e *events) trace(ev media.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

// has reports whether some event, printed, contains text.
func (e *events) has(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.all, func(ev media.Event) bool {
		return strings.Contains(fmt.Sprint(ev), text)
	})
}

func (e *events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b strings.Builder
	for _, ev := range e.all {
		fmt.Fprintf(&b, "%T %v\n", ev, ev)
	}
	return b.String()
}

func parse(t testing.TB, link string) address.Address {
	t.Helper()
	a, err := address.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
