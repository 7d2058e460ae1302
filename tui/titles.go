package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"tapedeck/tui/keys"
	"tapedeck/tui/sheet"
)

// titles is a key on the page of what was on; ok is false for one that means
// there what it does on every page.
func (m Model) titles(a keys.Action) (next Model, cmd tea.Cmd, ok bool) {
	rows := max(arrange(m.w, m.h).Page.H, 1)
	last := len(sheet.Listed(m.deck.State))
	switch a {
	case keys.Up:
		return m.chooseTitle(m.titleAt() - 1), nil, true
	case keys.Down:
		return m.chooseTitle(m.titleAt() + 1), nil, true
	case keys.HalfUp, keys.PageUp:
		return m.chooseTitle(m.titleAt() - rows), nil, true
	case keys.HalfDown, keys.PageDown:
		return m.chooseTitle(m.titleAt() + rows), nil, true
	case keys.Top:
		return m.chooseTitle(0), nil, true
	case keys.Bottom:
		return m.chooseTitle(last), nil, true
	case keys.Play:
		next, cmd = m.toTitle()
		return next, cmd, true
	}
	return m, nil, false
}

// titleAt is the line of the chosen title: it stays chosen while new ones come
// above it. At first that is the newest.
func (m Model) titleAt() int {
	return max(slices.Index(sheet.Listed(m.deck.State), m.title), 0)
}

// chooseTitle puts the cursor on line i, as far as there is one.
func (m Model) chooseTitle(i int) Model {
	list := sheet.Listed(m.deck.State)
	if len(list) == 0 {
		return m
	}
	i = min(max(i, 0), len(list)-1)
	m.title = list[i]
	m.sheet = m.sheet.Show(i)
	return m
}

// toTitle goes back to where the chosen title begins.
func (m Model) toTitle() (Model, tea.Cmd) {
	list := sheet.Listed(m.deck.State)
	if len(list) == 0 {
		m.notice = "nothing was named yet"
		return m, nil
	}
	return m.want(m.deck.Title(list[m.titleAt()]))
}

// clickTitle chooses the title in line i, and goes back to one that was chosen
// already.
func (m Model) clickTitle(i int) (Model, tea.Cmd) {
	switch n := len(sheet.Listed(m.deck.State)); {
	case i >= n:
		return m, nil
	case i == m.titleAt():
		return m.toTitle()
	}
	return m.chooseTitle(i), nil
}
