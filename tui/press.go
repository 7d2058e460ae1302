package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/cells"
	"tapedeck/tui/deck"
	"tapedeck/tui/keys"
	"tapedeck/tui/prompt"
	"tapedeck/tui/shelf"
)

const (
	shortSeek  = 10 * time.Second
	longSeek   = 60 * time.Second
	volumeStep = 5 // percent
)

// press takes a key. What is shown until the next key ends here.
func (m Model) press(k tea.KeyPressMsg) (Model, tea.Cmd) {
	m.notice = ""
	typed := m.mode == keys.Filtering || m.mode == keys.Typing
	if typed && k.Text != "" {
		return m.typed(k), nil
	}
	action := m.bound.Match(k)
	switch {
	case action == keys.Quit && m.mode == keys.Reading:
		return m.enter(keys.Browse), nil // as in every pager
	case action == keys.Interrupt, action == keys.Quit:
		return m, tea.Quit
	case typed && action == keys.None:
		return m.typed(k), nil
	case m.mode == keys.Filtering:
		return m.filtering(action)
	case m.mode == keys.Typing:
		return m.answer(action)
	case m.mode == keys.Reading:
		return m.reading(action)
	}
	return m.browse(action)
}

// typed gives a key to the line; a filter is in force at once.
func (m Model) typed(k tea.KeyPressMsg) Model {
	m.line, _ = m.line.Press(k)
	if m.mode == keys.Filtering && m.line.Text() != m.shelf.Filter() {
		m.shelf, m.aside = m.shelf.SetFilter(m.line.Text()), false
	}
	return m
}

// paste puts text where one types; in the list it is an address to open.
func (m Model) paste(text string) Model {
	m.notice = ""
	text = strings.TrimSpace(text)
	if m.mode == keys.Browse || m.mode == keys.Reading {
		return m.pasteLink(text)
	}
	switch m.mode {
	case keys.Filtering:
		m.line = m.line.Insert(text)
		m.shelf = m.shelf.SetFilter(m.line.Text())
	case keys.Typing:
		m.line = m.line.Insert(text)
	case keys.Browse, keys.Reading:
	}
	return m
}

// pasteLink asks whether to open what was pasted: of several lines the first
// that is no comment of a list.
func (m Model) pasteLink(text string) Model {
	link := text
	for line := range strings.Lines(text) {
		if link = strings.TrimSpace(line); link != "" && link[0] != '#' {
			break
		}
	}
	m = m.ask(askOpen, link)
	if link != text {
		m.notice = "one line of what was pasted"
	}
	return m
}

// ask opens the line at the foot of the screen.
func (m Model) ask(what question, text string) Model {
	m.asked, m.line = what, prompt.New(text)
	return m.enter(keys.Typing)
}

func (m Model) filtering(a keys.Action) (Model, tea.Cmd) {
	switch a {
	case keys.Play:
		return m.enter(keys.Browse).playChosen()
	case keys.Switch:
		return m.enter(keys.Browse), nil
	case keys.Clear:
		m.shelf = m.shelf.SetFilter("")
		return m.enter(keys.Browse), nil
	}
	return m.walk(a), nil
}

// answer ends a typed time or address.
func (m Model) answer(a keys.Action) (Model, tea.Cmd) {
	text := strings.TrimSpace(m.line.Text())
	if a == keys.Clear || text == "" {
		return m.enter(keys.Browse), nil
	}
	switch m.asked {
	case askJump:
		to, err := deck.ParseJump(text)
		if err != nil {
			m.notice = err.Error()
			return m, nil
		}
		return m.enter(keys.Browse).want(m.deck.Seek(to))
	case askOpen:
		return m.enter(keys.Browse).playAside(playlist.NewEntry(text))
	case askEdit:
		e := m.edits
		if text != e.URL { // what the list wrote no longer tells of it
			e.URL, e.Raw, e.Line = text, nil, ""
		}
		return m.enter(keys.Browse).playAside(e)
	}
	return m, nil
}

// reading walks the open page.
func (m Model) reading(a keys.Action) (Model, tea.Cmd) {
	if m.page == readTitles {
		if next, cmd, ok := m.titles(a); ok {
			return next, cmd
		}
	}
	switch a {
	case keys.Up:
		m.sheet = m.sheet.Scroll(-1)
	case keys.Down:
		m.sheet = m.sheet.Scroll(1)
	case keys.HalfUp, keys.PageUp:
		m.sheet = m.sheet.Page(-1, a == keys.HalfUp)
	case keys.HalfDown, keys.PageDown:
		m.sheet = m.sheet.Page(1, a == keys.HalfDown)
	case keys.Top, keys.Bottom:
		m.sheet = m.sheet.End(a == keys.Bottom)
	case keys.Clear:
		return m.enter(keys.Browse), nil
	case keys.Help:
		return m.read(readKeys), nil
	case keys.Details:
		return m.read(readDetails), nil
	case keys.Titles:
		return m.read(readTitles), nil
	case keys.Charset:
		return m.charset()
	case keys.Copy:
		return m.copyTitle()
	default:
		return m.drive(a)
	}
	return m, nil
}

// read opens a page, or closes it where it is open.
func (m Model) read(page reading) Model {
	if m.mode == keys.Reading && m.page == page {
		return m.enter(keys.Browse)
	}
	m.page, m.title = page, playback.Title{}
	m.sheet = m.sheet.End(false)
	return m.enter(keys.Reading)
}

// browse is a key over the list and the deck.
func (m Model) browse(a keys.Action) (Model, tea.Cmd) {
	switch a {
	case keys.Filter:
		m.line = prompt.New(m.shelf.Filter())
		m.shelf = m.shelf.SetFocus(shelf.List)
		return m.enter(keys.Filtering), nil
	case keys.Clear:
		if m.shelf.Filter() != "" {
			m.shelf = m.shelf.SetFilter("")
		}
		return m, nil
	case keys.Play:
		if m.shelf.Focus() == shelf.Groups {
			m.shelf = m.shelf.SetFocus(shelf.List)
			return m, nil
		}
		return m.playChosen()
	case keys.Next:
		return m.step(1)
	case keys.Previous:
		return m.step(-1)
	case keys.Last:
		return m.playLast()
	case keys.Open:
		return m.ask(askOpen, ""), nil
	case keys.Edit:
		return m.edit(), nil
	case keys.Jump:
		if _, why := m.deck.SeekBy(0); why != "" {
			m.notice = why
			return m, nil
		}
		return m.ask(askJump, ""), nil
	case keys.Favourite:
		return m.favour()
	case keys.Details:
		return m.read(readDetails), nil
	case keys.Titles:
		return m.read(readTitles), nil
	case keys.Charset:
		return m.charset()
	case keys.Help:
		return m.read(readKeys), nil
	case keys.Copy:
		return m.copyTitle()
	}
	if walked := m.walk(a); a <= keys.GroupNext {
		return walked, nil
	}
	return m.drive(a)
}

// walk moves in the list or among the groups. Where no list is shown it says
// what is chosen now.
func (m Model) walk(a keys.Action) Model {
	s := m.shelf
	switch a {
	case keys.Up, keys.Down:
		s = s.Move(map[keys.Action]int{keys.Up: -1, keys.Down: 1}[a])
	case keys.HalfUp, keys.PageUp:
		s = s.Page(-1, a == keys.HalfUp)
	case keys.HalfDown, keys.PageDown:
		s = s.Page(1, a == keys.HalfDown)
	case keys.Top, keys.Bottom:
		s = s.End(a == keys.Bottom)
	case keys.Switch, keys.SwitchBack:
		s = s.SetFocus(map[shelf.Pane]shelf.Pane{shelf.List: shelf.Groups, shelf.Groups: shelf.List}[s.Focus()])
	case keys.GroupPrevious:
		s = s.MoveGroup(-1)
	case keys.GroupNext:
		s = s.MoveGroup(1)
	default:
		return m
	}
	m.shelf, m.aside = s, false
	if l := arrange(m.w, m.h); l.List.H == 0 && l.Header.H == 0 {
		m.notice = m.where()
	}
	return m
}

// where is the chosen entry in words.
func (m Model) where() string {
	e, ok := m.shelf.Chosen()
	if !ok {
		name, _ := m.shelf.Group()
		return name + ": empty"
	}
	return fmt.Sprintf("%s  %s", m.place(), cells.Clean(e.Title()))
}

// drive is a key of the deck.
func (m Model) drive(a keys.Action) (Model, tea.Cmd) {
	switch a {
	case keys.Pause:
		return m.want(m.deck.Pause())
	case keys.Stop:
		return m.want(m.deck.Stop())
	case keys.Back:
		return m.want(m.deck.SeekBy(-shortSeek))
	case keys.Forward:
		return m.want(m.deck.SeekBy(shortSeek))
	case keys.BackLong:
		return m.want(m.deck.SeekBy(-longSeek))
	case keys.ForwardLong:
		return m.want(m.deck.SeekBy(longSeek))
	case keys.Live:
		return m.want(m.deck.Live())
	case keys.Faster:
		return m.want(m.deck.Faster(1))
	case keys.Slower:
		return m.want(m.deck.Faster(-1))
	case keys.Record:
		return m.want(m.deck.Record())
	case keys.Mute:
		return m.want(playback.Mute{}, "")
	case keys.Louder:
		return m.want(playback.Volume{Delta: volumeStep}, "")
	case keys.Softer:
		return m.want(playback.Volume{Delta: -volumeStep}, "")
	}
	return m, nil
}
