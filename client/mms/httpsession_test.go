package mms

import (
	"io"
	"strings"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/mms/mmstest"
)

// TestHTTPSession: a whole session over HTTP: a film with a seek, a pause and its
// end, from servers of each kind.
func TestHTTPSession(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, mmstest.Options{Web: o, Speed: 5})
			a, err := address.Parse(s.URL("mmsh", "film.asf"))
			if err != nil {
				t.Fatal(err)
			}
			x, err := Open(t.Context(), a, Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			info := x.Info()
			if !strings.HasPrefix(info.Transport, "http/1.") || info.Can.NoSeek != "" || info.Duration < time.Second || len(info.Tracks) < 2 {
				t.Fatalf("%+v", info)
			}
			chunk := func() time.Duration {
				t.Helper()
				c, err := x.Next(t.Context())
				if err != nil || len(c.Data) == 0 {
					t.Fatalf("%d bytes, %v", len(c.Data), err)
				}
				return c.Time
			}
			chunk()
			if err := x.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := x.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			chunk()
			to := info.Duration - 3*time.Second
			at, err := x.Seek(t.Context(), to)
			if err != nil || at > to || at < to-5*time.Second {
				t.Fatalf("at %v for %v, %v", at, to, err)
			}
			for {
				c, err := x.Next(t.Context())
				if err == io.EOF {
					break
				}
				if err != nil || c.Seek == 1 && c.Time < at-time.Second {
					t.Fatalf("at %v: %v", c.Time, err)
				}
			}
			if st := x.Stats(); st.Packets == 0 || st.Lost != 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestHTTPListSession: what the server waits for is chosen, entry for entry.
func TestHTTPListSession(t *testing.T) {
	list, err := mmstest.Film(mmstest.Sample(), mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]mmstest.WebOptions{
		"predicted": {}, "waiting": {NoPredict: true}, "not pipelined": {NoPipeline: true}, "waiting, not pipelined": {NoPredict: true, NoPipeline: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, mmstest.Options{Web: o, Speed: 50, Programmes: map[string]*mmstest.Programme{"list": list}})
			a, err := address.Parse(s.URL("mmsh", "list"))
			if err != nil {
				t.Fatal(err)
			}
			x, err := Open(t.Context(), a, Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			inits, last := 0, time.Duration(-1)
			for {
				c, err := x.Next(t.Context())
				if err == io.EOF {
					break
				}
				if err != nil || c.Time < last {
					t.Fatalf("%v after %v: %v", c.Time, last, err)
				}
				if last = c.Time; c.Init != nil {
					inits++
				}
			}
			if inits < 2 {
				t.Errorf("%d headers", inits)
			}
		})
	}
}
