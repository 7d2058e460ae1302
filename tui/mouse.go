package tui

import (
	tea "charm.land/bubbletea/v2"

	"tapedeck/tui/keys"
	"tapedeck/tui/shelf"
)

// wheelRows is how far one notch of the wheel scrolls.
const wheelRows = 3

// click chooses, plays what was chosen already, or seeks on the bar.
func (m Model) click(at tea.Mouse) (Model, tea.Cmd) {
	if at.Button != tea.MouseLeft || m.mode == keys.Typing {
		return m, nil
	}
	m.notice = ""
	l := arrange(m.w, m.h)
	reading := m.mode == keys.Reading
	switch {
	case !reading && l.Groups.Contains(at.X, at.Y):
		m.shelf, _ = m.shelf.Click(shelf.Groups, at.Y-l.Groups.Y)
	case !reading && l.List.Contains(at.X, at.Y):
		var again bool
		m.aside = false
		if m.shelf, again = m.shelf.Click(shelf.List, at.Y-l.List.Y); again {
			return m.enter(keys.Browse).playChosen()
		}
	case reading && m.page == readTitles && l.Page.Contains(at.X, at.Y):
		return m.clickTitle(m.sheet.Top() + at.Y - l.Page.Y)
	case l.Deck.Contains(at.X, at.Y) && !(reading && l.Page.Contains(at.X, at.Y)):
		bar := m.deck.Bar(l.Deck.W, l.Deck.H)
		x, y := at.X-l.Deck.X, at.Y-l.Deck.Y
		if bar.W > 0 && y == bar.Row && x >= bar.X && x < bar.X+bar.W {
			return m.want(m.deck.Click(x, l.Deck.W, l.Deck.H))
		}
	}
	return m, nil
}

// wheel scrolls what is under it.
func (m Model) wheel(at tea.Mouse) Model {
	n := 0
	switch at.Button {
	case tea.MouseWheelUp:
		n = -wheelRows
	case tea.MouseWheelDown:
		n = wheelRows
	}
	l := arrange(m.w, m.h)
	switch {
	case m.mode == keys.Reading && l.Page.Contains(at.X, at.Y):
		m.sheet = m.sheet.Scroll(n)
	case m.mode == keys.Reading:
	case l.Groups.Contains(at.X, at.Y):
		m.shelf = m.shelf.Wheel(shelf.Groups, n)
	case l.List.Contains(at.X, at.Y):
		m.shelf = m.shelf.Wheel(shelf.List, n)
	}
	return m
}
