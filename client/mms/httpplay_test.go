package mms

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/mmstest"
)

// modes are the ways in which every test of a dialogue has to hold.
var modes = map[string]mmstest.WebOptions{
	"pipelined":     {},
	"not pipelined": {NoPipeline: true},
	"of old":        {NoPipeline: true, Server: mmstest.Cougar41},
}

// TestHTTPPauseAndSeek: stop, go on with the next packet, go elsewhere while it
// plays and while it does not, and again after the end.
func TestHTTPPauseAndSeek(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, mmstest.Options{Web: o, Speed: 4})
			l, _ := mustHTTP(t, s.URL("mmsh", "film.asf"), Config{Timeouts: Timeouts{Close: 5 * time.Second}})
			ctx, on := t.Context(), all(t, l.programme())
			h, err := asf.Parse(l.programme().header)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.play(ctx, request{streams: on}); err != nil {
				t.Fatal(err)
			}
			first := some(t, l, 1, 10)
			if err := l.stop(ctx); err != nil {
				t.Fatal(err)
			}
			if err := l.play(ctx, request{packet: first[9] + 1, streams: on}); err != nil {
				t.Fatal(err)
			}
			if ids := some(t, l, 2, 3); ids[0] != first[9]+1 {
				t.Errorf("goes on at %d, want %d", ids[0], first[9]+1)
			}
			if err := l.play(ctx, request{from: 4 * time.Second, streams: on}); err != nil {
				t.Fatal(err)
			}
			far := some(t, l, 3, 3)
			if far[0] < first[9]+10 {
				t.Errorf("at 4 s is packet %d", far[0])
			}
			if err := l.play(ctx, request{streams: on}); err != nil {
				t.Fatal(err)
			}
			if ids := some(t, l, 4, 3); ids[0] != first[0] {
				t.Errorf("from the beginning: %d, want %d", ids[0], first[0])
			}
			if err := l.play(ctx, request{from: h.Duration - 500*time.Millisecond, streams: on}); err != nil {
				t.Fatal(err)
			}
			if got, err := written(t, l, nil); got != "D" || err != io.EOF {
				t.Errorf("%s, %v", got, err)
			}
			if err := l.play(ctx, request{from: time.Second, streams: on}); err != nil {
				t.Fatal(err)
			}
			some(t, l, 6, 3)
			l.close()
			if n := len(s.Stats().Logs); n != 6 {
				t.Errorf("%d logs", n)
			}
		})
	}
}

// TestHTTPChoice: every stream is named in a Play, in hexadecimal and with a line
// of its own.
func TestHTTPChoice(t *testing.T) {
	s := webServer(t, mmstest.Options{Speed: 20})
	l, _ := mustHTTP(t, s.URL("mmsh", "film.asf?WMBitrate=1&x=%20y"), Config{})
	d := []decision{{stream: 1}, {stream: 2, thin: sendNone}, {stream: 3}, {stream: 26, thin: sendKeys}}
	if err := l.play(t.Context(), request{from: 2500 * time.Millisecond, streams: d}); err != nil {
		t.Fatal(err)
	}
	if got := streamsIn(t, l, 60); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("streams %v", got)
	}
	asked := s.WebRequests()
	play := asked[len(asked)-1]
	for _, want := range []string{
		"stream-switch-count=4", "stream-switch-entry=ffff:1:0 ffff:2:2 ffff:3:0 ffff:1a:1",
		"no-cache,rate=1.000,stream-time=2500,stream-offset=4294967295:4294967295,packet-num=4294967295,max-duration=0",
		"xPlayStrm=1", "xClientGUID=" + l.guid,
	} {
		if !slices.Contains(play.Header.Values("Pragma"), want) {
			t.Errorf("no %q in %q", want, play.Header.Values("Pragma"))
		}
	}
	if play.Target != "/film.asf?WMBitrate=1&x=%20y" || !strings.HasPrefix(play.Header.Get("User-Agent"), "NSPlayer/") {
		t.Errorf("%+v", play)
	}
	if id, ok := play.Pragmas.Number("client-id"); !ok || id == 0 {
		t.Error("no client-id")
	}
	for _, r := range asked {
		if _, pair := r.Pragmas.Get("packet-pair-experiment"); pair {
			t.Error("a packet pair was asked for")
		}
	}
}

// streamsIn are the streams of the next n packets.
func streamsIn(t *testing.T, l *httpLink, n int) (found []int) {
	t.Helper()
	h, err := asf.Parse(l.programme().header)
	if err != nil {
		t.Fatal(err)
	}
	var p asf.Packet
	for range n {
		it, err := l.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Parse(it.packet, h.PacketSize); err != nil {
			t.Fatal(err)
		}
		for pl := (asf.Payload{}); p.Next(&pl); {
			if !slices.Contains(found, pl.Stream) {
				found = append(found, pl.Stream)
			}
		}
	}
	slices.Sort(found)
	return found
}

// TestHTTPChange: other streams while it plays, without a new play; a server that
// cannot do it is asked to play again from the same place.
func TestHTTPChange(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, mmstest.Options{Web: o, Speed: 4})
			l, _ := mustHTTP(t, s.URL("mmsh", "film.asf"), Config{})
			begin := []decision{{stream: 1}, {stream: 2, thin: sendNone}, {stream: 3}}
			if err := l.play(t.Context(), request{streams: begin}); err != nil {
				t.Fatal(err)
			}
			if got := streamsIn(t, l, 40); !slices.Equal(got, []int{1, 3}) {
				t.Fatalf("streams %v", got)
			}
			if err := l.change(t.Context(), []decision{{stream: 2, instead: 1}}); err != nil {
				t.Fatal(err)
			}
			for !slices.Contains(streamsIn(t, l, 1), 2) {
			}
			if got := streamsIn(t, l, 20); !slices.Equal(got, []int{2, 3}) {
				t.Errorf("streams %v", got)
			}
			var plays, choices int
			for _, kind := range kinds(s) {
				switch kind {
				case "Play":
					plays++
				case "SelectStream":
					choices++
				}
			}
			// The server may refuse once or twice while it has not seen the old
			// connection's end.
			if old := name == "of old"; !old && (plays != 1 || choices != 1) || old && (plays < 2 || choices != 0) {
				t.Errorf("%d Play, %d SelectStream", plays, choices)
			}
		})
	}
}

// TestHTTPList: entries of a server's list, each with a header of its own, chosen
// by the server or by us.
func TestHTTPList(t *testing.T) {
	list, err := mmstest.Film(mmstest.Sample(), mmstest.Sample(), mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		o    mmstest.WebOptions
		want string
		kind string // of the request for each further entry
	}{
		{"predicted, pipelined", mmstest.WebOptions{}, "DHDHD", ""},
		{"predicted", mmstest.WebOptions{NoPipeline: true}, "DHDHD", ""},
		{"waiting, pipelined", mmstest.WebOptions{NoPredict: true}, "DhDhD", "PlayNextEntry"},
		{"waiting", mmstest.WebOptions{NoPredict: true, NoPipeline: true}, "DhDhD", "SelectStream"},
		{"a new header at once", mmstest.WebOptions{NewHeader: true, NoPipeline: true}, "HDHDHD", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, mmstest.Options{Web: row.o, Speed: 100, Programmes: map[string]*mmstest.Programme{"list": list}})
			l, _ := mustHTTP(t, s.URL("mmsh", "list"), Config{})
			if err := l.play(t.Context(), request{streams: all(t, l.programme())}); err != nil {
				t.Fatal(err)
			}
			plays := 1
			got, err := written(t, l, func(it item) {
				switch {
				case it.header == nil && it.play != plays:
					t.Fatalf("a packet of play %d, want %d", it.play, plays)
				case it.chose:
					plays++
					if err := l.play(t.Context(), request{streams: all(t, it.header)}); err != nil {
						t.Fatal(err)
					}
				}
			})
			if got != row.want || err != io.EOF {
				t.Errorf("%s, %v; want %s", got, err, row.want)
			}
			if n := strings.Count(strings.Join(kinds(s), " "), row.kind); row.kind != "" && n != 2 {
				t.Errorf("%d times %s in %v", n, row.kind, kinds(s))
			}
		})
	}
}

// TestHTTPLive: broadcast, timestamps that wrap, a header that changes.
func TestHTTPLive(t *testing.T) {
	live, err := mmstest.Live(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	s := webServer(t, mmstest.Options{Programmes: map[string]*mmstest.Programme{"live": live}, Speed: 4})
	l, _ := mustHTTP(t, s.URL("mmsh", "live"), Config{})
	if p := l.programme(); !p.broadcast || p.seekable {
		t.Errorf("%+v", p)
	}
	if err := l.play(t.Context(), request{streams: all(t, l.programme())}); err != nil {
		t.Fatal(err)
	}
	if ids := some(t, l, 1, 50); ids[0] < 1_000_000 || !slices.IsSorted(ids) {
		t.Errorf("numbers from %d", ids[0])
	}
}

// TestHTTPKeepsSession: while nothing plays the server is asked to keep the
// session, more often than it forgets it.
func TestHTTPKeepsSession(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.Idle = time.Second
			s := webServer(t, mmstest.Options{Web: o, Speed: 4})
			l, notes := mustHTTP(t, s.URL("mmsh", "film.asf"), Config{})
			on := all(t, l.programme())
			if err := l.play(t.Context(), request{streams: on}); err != nil {
				t.Fatal(err)
			}
			ids := some(t, l, 1, 5)
			if err := l.stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			beats := func() (n int) {
				for _, kind := range kinds(s) {
					if kind == "KeepAlive" {
						n++
					}
				}
				return n
			}
			for until := time.Now().Add(10 * time.Second); beats() < 3; {
				if time.Now().After(until) {
					t.Fatal("the session is not kept")
				}
				time.Sleep(10 * time.Millisecond)
			}
			if err := l.play(t.Context(), request{packet: ids[4] + 1, streams: on}); err != nil {
				t.Fatal(err)
			}
			if got := some(t, l, 2, 2); got[0] != ids[4]+1 {
				t.Errorf("goes on at %d, want %d", got[0], ids[4]+1)
			}
			if s := notes.notes(); s != "" {
				t.Errorf("it says %q", s)
			}
		})
	}
}

// TestHTTPFaults: what is wrong with a reply is an error in time, and never the
// end of a film.
func TestHTTPFaults(t *testing.T) {
	short := Config{Timeouts: Timeouts{Reply: 500 * time.Millisecond}}
	for _, row := range []struct {
		name           string
		describe, play mmstest.Fault
		want           error // of the step that has the fault
	}{
		{"silence", mmstest.FaultSilence, 0, new(TimeoutError)},
		{"half a head", mmstest.FaultHalfHead, 0, new(TimeoutError)},
		{"a head without end", mmstest.FaultEndless, 0, ErrProtocol},
		{"a line without end", mmstest.FaultLongLine, 0, ErrProtocol},
		{"a length below 0", mmstest.FaultLength, 0, nil},
		{"a length of 2^63", mmstest.FaultHugeLength, 0, nil},
		{"a chunk of 2^64", mmstest.FaultChunkSize, 0, ErrProtocol},
		{"not HTTP", mmstest.FaultNotHTTP, 0, ErrProtocol},
		{"a header without end", mmstest.FaultNoLast, 0, ErrProtocol},
		{"one piece again and again", mmstest.FaultSamePiece, 0, ErrProtocol},
		{"half a header", mmstest.FaultCutHeader, 0, ErrProtocol},
		{"play: silence", 0, mmstest.FaultSilence, new(TimeoutError)},
		{"play: a head without end", 0, mmstest.FaultEndless, ErrProtocol},
		{"play: garbage", 0, mmstest.FaultGarbage, ErrProtocol},
		{"play: a size of 7", 0, mmstest.FaultSmallSize, ErrProtocol},
		{"play: a size of 65535", 0, mmstest.FaultLargeSize, io.EOF},
		{"play: packets of nothing", 0, mmstest.FaultNoPayload, io.EOF},
		{"play: headers without end", 0, mmstest.FaultHeaders, ErrProtocol},
		{"play: ends without end", 0, mmstest.FaultEnds, ErrProtocol},
		{"play: half a packet", 0, mmstest.FaultCutPacket, io.ErrUnexpectedEOF},
		{"play: a chunk of 2^64", 0, mmstest.FaultChunkSize, ErrProtocol},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, mmstest.Options{Speed: 200, Web: mmstest.WebOptions{NoPipeline: true, Describe: row.describe, Play: row.play}})
			l, _, err := httpTo(t, s.URL("mmsh", "film.asf"), short)
			if row.describe == 0 || row.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				err = l.play(t.Context(), request{streams: all(t, l.programme())})
				if err == nil {
					_, err = written(t, l, nil)
				}
				if row.want == nil {
					row.want = io.EOF
				}
			}
			var late *TimeoutError
			if errors.As(row.want, &late) {
				if !errors.As(err, &late) {
					t.Errorf("%v, want a wait that ended", err)
				}
			} else if !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
		})
	}
}
