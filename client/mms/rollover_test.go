package mms

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// answer is how a route of a test behaves.
type answer struct {
	after time.Duration // until the dialler returns
	err   error         // with this
	media time.Duration // until the first packet, where it does not fail
	once  bool          // err comes the first time only
	way   way           // of the programme, where it is another one
}

// field is what lies behind the routes of a test.
type field struct {
	t       *testing.T
	answers map[string]answer
	began   time.Time

	mu     sync.Mutex
	tried  []string // "mmsu 0s"
	seen   map[string]int
	events []string
	open   []*fakeLink
}

func (f *field) dial(ctx context.Context, r route, a address.Address, _ *Config, _ *trace.Tracer) (link, error) {
	f.mu.Lock()
	name := r.String()
	f.tried = append(f.tried, fmt.Sprintf("%v %v", name, time.Since(f.began)))
	f.seen[name]++
	again := f.seen[name] > 1
	f.mu.Unlock()
	how, ok := f.answers[name]
	if !ok {
		f.t.Errorf("nobody expects %s to %s", name, a.HostPort(""))
	}
	select {
	case <-time.After(how.after):
	case <-ctx.Done():
		return nil, fmt.Errorf("mms: dial: %w", ctx.Err())
	}
	if how.err != nil && (!how.once || !again) {
		return nil, how.err
	}
	l := newFake(shape{length: time.Minute})
	l.prog.way, l.delay = r.way, how.media
	if how.way != 0 {
		l.prog.way = how.way
	}
	f.mu.Lock()
	f.open = append(f.open, l)
	f.mu.Unlock()
	return l, nil
}

func (f *field) trace(e media.Event) {
	switch e := e.(type) {
	case media.Attempt:
		f.events = append(f.events, "try "+e.URL+" over "+e.Transport)
	case media.Note:
		f.events = append(f.events, e.Text)
	}
}

// go_ opens a link in the field.
func (f *field) open_(ctx context.Context, link string, cfg Config) (*Session, error) {
	a, err := address.Parse(link)
	if err != nil {
		f.t.Fatal(err)
	}
	f.began, f.seen, f.tried, f.events = time.Now(), map[string]int{}, nil, nil
	cfg.Trace = f.trace
	return open(ctx, a, cfg, f.dial)
}

const never = time.Hour

var (
	errRefused = media.At(media.RungTCP, media.Plainly(&net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1755}, Err: syscall.ECONNREFUSED}))
	errNoOne   = media.At(media.RungTCP, os.ErrDeadlineExceeded)
	errWeb     = media.At(media.RungReply, fmt.Errorf("%w: this is a web server: %w", ErrProtocol, &StatusError{404, "Not Found"}))
	errGone    = media.At(media.RungSession, &ServerError{"open", 0x80070002})
	errFull    = media.At(media.RungSession, &ServerError{"open", 0xC00D0049})
	errTooLate = media.At(media.RungSession, &ServerError{"header", 0xC00D0013})
)

var rollovers = []struct {
	name    string
	link    string
	answers map[string]answer
	tried   []string
	won     way
	took    time.Duration
	err     error // under the one of Open
	words   string
	events  []string
}{
	{
		name: "UDP comes through", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: 200 * time.Millisecond}},
		tried:   []string{"mmsu 0s"}, won: overUDP, took: 200 * time.Millisecond,
		events: []string{"try mmsu://h/a over udp"},
	}, {
		name: "a firewall drops UDP", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: never}, "mmst": {after: 200 * time.Millisecond}},
		tried:   []string{"mmsu 0s", "mmst 1s"}, won: overTCP, took: 1200 * time.Millisecond,
		events: []string{"try mmsu://h/a over udp", "mmsu: nothing yet after 1s, trying mmst beside it",
			"try mmst://h/a over tcp", "mmsu: given up, mmst was faster"},
	}, {
		name: "the header comes over UDP, the media do not", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {media: never}, "mmst": {after: 200 * time.Millisecond}},
		tried:   []string{"mmsu 0s", "mmst 1s"}, won: overTCP, took: 1200 * time.Millisecond,
	}, {
		name: "UDP comes late all the same", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: 1500 * time.Millisecond}, "mmst": {after: never}},
		tried:   []string{"mmsu 0s", "mmst 1s"}, won: overUDP, took: 1500 * time.Millisecond,
	}, {
		name: "1755 is dropped silently", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: never}, "mmst": {after: never}, "mmsh": {after: 300 * time.Millisecond}},
		tried:   []string{"mmsu 0s", "mmst 1s", "mmsh 2s"}, won: overHTTP, took: 2300 * time.Millisecond,
	}, {
		name: "nothing listens at 1755", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {err: errRefused}, "mmst": {err: errRefused}, "mmsh": {after: 100 * time.Millisecond}},
		tried:   []string{"mmsu 0s", "mmst 0s", "mmsh 0s"}, won: overHTTP, took: 100 * time.Millisecond,
		events: []string{"try mmsu://h/a over udp", "mmsu: nothing listens at 10.0.0.1:1755, trying mmst", "try mmst://h/a over tcp",
			"mmst: nothing listens at 10.0.0.1:1755, trying mmsh", "try mmsh://h/a over http"},
	}, {
		name: "the second choice of ports", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {err: errRefused}, "mmst": {err: errRefused}, "mmsh": {err: errWeb}, "mmsh at port 8080": {}},
		tried:   []string{"mmsu 0s", "mmst 0s", "mmsh 0s", "mmsh at port 8080 0s"}, won: overHTTP,
	}, {
		name: "a funnel that went on over TCP", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {way: overTCP}},
		tried:   []string{"mmsu 0s"}, won: overTCP,
	}, {
		name: "there is no such stream", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: 100 * time.Millisecond, err: errGone}},
		tried:   []string{"mmsu 0s"}, took: 100 * time.Millisecond, err: errGone, words: "mms: open: there is no such stream on the server",
	}, {
		name: "a verdict ends the rivals", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: never}, "mmst": {err: errGone}},
		tried:   []string{"mmsu 0s", "mmst 1s"}, took: time.Second, err: errGone,
	}, {
		name: "a login is wanted", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {err: media.At(media.RungSession, &login.Error{})}},
		tried:   []string{"mmsu 0s"}, err: login.ErrWanted,
	}, {
		name: "the server points elsewhere", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {err: &RedirectError{Link: "mms://other/b"}}},
		tried:   []string{"mmsu 0s"},
	}, {
		name: "there is no such host", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {err: media.At(media.RungName, &net.DNSError{Name: "h", IsNotFound: true})}},
		tried:   []string{"mmsu 0s"},
	}, {
		name: "the server is full", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {err: errFull}},
		tried:   []string{"mmsu 0s"}, err: errFull,
	}, {
		name: "the server is full of our own other attempt", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: 5 * time.Second, err: errTooLate}, "mmst": {err: errFull, once: true}},
		tried:   []string{"mmsu 0s", "mmst 1s", "mmst 5s"}, won: overTCP, took: 5 * time.Second,
		events: []string{"try mmsu://h/a over udp", "mmsu: nothing yet after 1s, trying mmst beside it", "try mmst://h/a over tcp",
			"mmst: open: the server has reached its limit of viewers", "mmsu: header: the answer came too late, trying mmst again",
			"try mmst://h/a over tcp"},
	}, {
		name: "and stays so", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: 5 * time.Second, err: errTooLate}, "mmst": {err: errFull}},
		tried:   []string{"mmsu 0s", "mmst 1s", "mmst 5s"}, took: 5 * time.Second, err: errFull,
	}, {
		name: "nothing works", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {err: errNoOne}, "mmst": {err: errRefused}, "mmsh": {err: errWeb}, "mmsh at port 8080": {err: errRefused}},
		tried:   []string{"mmsu 0s", "mmst 0s", "mmsh 0s", "mmsh at port 8080 0s"}, err: ErrProtocol,
		words: "the server does not keep to the protocol: this is a web server: mms: the server answered 404 Not Found (tried mmsu, mmst, mmsh, mmsh at port 8080)",
	}, {
		name: "all is dropped", link: "mms://h/a",
		answers: map[string]answer{"mmsu": {after: never}, "mmst": {after: never}, "mmsh": {after: never}, "mmsh at port 8080": {after: never}},
		tried:   []string{"mmsu 0s", "mmst 1s", "mmsh 2s", "mmsh at port 8080 3s"}, took: 13 * time.Second,
		words: "mms: no success over mmsu within 10s (tried mmsu, mmst, mmsh, mmsh at port 8080)",
	},
	// Schemes and ports.
	{name: "UDP forced", link: "mmsu://h/a", answers: map[string]answer{"mmsu": {err: errTooLate}}, tried: []string{"mmsu 0s"}, err: errTooLate},
	{name: "UDP forced and refused", link: "mmsu://h/a", answers: map[string]answer{"mmsu": {way: overTCP}}, tried: []string{"mmsu 0s"}, err: ErrForced},
	{name: "UDP forced and silent", link: "mmsu://h/a", answers: map[string]answer{"mmsu": {media: never}}, tried: []string{"mmsu 0s"}, took: 10 * time.Second,
		err: ErrSilent, words: "mms: no media came over mmsu"},
	{name: "TCP forced", link: "mmst://h/a", answers: map[string]answer{"mmst": {}}, tried: []string{"mmst 0s"}, won: overTCP},
	{name: "HTTP forced", link: "mmsh://h/a", answers: map[string]answer{"mmsh": {err: errRefused}, "mmsh at port 8080": {}}, tried: []string{"mmsh 0s", "mmsh at port 8080 0s"}, won: overHTTP},
	{name: "HTTP forced at a port", link: "mmsh://h:81/a", answers: map[string]answer{"mmsh at port 81": {err: errRefused}}, tried: []string{"mmsh at port 81 0s"}, err: syscall.ECONNREFUSED},
	{name: "port 80", link: "mms://h:80/a", answers: map[string]answer{"mmsh": {}}, tried: []string{"mmsh 0s"}, won: overHTTP, events: []string{"try mmsh://h/a over http"}},
	{name: "port 8080", link: "mms://h:8080/a", answers: map[string]answer{"mmsh at port 8080": {}}, tried: []string{"mmsh at port 8080 0s"}, won: overHTTP},
	{name: "port 1755", link: "mms://h:1755/a",
		answers: map[string]answer{"mmsu": {err: errRefused}, "mmst": {err: errRefused}, "mmsh": {}},
		tried:   []string{"mmsu 0s", "mmst 0s", "mmsh 0s"}, won: overHTTP},
	{name: "another port", link: "mms://h:99/a",
		answers: map[string]answer{"mmsu": {err: errRefused}, "mmst": {err: errRefused}, "mmsh at port 99": {err: errRefused}},
		tried:   []string{"mmsu 0s", "mmst 0s", "mmsh at port 99 0s"}, err: syscall.ECONNREFUSED,
		words: "nothing listens at 10.0.0.1:1755 (tried mmsu, mmst, mmsh at port 99)"},
}

func TestRollover(t *testing.T) {
	for _, c := range rollovers {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &field{t: t, answers: c.answers}
				s, err := f.open_(t.Context(), c.link, Config{})
				took := time.Since(f.began)
				if !slices.Equal(f.tried, c.tried) {
					t.Errorf("tried %q, want %q", f.tried, c.tried)
				}
				if took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				if c.events != nil && !slices.Equal(f.events, c.events) {
					t.Errorf("events:\n%s\nwant:\n%s", strings.Join(f.events, "\n"), strings.Join(c.events, "\n"))
				}
				if c.won != 0 {
					if err != nil {
						t.Fatal(err)
					}
					if got := s.link.programme().way; got != c.won {
						t.Errorf("%v won", got)
					}
					s.Close()
				} else {
					at, ok := errors.AsType[*media.RungError](err)
					switch {
					case err == nil:
						t.Fatal("it opens")
					case c.err != nil && !errors.Is(err, c.err), c.words != "" && err.Error() != c.words:
						t.Errorf("%v", err)
					case c.words != "" && (!ok || at.Rung == ""):
						t.Errorf("no rung: %v", err)
					}
				}
				for _, l := range f.open {
					select {
					case <-l.gone:
					default:
						t.Error("a link is left open")
					}
				}
			})
		})
	}
}

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(Memory)
		f := &field{t: t, answers: map[string]answer{"mmsu": {after: never}, "mmst": {}, "mmsh": {}}}
		open := func(link string, want ...string) {
			t.Helper()
			s, err := f.open_(t.Context(), link, Config{Memory: m})
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			if !slices.Equal(f.tried, want) {
				t.Errorf("%s: %q, want %q", link, f.tried, want)
			}
		}
		open("mms://H/a", "mmsu 0s", "mmst 1s")
		open("mms://h/b", "mmst 0s")
		f.answers["mmst"] = answer{after: never}
		open("mms://h/b", "mmst 0s", "mmsh 1s") // UDP was lost, and is left alone
		open("mms://h/b", "mmsh 0s")
		f.answers["mmsu"] = answer{after: 0}
		open("mms://other/b", "mmsu 0s")
		open("mmsu://h/b", "mmsu 0s")
		open("mms://h/b", "mmsh 0s") // what was forced has taught nothing
	})
}

func TestRolloverCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &field{t: t, answers: map[string]answer{"mmsu": {after: never}, "mmst": {after: never}, "mmsh": {after: never}}}
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		_, err := f.open_(ctx, "mms://h/a", Config{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(f.began) != 2500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(f.began))
		}
	})
}

func TestUnknownScheme(t *testing.T) {
	_, err := Open(t.Context(), address.Address{Scheme: "rtsp", Host: "h"}, Config{})
	if at, ok := errors.AsType[*media.RungError](err); !ok || at.Rung != media.RungAddress {
		t.Error(err)
	}
}
