package playback

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/playlist"
)

// TestSeekInAPauseStaysPaused: the place is shown, and played when the pause
// ends.
func TestSeekInAPauseStaysPaused(t *testing.T) {
	s := newSession(liveInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(30 * time.Second)
		b.deck.Do(Pause{})
		after(time.Second)
		at := b.state().Position
		opened := b.player().opened
		b.deck.Do(SeekBy{By: -10 * time.Second})
		synctest.Wait()
		b.deck.Do(SeekBy{By: -5 * time.Second})
		synctest.Wait()
		if st := b.state(); st.Phase != Paused || st.Position != at-15*time.Second || st.Behind < 15*time.Second {
			t.Errorf("%v at %v, %v behind; want a pause at %v", st.Phase, st.Position, st.Behind, at-15*time.Second)
		}
		after(10 * time.Second)
		if st := b.state(); st.Phase != Paused || b.player().opened != opened {
			t.Errorf("%v, and the player opened %d more", st.Phase, b.player().opened-opened)
		}
		b.deck.Do(Resume{})
		after(2 * time.Second)
		if got := b.player().seen(); !strings.HasPrefix(got, "HEAD[14.0]") && !strings.HasPrefix(got, "HEAD[15.0]") {
			t.Errorf("after the pause the player got %.30q", got)
		}
		if st := b.state(); st.Phase != Playing || st.Behind < 20*time.Second {
			t.Errorf("%v, %v behind", st.Phase, st.Behind)
		}
		if got, want := b.log(), "[opened playing paused seeking paused seeking paused seeking playing]"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
		// To live it plays at once.
		b.deck.Do(Pause{})
		after(time.Second)
		b.deck.Do(GoLive{})
		after(2 * time.Second)
		if st := b.state(); st.Phase != Playing || st.Behind != 0 {
			t.Errorf("%v, %v behind", st.Phase, st.Behind)
		}
	})
}

// TestBehindShowsAtOnce: going back on a live stream leaves live in the same
// moment, not when the player is first asked again.
func TestBehindShowsAtOnce(t *testing.T) {
	s := newSession(liveInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(20500 * time.Millisecond)
		b.deck.Do(SeekBy{By: -10 * time.Second})
		synctest.Wait()
		if st := b.state(); st.Behind < 9*time.Second || st.Behind > 12*time.Second || st.TapeTo-st.Position != st.Behind {
			t.Errorf("%v: at %v of %v, %v behind", st.Phase, st.Position, st.TapeTo, st.Behind)
		}
		after(3 * time.Second)
		b.deck.Do(GoLive{})
		synctest.Wait()
		if st := b.state(); st.Behind != 0 || st.TapeTo-st.Position > time.Second {
			t.Errorf("%v: at %v of %v, %v behind", st.Phase, st.Position, st.TapeTo, st.Behind)
		}
	})
}

// TestRecordingIsArmed asks for a recording before the stream is open.
func TestRecordingIsArmed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newSession(liveInfo)
		b := &bench{feed: newFeed(), done: make(chan struct{})}
		b.open = func(ctx context.Context, _ playlist.Entry) (client.Session, error) {
			time.Sleep(3 * time.Second)
			return s, ctx.Err()
		}
		cfg := b.config()
		cfg.RecordDir = dir
		b.deck = New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(b.done); b.deck.Run(ctx) }()
		b.deck.Do(Play{Entry: entry})
		after(time.Second)
		b.deck.Do(Record{})
		synctest.Wait()
		if st := b.state(); !st.Armed || st.Notice != armedNotice || st.Recording != nil {
			t.Errorf("armed %v, notice %q", st.Armed, st.Notice)
		}
		b.deck.Do(StopRecord{})
		synctest.Wait()
		if st := b.state(); st.Armed || st.Notice == armedNotice {
			t.Errorf("taken back: armed %v, notice %q", st.Armed, st.Notice)
		}
		b.deck.Do(Record{})
		after(4 * time.Second)
		if st := b.state(); st.Armed || st.Notice != "" || st.Recording == nil {
			t.Errorf("armed %v, notice %q, %+v", st.Armed, st.Notice, st.Recording)
		}
		b.deck.Do(StopRecord{})
		after(time.Second)
		kept, _ := filepath.Glob(filepath.Join(dir, "clip*"))
		if len(kept) != 1 {
			t.Fatalf("kept %q", kept)
		}
		if text, _ := os.ReadFile(kept[0]); !strings.HasPrefix(string(text), "HEAD[0.0]") {
			t.Errorf("kept %.30q", text)
		}
		// A stream that does not open takes the wish with it.
		s.fail = media.At(media.RungTransport, errors.New("gone"))
		b.open = func(context.Context, playlist.Entry) (client.Session, error) { return nil, s.fail }
		b.deck.Do(Play{Entry: entry})
		b.deck.Do(Record{})
		after(time.Second)
		if st := b.state(); st.Phase != Failed || st.Armed || st.Notice != "" {
			t.Errorf("%v, armed %v, notice %q", st.Phase, st.Armed, st.Notice)
		}
		cancel()
		<-b.done
	})
}

// TestNotesFade: what changed by itself is told for some seconds of playing,
// and then costs one more redraw.
func TestNotesFade(t *testing.T) {
	s := newSession(filmInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		b.tell(media.Note{Text: "another variant"})
		after(time.Second)
		b.deck.Do(Pause{})
		after(time.Minute)
		if got := b.state().Note; got != "another variant" {
			t.Errorf("in a pause the note is %q", got)
		}
		b.deck.Do(Resume{})
		after(4 * time.Second)
		if got := b.state().Note; got != "another variant" {
			t.Errorf("after five seconds the note is %q", got)
		}
		after(6 * time.Second)
		if got := b.state().Note; got != "" {
			t.Errorf("after eleven seconds the note is %q", got)
		}
	})
}

// TestGapsAreTold: what a recording lacks is said, and not counted as time. The
// loss itself is shown until it is over.
func TestGapsAreTold(t *testing.T) {
	s := newSession(liveInfo)
	path := filepath.Join(t.TempDir(), "kept.mkv")
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(5 * time.Second)
		b.deck.Do(Record{Path: path})
		after(5 * time.Second)
		b.tell(media.Interrupted{Why: errors.New("cut"), Wait: time.Second})
		after(20 * time.Second)
		if st := b.state(); !st.Away || !strings.Contains(st.Note, "cut") {
			t.Errorf("away %v, note %q", st.Away, st.Note)
		}
		b.tell(media.Interrupted{Why: errors.New("still cut"), Wait: time.Second})
		b.tell(media.Returned{After: 12 * time.Second})
		after(time.Second)
		if e := last[GapEvent](b); e.Missing != 12 || e.Position < 9 || e.Position > 11 {
			t.Errorf("told as %+v", e)
		}
		if rec := b.state().Recording; rec == nil || rec.Missing != 12*time.Second {
			t.Errorf("of the recording: %+v", rec)
		}
		b.deck.Do(StopRecord{})
		after(time.Second)
		if e := last[RecordedEvent](b); e.Gaps != 1 || e.Missing != 12 || e.Duration < 20 {
			t.Errorf("kept: %+v", e)
		}
		if n := b.state().Notice; !strings.Contains(n, "00:00:12 are missing") {
			t.Errorf("notice %q", n)
		}
		// What begins after the gap misses nothing.
		after(3 * time.Second)
		b.deck.Do(Record{Path: path + "2"})
		after(3 * time.Second)
		b.deck.Do(StopRecord{})
		after(time.Second)
		if e := last[RecordedEvent](b); e.Gaps != 0 || e.Missing != 0 {
			t.Errorf("kept: %+v", e)
		}
	})
}

// TestNewTracks: a stream that changed by itself says what it is made of now.
func TestNewTracks(t *testing.T) {
	s := newSession(liveInfo)
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		after(2 * time.Second)
		s.info.Tracks = []media.Track{{Kind: media.Video, Codec: media.H264, Width: 1280, Height: 720}}
		b.tell(media.Note{Text: "1280×720 from here on"})
		after(time.Second)
		if tracks := b.state().Tracks; len(tracks) != 1 || tracks[0].Width != 1280 {
			t.Errorf("%+v", tracks)
		}
	})
}
