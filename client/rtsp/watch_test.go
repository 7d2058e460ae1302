package rtsp

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtsp/rtsptest"
)

// bye is an RTCP BYE of the sound's source, behind an empty report.
func bye() []byte {
	b := []byte{0x80, 201, 0, 1, 0, 0, 0xCA, 0xFE, 0x81, 203, 0, 1, 0, 0, 0xCA, 0xFE}
	return b
}

func TestEnd(t *testing.T) {
	for _, c := range []struct {
		name, sdp string
		last      time.Duration // media time of the last packet
		end       func(l *line)
		err       error // io.EOF, or what the error is
		text      string
		within    time.Duration
	}{
		{"live, silence", soundSDP, time.Second, func(*line) {}, nil, "the stream stopped: no media in 10s", 11 * time.Second},
		{"live, hang up", soundSDP, time.Second, func(l *line) { l.hangUp() }, ErrConnection, "rtsp: connection closed by the server", time.Second},
		{"live, BYE", soundSDP, time.Second, func(l *line) { l.write([]byte(frameOf(1, bye()...))) }, io.EOF, "", 3 * time.Second},
		{"film, hang up at the end", filmSDP, 59 * time.Second, func(l *line) { l.hangUp() }, io.EOF, "", time.Second},
		{"film, hang up in the middle", filmSDP, 30 * time.Second, func(l *line) { l.hangUp() }, ErrConnection, "closed by the server", time.Second},
		{"film, silence at the end", filmSDP, 59 * time.Second, func(*line) {}, io.EOF, "", 3 * time.Second},
		{"film, silence in the middle", filmSDP, 30 * time.Second, func(*line) {}, nil, "no media in 10s", 11 * time.Second},
		{"film, BYE at the end", filmSDP, 59 * time.Second, func(l *line) { l.write([]byte(frameOf(1, bye()...))) }, io.EOF, "", time.Second},
		{"notice", filmSDP, 30 * time.Second, func(l *line) {
			l.write([]byte("ANNOUNCE * RTSP/1.0\r\nCSeq: 1\r\nX-Notice: 2101 End of stream\r\n\r\n"))
		}, io.EOF, "", time.Second},
		{"TEARDOWN", filmSDP, 30 * time.Second, func(l *line) { l.write([]byte("TEARDOWN * RTSP/1.0\r\nCSeq: 1\r\n\r\n")) }, io.EOF, "", time.Second},
		{"REDIRECT", filmSDP, 30 * time.Second, func(l *line) {
			l.write([]byte("REDIRECT * RTSP/1.0\r\nCSeq: 1\r\nLocation: rtsp://u:secret@h/b\r\n\r\n"))
		}, ErrRedirect, "moves the stream to rtspt://h/b", time.Second},
		{"REDIRECT to elsewhere", filmSDP, 30 * time.Second, func(l *line) {
			l.write([]byte("REDIRECT * RTSP/1.0\r\nCSeq: 1\r\nLocation: http://u:secret@h/b\r\n\r\n"))
		}, ErrRedirect, "redirect to http://h/b", time.Second},
		{"garbage", soundSDP, time.Second, func(l *line) { l.write([]byte(strings.Repeat("x", maxResync+1000))) }, errOutOfSync, "neither RTSP nor media", 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &camera{t: t, sdp: c.sdp}
				s, _ := cam.mustOpen("rtspt://10.0.0.1/film", Config{})
				l := cam.line(1)
				l.sound(int(c.last / (20 * time.Millisecond)))
				c.end(l)
				start := time.Now()
				n, err := readToEnd(t, s)
				if took := time.Since(start); took > c.within+500*time.Millisecond || n == 0 {
					t.Errorf("%d chunks, after %v", n, took)
				}
				if c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.text) {
					t.Errorf("ended with %v", err)
				}
				if _, ok := errors.AsType[*media.RungError](err); !ok && err != io.EOF || strings.Contains(err.Error(), "secret") {
					t.Errorf("ended with %#v", err)
				}
				if _, again := s.Next(t.Context()); again != err {
					t.Errorf("then %v", again)
				}
			})
		})
	}
}

// TestByeIsNotTheEnd has a camera that says BYE and goes on under another name,
// with other numbers and timestamps. Its second BYE is the end, 2 s later.
func TestByeIsNotTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		l := c.line(1)
		ended := make(chan time.Time, 1)
		c.workers.Go(func() {
			l.write([]byte(frameOf(1, bye()...)))
			time.Sleep(1500 * time.Millisecond)
			for i := range uint16(200) {
				p := soundPacket(100 + i)
				p[2] ^= 0x55
				p[4], p[8], p[11] = 0x80, 0xBE, 0xEF
				l.write([]byte(frameOf(0, p...)))
				time.Sleep(20 * time.Millisecond)
			}
			end := bye()
			end[12], end[15] = 0xBE, 0xEF
			l.write([]byte(frameOf(1, end...)))
			ended <- time.Now()
		})
		var last time.Duration
		for {
			k, err := s.Next(t.Context())
			if err == nil {
				last = k.Time
				continue
			}
			took := time.Since(<-ended)
			if err != io.EOF || took < byeSilence-50*time.Millisecond || took > byeSilence+watchEvery {
				t.Errorf("%v after %v", err, took)
			}
			break
		}
		// 3 packets, 1.5 s without, 4 s of the other.
		if last < 5*time.Second || last > 6*time.Second || s.Stats().Packets != 203 || s.Stats().Lost != 0 {
			t.Errorf("it ends at %v, %+v", last, s.Stats())
		}
	})
}

// TestSeekAfterEnd goes back from the end.
func TestSeekAfterEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		c.line(1).sound(59 * 50)
		c.line(1).write([]byte(frameOf(1, bye()...)))
		if _, err := readToEnd(t, s); err != io.EOF {
			t.Fatal(err)
		}
		if _, err := s.Seek(t.Context(), 10*time.Second); err != nil {
			t.Fatal(err)
		}
		c.line(1).sound(2)
		if k := readUntil(t, s, 10*time.Second); k[0].Seek != 1 {
			t.Errorf("seek %d", k[0].Seek)
		}
	})
}

// TestReports: over TCP a receiver report goes out every 5 s, empty while nothing
// has come; over UDP the first of each track right after PLAY, beside the one
// that opens the way before it.
func TestReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		type report struct {
			at     time.Duration
			blocks byte
		}
		reports := make(chan report, 100)
		var played time.Time
		c.on = func(l *line, r *request) *response {
			if r.method == "PLAY" {
				l.seq = 1 // nothing is sent by itself
				played = time.Now()
				c.workers.Go(func() {
					time.Sleep(7 * time.Second)
					for i := range uint16(500) {
						l.write([]byte(frameOf(0, soundPacket(100+i)...)))
						time.Sleep(20 * time.Millisecond)
					}
				})
			}
			return nil
		}
		c.heard = func(channel uint8, frame []byte) {
			if channel != 1 || frame[1] != 201 {
				t.Errorf("channel %d: % x", channel, frame)
			}
			reports <- report{time.Since(played), frame[0] & 0x1f}
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		for i, want := range []report{{5 * time.Second, 0}, {10 * time.Second, 1}, {15 * time.Second, 1}} {
			if got := <-reports; got.at < want.at || got.at > want.at+watchEvery || got.blocks != want.blocks {
				t.Errorf("report %d after %v has %d blocks", i, got.at, got.blocks)
			}
		}
		s.Close()
		c.workers.Wait()
	})
	srv := rtsptest.NewServer(rtsptest.Config{})
	defer srv.Close()
	s, _ := start(t, over("rtspu", srv.URL("/live")), Config{})
	record(t, s, 0, 500*time.Millisecond)
	if n := srv.Reports(); n != 4 {
		t.Errorf("%d reports over UDP", n)
	}
}

func TestServerRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		var got []string
		c.on = nil
		l := c.line(1)
		l.replies = make(chan *response, 100)
		for i, m := range []string{"OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE", "RECORD"} {
			l.write(fmt.Appendf(nil, "%s * RTSP/1.0\r\nCSeq: %d\r\nSession: 4711\r\n\r\n", m, 70+i))
			r := <-l.replies
			got = append(got, fmt.Sprint(r.status, " ", r.header.get("CSeq"), " ", r.header.get("Session")))
		}
		want := []string{"200 70 4711", "200 71 4711", "200 72 4711", "200 73 4711", "501 74 4711"}
		if !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		for range 2 * maxAsks { // a flood is not answered
			l.write([]byte("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"))
		}
		synctest.Wait()
		if n := len(l.replies); n != maxAsks-5 {
			t.Errorf("%d of a flood were answered", n)
		}
		l.sound(10)
		readUntil(t, s, 200*time.Millisecond)
	})
}

func TestKeepalive(t *testing.T) {
	for _, c := range []struct {
		name, server, public string
		refuse               map[string]int // 0: no answer
		want                 string
	}{
		{"usual", "", "", nil, "GET_PARAMETER GET_PARAMETER GET_PARAMETER GET_PARAMETER GET_PARAMETER"},
		{"454 to GET_PARAMETER", "", "", map[string]int{"GET_PARAMETER": 454}, "GET_PARAMETER OPTIONS OPTIONS OPTIONS OPTIONS OPTIONS"},
		{"451 is fine", "", "", map[string]int{"GET_PARAMETER": 451}, "GET_PARAMETER GET_PARAMETER GET_PARAMETER GET_PARAMETER GET_PARAMETER"},
		{"no answer", "", "", map[string]int{"GET_PARAMETER": 0}, "GET_PARAMETER GET_PARAMETER GET_PARAMETER OPTIONS OPTIONS"},
		{"all are refused", "", "OPTIONS, SET_PARAMETER", map[string]int{"SET_PARAMETER": 501, "OPTIONS": 501}, "SET_PARAMETER OPTIONS SET_PARAMETER OPTIONS SET_PARAMETER OPTIONS SET_PARAMETER OPTIONS SET_PARAMETER OPTIONS"},
		{"Hipcam", "Hipcam RealServer/V1.0", "OPTIONS, GET_PARAMETER", nil, "OPTIONS OPTIONS OPTIONS OPTIONS OPTIONS"},
		{"no list", "", "-", nil, "OPTIONS OPTIONS OPTIONS OPTIONS OPTIONS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &camera{t: t, sdp: soundSDP, public: c.public}
				opened := false
				cam.on = func(l *line, r *request) *response {
					code, refused := c.refuse[r.method]
					switch {
					case opened && refused && code == 0:
						return silence
					case opened && refused:
						return &response{status: code}
					case !opened && r.method == "OPTIONS":
						resp := l.usual(r)
						if c.public == "-" {
							resp.header = nil
						}
						resp.header.add("Server", c.server)
						return resp
					}
					return nil
				}
				s, _ := cam.mustOpen("rtspt://10.0.0.1/live", Config{})
				opened = true
				before := len(cam.methods())
				stop := make(chan struct{})
				var sender = cam.line(1)
				cam.workers.Go(func() { sender.keepSending(stop) })
				readUntil(t, s, 5*30*time.Second+time.Second)
				close(stop)
				if got := strings.Join(cam.methods()[before:], " "); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				if r := cam.asked[before]; r.target != "rtsp://10.0.0.1/live" || r.header.get("Session") != "4711" {
					t.Errorf("%+v", r)
				}
				if n := sender.frames.Load(); n < 25 {
					t.Errorf("%d receiver reports", n)
				}
			})
		})
	}
}
