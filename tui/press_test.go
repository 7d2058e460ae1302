package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/keys"
	"tapedeck/tui/shelf"
)

func play(i int) playback.Play { return playback.Play{Entry: smallList()[i]} }

func TestWalkAndPlay(t *testing.T) {
	tests := []struct {
		name string
		keys string
		want playback.Intent
	}{
		{"the first", "enter", play(0)},
		{"down twice", "j down enter", play(2)},
		{"down and up", "j j k enter", play(1)},
		{"the last", "G enter", play(8)},
		{"the last and the first", "G g enter", play(0)},
		{"past the end", "G j j enter", play(8)},
		{"half a page", "ctrl+d enter", play(7)},
		{"a page", "pgdown enter", play(8)},
		{"the next group", "] enter", play(0)},
		{"two groups on", "] ] j enter", play(2)},
		{"back a group: recent", "[ enter", play(2)},
		{"the groups by tab, then the list", "tab j j tab enter", play(1)},
		{"enter leaves the groups", "tab j j enter enter", play(1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withList(newStage(t, 80, 24)).keys(strings.Fields(tt.keys)...)
			s.wantAsked(tt.want)
		})
	}
}

func TestReservedIsNeverDialled(t *testing.T) {
	s := withList(newStage(t, 80, 24)).keys("j", "j", "j", "j", "enter")
	s.wantAsked()
	s.wantNotice("reserved for Flash players: never dialled")
	s.keys("j").wantNotice("")

	// Typed, and met on the way to the next channel.
	s.keys("o").text("rtmp://$OPT:rtmp-raw=rtmp://x/y").keys("enter")
	s.wantAsked()
	s.wantNotice("reserved")
	s.keys("g", "j", "j", "j", "enter", "n").wantAsked(play(3), play(5))
}

func TestFilter(t *testing.T) {
	s := withList(newStage(t, 80, 24)).keys("/").text("bBc RADIO")
	if n := s.m.shelf.Len(); n != 2 { // one by its name, one by its group
		t.Fatalf("%d are shown", n)
	}
	s.keys("down", "enter").wantAsked(play(2))
	if s.m.mode != keys.Browse || s.m.shelf.Filter() == "" {
		t.Error("enter did not keep the filter")
	}
	s.keys("p").wantAsked(play(1))
	s.keys("p").wantAsked(play(2)) // the list shown is a ring
	s.keys("esc")
	if n := s.m.shelf.Len(); n != 9 {
		t.Errorf("after esc %d are shown", n)
	}
	s.keys("enter").wantAsked(play(2)) // what was chosen stays chosen

	// Letters are text while one types, whatever they do elsewhere.
	s.keys("/").text("qgG?f").keys("esc").wantAsked()
	if len(s.out) != 0 || s.m.mode != keys.Browse {
		t.Error("a typed letter acted")
	}
	// Accents, words and deletion; tab keeps the filter.
	s.keys("/").text("zurich xx").keys("backspace", "backspace", "tab", "enter").wantAsked(play(6))
	s.keys("/", "ctrl+u", "esc")
	s.keys("/").text("nothing like it").keys("enter").wantAsked()
	s.wantNotice("nothing is chosen")
}

func TestFilterWhileReading(t *testing.T) {
	s := newStage(t, 80, 24)
	s.send(BatchMsg{Entries: smallList()[:2], Read: 10, Total: 100}).keys("/").text("bbc")
	s.send(BatchMsg{Entries: smallList()[2:], Read: 100, Total: 100}, LoadedMsg{})
	if n := s.m.shelf.Len(); n != 5 {
		t.Errorf("%d are shown, want 5", n)
	}
}

func TestChannels(t *testing.T) {
	s := withList(newStage(t, 80, 24))
	s.keys("b").wantAsked(play(2)) // the last session's
	s.keys("n").wantAsked(play(3))
	s.keys("b").wantAsked(play(2))
	s.keys("b").wantAsked(play(3))
	s.keys("p", "p", "p", "p").wantAsked(play(2), play(1), play(0), play(8))

	s = newStage(t, 80, 24)
	s.store.recent = nil
	s.m.shelf = s.m.shelf.SetRecent(nil)
	s.keys("b", "n", "enter").wantAsked()
	s.wantNotice("nothing is chosen")
}

func TestDeckKeys(t *testing.T) {
	tests := []struct {
		key  string
		want playback.Intent
	}{
		{"space", playback.TogglePause{}},
		{"left", playback.SeekBy{By: -10 * time.Second}},
		{"h", playback.SeekBy{By: -10 * time.Second}},
		{"right", playback.SeekBy{By: 10 * time.Second}},
		{"l", playback.SeekBy{By: 10 * time.Second}},
		{"shift+left", playback.SeekBy{By: -60 * time.Second}},
		{"H", playback.SeekBy{By: -60 * time.Second}},
		{"shift+right", playback.SeekBy{By: 60 * time.Second}},
		{"L", playback.SeekBy{By: 60 * time.Second}},
		{"0", playback.GoLive{}},
		{"m", playback.Mute{}},
		{"+", playback.Volume{Delta: 5}},
		{"-", playback.Volume{Delta: -5}},
		{"r", playback.StopRecord{}},
		{"s", playback.Stop{}},
	}
	for _, tt := range tests {
		withList(newStage(t, 80, 24)).send(StateMsg(liveRadio())).keys(tt.key).wantAsked(tt.want)
	}
}

func TestRefusals(t *testing.T) {
	radio := liveRadio()
	radio.TapeFrom, radio.TapeTo, radio.Behind = 0, 0, 0
	tests := []struct {
		name  string
		state playback.State
		key   string
		want  string
	}{
		{"seek on live without a tape", radio, "h", "cannot seek: the stream is live"},
		{"jump there", radio, "t", "cannot seek: the stream is live"},
		{"live when live", radio, "0", "it is live already"},
		{"live on demand", onDemand(), "0", "the stream is not live"},
		{"pause with nothing", playback.State{}, "space", "cannot pause: nothing is in the deck"},
		{"record with nothing", playback.State{}, "r", "cannot record: nothing is playing"},
		{"stop with nothing", playback.State{}, "s", "nothing is playing"},
		{"seek while it connects", connecting(), "l", "cannot seek: the stream is not open yet"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withList(newStage(t, 80, 24)).send(StateMsg(tt.state)).keys(tt.key)
			s.wantAsked()
			s.wantNotice(tt.want)
			s.keys("j").wantNotice("")
		})
	}
}

// The deck's own refusals are shown once, and again when the same thing is
// refused again, although an equal state is not published twice.
func TestDeckNotice(t *testing.T) {
	state := liveRadio()
	s := withList(newStage(t, 80, 24)).send(StateMsg(state)).keys("h")
	state.Notice = "the tape begins at 00:02:00"
	s.send(StateMsg(state)).wantNotice("the tape begins")
	s.keys("j").wantNotice("")
	s.send(StateMsg(state)).wantNotice("")
	s.keys("h").wantNotice("the tape begins")
	state.Notice = ""
	s.send(StateMsg(state)).wantNotice("")
}

func TestJump(t *testing.T) {
	tests := []struct {
		text string
		want playback.Intent
	}{
		{"1:02:03", playback.SeekTo{To: time.Hour + 2*time.Minute + 3*time.Second}},
		{"90", playback.SeekTo{To: 90 * time.Second}},
		{"50%", playback.SeekPercent{Percent: 50}},
		{"+30", playback.SeekBy{By: 30 * time.Second}},
		{"-30", playback.SeekBy{By: -30 * time.Second}},
	}
	for _, tt := range tests {
		withList(newStage(t, 80, 24)).send(StateMsg(onDemand())).keys(":").text(tt.text).keys("enter").wantAsked(tt.want)
	}
	s := withList(newStage(t, 80, 24)).send(StateMsg(onDemand())).keys("t").text("soon").keys("enter")
	s.wantNotice("not a time")
	s.keys("ctrl+u").text("1:00").keys("enter").wantAsked(playback.SeekTo{To: time.Minute})
	s.keys("t").text("5").keys("esc").wantAsked()

	// A part of a live tape is a time on it.
	s = withList(newStage(t, 80, 24)).send(StateMsg(liveRadio())).keys("t").text("0%").keys("enter")
	s.wantAsked(playback.SeekTo{To: 2 * time.Minute})
}

func TestOpen(t *testing.T) {
	s := withList(newStage(t, 80, 24)).keys("o").text("rtsp://cam/live").keys("enter")
	s.wantAsked(playback.Play{Entry: playlist.NewEntry("rtsp://cam/live")})

	// A paste in the list asks first; line ends in it do not open anything.
	s.send(tea.PasteMsg{Content: " http://radio/x\n"}).wantAsked()
	s.keys("enter").wantAsked(playback.Play{Entry: playlist.NewEntry("http://radio/x")})
	s.keys("o", "enter").wantAsked()

	// The address of what failed, with what was missing in it.
	s.send(StateMsg(failed())).keys("e")
	if got := s.m.line.Text(); got != smallList()[6].URL {
		t.Errorf("%q is to be edited", got)
	}
	s.text("2").keys("enter")
	edited := smallList()[6]
	edited.URL += "2"
	s.wantAsked(playback.Play{Entry: edited})
}

func TestFavourites(t *testing.T) {
	s := withList(newStage(t, 80, 24)).keys("f").wantFavourites(3)
	s.wantNotice("on the favourites: BBC One HD")
	s.keys("f").wantFavourites(2).wantNotice("off the favourites: BBC One HD")
	s.store.err = errors.New("disk full")
	s.keys("f").wantFavourites(2).wantNotice("the favourites were not saved: disk full")

	s.m.cfg.Store = nil
	s.keys("f").wantNotice("favourites are not kept here")
}

func (s *stage) wantFavourites(n int) *stage {
	s.t.Helper()
	if got := len(s.store.favourites); got != n {
		s.t.Errorf("%d favourites, want %d", got, n)
	}
	return s
}

// What plays is remembered once, when it is seen or heard.
func TestRecent(t *testing.T) {
	s := withList(newStage(t, 80, 24)).send(StateMsg(connecting()))
	before := len(s.store.recent)
	s.send(StateMsg(onDemand()), StateMsg(onDemand()))
	if got := len(s.store.recent) - before; got != 1 || !shelf.Same(s.store.recent[0], smallList()[0]) {
		t.Errorf("%d more, first %q", got, s.store.recent[0].Name)
	}
	if got := s.m.shelf.Recent(); len(got) != before+1 {
		t.Errorf("%d are shown", len(got))
	}
}

func TestPages(t *testing.T) {
	s := withList(newStage(t, 80, 24)).keys("?")
	if s.m.mode != keys.Reading {
		t.Fatal("the help did not open")
	}
	top := plain(s.m)
	s.keys("j", "ctrl+d", "G")
	if plain(s.m) == top || !strings.Contains(plain(s.m), "quit, from anywhere") {
		t.Error("the help did not scroll to its end")
	}
	if s.keys("g"); plain(s.m) != top {
		t.Error("the help did not scroll back")
	}
	s.keys("enter", "f").wantAsked()
	s.keys("i", "i")
	if s.m.mode != keys.Browse {
		t.Error("i did not close the details")
	}
	s.keys("?", "esc")
	if s.m.mode != keys.Browse {
		t.Error("esc did not close the help")
	}
	s.send(StateMsg(onDemand())).keys("?", "space").wantAsked(playback.TogglePause{})
}

func TestCopyAndQuit(t *testing.T) {
	s := withList(newStage(t, 80, 24)).keys("y")
	s.wantNotice("nothing is on")
	s.send(StateMsg(liveRadio())).keys("y").wantNotice("copied: The Newsroom")
	if len(s.out) != 1 {
		t.Fatalf("%d messages", len(s.out))
	}
	for _, keys := range [][]string{{"q"}, {"ctrl+c"}, {"/", "ctrl+c"}, {"o", "ctrl+c"}, {"?", "ctrl+c"}, {"?", "q", "q"}} {
		s := withList(newStage(t, 80, 24)).keys(keys...)
		if len(s.out) != 1 || s.out[0] != (tea.QuitMsg{}) {
			t.Errorf("%v: %#v", keys, s.out)
		}
	}
}

// The last of two channels asked for is the one that plays, however the
// commands are scheduled: the second waits for the first.
func TestIntentsKeepTheirOrder(t *testing.T) {
	s := withList(newStage(t, 80, 24))
	var cmds []tea.Cmd
	for _, k := range []string{"enter", "j", "enter", "j", "enter"} {
		next, cmd := s.m.Update(press(k))
		s.m = next.(Model)
		if cmd != nil {
			cmds = append(cmds, cmd)
		}
	}
	if len(cmds) != 1 {
		t.Fatalf("%d commands are under way", len(cmds))
	}
	s.run(cmds[0])
	s.wantAsked(play(0), play(1), play(2))
	s.send(doneMsg{lane: intents, generation: 1}) // an old result changes nothing
	s.keys("space").wantAsked()
}

// While nothing happens nothing is drawn: there is no tick, and a state that
// tells nothing new leaves the screen as it is.
func TestIdle(t *testing.T) {
	s := withList(newStage(t, 80, 24)).send(StateMsg(liveRadio()))
	before := s.m.View().Content
	next, cmd := s.m.Update(StateMsg(liveRadio()))
	if cmd != nil {
		t.Error("a state caused a command")
	}
	if next.View().Content != before {
		t.Error("an equal state changed the screen")
	}
	if s.m.View().Content != before {
		t.Error("drawing changed the model")
	}
}

func TestLoading(t *testing.T) {
	s := newStage(t, 80, 24)
	s.m.load.under = true
	s.send(BatchMsg{Read: 2_000_000})
	if got := plain(s.m); !strings.Contains(got, "0 channels  read 2.0 MB") || !strings.Contains(got, "reading the list") {
		t.Errorf("nothing tells of the reading:\n%s", got)
	}
	s.send(BatchMsg{Entries: smallList(), Read: 50, Total: 200})
	if got := plain(s.m); !strings.Contains(got, "9 channels  read 25%") {
		t.Errorf("nothing tells how far it is:\n%s", got)
	}
	s.keys("j", "enter").wantAsked(play(1))
	s.send(LoadedMsg{Err: &playlist.Problems{Name: "news.m3u", Total: 3, First: []playlist.Problem{{Line: 7, Reason: "no link"}}}})
	s.wantNotice("3 lines left out")
	if strings.Contains(plain(s.m), "read 25%") {
		t.Error("it still says that it reads")
	}
	s.send(LoadedMsg{Err: errors.New("news.m3u: unexpected EOF")})
	s.wantNotice("unexpected EOF")
	s.keys("j")
	if !strings.Contains(plain(s.m), "not read to its end") {
		t.Error("it does not say that the list is cut")
	}
}
