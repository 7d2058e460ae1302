package mms

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

// TestResendRequests: what goes out over UDP is a request for nothing, which opens
// firewalls, and requests for what is missing, each with the session's number and
// the low half of the file's.
func TestResendRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var udp *fakeSocket
		f, _, err := dialScript(t, t.Context(), overUDP, Config{}, func(s *scripted) {
			udp = s.udp
			s.open(true)
			inc, _ := s.start()
			for _, n := range []byte{0, 3} {
				s.udp.put(wire.DataPacket{Location: uint32(n), Incarnation: inc, Flags: n, Payload: []byte{n}}.Append(nil), nil)
			}
			s.drain()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.play(t.Context(), request{}); err != nil {
			t.Fatal(err)
		}
		mustNext(t, f)
		begun := time.Now()
		mustNext(t, f)
		if took := time.Since(begun); took < time.Second || took > time.Second+2*datagramNap {
			t.Errorf("waited for %v", took)
		}
		sent := udp.sent()
		const (
			punch  = "0df0efbe341200000000" + "0000"
			resend = "0df0efbe341200000700" + "0200" + "01000000" + "02000000"
		)
		var got []string
		for _, b := range sent {
			got = append(got, hex.EncodeToString(b))
		}
		if want := []string{punch, resend, resend, resend}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		if st := f.stats(); st.Lost != 2 || st.Packets != 2 {
			t.Errorf("%+v", st)
		}
	})
}

// TestPingFlood: pings are answered, and not as fast as anybody likes.
func TestPingFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pongs int
		f, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
			s.open(false)
			for range 10_000 {
				s.send(wire.Ping{})
				time.Sleep(time.Millisecond)
			}
			s.c.Close()
			s.drain()
			for _, id := range s.said {
				if id == wire.MIDPong {
					pongs++
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.play(t.Context(), request{}); err == nil {
			t.Error("it plays")
		}
		time.Sleep(15 * time.Second)
		f.close()
		synctest.Wait()
		if pongs < 30 || pongs > 41 {
			t.Errorf("%d answers in 10 s", pongs)
		}
	})
}

// TestFunnelSilence: a server of which nothing is heard while it plays is left, and one
// that pings is not; a pause may be as long as it likes.
func TestFunnelSilence(t *testing.T) {
	for _, w := range []way{overTCP, overUDP} {
		synctest.Test(t, func(t *testing.T) {
			f, _, err := dialScript(t, t.Context(), w, Config{}, func(s *scripted) {
				s.open(w == overUDP)
				s.start()
				for range 10 {
					time.Sleep(30 * time.Second)
					s.send(wire.Ping{})
				}
				s.drain()
			})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour) // before it plays
			if err := f.play(t.Context(), request{}); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			_, err = f.next(t.Context())
			timeout, ok := errors.AsType[*TimeoutError](err)
			if took := time.Since(begun); !ok || timeout.After != 45*time.Second || took != 345*time.Second || rungOf(err) != media.RungTransport {
				t.Errorf("%v after %v", err, took)
			}
		})
	}
}

// TestHeaderTimer: over UDP the header is asked for five times, and pieces of
// several answers make one.
func TestHeaderTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var blocks, cancels []uint32
		_, _, err := dialScript(t, t.Context(), overUDP, Config{}, func(s *scripted) {
			s.size = 125 // a second at the bit rate
			s.upTo()
			for m := range s.in {
				switch m.ID {
				case wire.MIDReadBlock:
					r, _ := wire.ParseReadBlock(m)
					blocks = append(blocks, r.Incarnation)
					s.send(wire.ReportReadBlock{Incarnation: r.Incarnation})
				case wire.MIDCancelReadBlock:
					r, _ := wire.ParseCancelReadBlock(m)
					cancels = append(cancels, r.Incarnation)
				}
			}
		})
		if took := time.Since(begun); !errors.Is(err, ErrSilent) || rungOf(err) != media.RungTransport || took != 10*time.Second {
			t.Errorf("%v at %q after %v", err, rungOf(err), took)
		}
		synctest.Wait()
		if len(blocks) != 5 || len(cancels) != 4 || blocks[4] != 5 || cancels[3] != 4 {
			t.Errorf("asked for %v, called off %v", blocks, cancels)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f, _, err := dialScript(t, t.Context(), overUDP, Config{}, func(s *scripted) {
			s.upTo()
			flags := []byte{wire.HeaderPiece, 0, wire.HeaderPiece | wire.HeaderLast}
			for i, location := range []uint32{2, 0, 1} { // one piece of each answer comes
				m, _ := s.want(wire.MIDReadBlock)
				r, _ := wire.ParseReadBlock(m)
				s.udp.put(wire.DataPacket{Location: location, Incarnation: uint8(r.Incarnation), Flags: flags[location], Payload: []byte{'a' + byte(location)}}.Append(nil), nil)
				_ = i
			}
			s.drain()
		})
		if err != nil {
			t.Fatal(err)
		}
		if h := string(f.programme().header); h != "abc" {
			t.Errorf("%q", h)
		}
	})
}

// TestNoStop: a server that does not stop is left.
func TestNoStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
			s.open(false)
			inc, _ := s.start()
			for n := uint32(0); ; n++ {
				if _, err := s.c.Write(wire.DataPacket{Location: n, Incarnation: inc, Payload: []byte("x")}.Append(nil)); err != nil {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			s.drain()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.play(t.Context(), request{}); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		err = f.play(t.Context(), request{from: time.Second})
		if _, ok := errors.AsType[*TimeoutError](err); !ok || time.Since(begun) != 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if err := nextErr(f, t.Context()); !strings.Contains(err.Error(), "did not stop") {
			t.Error(err)
		}
	})
}

// TestBackPressure: while nobody takes packets the server is told that we are
// there, and what it asks behind them is answered when they are dropped.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pongs int
		f, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
			s.open(false)
			inc, _ := s.start()
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				for m := range s.in {
					if m.ID == wire.MIDPong {
						pongs++
					}
					if m.ID == wire.MIDStopPlaying {
						return
					}
				}
			}()
			packet := wire.DataPacket{Incarnation: inc, Payload: make([]byte, 60_000)}.Append(nil)
			for done := false; !done; {
				s.raw(packet)
				select {
				case <-stopped:
					done = true
				default:
				}
			}
			s.send(wire.EndOfStream{Incarnation: uint32(inc)})
			s.drain()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.play(t.Context(), request{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		f.mu.Lock()
		if n := f.q.waiting(); n != maxBlocks {
			t.Errorf("%d blocks wait", n)
		}
		f.mu.Unlock()
		if err := f.stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if pongs < 28 || pongs > 31 {
			t.Errorf("%d signs of life in 5 minutes", pongs)
		}
	})
}

// TestFunnelCancelled: whoever gives up gets the reason back, at once.
func TestFunnelCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("another one was faster")
		time.AfterFunc(time.Second, func() { cancel(why) })
		begun := time.Now()
		_, _, err := dialScript(t, ctx, overTCP, Config{}, func(s *scripted) { s.drain() })
		if !errors.Is(err, why) || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}
