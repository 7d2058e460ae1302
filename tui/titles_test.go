package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/keys"
)

// TestTitles goes back to a song, and is told where that cannot be.
func TestTitles(t *testing.T) {
	s := withList(newStage(t, 80, 24)).send(StateMsg(radioTitles())).keys("T")
	s.keys("j", "enter").wantAsked(playback.SeekTo{To: 13 * time.Minute})
	if s.m.mode != keys.Reading {
		t.Error("the page closed")
	}
	// What is chosen stays so while new ones come.
	state := radioTitles()
	state.Titles = append(state.Titles, playback.Title{Text: "newer", From: 16 * time.Minute})
	s.send(StateMsg(state)).keys("j", "enter").wantAsked(playback.SeekTo{To: 7 * time.Minute})
	s.keys("G", "enter").wantAsked()
	s.wantNotice("not on the tape any more, which goes back 00:14:01")
	s.keys("g", "enter").wantAsked(playback.SeekTo{To: 16 * time.Minute})
	s.keys("T")
	if s.m.mode != keys.Browse {
		t.Error("T did not close the page")
	}
	// By the mouse: choose, then jump.
	page := arrange(80, 24).Page
	click := tea.MouseClickMsg{X: 20, Y: page.Y + 2, Button: tea.MouseLeft}
	s.keys("T").send(click).wantAsked()
	s.send(click).wantAsked(playback.SeekTo{To: 13 * time.Minute})

	film := onDemand()
	film.Titles = []playback.Title{{Text: "Chapter", From: time.Minute}}
	withList(newStage(t, 80, 24)).send(StateMsg(film)).keys("T", "enter").wantAsked(playback.SeekTo{To: time.Minute})
	film.Phase = playback.Stopped
	s = withList(newStage(t, 80, 24)).send(StateMsg(film)).keys("T", "enter")
	s.wantNotice("cannot seek: nothing is playing")
	s.wantAsked()
	s = withList(newStage(t, 80, 24)).keys("T", "j", "enter")
	s.wantNotice("nothing was named yet")
	s.wantAsked()
}

// TestManyTitles scrolls with what is chosen.
func TestManyTitles(t *testing.T) {
	state := liveRadio()
	for i := range 100 {
		state.Titles = append(state.Titles, playback.Title{Text: "song " + string(rune('A'+i%26)) + strings.Repeat("i", i/26), From: time.Duration(i) * time.Second})
	}
	s := withList(newStage(t, 80, 24)).send(StateMsg(state)).keys("T")
	for _, k := range []string{"G", "pgup", "j", "pgdown", "g", "ctrl+d", "k"} {
		if s.keys(k); !strings.Contains(plain(s.m), "▌") {
			t.Errorf("after %s the chosen title is not seen:\n%s", k, plain(s.m))
		}
	}
}

// TestCharset goes round the charsets of a favourite, and plays it with them
// wherever it is played from.
func TestCharset(t *testing.T) {
	s := withList(newStage(t, 80, 24)).keys("c")
	s.wantNotice("press f first")
	s.keys("j", "c").wantNotice("titles as UTF-8")
	s.keys("c", "i").wantNotice("")
	if got := plain(s.m); !strings.Contains(got, "charset           windows-1252") {
		t.Errorf("the details do not say it:\n%s", got)
	}
	s.keys("esc", "enter").wantAsked(playback.Play{Entry: smallList()[1].WithCharset("windows-1252")})
	for range len(charsets) - 2 {
		s.keys("c")
	}
	s.wantNotice("found out")
	if got := s.store.favourites[0].Charset; got != "" {
		t.Errorf("after one round it is %q", got)
	}
}

// TestOpenedBeside: after an address was typed the keys are about it, until one
// walks in the list.
func TestOpenedBeside(t *testing.T) {
	s := withList(newStage(t, 80, 24)).keys("o").text("http://radio/x").keys("enter", "f")
	s.wantNotice("on the favourites: http://radio/x")
	s.keys("i")
	if got := plain(s.m); !strings.Contains(got, "http://radio/x") {
		t.Errorf("the details are of another:\n%s", got)
	}
	s.keys("esc", "j", "k", "f").wantNotice("on the favourites: BBC One HD")
	s.keys("o").text("http://radio/y").keys("enter", "e")
	if got := s.m.line.Text(); got != "http://radio/y" {
		t.Errorf("%q is to be edited", got)
	}
}

// TestPasteOfSeveralLines takes one of them.
func TestPasteOfSeveralLines(t *testing.T) {
	s := withList(newStage(t, 80, 24)).send(tea.PasteMsg{Content: "#EXTM3U\r\n#EXTINF:-1,x\nhttp://radio/x\nhttp://radio/y\n"})
	s.wantNotice("one line of what was pasted")
	s.keys("enter").wantAsked(playback.Play{Entry: playlist.NewEntry("http://radio/x")})
}

// TestRecordWhileItConnects arms, and takes it back.
func TestRecordWhileItConnects(t *testing.T) {
	state := connecting()
	s := withList(newStage(t, 80, 24)).send(StateMsg(state)).keys("r")
	s.wantAsked(playback.Record{})
	state.Armed = true
	s.send(StateMsg(state)).keys("r").wantAsked(playback.StopRecord{})
}

// TestMarks: a channel that does not play is not marked as if it did.
func TestMarks(t *testing.T) {
	for phase, want := range map[playback.Phase]string{
		playback.Playing: "▶", playback.Paused: "‖", playback.Failed: "✗", playback.Stopped: "■", playback.Ended: "■",
	} {
		state := onDemand()
		state.Phase = phase
		if phase == playback.Failed {
			state.Failure = &playback.Failure{}
		}
		s := withList(newStage(t, 80, 24)).send(StateMsg(state))
		if got := plain(s.m); !strings.Contains(got, "▌"+want+" BBC One HD") {
			t.Errorf("%v:\n%s", phase, got)
		}
	}
}
