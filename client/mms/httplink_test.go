package mms

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/asf"
	"tapedeck/client/media"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/trace"
)

// told collects events.
type told struct {
	mu     sync.Mutex
	events []media.Event
}

func (o *told) tell(e media.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, e)
}

// steps are the names of the steps so far, with a "!" behind those that failed.
func (o *told) steps() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var names []string
	for _, e := range o.events {
		if s, ok := e.(media.Step); ok {
			name := s.Name
			if s.Err != nil {
				name += "!"
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func (o *told) notes() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []string
	for _, e := range o.events {
		if n, ok := e.(media.Note); ok {
			all = append(all, n.Text)
		}
	}
	return strings.Join(all, "\n")
}

func webServer(t *testing.T, o mmstest.Options) *mmstest.Server {
	t.Helper()
	if o.Programmes == nil {
		film, err := mmstest.Film(mmstest.Sample())
		if err != nil {
			t.Fatal(err)
		}
		o.Programmes = map[string]*mmstest.Programme{"film.asf": film}
	}
	s, err := mmstest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// httpTo opens a link for a test.
func httpTo(t *testing.T, link string, cfg Config) (*httpLink, *told, error) {
	t.Helper()
	a, err := address.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	o := new(told)
	l, err := dialHTTP(t.Context(), a, &cfg, trace.New(o.tell))
	if err == nil {
		t.Cleanup(func() { l.close() })
	}
	return l, o, err
}

func mustHTTP(t *testing.T, link string, cfg Config) (*httpLink, *told) {
	t.Helper()
	l, o, err := httpTo(t, link, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l, o
}

// all is a decision to send every stream of a header.
func all(t *testing.T, p *programme) []decision {
	t.Helper()
	h, err := asf.Parse(p.header)
	if err != nil {
		t.Fatal(err)
	}
	var d []decision
	for _, s := range h.Streams {
		d = append(d, decision{stream: s.Number})
	}
	return d
}

// some reads n packets of a play.
func some(t *testing.T, l *httpLink, play, n int) (ids []uint32) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for len(ids) < n {
		it, err := l.next(ctx)
		if err != nil {
			t.Fatalf("after %d packets: %v", len(ids), err)
		}
		if it.header != nil || it.play != play {
			t.Fatalf("header %v, play %d, want %d", it.header != nil, it.play, play)
		}
		ids = append(ids, it.id)
	}
	return ids
}

// written reads to the end and writes down what came: H a header, h one at which
// the server waits, D one or more packets.
func written(t *testing.T, l *httpLink, seen func(item)) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s := ""
	for {
		it, err := l.next(ctx)
		switch {
		case err != nil:
			return s, err
		case it.header != nil && it.chose:
			s += "h"
		case it.header != nil:
			s += "H"
		case !strings.HasSuffix(s, "D"):
			s += "D"
		}
		if seen != nil {
			seen(it)
		}
	}
}

func kinds(s *mmstest.Server) (all []string) {
	for _, r := range s.WebRequests() {
		all = append(all, r.Kind)
	}
	return all
}

// TestHTTPFilm: a film comes whole, with and without pipelining, from servers of
// every age.
func TestHTTPFilm(t *testing.T) {
	for _, row := range []struct {
		name  string
		o     mmstest.Options
		steps string
		asked string
	}{
		{"pipelined", mmstest.Options{}, "tcp describe pipeline play", "Describe Pipeline Play Log"},
		{"not pipelined", mmstest.Options{Web: mmstest.WebOptions{NoPipeline: true}}, "tcp describe play", "Describe Play Log"},
		{"an old server", mmstest.Options{Web: mmstest.WebOptions{Server: mmstest.Cougar41, NoPipeline: true}}, "tcp describe play", "Describe Play Log"},
		{"an encoder", mmstest.Options{Web: mmstest.WebOptions{Server: mmstest.Rex9, NoPipeline: true}}, "tcp describe play", "Describe Play Log"},
		{"the end 512 times", mmstest.Options{Web: mmstest.WebOptions{NoPipeline: true, KeepOpen: true}}, "tcp describe play", "Describe Play Log"},
		{"unknown chunks", mmstest.Options{Web: mmstest.WebOptions{Unknown: true}}, "tcp describe pipeline play", "Describe Pipeline Play Log"},
		{"a split header", mmstest.Options{Web: mmstest.WebOptions{HeaderPiece: 100}}, "tcp describe pipeline play", "Describe Pipeline Play Log"},
		{"byte by byte", mmstest.Options{Web: mmstest.WebOptions{Cut: 7}}, "tcp describe pipeline play", "Describe Pipeline Play Log"},
		{"sloppy heads", mmstest.Options{Web: mmstest.WebOptions{Sloppy: true}}, "tcp describe pipeline play", "Describe Pipeline Play Log"},
		{"padding kept", mmstest.Options{Padding: mmstest.PaddingKept}, "tcp describe pipeline play", "Describe Pipeline Play Log"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.o.Speed = 200
			s := webServer(t, row.o)
			l, o := mustHTTP(t, s.URL("mmsh", "film.asf"), Config{})
			p := l.programme()
			h, err := asf.Parse(p.header)
			if err != nil || p.way != overHTTP || p.broadcast || !p.seekable {
				t.Fatalf("%+v, %v", p, err)
			}
			if err := l.play(t.Context(), request{streams: all(t, p)}); err != nil {
				t.Fatal(err)
			}
			packets, last := uint64(0), -1
			got, err := written(t, l, func(it item) {
				if int(it.id) <= last || it.play != 1 {
					t.Fatalf("packet %d of play %d after %d", it.id, it.play, last)
				}
				last = int(it.id)
				packets++
			})
			if got != "D" || err != io.EOF || packets != h.Packets {
				t.Errorf("%s, %v, %d packets of %d", got, err, packets, h.Packets)
			}
			if _, err := l.next(t.Context()); err != io.EOF {
				t.Errorf("behind the end: %v", err)
			}
			if st := l.stats(); st.Packets != packets || st.Bytes == 0 {
				t.Errorf("%+v", st)
			}
			l.close()
			if _, err := l.next(t.Context()); err != ErrClosed {
				t.Errorf("closed: %v", err)
			}
			if got := o.steps(); got != row.steps {
				t.Errorf("steps %q, want %q", got, row.steps)
			}
			if got := strings.Join(kinds(s), " "); got != row.asked {
				t.Errorf("asked %q, want %q", got, row.asked)
			}
			if logs := s.Stats().Logs; len(logs) != 1 || !strings.Contains(logs[0], "film.asf") {
				t.Errorf("logs %q", logs)
			}
		})
	}
}
