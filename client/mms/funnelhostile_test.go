package mms

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
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
