package mms

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/dial"
	"tapedeck/client/login"
	"tapedeck/client/mms/mmstest"
)

// TestHTTPLogin: every scheme, through all that a session asks on however many
// connections.
func TestHTTPLogin(t *testing.T) {
	for name, scheme := range map[string]mmstest.Scheme{"basic": mmstest.Basic, "digest": mmstest.Digest, "ntlm": mmstest.NTLM} {
		for mode, web := range map[string]mmstest.WebOptions{"pipelined": {}, "not pipelined": {NoPipeline: true}} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				web.Idle = time.Second
				s := webServer(t, mmstest.Options{Speed: 4, Web: web, Login: mmstest.Login{Scheme: scheme, User: "ann", Password: "se same"}})
				link := func(user string) string { return strings.Replace(s.URL("mmsh", "film.asf"), "://", "://"+user, 1) }
				for _, user := range []string{"", "ann:wrong@"} {
					_, _, err := httpTo(t, link(user), Config{})
					refused, ok := errors.AsType[*login.Error](err)
					if !ok || refused.Refused != (user != "") || strings.Contains(err.Error(), "wrong@") {
						t.Errorf("%q: %v", user, err)
					}
				}
				l, _ := mustHTTP(t, link("ann:se%20same@"), Config{})
				on := all(t, l.programme())
				if err := l.play(t.Context(), request{streams: on}); err != nil {
					t.Fatal(err)
				}
				some(t, l, 1, 3)
				if err := l.change(t.Context(), []decision{{stream: 2, thin: sendNone}}); err != nil {
					t.Fatal(err)
				}
				if err := l.stop(t.Context()); err != nil {
					t.Fatal(err)
				}
				kept := func() bool { return slices.Contains(kinds(s), "KeepAlive") && slices.Contains(kinds(s), "Log") }
				for until := time.Now().Add(10 * time.Second); !kept(); time.Sleep(10 * time.Millisecond) {
					if time.Now().After(until) {
						t.Fatalf("only %v", kinds(s))
					}
				}
				if err := l.play(t.Context(), request{from: 2 * time.Second, streams: on}); err != nil {
					t.Fatal(err)
				}
				some(t, l, 2, 3)
			})
		}
	}
}

// TestHTTPForgotten: a session that the server has forgotten in a pause begins
// anew at its place.
func TestHTTPForgotten(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.Idle = time.Hour
			s := webServer(t, mmstest.Options{Web: o, Speed: 4})
			l, _ := mustHTTP(t, s.URL("mmsh", "film.asf"), Config{})
			on := all(t, l.programme())
			if err := l.play(t.Context(), request{streams: on}); err != nil {
				t.Fatal(err)
			}
			ids := some(t, l, 1, 5)
			if err := l.stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.Disconnect()
			l.mu.Lock()
			l.session.id = "1" // of another server behind a load balancer
			l.mu.Unlock()
			if err := l.play(t.Context(), request{packet: ids[4] + 1, streams: on}); err != nil {
				t.Fatal(err)
			}
			if got := some(t, l, 2, 2); got[0] != ids[4]+1 {
				t.Errorf("goes on at %d, want %d", got[0], ids[4]+1)
			}
			if err := l.play(t.Context(), request{streams: on}); err != nil {
				t.Fatal(err)
			}
			some(t, l, 3, 2)
		})
	}
}

// TestHTTPVLC: VLC's own server of MMSH sends its stream as the reply to
// everything.
func TestHTTPVLC(t *testing.T) {
	t.Parallel()
	url := mmstest.StartVLC(t, mmstest.Make(t, mmstest.MakeOptions{Length: 30 * time.Second}))
	l, o := mustHTTP(t, strings.Replace(url, "http://", "mmsh://", 1), Config{})
	p := l.programme()
	h, err := asf.Parse(p.header)
	if err != nil || !p.broadcast || p.seekable || !strings.HasPrefix(p.server, "Cougar") || p.proto != "http/1.0" {
		t.Fatalf("%+v, %v", p, err)
	}
	if err := l.play(t.Context(), request{streams: all(t, p)}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	seen := make(map[int]int)
	var packet asf.Packet
	for range 40 {
		it, err := l.next(ctx)
		if err != nil || it.header != nil {
			t.Fatalf("%+v, %v", it.header, err)
		}
		if err := packet.Parse(it.packet, h.PacketSize); err != nil {
			t.Fatal(err)
		}
		for pl := (asf.Payload{}); packet.Next(&pl); {
			seen[pl.Stream]++
		}
		if packet.Err() != nil {
			t.Fatal(packet.Err())
		}
	}
	if len(seen) != len(h.Streams) {
		t.Errorf("payloads of streams %v, the header has %d", seen, len(h.Streams))
	}
	began := time.Now()
	l.close()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v to leave", took)
	}
	if got := o.steps(); got != "tcp describe play" {
		t.Errorf("steps %q", got)
	}
}

func TestHTTPProduct(t *testing.T) {
	for server, want := range map[string]struct {
		ours, cougar bool
		major        int
	}{
		"Cougar/9.01.01.5001":  {true, true, 9},
		"cougar 4.1.0.3921":    {true, true, 4},
		"Rex/12.0.0.2980":      {true, false, 12},
		"Cougar":               {true, true, 0},
		"Cougar/-1":            {true, true, 0},
		"Cougars/1":            {},
		"nginx/1.22":           {},
		"":                     {},
		"Cougar/99999999999.1": {true, true, 0},
	} {
		if cougar, major := productOf(server); isOurs(server) != want.ours || cougar != want.cougar || major != want.major {
			t.Errorf("%q: %v, %v, %d", server, isOurs(server), cougar, major)
		}
	}
}

func TestHTTPOnlyPublic(t *testing.T) {
	s := webServer(t, mmstest.Options{})
	if _, _, err := httpTo(t, s.URL("mmsh", "film.asf"), Config{OnlyPublic: true}); !errors.Is(err, dial.ErrPrivate) {
		t.Errorf("%v", err)
	}
}

// TestHTTPCloseEnds: close ends whatever waits, at once.
func TestHTTPCloseEnds(t *testing.T) {
	silent := &rawServer{answer: func(_ int, r string) string {
		switch {
		case isPlay(r) && strings.Contains(r, "stream-time=0,"):
			return someHead + hChunk(sampleHeader()) + keepOpen
		case isDescribe(r):
			return describes(okHead)
		}
		return keepOpen // nothing
	}}
	for name, call := range map[string]func(*httpLink) error{
		"next": func(l *httpLink) error { _, err := l.next(t.Context()); return err },
		"play": func(l *httpLink) error { return l.play(t.Context(), request{from: time.Minute}) },
		"change": func(l *httpLink) error {
			l.session.choose = true
			return l.change(t.Context(), []decision{{stream: 1}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, _, err := playTo(t, silent, Config{Timeouts: Timeouts{Close: 50 * time.Millisecond}})
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- call(l) }()
			for time.Sleep(20 * time.Millisecond); name != "next" && len(silent.asked()) < 3; {
				time.Sleep(time.Millisecond)
			}
			l.close()
			if err := <-ended; !errors.Is(err, ErrClosed) {
				t.Errorf("%v", err)
			}
			if err := l.play(t.Context(), request{}); !errors.Is(err, ErrClosed) {
				t.Errorf("after it: %v", err)
			}
			l.close()
		})
		silent = &rawServer{answer: silent.answer}
	}
}

// TestHTTPContextEnds: a call of next that is given up loses nothing.
func TestHTTPContextEnds(t *testing.T) {
	s := webServer(t, mmstest.Options{Speed: 3, Burst: -1})
	l, _ := mustHTTP(t, s.URL("mmsh", "film.asf"), Config{})
	if err := l.play(t.Context(), request{streams: all(t, l.programme())}); err != nil {
		t.Fatal(err)
	}
	var ids []uint32
	gaveUp := 0
	for len(ids) < 60 {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Millisecond)
		it, err := l.next(ctx)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			gaveUp++
		case err != nil:
			t.Fatal(err)
		default:
			ids = append(ids, it.id)
		}
	}
	for i, id := range ids {
		if id != ids[0]+uint32(i) {
			t.Fatalf("packets %v", ids)
		}
	}
	if gaveUp == 0 {
		t.Error("it never waited")
	}
}
