package playback

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/playlist"
)

// TestTitleOfWhatIsHeard goes back before a title and sees the one before it,
// although the server said the later one long ago.
func TestTitleOfWhatIsHeard(t *testing.T) {
	s := newSession(liveInfo)
	s.info.Title = "Radio One"
	deckTest(t, s, func(t *testing.T, b *bench) {
		on := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := b.state().Title; got != want {
				t.Errorf("at %v %q is on, want %q", b.state().Position, got, want)
			}
		}
		b.deck.Do(Play{Entry: entry})
		after(time.Second)
		on("Radio One")
		b.tell(media.Title{Text: "First", Time: 2 * time.Second}) // what was on when we came
		on("First")
		after(9 * time.Second)
		b.tell(media.Title{Text: "Second", Time: 14 * time.Second}) // four seconds before it is heard
		on("First")
		if got := b.state().Titles; len(got) != 2 || got[1].Text != "Second" || got[1].From != 14*time.Second || got[1].Came.IsZero() {
			t.Errorf("the history is %+v", got)
		}
		after(5 * time.Second)
		on("Second")
		if e := last[TitleEvent](b); e.Title != "Second" || e.Position != 14 || e.At == "" {
			t.Errorf("told as %+v", e)
		}
		b.deck.Do(SeekBy{By: -8 * time.Second})
		on("First")
		b.tell(media.Title{Text: "Third", Time: 17 * time.Second})
		b.tell(media.Title{Text: "Third", Time: 18 * time.Second}) // said again by a stream that came back
		after(3 * time.Second)
		on("First")
		if got := len(b.state().Titles); got != 3 {
			t.Errorf("%d titles are kept", got)
		}
		b.deck.Do(GoLive{})
		on("Third")
		if got, want := b.log(), "[opened playing title title seeking title playing seeking title playing]"; got != want {
			after(2 * time.Second)
			if got = b.log(); got != want {
				t.Errorf("events %s, want %s", got, want)
			}
		}
	})
}

// TestTitlesOnDemand has a server that says its titles again after a seek.
func TestTitlesOnDemand(t *testing.T) {
	s := newSession(filmInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(time.Second)
		for _, at := range []time.Duration{30 * time.Second, 10 * time.Second, 10*time.Second + 200*time.Millisecond, 30 * time.Second} {
			b.tell(media.Title{Text: fmt.Sprint("from ", at.Truncate(time.Second)), Time: at})
		}
		after(time.Second)
		if st := b.state(); st.Title != "" || len(st.Titles) != 2 {
			t.Errorf("at %v: %q, %d titles", st.Position, st.Title, len(st.Titles))
		}
		b.deck.Do(SeekTo{To: 40 * time.Second})
		after(2 * time.Second)
		if st := b.state(); st.Title != "from 30s" {
			t.Errorf("at %v: %q", st.Position, st.Title)
		}
		b.deck.Do(SeekTo{To: 20 * time.Second})
		after(2 * time.Second)
		if st := b.state(); st.Title != "from 10s" {
			t.Errorf("at %v: %q", st.Position, st.Title)
		}
	})
}

// TestTitlesAreBounded floods the deck.
func TestTitlesAreBounded(t *testing.T) {
	s := newSession(liveInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(time.Second)
		for i := range 3 * maxTitles {
			b.tell(media.Title{Text: fmt.Sprint(i)})
			if i%100 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		st := b.state()
		if n := len(st.Titles); n != maxTitles || st.Titles[n-1].Text != fmt.Sprint(3*maxTitles-1) || st.Title != st.Titles[n-1].Text {
			t.Errorf("%d titles, the last %q, on is %q", n, st.Titles[n-1].Text, st.Title)
		}
		before := b.state().Titles
		b.tell(media.Title{Text: "one more"})
		synctest.Wait()
		if before[0].Text == b.state().Titles[0].Text || before[0].Text != fmt.Sprint(2*maxTitles) {
			t.Error("a state that was published has changed")
		}
	})
}

// TestTitlesAreKept: each title goes to OnTitle once, when it comes, with the
// names of the stream; also one that came before the stream was open, and none
// a second time when it is heard again.
func TestTitlesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(liveInfo)
		s.info.Title = "Radio One"
		b := &bench{feed: newFeed(), done: make(chan struct{})}
		b.open = func(context.Context, playlist.Entry) (client.Session, error) {
			b.tell(media.Title{Text: "early"})
			return s, nil
		}
		var got []string
		cfg := b.config()
		cfg.Unplayed, cfg.Player, cfg.Feed = true, nil, nil
		cfg.OnTitle = func(e playlist.Entry, name string, t Title) {
			got = append(got, e.Name+"/"+name+"/"+t.Text)
		}
		b.deck = New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(b.done); b.deck.Run(ctx) }()
		b.deck.Do(Play{Entry: entry})
		after(time.Second)
		b.tell(media.Title{Text: "far ahead", Time: time.Hour})
		after(time.Second)
		if want := []string{"clip/Radio One/early", "clip/Radio One/far ahead"}; !reflect.DeepEqual(got, want) {
			t.Errorf("kept %q, want %q", got, want)
		}
		// Without a decoder nobody hears anything: titles are told as they come.
		if e := last[TitleEvent](b); e.Title != "far ahead" || e.Position != 3600 {
			t.Errorf("told as %+v", e)
		}
		cancel()
		<-b.done
	})
}
