package mms

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

// TestHeadersWithoutEnd: a server that announces one header after another and
// sends nothing of them is left.
func TestHeadersWithoutEnd(t *testing.T) {
	for _, w := range []way{overTCP, overUDP} {
		synctest.Test(t, func(t *testing.T) {
			f, _, err := dialScript(t, t.Context(), w, Config{}, func(s *scripted) {
				s.open(w == overUDP)
				s.start()
				for range 2 * maxChange {
					s.send(wire.EndOfStream{HResult: 1, Incarnation: 10}, wire.StreamChange{})
					if w == overTCP {
						s.data(wire.DataPacket{Incarnation: wire.NextEntry, Flags: wire.HeaderLast, Payload: scriptHeader})
						continue
					}
					m, ok := s.want(wire.MIDReadBlock)
					if !ok {
						return
					}
					s.header(m, true)
				}
				s.drain()
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.play(t.Context(), request{}); err != nil {
				t.Fatal(err)
			}
			if err := nextErr(f, t.Context()); !errors.Is(err, ErrProtocol) || rungOf(err) != media.RungTransport {
				t.Errorf("%v: %v", w, err)
			}
		})
	}
}

// TestStopCrossesEnd: the end that a server says by itself answers the stop,
// whether a second one comes or not, and that one does not end the next play.
func TestStopCrossesEnd(t *testing.T) {
	for _, second := range []bool{false, true} {
		for _, w := range []way{overTCP, overUDP} {
			synctest.Test(t, func(t *testing.T) {
				f, _, err := dialScript(t, t.Context(), w, Config{}, func(s *scripted) {
					s.open(w == overUDP)
					inc, _ := s.start()
					s.want(wire.MIDStopPlaying)
					s.send(wire.EndOfStream{Incarnation: uint32(inc)}) // it was under way
					inc2, _ := s.start()
					if second {
						s.send(wire.EndOfStream{Incarnation: uint32(inc)})
					}
					p := wire.DataPacket{Location: 1, Incarnation: inc2, Payload: []byte("two")}.Append(nil)
					if w == overUDP {
						s.udp.put(p, nil)
					} else {
						s.raw(p)
					}
					s.drain()
				})
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if err := f.play(t.Context(), request{}); err != nil {
						t.Fatal(err)
					}
				}
				if it := mustNext(t, f); string(it.packet) != "two" || it.play != 2 {
					t.Errorf("%+v", it)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if _, err := f.next(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
	}
}

// TestStopThatWasGivenUp: an end that comes after nobody waits for it is no end
// of the programme.
func TestStopThatWasGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
			s.open(false)
			inc, _ := s.start()
			s.want(wire.MIDStopPlaying)
			time.Sleep(2 * time.Second)
			s.send(wire.EndOfStream{Incarnation: uint32(inc)})
			inc, _ = s.start()
			s.data(wire.DataPacket{Location: 1, Incarnation: inc, Payload: []byte("two")})
			s.drain()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.play(t.Context(), request{}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(5 * time.Second)
		if err := f.play(t.Context(), request{}); err != nil {
			t.Fatal(err)
		}
		if it := mustNext(t, f); it.play != 2 {
			t.Errorf("%+v", it)
		}
	})
}

// TestRefusedPlay: a refusal of the streams and one of the play leave the link as
// it was.
func TestRefusedPlay(t *testing.T) {
	for _, version := range []string{"9.1", "4.1"} {
		synctest.Test(t, func(t *testing.T) {
			f, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
				s.version = version
				s.open(false)
				s.want(wire.MIDStreamSwitch)
				s.send(wire.ReportStreamSwitch{HResult: 0x80070057})
				s.want(wire.MIDStreamSwitch)
				s.send(wire.ReportStreamSwitch{})
				m, _ := s.want(wire.MIDStartPlaying)
				r, _ := wire.ParseStartPlaying(m)
				if (version == "9.1") != r.Accelerate {
					t.Errorf("version %s: %+v", version, r)
				}
				s.send(wire.StartedPlaying{HResult: 0xC00D0049})
				inc, _ := s.start()
				s.data(wire.DataPacket{Incarnation: inc, Payload: []byte("x")})
				s.drain()
			})
			if err != nil {
				t.Fatal(err)
			}
			r := request{streams: []decision{{stream: 1}}}
			for _, step := range []string{"streams", "play"} {
				err := f.play(t.Context(), r)
				refusal, ok := errors.AsType[*ServerError](err)
				if !ok || refusal.Step != step || rungOf(err) != media.RungSession {
					t.Errorf("version %s, %s: %v", version, step, err)
				}
			}
			if err := f.play(t.Context(), request{}); err != nil {
				t.Fatal(err)
			}
			mustNext(t, f)
		})
	}
}

// TestOldServer: before version 9 every end is 0; what is no broadcast is over.
func TestOldServer(t *testing.T) {
	for _, c := range []struct {
		name       string
		attributes uint32
		hr         uint32
		then       func(s *scripted)
		want       error
	}{
		{"on demand", wire.CanSeek, 0, (*scripted).drain, io.EOF},
		{"broadcast that ends in a closed connection", wire.Broadcast, 0, func(*scripted) {}, io.EOF},
		{"broadcast that ends", wire.Broadcast, 1, (*scripted).drain, io.EOF},
		{"live", wire.Live, 0, (*scripted).drain, io.EOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
					s.version, s.attributes = "4.1.0.3934", c.attributes
					s.open(false)
					inc, _ := s.start()
					s.send(wire.EndOfStream{HResult: c.hr, Incarnation: uint32(inc)})
					c.then(s)
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := f.play(t.Context(), request{}); err != nil {
					t.Fatal(err)
				}
				if _, err := f.next(t.Context()); err != c.want {
					t.Errorf("%v, want %v", err, c.want)
				}
			})
		})
	}
}

// TestEncoderRestart: a live source that begins anew says only that: another
// header, and packets.
func TestEncoderRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
			s.attributes = wire.Broadcast | wire.Live
			s.open(false)
			inc, _ := s.start()
			s.data(wire.DataPacket{Location: 1, Incarnation: inc, Payload: []byte("one")})
			s.send(wire.StreamChange{PacketSize: 100, HeaderSize: 6, BitRate: 4711})
			s.data(wire.DataPacket{Location: 2, Incarnation: inc, Payload: []byte("late")})
			s.data(wire.DataPacket{Location: 0, Incarnation: 0xFF, Flags: 4, Payload: []byte("new")})
			s.data(wire.DataPacket{Location: 1, Incarnation: 0xFF, Flags: 12, Payload: []byte("one")})
			s.data(wire.DataPacket{Location: 0, Incarnation: 0xFF, Payload: []byte("two")})
			s.drain()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.play(t.Context(), request{}); err != nil {
			t.Fatal(err)
		}
		if it := mustNext(t, f); string(it.packet) != "one" {
			t.Errorf("%+v", it)
		}
		if it := mustNext(t, f); it.header == nil || string(it.header.header) != "newone" || it.chose || it.header.bitRate != 4711 || !it.header.broadcast {
			t.Errorf("%+v", it)
		}
		if it := mustNext(t, f); string(it.packet) != "two" {
			t.Errorf("%+v", it)
		}
	})
}
