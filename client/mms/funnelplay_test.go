package mms

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/mms/wire"
)

// TestFunnelSeek: nothing of an earlier play comes after a seek, a stop or both,
// and the server begins where it was asked to.
func TestFunnelSeek(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 4, Funnel: mmstest.FunnelOptions{LateData: 3}})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			all := filePackets(t)
			mustPlay(t, f, request{})
			for range 20 {
				mustNext(t, f)
			}
			for play, at := range []time.Duration{20 * time.Second, 5 * time.Second, 40 * time.Second} {
				if play == 1 {
					if err := f.stop(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				mustPlay(t, f, request{from: at})
				it := mustNext(t, f)
				if it.play != play+2 || !bytes.Equal(it.packet, all[it.id]) {
					t.Errorf("play %d, packet %d", it.play, it.id)
				}
				var p asf.Packet
				if err := p.Parse(it.packet, len(it.packet)); err != nil {
					t.Fatal(err)
				}
				if send := time.Duration(p.Send()) * time.Millisecond; send > at+time.Second || send < at-3*time.Second {
					t.Errorf("at %v for %v", send, at)
				}
				for next := it.id + 1; next < it.id+10; next++ {
					if n := mustNext(t, f); n.id != next || n.play != play+2 {
						t.Errorf("packet %d of play %d, want %d", n.id, n.play, next)
					}
				}
			}
			mustPlay(t, f, request{packet: 77})
			if it := mustNext(t, f); it.id != 77 {
				t.Errorf("packet %d, want 77", it.id)
			}
		})
	}
}

// TestFunnelPause: pings are answered while it is paused and while nobody takes
// what comes, and what is stopped says nothing more.
func TestFunnelPause(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Ping: 300 * time.Millisecond})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{})
			it := mustNext(t, f)
			if err := f.stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
			defer cancel()
			if late, err := f.next(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("packet %d after a stop: %v", late.id, err)
			}
			if n := count(s.Stats().Said, "Pong"); n < 2 {
				t.Errorf("%d pings were answered", n)
			}
			mustPlay(t, f, request{packet: it.id + 1})
			if got := mustNext(t, f); got.id != it.id+1 {
				t.Errorf("packet %d after %d", got.id, it.id)
			}
			if err := f.stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := f.stop(t.Context()); err != nil {
				t.Error("a second stop:", err)
			}
		})
	}
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// TestFunnelAfterEnd: who goes back after the end plays again.
func TestFunnelAfterEnd(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 100})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{from: 55 * time.Second})
			_, ids := toEnd(t, f)
			if _, err := f.next(t.Context()); err != io.EOF {
				t.Error(err)
			}
			mustPlay(t, f, request{from: 55 * time.Second})
			if _, again := toEnd(t, f); !slices.Equal(again, ids) {
				t.Errorf("%v, at first %v", again, ids)
			}
			if n := count(s.Stats().Said, "StopPlaying"); n > 0 {
				t.Errorf("stopped %d times, and it had ended", n)
			}
		})
	}
}

// TestFunnelIncarnations: more plays than there are incarnations, over UDP.
func TestFunnelIncarnations(t *testing.T) {
	t.Parallel()
	s := onDemand(t, mmstest.Options{Speed: 1, Funnel: mmstest.FunnelOptions{LateData: 2}})
	f := mustDial(t, s.URL("mmsu", "film.asf"))
	for n := range 300 {
		first := uint32(1 + n%50)
		mustPlay(t, f, request{packet: first})
		for i := range uint32(n % 4) {
			if it := mustNext(t, f); it.id != first+i || it.play != n+1 {
				t.Fatalf("play %d: packet %d of play %d, want %d", n+1, it.id, it.play, first+i)
			}
		}
	}
	if st := f.stats(); st.Lost > 0 {
		t.Errorf("%+v", st)
	}
}

// TestFunnelChange: another stream comes in place of one, while it plays.
func TestFunnelChange(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 5})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			streams := []decision{{stream: mmstest.SamplePicture}, {stream: mmstest.SampleKeys, thin: sendNone}, {stream: mmstest.SampleSound}}
			mustPlay(t, f, request{streams: streams})
			if has := streamsOf(t, f, 30); has[mmstest.SampleKeys] || !has[mmstest.SamplePicture] || !has[mmstest.SampleSound] {
				t.Errorf("%v", has)
			}
			if err := f.change(t.Context(), []decision{{stream: mmstest.SampleKeys, instead: mmstest.SamplePicture}}); err != nil {
				t.Fatal(err)
			}
			for range 500 {
				if streamsOf(t, f, 1)[mmstest.SampleKeys] {
					break
				}
			}
			if has := streamsOf(t, f, 30); has[mmstest.SamplePicture] || !has[mmstest.SampleKeys] {
				t.Errorf("%v", has)
			}
			var refusal *ServerError
			if err := f.change(t.Context(), []decision{{stream: 99}}); !errors.As(err, &refusal) || refusal.Step != "streams" {
				t.Error(err)
			}
			mustNext(t, f)
		})
	}
}

func streamsOf(t *testing.T, f *funnel, packets int) map[int]bool {
	t.Helper()
	has := make(map[int]bool)
	for range packets {
		it := mustNext(t, f)
		var p asf.Packet
		if err := p.Parse(it.packet, len(it.packet)); err != nil {
			t.Fatal(err)
		}
		for pl := (asf.Payload{}); p.Next(&pl); {
			has[pl.Stream] = true
		}
	}
	return has
}

// TestFunnelFull: who takes nothing stops the server, by and by, and neither the
// answers nor the stop.
func TestFunnelFull(t *testing.T) {
	t.Parallel()
	list, err := mmstest.Live(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	s := onDemand(t, mmstest.Options{Speed: 2000, Programmes: map[string]*mmstest.Programme{"live": list}})
	f := mustDial(t, s.URL("mmst", "live"))
	mustPlay(t, f, request{})
	for full := false; !full; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		full = f.full
		f.mu.Unlock()
	}
	if err := f.change(t.Context(), everything(t, f.programme().header)); err != nil {
		t.Error(err)
	}
	if err := f.stop(t.Context()); err != nil {
		t.Error(err)
	}
	mustPlay(t, f, request{})
	mustNext(t, f)
}

// TestFunnelFarewell: the server learns how it went, and that it is over.
func TestFunnelFarewell(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{})
			mustNext(t, f)
			begun := time.Now()
			f.close()
			if took := time.Since(begun); took > 500*time.Millisecond {
				t.Errorf("it took %v", took)
			}
			for count(s.Stats().Said, "CloseFile") == 0 {
				time.Sleep(time.Millisecond)
			}
			st := s.Stats()
			if n := len(st.Said); !slices.Equal(st.Said[n-3:], []string{"StopPlaying", "Logging", "CloseFile"}) || len(st.Logs) != 1 ||
				!strings.HasPrefix(st.Logs[0], "mms://127.0.0.1:") || !strings.Contains(st.Logs[0], "film.asf NSPlayer/9") {
				t.Errorf("%q, %q", st.Said, st.Logs)
			}
		})
	}
}

// TestFunnelCut: a connection that breaks is an error of whoever waits.
func TestFunnelCut(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 1})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{})
			mustNext(t, f)
			s.Disconnect()
			var err error
			for err == nil {
				_, err = f.next(t.Context())
			}
			if rungOf(err) != media.RungTransport {
				t.Errorf("%v at %q", err, rungOf(err))
			}
			if err := f.play(t.Context(), request{}); err == nil {
				t.Error("it plays")
			}
			if err := f.stop(t.Context()); err == nil {
				t.Error("it stops")
			}
			if _, again := f.next(t.Context()); again != err {
				t.Errorf("%v, then %v", err, again)
			}
		})
	}
}

// TestFunnelEndsInError: a server that gives up says why.
func TestFunnelEndsInError(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 100, Funnel: mmstest.FunnelOptions{
				Mangle: func(id wire.MID, b []byte) []byte {
					if id == wire.MIDEndOfStream {
						b[32+8], b[32+9], b[32+10], b[32+11] = 0x0C, 0, 0x0D, 0xC0
					}
					return b
				},
			}})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{from: 55 * time.Second})
			var err error
			for err == nil {
				_, err = f.next(t.Context())
			}
			var refusal *ServerError
			if !errors.As(err, &refusal) || refusal.Code != 0xC00D000C || refusal.Step != "play" {
				t.Error(err)
			}
		})
	}
}
