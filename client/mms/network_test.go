package mms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/mms/mmstest"
)

// ways are the schemes of the ways.
var ways = []string{"mmst", "mmsu", "mmsh"}

// serve starts a server of a film and of a live programme.
func serve(t *testing.T, o mmstest.Options) *mmstest.Server {
	t.Helper()
	film, err := mmstest.Film(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	live, err := mmstest.Live(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	live.Clock = 1<<32 - 3000
	o.Programmes = map[string]*mmstest.Programme{"film.asf": film, "live": live}
	s, err := mmstest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func openAt(t *testing.T, link string, cfg Config) (*Session, error) {
	t.Helper()
	a, err := address.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), a, cfg)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

// Each way: plays, pauses, goes on, seeks, ends.
func TestNetwork(t *testing.T) {
	for _, scheme := range ways {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, mmstest.Options{Speed: 10})
			s, err := openAt(t, srv.URL(scheme, "film.asf"), Config{})
			if err != nil {
				t.Fatal(err)
			}
			c := &checker{t: t, s: s}
			m := c.until(5 * time.Second)
			if err := s.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			for err == nil {
				var next media.Chunk
				if next, err = c.next(ctx); err == nil {
					m = next
				}
			}
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("in a pause: %v", err)
			}
			if err := s.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			next := c.until(m.Time)
			if next.Time > m.Time+500*time.Millisecond || next.Seek != 0 {
				t.Errorf("paused at %v, goes on at %v", m.Time, next.Time)
			}
			for n, to := range []time.Duration{40 * time.Second, 20 * time.Second, 57 * time.Second} {
				at, err := s.Seek(t.Context(), to)
				if err != nil || at > to || at < to-3*time.Second {
					t.Fatalf("%v: at %v, %v", to, at, err)
				}
				if m, err = c.next(t.Context()); err != nil || m.Seek != n+1 || m.Time != at {
					t.Fatalf("%v: %v, seek %d at %v", to, err, m.Seek, m.Time)
				}
			}
			for err = nil; err == nil; next = m {
				if m, err = c.next(t.Context()); err != nil {
					m = next
				}
			}
			if err != io.EOF || next.Time < 59*time.Second {
				t.Errorf("the end: %v after %v", err, next.Time)
			}
			if at, err := s.Seek(t.Context(), 10*time.Second); err != nil || at > 10*time.Second {
				t.Errorf("after the end: %v, %v", at, err)
			}
			c.until(11 * time.Second)
		})
	}
}

func TestNetworkLive(t *testing.T) {
	for _, scheme := range ways {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, mmstest.Options{Speed: 10})
			s, err := openAt(t, srv.URL(scheme, "live"), Config{Start: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			if i := s.Info(); !i.Live || i.Can.NoSeek == "" {
				t.Errorf("%+v", i)
			}
			c := &checker{t: t, s: s}
			m := c.until(time.Hour + 6*time.Second)
			if m.Init != nil || m.Origin != 0 {
				t.Errorf("origin %v", m.Origin)
			}
		})
	}
}

// TestDroppedUDP: a firewall that drops UDP costs less than two seconds.
func TestDroppedUDP(t *testing.T) {
	srv := serve(t, mmstest.Options{Funnel: mmstest.FunnelOptions{DropUDP: func(uint32) bool { return true }}})
	began := time.Now()
	s, err := openAt(t, srv.URL("mmst", "film.asf"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	alone := time.Since(began)

	var notes []string
	memory := new(Memory)
	for _, most := range []time.Duration{2 * time.Second, 500 * time.Millisecond} { // the second time it is known
		began = time.Now()
		s, err = openAt(t, srv.URL("mms", "film.asf"), Config{Trace: heard(&notes), Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > alone+most || s.Info().Transport != "tcp" {
			t.Errorf("%v over %s; %v over TCP alone", took, s.Info().Transport, alone)
		}
		s.Close()
	}
	if told := strings.Join(notes, "; "); told != "mmsu: nothing yet after 1s, trying mmst beside it; mmsu: given up, mmst was faster" {
		t.Errorf("told %q", told)
	}
}

// TestVerdicts: what the server says of the stream is the same for all ways.
func TestVerdicts(t *testing.T) {
	srv := serve(t, mmstest.Options{
		Login:    mmstest.Login{Scheme: mmstest.NTLM, User: "ann", Password: "secret"},
		Redirect: map[string]string{"moved": "mmst://127.0.0.1:1/b"},
	})
	with := func(scheme, user, path string) string {
		return strings.Replace(srv.URL(scheme, path), "://", "://"+user, 1)
	}
	for _, scheme := range append([]string{"mms"}, ways...) {
		var tried int
		cfg := Config{Trace: func(e media.Event) {
			if _, ok := e.(media.Attempt); ok {
				tried++
			}
		}}
		if _, err := openAt(t, with(scheme, "", "film.asf"), cfg); !errors.Is(err, login.ErrWanted) {
			t.Errorf("%s without a login: %v", scheme, err)
		}
		if _, err := openAt(t, with(scheme, "ann:wrong@", "film.asf"), cfg); !errors.Is(err, login.ErrWanted) || strings.Contains(err.Error(), "wrong@") {
			t.Errorf("%s with a wrong one: %v", scheme, err)
		}
		if _, err := openAt(t, with(scheme, "ann:secret@", "nothing"), cfg); ClassOf(err) != Missing {
			t.Errorf("%s: what is not there: %v", scheme, err)
		}
		if _, err := openAt(t, with(scheme, "ann:secret@", "moved"), cfg); func() bool { _, ok := errors.AsType[*RedirectError](err); return !ok }() {
			t.Errorf("%s: what has moved: %v", scheme, err)
		}
		if tried != 4 {
			t.Errorf("%s: %d attempts", scheme, tried)
		}
		s, err := openAt(t, with(scheme, "ann:secret@", "film.asf"), cfg)
		if err != nil {
			t.Errorf("%s: %v", scheme, err)
			continue
		}
		s.Close()
	}
}

// TestWebServer: a port of 80 with a web server behind it is no verdict.
func TestWebServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			if strings.HasPrefix(string(b[:n]), "GET") {
				fmt.Fprint(c, "HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n")
			}
			c.Close()
		}
	}()
	_, err = openAt(t, "mms://"+l.Addr().String()+"/film", Config{})
	if err == nil || final(err) || !strings.Contains(err.Error(), "(tried mmsu, mmst, mmsh at port ") {
		t.Errorf("%v", err)
	}
}

// TestNetworkList: the entries of a server's playlist go on in one timeline.
func TestNetworkList(t *testing.T) {
	list, err := mmstest.Film(mmstest.Sample(), mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range ways {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			srv, err := mmstest.Start(mmstest.Options{Speed: 50, Programmes: map[string]*mmstest.Programme{"list": list}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(srv.Close)
			var titles []media.Title
			s, err := openAt(t, srv.URL(scheme, "list"), Config{Trace: func(e media.Event) {
				if e, ok := e.(media.Title); ok {
					titles = append(titles, e)
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			c := &checker{t: t, s: s}
			headers := 0
			for {
				m, err := c.next(t.Context())
				if err != nil {
					if err != io.EOF {
						t.Error(err)
					}
					break
				}
				if m.Init != nil {
					headers++
				}
			}
			if headers != 2 || c.last.Time < 119*time.Second || c.last.Time > 121*time.Second {
				t.Errorf("%d headers, the end at %v", headers, c.last.Time)
			}
			if len(titles) != 1 || titles[0].Time < 59*time.Second || titles[0].Time > 61*time.Second {
				t.Errorf("%+v", titles)
			}
		})
	}
}
