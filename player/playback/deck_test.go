package playback

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/playlist"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	liveInfo = media.Info{Live: true, Can: media.Capabilities{NoSeek: "the stream is live", NoPause: "the stream is live"},
		Tracks: []media.Track{{Kind: media.Video, Codec: media.H264}}}
	filmInfo = media.Info{Duration: time.Minute, Tracks: []media.Track{{Kind: media.Video, Codec: media.H264}}}
)

// deckTest runs f in a bubble of fake time with a deck that plays session.
func deckTest(t *testing.T, session bubbled, f func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		session.enter()
		b := newBench(t.Context(), func(context.Context, playlist.Entry) (client.Session, error) { return session, nil })
		defer b.close()
		f(t, b)
	})
}

// after lets d of fake time pass and waits until all is quiet.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

var entry = playlist.Entry{Name: "clip", URL: "rtsp://host/clip"}

func TestPlayFromConnectingToEnd(t *testing.T) {
	s := newSession(filmInfo)
	s.end = 3 * time.Second
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		if st := b.state(); st.Phase != Playing || st.Duration != time.Minute || st.Position < time.Second {
			t.Errorf("after two seconds: %v at %v of %v", st.Phase, st.Position, st.Duration)
		}
		if got := b.player().seen(); !strings.HasPrefix(got, "HEAD[0.0][0.1]") {
			t.Errorf("the player got %q", got)
		}
		after(3 * time.Second)
		if got, want := b.log(), "[opened playing ended]"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
		if st := b.state(); st.Phase != Ended {
			t.Errorf("at the end: %v", st.Phase)
		}
	})
}

func TestLatestPlayWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late, wanted := newSession(liveInfo), newSession(liveInfo)
		var cause error
		b := newBench(t.Context(), func(ctx context.Context, e playlist.Entry) (client.Session, error) {
			if e.Name == "slow" {
				<-ctx.Done()
				cause = context.Cause(ctx)
				return late, nil // it came through at the last moment
			}
			return wanted, nil
		})
		defer b.close()
		b.deck.Do(Play{Entry: playlist.Entry{Name: "slow"}})
		after(time.Second)
		b.deck.Do(Play{Entry: playlist.Entry{Name: "wanted"}})
		after(2 * time.Second)
		if st := b.state(); st.Phase != Playing || st.Entry.Name != "wanted" {
			t.Errorf("%v plays %q", st.Phase, st.Entry.Name)
		}
		if !errors.Is(cause, errEjected) {
			t.Errorf("the slow one was cancelled by %v", cause)
		}
		select {
		case <-late.closed:
		default:
			t.Error("the session that came too late was not closed")
		}
	})
}

func TestPauseReachesServerAndPlayer(t *testing.T) {
	s := newSession(filmInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		b.deck.Do(Pause{})
		b.deck.Do(Pause{})
		after(time.Second)
		if st := b.state(); st.Phase != Paused {
			t.Fatalf("phase %v", st.Phase)
		}
		seen, states := len(b.player().seen()), len(b.states)
		after(time.Minute)
		if now := len(b.player().seen()); now != seen {
			t.Errorf("%d bytes came while paused", now-seen)
		}
		if now := len(b.states); now != states {
			t.Errorf("%d states were published while paused", now-states)
		}
		b.deck.Do(Resume{})
		after(time.Second)
		if st := b.state(); st.Phase != Playing {
			t.Errorf("after resume: %v", st.Phase)
		}
		if got, want := fmt.Sprint(s.calls), "[pause resume]"; got != want {
			t.Errorf("the server was told %s, want %s", got, want)
		}
		if got, want := b.log(), "[opened playing paused playing]"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
	})
}

func TestSeekOnServerPlaysFromThere(t *testing.T) {
	s := newSession(filmInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		b.deck.Do(SeekTo{To: 30*time.Second + 400*time.Millisecond})
		after(time.Second)
		if got := b.player().seen(); !strings.HasPrefix(got, "HEAD[30.0]") {
			t.Errorf("after the seek the player got %q, want it from the header and 30.0 on", got)
		}
		if st := b.state(); st.Phase != Playing || st.Position < 30*time.Second || st.Position > 32*time.Second {
			t.Errorf("%v at %v", st.Phase, st.Position)
		}
		// Keys pressed quickly add up; of the wishes in between only the last counts.
		for range 3 {
			b.deck.Do(SeekBy{By: -5 * time.Second})
			time.Sleep(10 * time.Millisecond)
		}
		after(2 * time.Second)
		if got := b.player().seen(); !strings.HasPrefix(got, "HEAD[15.0]") && !strings.HasPrefix(got, "HEAD[16.0]") {
			t.Errorf("after three steps back the player got %q", got)
		}
		if n := len(s.calls); n != 3 {
			t.Errorf("the server was asked %v: want one seek, then the first step and the sum", s.calls)
		}
	})
}

func TestLiveStreamRefusesSeekButRewindsItsTape(t *testing.T) {
	s := newSession(liveInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(20 * time.Second)
		b.deck.Do(SeekBy{By: 10 * time.Second})
		after(time.Second)
		if st := b.state(); !strings.Contains(st.Notice, "the stream is live") {
			t.Errorf("a seek into the future is answered by %q", st.Notice)
		}
		b.deck.Do(SeekBy{By: -10 * time.Second})
		after(time.Second)
		if got := b.player().seen(); !strings.HasPrefix(got, "HEAD[10.0]") && !strings.HasPrefix(got, "HEAD[11.0]") {
			t.Errorf("ten seconds back the player got %.30q", got)
		}
		after(2 * time.Second)
		if st := b.state(); st.Behind < 8*time.Second || st.Behind > 12*time.Second {
			t.Errorf("%v behind live, want about ten seconds", st.Behind)
		}
		b.deck.Do(GoLive{})
		after(2 * time.Second)
		if st := b.state(); st.Behind != 0 || st.Phase != Playing {
			t.Errorf("back at live: %v, %v behind", st.Phase, st.Behind)
		}
		if len(s.calls) != 0 {
			t.Errorf("the server was told %v", s.calls)
		}
	})
}

func TestStartWithinALiveStreamIsRefused(t *testing.T) {
	deckTest(t, newSession(liveInfo), func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry, Start: 20 * time.Second})
		after(2 * time.Second)
		if st := b.state(); st.Phase != Playing || !strings.Contains(b.log(), "refused") {
			t.Errorf("%v, and a start at 20 s is answered by %s", st.Phase, b.log())
		}
	})
}

// grownSession is a server's playlist, whose length is known up to the end of
// the entry that is sent.
type grownSession struct {
	*fakeSession
	grown *atomic.Bool
}

func (s grownSession) Info() media.Info {
	i := s.fakeSession.Info()
	if i.Duration = 3 * time.Second; s.grown.Load() {
		i.Duration = 30 * time.Second
	}
	return i
}

func TestPlaylistOutlastsItsFirstEntry(t *testing.T) {
	s := grownSession{newSession(filmInfo), new(atomic.Bool)}
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		s.grown.Store(true)
		if st := b.state(); st.Duration != 3*time.Second {
			t.Errorf("in the first entry the length is %v", st.Duration)
		}
		after(6 * time.Second)
		if st := b.state(); st.Position < 4*time.Second || st.Duration != 30*time.Second {
			t.Errorf("behind the first entry: %v of %v", st.Position, st.Duration)
		}
	})
}

func TestLiveGoesOnToTheTapeWhilePaused(t *testing.T) {
	s := newSession(liveInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(5 * time.Second)
		b.deck.Do(TogglePause{})
		after(10 * time.Second)
		b.deck.Do(TogglePause{})
		after(2 * time.Second)
		if st := b.state(); st.Phase != Playing || st.Behind < 8*time.Second {
			t.Errorf("after a pause of ten seconds: %v, %v behind live", st.Phase, st.Behind)
		}
	})
}

func TestPlayerThatDiesIsReplaced(t *testing.T) {
	s := newSession(liveInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(10 * time.Second)
		b.player().die()
		after(2 * time.Second)
		if n := len(b.players); n != 2 {
			t.Fatalf("%d players, want a second one", n)
		}
		if got := b.player().seen(); !strings.HasPrefix(got, "HEAD[9.0]") && !strings.HasPrefix(got, "HEAD[10.0]") {
			t.Errorf("the new player got %.30q, want it to go on at about 9.9", got)
		}
		if st := b.state(); st.Phase != Playing || !strings.Contains(st.Note, "player") {
			t.Errorf("%v, note %q", st.Phase, st.Note)
		}
		for range maxRestarts {
			b.player().die()
			after(time.Second)
		}
		if st := b.state(); st.Phase != Failed || st.Failure.Rung != RungPlayer {
			t.Errorf("after dying again and again: %v, %+v", st.Phase, st.Failure)
		}
	})
}

func TestFailureNamesItsRung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t.Context(), func(context.Context, playlist.Entry) (client.Session, error) {
			return nil, media.At(media.RungTCP, errors.New("connection refused"))
		})
		defer b.close()
		b.deck.Do(Play{Entry: entry})
		after(time.Second)
		st := b.state()
		if st.Phase != Failed || st.Failure.Rung != "tcp" || st.Failure.Message != "connection refused" {
			t.Errorf("%v, %+v", st.Phase, st.Failure)
		}
		after(time.Hour)
		if st := b.state(); st.Phase != Failed {
			t.Errorf("the failure did not stay: %v", st.Phase)
		}
	})
}

func TestRecordingIsWhatThePlayerGets(t *testing.T) {
	s := newSession(liveInfo)
	path := filepath.Join(t.TempDir(), "kept.mkv")
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		b.deck.Do(Record{Path: path})
		after(3 * time.Second)
		if rec := b.state().Recording; rec == nil || rec.Path != path || rec.Bytes == 0 {
			t.Errorf("the state says %+v of the recording", rec)
		}
		b.deck.Do(StopRecord{})
		after(time.Second)
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(kept), "HEAD[1.0][1.1]") || !strings.Contains(string(kept), "[4.5]") {
			t.Errorf("kept %q", kept)
		}
		b.deck.Do(Record{Path: path})
		after(time.Second)
		if st := b.state(); !strings.Contains(st.Notice, "exists") {
			t.Errorf("recording over a file is answered by %q", st.Notice)
		}
	})
}

func TestRecordingAloneTakesAllThatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(filmInfo)
		s.end = 2 * time.Second
		path := filepath.Join(t.TempDir(), "kept.mkv")
		b := &bench{feed: newFeed(), done: make(chan struct{})}
		b.open = func(context.Context, playlist.Entry) (client.Session, error) { return s, nil }
		cfg := b.config()
		cfg.Unplayed, cfg.Player, cfg.Feed = true, nil, nil
		b.deck = New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(b.done); b.deck.Run(ctx) }()
		b.deck.Do(Play{Entry: entry})
		b.deck.Do(Record{Path: path})
		after(1500 * time.Millisecond)
		if st := b.state(); st.Position < time.Second/2 {
			t.Errorf("a second and a half has come, and the position is %v", st.Position)
		}
		after(3500 * time.Millisecond)
		kept, _ := os.ReadFile(path)
		if !strings.HasPrefix(string(kept), "HEAD[0.0]") || !strings.HasSuffix(string(kept), "[1.9]") {
			t.Errorf("kept %q, want all of it", kept)
		}
		if got, want := b.log(), "[opened playing recording recorded ended]"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
		cancel()
		<-b.done
	})
}

func TestWithoutPlayerTheStreamIsReadAtItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(filmInfo)
		b := &bench{feed: newFeed(), done: make(chan struct{})}
		b.open = func(context.Context, playlist.Entry) (client.Session, error) { return s, nil }
		cfg := b.config()
		cfg.Player, cfg.Feed = nil, nil
		b.deck = New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(b.done); b.deck.Run(ctx) }()
		b.deck.Do(Play{Entry: entry})
		after(5 * time.Second)
		if st := b.state(); st.Phase != Playing || st.Counts.Displayed+st.Counts.DecodedAudio != 0 {
			t.Errorf("%v with %+v: nothing was decoded", st.Phase, st.Counts)
		}
		b.deck.Do(SeekTo{To: 20 * time.Second})
		after(3 * time.Second)
		if st := b.state(); st.Phase != Playing || st.Position < 20*time.Second {
			t.Errorf("after the seek: %v at %v", st.Phase, st.Position)
		}
		cancel()
		<-b.done
	})
}

func TestVolume(t *testing.T) {
	deckTest(t, newSession(liveInfo), func(t *testing.T, b *bench) {
		after(time.Second)
		b.deck.Do(Volume{Delta: -30})
		after(time.Second)
		if v := b.player().volume; v != 70 || b.state().Volume != 70 {
			t.Errorf("the player has %d, the state %d", v, b.state().Volume)
		}
		b.deck.Do(Mute{})
		after(time.Second)
		if v := b.player().volume; v != 0 || b.state().Volume != 70 || !b.state().Muted {
			t.Errorf("muted: the player has %d", v)
		}
		b.deck.Do(Volume{Delta: 1000})
		after(time.Second)
		if v := b.player().volume; v != maxVolume || b.state().Muted {
			t.Errorf("at most: %d", v)
		}
	})
}

func TestRequestsWithoutAStreamAreAnswered(t *testing.T) {
	deckTest(t, newSession(liveInfo), func(t *testing.T, b *bench) {
		for _, in := range []Intent{Pause{}, SeekTo{}, SeekBy{}, GoLive{}, Record{}} {
			b.deck.Do(in)
			after(time.Second)
			if b.state().Notice == "" {
				t.Errorf("%T without a stream is not answered", in)
			}
		}
		b.deck.Do(Stop{})
		b.deck.Do(TogglePause{})
		after(time.Second)
		if st := b.state(); st.Phase != Stopped {
			t.Errorf("phase %v", st.Phase)
		}
	})
}

func TestStreamWithoutKeyPicturesFails(t *testing.T) {
	s := newSession(liveInfo)
	s.at = chunkTime // and so never at a whole second in steps of a second
	deckTest(t, s, func(t *testing.T, b *bench) {
		s.step = time.Second
		b.deck.Do(Play{Entry: entry})
		after(firstFrameWait + 2*time.Second)
		if st := b.state(); st.Phase != Failed || st.Failure.Rung != "container" {
			t.Errorf("%v, %+v", st.Phase, st.Failure)
		}
	})
}

func TestPauseThatOutlastsTheTape(t *testing.T) {
	s := newSession(liveInfo)
	synctest.Test(t, func(t *testing.T) {
		s.closed = make(chan struct{})
		b := &bench{feed: newFeed(), done: make(chan struct{})}
		b.open = func(context.Context, playlist.Entry) (client.Session, error) { return s, nil }
		cfg := b.config()
		cfg.Tape.Time = 10 * time.Second
		b.deck = New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(b.done); b.deck.Run(ctx) }()
		b.deck.Do(Play{Entry: entry})
		after(5 * time.Second)
		b.deck.Do(Pause{})
		after(time.Minute)
		b.deck.Do(Resume{})
		after(2 * time.Second)
		if got := b.player().seen(); !strings.HasPrefix(got, "HEAD[54.0]") && !strings.HasPrefix(got, "HEAD[55.0]") {
			t.Errorf("after the pause the player got %.30q, want the oldest that is kept", got)
		}
		if st := b.state(); st.Phase != Playing || !strings.Contains(st.Note, "lost in the pause") {
			t.Errorf("%v, note %q", st.Phase, st.Note)
		}
		cancel()
		<-b.done
	})
}

// TestSeekAfterTheEnd has a film that ended played again from where one jumps.
func TestSeekAfterTheEnd(t *testing.T) {
	s := newSession(filmInfo)
	s.end = 3 * time.Second
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(10 * time.Second)
		if st := b.state(); st.Phase != Ended {
			t.Fatalf("%v", st.Phase)
		}
		s.enter()
		s.end, s.once = 0, sync.Once{}
		b.deck.Do(SeekTo{To: 20 * time.Second})
		after(2 * time.Second)
		if st := b.state(); st.Phase != Playing || st.Position < 20*time.Second || st.Position > 23*time.Second {
			t.Errorf("%v at %v", st.Phase, st.Position)
		}
	})
}

// TestWaiting has a server that does not answer: the seconds are counted.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t.Context(), func(ctx context.Context, _ playlist.Entry) (client.Session, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		})
		defer b.close()
		b.deck.Do(Play{Entry: entry})
		after(3500 * time.Millisecond)
		if st := b.state(); st.Phase != Connecting || st.Waited != 3*time.Second {
			t.Errorf("%v, waited %v", st.Phase, st.Waited)
		}
	})
}
