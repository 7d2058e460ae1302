package mms

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

// What a client must survive, of a server that speaks bytes: the opening ends in
// an error, in time.
var hostileOpenings = []struct {
	name  string
	serve func(*scripted)
	is    error  // in the chain of the error
	text  string // in its words
	rung  media.Rung
}{
	{"message length below 16", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw(controlPacket(15, nil))
		s.drain()
	}, ErrProtocol, "message length 15", media.RungReply},
	{"message length of 4 GB", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw(controlPacket(0xFFFFFFFF, nil))
		s.drain()
	}, ErrProtocol, "message length 4294967295", media.RungReply},
	{"message length above the limit", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw(controlPacket(wire.MaxControl, nil))
		s.drain()
	}, ErrProtocol, "message length 65536", media.RungReply},
	{"message length no multiple of 8", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw(controlPacket(16+3, []byte{1, 2, 3}))
		s.drain()
	}, ErrProtocol, "3 bytes for a message", media.RungReply},
	{"seal", func(s *scripted) {
		s.want(wire.MIDConnect)
		b := controlPacket(16, nil)
		b[12] = 'm'
		s.raw(b)
		s.drain()
	}, ErrProtocol, "seal", media.RungReply},
	{"HTTP", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	}, io.ErrUnexpectedEOF, "closed the connection", media.RungReply}, // it looks like the begin of a long packet
	{"message of length 0", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw(controlPacket(16+8, make([]byte, 8)))
		s.drain()
	}, ErrProtocol, "message of 0 bytes", media.RungReply},
	{"message longer than its packet", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw(controlPacket(16+8, []byte{2, 0, 0, 0, 1, 0, 4, 0}))
		s.drain()
	}, ErrProtocol, "message of 16 bytes where 8 are left", media.RungReply},
	{"message of 32 GB", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw(controlPacket(16+8, []byte{0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 4, 0}))
		s.drain()
	}, ErrProtocol, "where 8 are left", media.RungReply},
	{"data packet of 7 bytes", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.raw([]byte{0, 0, 0, 0, 1, 0, 7, 0})
		s.drain()
	}, ErrProtocol, "data packet of 7 bytes", media.RungReply},
	{"string of 2^31 characters", func(s *scripted) {
		s.want(wire.MIDConnect)
		b := wire.AppendControl(nil, 0, 0, wire.Connected{Version: "9"})
		binary.LittleEndian.PutUint32(b[32+48:], 0x80000001) // twice that is 2
		s.raw(b)
		s.drain()
	}, ErrProtocol, "string of 2147483649 characters", media.RungReply},
	{"nothing is said", func(s *scripted) { s.drain() }, nil, "no answer to connect", media.RungReply},
	{"a byte a second", func(s *scripted) {
		s.want(wire.MIDConnect)
		for range 100 {
			s.raw([]byte{1})
			time.Sleep(time.Second)
		}
	}, nil, "no answer to connect", media.RungReply},
	{"it hangs up", func(s *scripted) { s.want(wire.MIDConnect) }, io.ErrUnexpectedEOF, "closed the connection", media.RungReply},
	{"FunnelInfos and pings without end", func(s *scripted) {
		s.want(wire.MIDConnect)
		go s.drain()
		for range 20_000 {
			s.send(wire.ReportFunnelInfo{Client: 1}, wire.Ping{}, wire.ReportOpenFile{OpenFileID: 1})
			if _, err := s.c.Write(nil); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}, nil, "no answer to connect", media.RungReply},
	{"no funnel", func(s *scripted) {
		s.want(wire.MIDConnect)
		s.send(wire.Connected{})
		s.want(wire.MIDConnectFunnel)
		s.send(wire.DisconnectedFunnel{HResult: 0xC00D000C})
		s.drain()
	}, errNoFunnel, "funnel tcp", media.RungReply},
	{"token longer than its message", func(s *scripted) {
		s.greet()
		s.want(wire.MIDOpenFile)
		b := wire.AppendControl(nil, 0, 0, wire.SecurityChallenge{Token: []byte("abcd")})
		binary.LittleEndian.PutUint32(b[32+16:], 0xFFFFFFF0)
		s.raw(b)
		s.drain()
	}, ErrProtocol, "token of 4294967280 bytes", media.RungSession},
	{"NTLM challenge with wrong offsets", func(s *scripted) {
		s.greet()
		s.want(wire.MIDOpenFile)
		s.send(wire.SecurityChallenge{Token: []byte{0, 0}})
		s.want(wire.MIDSecurityResponse)
		token := append([]byte{0, 0}, "NTLMSSP\x00\x02\x00\x00\x00"...)
		token = append(token, make([]byte, 60)...)
		binary.LittleEndian.PutUint32(token[2+20:], 0x00800001) // Unicode, target info
		copy(token[2+40:], []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xF0, 0xFF, 0xFF, 0x7F})
		s.send(wire.SecurityChallenge{Token: token})
		s.drain()
	}, login.ErrNTLM, "target info", media.RungSession},
	{"challenges without end", func(s *scripted) {
		s.greet()
		s.want(wire.MIDOpenFile)
		for range 100 {
			s.send(wire.SecurityChallenge{Token: []byte{0, 0}})
			if _, ok := s.want(wire.MIDSecurityResponse); !ok {
				return
			}
		}
	}, login.ErrWanted, "refuses", media.RungSession},
	{"redirect longer than its message", func(s *scripted) {
		s.greet()
		s.want(wire.MIDOpenFile)
		b := wire.AppendControl(nil, 0, 0, wire.Redirect{Kind: wire.RedirectURL, Location: "mms://x/"})
		b[32+14], b[32+15] = 0xFF, 0xFF
		s.raw(b)
		s.drain()
	}, ErrProtocol, "location of 65535 bytes", media.RungSession},
	{"redirect to a proxy", func(s *scripted) {
		s.greet()
		s.want(wire.MIDOpenFile)
		s.send(wire.Redirect{Kind: wire.RedirectProxy, Location: "http://10.0.0.1/"})
	}, ErrProtocol, "proxy", media.RungSession},
	{"redirect to nowhere", func(s *scripted) {
		s.greet()
		s.want(wire.MIDOpenFile)
		s.send(wire.Redirect{Kind: wire.RedirectURL})
	}, ErrProtocol, "nowhere", media.RungSession},
	{"short ReportOpenFile", func(s *scripted) {
		s.greet()
		s.want(wire.MIDOpenFile)
		b := wire.AppendControl(nil, 0, 0, wire.ReportReadBlock{})
		copy(b[36:], []byte{6, 0, 4, 0})
		s.raw(b)
		s.drain()
	}, ErrProtocol, "ReportOpenFile of 24 bytes", media.RungSession},
	{"header without an end", func(s *scripted) {
		s.upTo()
		for i := range uint32(2000) {
			s.data(wire.DataPacket{Location: i, Incarnation: 1, Flags: wire.HeaderPiece, Payload: make([]byte, 1000)})
		}
		s.drain()
	}, ErrProtocol, "more than 1048576 bytes", media.RungSession},
	{"2^32 pieces", func(s *scripted) {
		s.upTo()
		s.want(wire.MIDReadBlock)
		s.data(wire.DataPacket{Location: 0xFFFFFFFF, Incarnation: 1, Flags: wire.HeaderLast, Payload: []byte{1}})
		s.drain()
	}, ErrProtocol, "piece 4294967295", media.RungSession},
	{"one piece again and again", func(s *scripted) {
		s.upTo()
		s.want(wire.MIDReadBlock)
		for range 5000 {
			s.data(wire.DataPacket{Incarnation: 1, Flags: wire.HeaderPiece, Payload: make([]byte, 1000)})
		}
		s.drain()
	}, nil, "no header", media.RungSession},
	{"no header", func(s *scripted) {
		s.upTo()
		s.want(wire.MIDReadBlock)
		s.send(wire.ReportReadBlock{Incarnation: 1})
		s.drain()
	}, nil, "no header within 5s", media.RungSession},
	{"header of an earlier request", func(s *scripted) {
		s.upTo()
		s.want(wire.MIDReadBlock)
		s.data(wire.DataPacket{Incarnation: 2, Flags: wire.HeaderPiece | wire.HeaderLast, Payload: []byte{1}})
		s.drain()
	}, nil, "no header", media.RungSession},
	{"refused header", func(s *scripted) {
		s.upTo()
		s.want(wire.MIDReadBlock)
		s.send(wire.ReportReadBlock{HResult: 0xC00D001A, Incarnation: 1})
		s.drain()
	}, nil, "mms: header: ", media.RungSession},
}

// controlPacket is a control packet with a length of its own.
func controlPacket(length uint32, messages []byte) []byte {
	b := wire.AppendControl(nil, 0, 0)
	binary.LittleEndian.PutUint32(b[8:], length)
	return append(b, messages...)
}

func TestHostileOpenings(t *testing.T) {
	for _, c := range hostileOpenings {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				_, _, err := dialScript(t, t.Context(), overTCP, Config{}, c.serve)
				if err == nil {
					t.Fatal("it is open")
				}
				if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) || rungOf(err) != c.rung {
					t.Errorf("%v, at %q", err, rungOf(err))
				}
				if !strings.HasPrefix(err.Error(), "mms: ") || strings.Contains(err.Error(), "secret") || strings.Contains(strings.TrimPrefix(err.Error(), "mms: "), "mms: mms") {
					t.Errorf("its words: %v", err)
				}
				if took := time.Since(begun); took > 6*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestStrangeOpenings: what is strange and holds.
func TestStrangeOpenings(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve func(*scripted) bool
		check func(*testing.T, *funnel)
	}{
		{"packets without messages", func(s *scripted) bool {
			s.raw(controlPacket(16, nil))
			return s.open(false)
		}, nil},
		{"empty data packets", func(s *scripted) bool {
			for range 1000 {
				s.data(wire.DataPacket{Incarnation: 1, Flags: wire.HeaderPiece | wire.HeaderLast})
			}
			return s.open(false)
		}, nil},
		{"sizes of 4 GB", func(s *scripted) bool {
			s.size = math.MaxUint32
			return s.open(false)
		}, nil},
		{"a duration that is none", func(s *scripted) bool {
			s.greet()
			s.want(wire.MIDOpenFile)
			b := wire.AppendControl(nil, 0, 0, wire.ReportOpenFile{OpenFileID: 7, Duration: time.Second})
			binary.LittleEndian.PutUint64(b[32+32:], math.Float64bits(math.NaN()))
			s.raw(b)
			m, _ := s.want(wire.MIDReadBlock)
			s.header(m, false)
			return true
		}, func(t *testing.T, f *funnel) {
			if d := f.programme().duration; d != 0 {
				t.Error(d)
			}
		}},
		{"control characters in the version", func(s *scripted) bool {
			s.version = "9.0\x1b[31m\u202e" + strings.Repeat("x", 1000)
			return s.open(false)
		}, func(t *testing.T, f *funnel) {
			if v := f.programme().server; !strings.HasPrefix(v, "9.0[31mxx") || len(v) > maxVersion || f.major != 9 {
				t.Errorf("%q, %d", v, f.major)
			}
		}},
		{"no version at all", func(s *scripted) bool {
			s.version = ""
			return s.open(false)
		}, nil},
		{"a header of its own incarnation", func(s *scripted) bool {
			s.upTo()
			s.want(wire.MIDReadBlock)
			s.data(wire.DataPacket{Incarnation: wire.NextEntry, Flags: wire.HeaderLast, Payload: scriptHeader})
			return true
		}, nil},
		{"ends and changes before a play", func(s *scripted) bool {
			ok := s.open(false)
			s.send(wire.EndOfStream{Incarnation: 9}, wire.EndOfStream{HResult: 1, Incarnation: 9}, wire.StartedPlaying{}, wire.ReportStreamSwitch{HResult: 0x80004005})
			return ok
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
					if c.serve(s) {
						inc, _ := s.start()
						s.data(wire.DataPacket{Location: 5, Incarnation: inc, Payload: []byte("packet")})
					}
					s.drain()
				})
				if err != nil {
					t.Fatal(err)
				}
				if string(f.programme().header) != string(scriptHeader) {
					t.Errorf("%q", f.programme().header)
				}
				if c.check != nil {
					c.check(t, f)
				}
				if err := f.play(t.Context(), request{}); err != nil {
					t.Fatal(err)
				}
				if it := mustNext(t, f); string(it.packet) != "packet" || it.id != 5 || it.play != 1 {
					t.Errorf("%+v", it)
				}
			})
		})
	}
}

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

// TestHostileDatagrams: only whole packets of the server's host are taken, and
// only those of the play.
func TestHostileDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, err := dialScript(t, t.Context(), overUDP, Config{}, func(s *scripted) {
			s.open(true)
			inc, _ := s.start()
			good := func(n byte) []byte {
				return wire.DataPacket{Location: uint32(n), Incarnation: inc, Flags: n, Payload: []byte{n}}.Append(nil)
			}
			s.udp.put(good(0), nil)
			s.udp.put(good(1), otherAddr)
			s.udp.put(nil, nil)
			s.udp.put([]byte{1, 2, 3}, nil)
			s.udp.put(good(1)[:8], nil)         // cut
			s.udp.put(append(good(1), 0), nil)  // too long
			s.udp.put(make([]byte, 65507), nil) // zeros
			for guess := range 256 {            // incarnations
				if uint8(guess) != inc {
					s.udp.put(wire.DataPacket{Location: 1, Incarnation: uint8(guess), Flags: 1, Payload: []byte{99}}.Append(nil), nil)
				}
			}
			s.udp.put(wire.DataPacket{Location: wire.PairFirst, Incarnation: 0xFF, Flags: wire.PairFlags, Payload: make([]byte, 1464)}.Append(nil), nil)
			s.udp.put(good(1), nil)
			s.send(wire.Connected{}) // so that all is looked at before the end
			s.drain()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.play(t.Context(), request{}); err != nil {
			t.Fatal(err)
		}
		for n := range byte(2) {
			if it := mustNext(t, f); it.id != uint32(n) || it.packet[0] != n {
				t.Errorf("packet %d: %+v", n, it)
			}
		}
		if st := f.stats(); st.Packets != 2 || st.Bytes != 2 || st.Lost != 0 || st.Duplicates != 0 {
			t.Errorf("%+v", st)
		}
	})
}

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
