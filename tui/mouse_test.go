package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"tapedeck/player/playback"
	"tapedeck/tui/keys"
	"tapedeck/tui/shelf"
)

func (s *stage) click(x, y int) *stage {
	return s.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
}

func (s *stage) wheel(x, y int, b tea.MouseButton) *stage {
	return s.send(tea.MouseWheelMsg{X: x, Y: y, Button: b})
}

func TestClick(t *testing.T) {
	s := withList(newStage(t, 80, 24))
	l := arrange(80, 24)
	s.click(l.List.X+5, l.List.Y+2).wantAsked()
	s.click(l.List.X+5, l.List.Y+2).wantAsked(play(2))
	s.click(l.List.X+5, l.List.Y+12).wantAsked() // below the list
	s.click(l.Groups.X+5, l.Groups.Y+4)
	if name, n := s.m.shelf.Group(); name != "Radio" || n != 2 || s.m.shelf.Focus() != shelf.Groups {
		t.Errorf("the group is %q with %d", name, n)
	}
	s.click(l.List.X+5, l.List.Y).wantAsked() // the first click gives the list the keys
	s.click(l.List.X+5, l.List.Y).wantAsked(play(1))
	s.keys("o").click(l.List.X+5, l.List.Y).wantAsked()
	if s.m.mode != keys.Typing {
		t.Error("a click took the line away")
	}
}

func TestClickOnTheBar(t *testing.T) {
	s := withList(newStage(t, 80, 24)).send(StateMsg(onDemand()))
	l := arrange(80, 24)
	bar := s.m.deck.Bar(l.Deck.W, l.Deck.H)
	x, y := l.Deck.X+bar.X, l.Deck.Y+bar.Row
	s.click(x, y).wantAsked(playback.SeekPercent{})
	s.click(x+bar.W-1, y).wantAsked(playback.SeekPercent{Percent: 100})
	s.click(x-1, y).wantAsked()
	s.click(x, y+1).wantAsked()

	// The bar is where it is drawn.
	column, row := 0, 0
	for _, r := range plain(s.m) {
		switch {
		case r == '\n':
			column, row = 0, row+1
			continue
		case row == y && column == x && r != '━', row == y && column == x+bar.W-1 && r != '─':
			t.Errorf("%q is drawn at the end of the bar", r)
		}
		column++
	}

	radio := liveRadio()
	s.send(StateMsg(radio))
	bar = s.m.deck.Bar(l.Deck.W, l.Deck.H)
	s.click(l.Deck.X+bar.X, y).wantAsked(playback.SeekTo{To: radio.TapeFrom})
	radio.TapeFrom, radio.TapeTo = 0, 0
	s.send(StateMsg(radio)).click(l.Deck.X+bar.X, y).wantAsked()
	s.wantNotice("cannot seek: the stream is live")
	s.send(StateMsg(connecting())).click(x, y).wantAsked()
}

func TestWheel(t *testing.T) {
	s := newStage(t, 80, 24).send(BatchMsg{Entries: longList(500)})
	l := arrange(80, 24)
	s.wheel(l.List.X+1, l.List.Y+1, tea.MouseWheelDown).keys("enter").
		wantAsked(playback.Play{Entry: longList(500)[3]}) // the cursor goes along at the edge
	s.wheel(l.List.X+1, l.List.Y+1, tea.MouseWheelUp).keys("g").keys("enter").
		wantAsked(playback.Play{Entry: longList(500)[0]})
	s.wheel(l.Groups.X+1, l.Groups.Y+1, tea.MouseWheelDown)
	s.keys("?")
	top := plain(s.m)
	if s.wheel(5, 5, tea.MouseWheelDown); plain(s.m) == top {
		t.Error("the page did not scroll")
	}
}
