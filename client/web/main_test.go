package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens link and closes it with the test.
func open(t testing.TB, link string, cfg Config) Session {
	t.Helper()
	s, err := tryOpen(t, link, cfg)
	if err != nil {
		t.Fatalf("Open(%s): %v", link, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func tryOpen(t testing.TB, link string, cfg Config) (Session, error) {
	t.Helper()
	a, err := address.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return Open(t.Context(), a, cfg)
}

// drain reads a session to its end.
func drain(ctx context.Context, s Session) ([]byte, error) {
	var all []byte
	for {
		c, err := s.Next(ctx)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, err
		}
		all = append(all, c.Data...)
	}
}

// journal collects events.
type journal struct {
	mu     sync.Mutex
	events []media.Event
}

func (j *journal) add(e media.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

// lines are the events, one a line, without times.
func (j *journal) lines() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []string
	for _, e := range j.events {
		switch e := e.(type) {
		case media.Attempt:
			out = append(out, fmt.Sprintf("attempt %s %s", e.URL, e.Transport))
		case media.Step:
			out = append(out, fmt.Sprintf("%s: %s (%s) %v", e.Rung, e.Name, e.Detail, e.Err))
		case media.Title:
			out = append(out, "title "+e.Text)
		case media.Note:
			out = append(out, "note "+e.Text)
		}
	}
	return out
}

func (j *journal) titles() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []string
	for _, e := range j.events {
		if t, ok := e.(media.Title); ok {
			out = append(out, t.Text)
		}
	}
	return out
}

func rungOf(err error) media.Rung {
	var at *media.RungError
	if errors.As(err, &at) {
		return at.Rung
	}
	return ""
}
