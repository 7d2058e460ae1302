package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/rtsp"
	"tapedeck/client/web"
)

// part is a Session that gives a chunk each 100 ms, n of them, and ends.
type part struct {
	info   media.Info
	n      int
	end    error
	at     time.Duration
	seek   int
	sent   int
	seeked time.Duration
	closed atomic.Bool
}

func (p *part) Info() media.Info { return p.info }

func (p *part) Next(ctx context.Context) (media.Chunk, error) {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-ctx.Done():
		return media.Chunk{}, context.Cause(ctx)
	}
	if p.sent == p.n {
		return media.Chunk{}, p.end
	}
	c := media.Chunk{Time: p.at, Key: p.at%time.Second == 0, Seek: p.seek, Data: []byte("x")}
	if p.sent == 0 {
		c.Init = []byte("HEAD")
	}
	p.sent++
	p.at += 100 * time.Millisecond
	return c, nil
}

func (p *part) Pause(context.Context) error  { return nil }
func (p *part) Resume(context.Context) error { return nil }
func (p *part) Stats() media.Stats           { return media.Stats{Packets: uint64(p.sent)} }
func (p *part) Close() error                 { p.closed.Store(true); return nil }

func (p *part) Seek(_ context.Context, to time.Duration) (time.Duration, error) {
	p.seeked = to
	p.at = to.Truncate(2 * time.Second)
	p.seek++
	return p.at, nil
}

// world answers each time the link is opened again.
type world struct {
	answers []any // *part or error
	opened  []string
	told    []string
	begin   time.Time
}

func (w *world) open(_ context.Context, a address.Address, o Options) (Session, error) {
	w.opened = append(w.opened, fmt.Sprintf("%s %v %v", a.Host, o.start.Round(time.Second), o.onlyPublic))
	answer := w.answers[0]
	w.answers = w.answers[1:]
	switch answer := answer.(type) {
	case *part:
		return answer, nil
	case error:
		return nil, answer
	}
	panic("nothing to answer")
}

func (w *world) steady(p *part) *steady {
	w.begin = time.Now()
	o := Options{Trace: func(e media.Event) {
		switch e := e.(type) {
		case media.Interrupted:
			w.told = append(w.told, fmt.Sprintf("lost %v, %v", e.Why, e.Wait.Round(time.Second)))
		case media.Returned:
			w.told = append(w.told, fmt.Sprintf("back after %v", e.After.Round(time.Second)))
		}
	}}
	s := newSteady(p, address.Address{Scheme: "rtsp", Host: "a"}, o, w.open)
	s.chance = func() float64 { return 0.5 }
	return s
}

var (
	live = media.Info{Live: true, Can: media.Capabilities{NoSeek: "live"}}
	film = media.Info{Duration: time.Minute}
	cut  = media.At(media.RungTransport, rtsp.ErrConnection)
)

func status(code int) error {
	return media.At(media.RungReply, &rtsp.StatusError{Method: "DESCRIBE", Code: code, Reason: "no"})
}

func drain(t *testing.T, s Session) (chunks []media.Chunk, err error) {
	t.Helper()
	for {
		c, err := s.Next(t.Context())
		if err != nil {
			return chunks, err
		}
		chunks = append(chunks, c)
	}
}

func TestLiveComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answers: []any{
			cut, status(404), &part{info: live, n: 200, end: cut}, &part{info: live, n: 10, end: io.EOF},
		}}
		s := w.steady(&part{info: live, n: 20, end: cut})
		chunks, err := drain(t, s)
		if err != io.EOF || len(chunks) != 230 {
			t.Errorf("%d chunks, %v", len(chunks), err)
		}
		for i := 1; i < len(chunks); i++ {
			if chunks[i].Time <= chunks[i-1].Time || chunks[i].Seek != 0 {
				t.Errorf("chunk %d: %v after %v", i, chunks[i].Time, chunks[i-1].Time)
			}
		}
		// Away for 1, 2 and 4 s, which are no media time; then, after 20 s in good
		// health, for one.
		if d := chunks[20].Time - chunks[19].Time; d != splice {
			t.Errorf("it goes on %v later", d)
		}
		want := "lost connection closed by the server, 1s; lost connection closed by the server, 2s; lost rtsp: describe: 404 no, 4s; back after 7s; " +
			"lost connection closed by the server, 1s; back after 1s"
		if got := strings.Join(w.told, "; "); got != want {
			t.Errorf("told %q", got)
		}
		if n := s.Stats().Packets; n != 230 {
			t.Errorf("%d packets", n)
		}
		if len(w.opened) != 4 || !strings.HasPrefix(w.opened[0], "a 2s") {
			t.Errorf("%q", w.opened)
		}
	})
}

// TestTitlesAfterALoss: a stream that comes back counts its time from 0, and its
// titles go on with the time of the first.
func TestTitlesAfterALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var titles []media.Title
		o := Options{Trace: func(e media.Event) {
			if title, ok := e.(media.Title); ok {
				titles = append(titles, title)
			}
		}}
		next := &part{info: live, n: 20, end: io.EOF}
		s := newSteady(&part{info: live, n: 50, end: cut}, address.Address{}, o, func(_ context.Context, _ address.Address, o Options) (Session, error) {
			o.Trace(media.Title{Text: "again", Time: time.Second})
			return next, nil
		})
		chunks, _ := drain(t, s)
		at := chunks[49].Time + splice + time.Second // where a second of what came back is heard
		if len(titles) != 1 || titles[0].Time != at || chunks[60].Time != at {
			t.Errorf("%+v, chunk at %v, want %v", titles, chunks[60].Time, at)
		}
	})
}

func TestFinalAnswersEndIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		first  *part
		answer []any
		want   func(error) bool
	}{
		{"login", &part{info: live, n: 5, end: cut}, []any{status(401)}, func(err error) bool { return errors.Is(err, login.ErrWanted) }},
		{"forbidden", &part{info: live, n: 5, end: cut}, []any{cut, status(403)}, func(err error) bool { return statusOf(err) == 403 }},
		{"the end", &part{info: live, n: 5, end: io.EOF}, nil, func(err error) bool { return err == io.EOF }},
		{"no seek", &part{info: media.Info{Can: media.Capabilities{NoSeek: "x"}}, n: 5, end: cut}, nil, func(err error) bool { return err == cut }},
		{"not the network's", &part{info: live, n: 5, end: errors.New("x")}, nil, func(err error) bool { return err.Error() == "x" }},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &world{answers: c.answer}
			if _, err := drain(t, w.steady(c.first)); !c.want(err) {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
}

// TestPassing: which answers end it, and which may be another one in a while.
func TestPassing(t *testing.T) {
	for code, want := range map[int]bool{
		400: false, 401: false, 402: false, 403: false, 404: true, 405: false, 407: false, 408: true, 410: false, 425: true, 429: true,
		451: false, 500: true, 502: true, 503: true,
	} {
		if got := passing(media.At(media.RungReply, &web.StatusError{Code: code})); got != want {
			t.Errorf("%d: %v", code, got)
		}
	}
	if passing(media.At(media.RungTCP, web.ErrPrivate)) {
		t.Error("a private address passes")
	}
}

// TestServerAsksToBeLeftAlone has Retry-After, as long as is reasonable.
func TestServerAsksToBeLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := func(d time.Duration) error {
			return media.At(media.RungReply, &web.StatusError{Code: 429, RetryAfter: d})
		}
		w := &world{answers: []any{busy(20 * time.Second), busy(24 * time.Hour), busy(0), &part{info: live, n: 1, end: io.EOF}}}
		s := w.steady(&part{info: live, n: 20, end: cut})
		if _, err := drain(t, s); err != io.EOF {
			t.Error(err)
		}
		want := "lost connection closed by the server, 1s; lost http: 429, 20s; lost http: 429, 5m0s; lost http: 429, 8s; back after 5m29s"
		if got := strings.Join(w.told, "; "); got != want {
			t.Errorf("told %q", got)
		}
	})
}

func TestFilmGoesOnWhereItBroke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := &part{info: film, n: 100, end: io.EOF}
		w := &world{answers: []any{second}}
		first := &part{info: film, n: 35, end: cut}
		s := w.steady(first)
		if _, err := s.Seek(t.Context(), 10*time.Second); err != nil {
			t.Fatal(err)
		}
		chunks, err := drain(t, s)
		if err != io.EOF || !first.closed.Load() || second.seeked != 13400*time.Millisecond {
			t.Errorf("%v; the second begins at %v", err, second.seeked)
		}
		// The server went back to 12 s; what had come is left out, up to a key point.
		if c := chunks[35]; c.Time != 14*time.Second || !c.Key || string(c.Init) != "HEAD" {
			t.Errorf("it goes on at %v, key %v, init %q", c.Time, c.Key, c.Init)
		}
		for i, c := range chunks {
			if c.Seek != 1 {
				t.Fatalf("chunk %d: seek %d", i, c.Seek)
			}
		}
	})
}

func TestStationIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		radio := media.Info{Live: true, Protocol: "icy", Can: media.Capabilities{NoSeek: "live"}}
		w := &world{answers: []any{&part{info: radio, n: 10, end: io.EOF}, status(403)}}
		if chunks, err := drain(t, w.steady(&part{info: radio, n: 10, end: io.EOF})); len(chunks) != 20 || statusOf(err) != 403 ||
			chunks[10].Time != chunks[9].Time+splice {
			t.Errorf("%d chunks, %v", len(chunks), err)
		}
	})
}

func TestMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := func(host string) error {
			return media.At(media.RungSession, &rtsp.MovedError{To: address.Address{Scheme: "rtsp", Host: host}, OnlyPublic: true})
		}
		w := &world{answers: []any{&part{info: live, n: 5, end: io.EOF}}}
		chunks, err := drain(t, w.steady(&part{info: live, n: 5, end: to("b")}))
		if len(chunks) != 10 || err != io.EOF || w.opened[0] != "b 1s true" && w.opened[0] != "b 0s true" || time.Since(w.begin) > 2*time.Second {
			t.Errorf("%d chunks, %v, %q", len(chunks), err, w.opened)
		}
		// In a circle without end.
		w = &world{}
		for range 2 * maxMoves {
			w.answers = append(w.answers, &part{info: live, n: 1, end: to("b")})
		}
		if _, err := drain(t, w.steady(&part{info: live, n: 5, end: to("b")})); !errors.Is(err, rtsp.ErrRedirect) || len(w.opened) != maxMoves {
			t.Errorf("%v after %q", err, w.opened)
		}
	})
}

func TestCloseWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		s := w.steady(&part{info: live, n: 1, end: cut})
		go func() {
			time.Sleep(500 * time.Millisecond)
			s.Close()
		}()
		if _, err := drain(t, s); err != errClosed || len(w.opened) != 0 {
			t.Errorf("%v, %q", err, w.opened)
		}
		s.Close()
	})
}

// TestBrokenStream is lost in its first second each time: that is not for ever.
func TestBrokenStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		for range 2 * maxRelapses {
			w.answers = append(w.answers, &part{info: live, n: 5, end: cut})
		}
		chunks, err := drain(t, w.steady(&part{info: live, n: 5, end: cut}))
		if err != cut || len(chunks) != 5*(maxRelapses+1) || len(w.opened) != maxRelapses {
			t.Errorf("%d chunks, %v, %d times", len(chunks), err, len(w.opened))
		}
	})
}
