package tui

import (
	tea "charm.land/bubbletea/v2"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/cells"
	"tapedeck/tui/keys"
	"tapedeck/tui/shelf"
)

// want sends an intent to the deck, or shows why it cannot be. The last
// refusal is shown again at once: a deck that refuses the same thing twice has
// nothing new to publish, and one that does not will take it back.
func (m Model) want(in playback.Intent, why string) (Model, tea.Cmd) {
	if why != "" {
		m.notice = why
		return m, nil
	}
	m.notice = m.deck.State.Notice
	return m.start(intents, do(m.cfg.Deck, in))
}

// play puts e into the deck.
func (m Model) play(e playlist.Entry) (Model, tea.Cmd) {
	if e.Reserved() {
		m.notice = "reserved for Flash players: never dialled"
		return m, nil
	}
	if kept, ok := m.shelf.Kept(e); ok && e.Charset == "" {
		e = e.WithCharset(kept.Charset)
	}
	if !shelf.Same(e, m.tuned) {
		m.before, m.tuned = m.tuned, e
	}
	return m.want(playback.Play{Entry: e}, "")
}

func (m Model) playChosen() (Model, tea.Cmd) {
	e, ok := m.shelf.Chosen()
	if !ok {
		m.notice = "nothing is chosen"
		return m, nil
	}
	m.aside = false
	return m.play(e)
}

// playAside plays what is not chosen in the list: until one walks there, the
// keys are about it.
func (m Model) playAside(e playlist.Entry) (Model, tea.Cmd) {
	m.aside = true
	return m.play(e)
}

// subject is the channel that a key is about.
func (m Model) subject() (e playlist.Entry, ok bool) {
	if m.aside && m.tuned.URL != "" {
		return m.tuned, true
	}
	return m.shelf.Chosen()
}

// step plays the next channel of what is shown, or the previous one.
func (m Model) step(n int) (Model, tea.Cmd) {
	next, ok := m.shelf.Step(m.tuned, n)
	if !ok {
		m.notice = "nothing to play is shown"
		return m, nil
	}
	m.shelf = next
	return m.playChosen()
}

// playLast goes back to the channel before this one: of this session, else of
// the last.
func (m Model) playLast() (Model, tea.Cmd) {
	if m.before.URL != "" {
		return m.playAside(m.before)
	}
	for _, e := range m.shelf.Recent() {
		if !shelf.Same(e, m.tuned) {
			return m.playAside(e)
		}
	}
	m.notice = "no channel was played before this one"
	return m, nil
}

// edit asks for the address of what failed in the deck, else of what is chosen.
func (m Model) edit() Model {
	e, ok := m.subject()
	if m.deck.State.Phase == playback.Failed {
		e, ok = m.deck.State.Entry, true
	}
	if !ok {
		m.notice = "nothing is chosen"
		return m
	}
	m.edits = e
	return m.ask(askEdit, e.URL)
}

// favour puts the chosen entry, or one that was opened beside the list, on the
// favourites, or takes it off.
func (m Model) favour() (Model, tea.Cmd) {
	e, ok := m.subject()
	switch {
	case m.cfg.Store == nil:
		m.notice = "favourites are not kept here"
	case !ok:
		m.notice = "nothing is chosen"
	default:
		return m.start(store, toggleFavourite(m.cfg.Store, e))
	}
	return m, nil
}

// charset has the titles of a favourite read in another way when it is played
// next.
func (m Model) charset() (Model, tea.Cmd) {
	e, ok := m.subject()
	switch {
	case !ok:
		m.notice = "nothing is chosen"
	case m.cfg.Store == nil || !m.shelf.Favourite(e):
		m.notice = "the charset is kept with a favourite: press " + m.keyOf(keys.Favourite) + " first"
	default:
		return m.start(store, nextCharset(m.cfg.Store, e))
	}
	return m, nil
}

// copyTitle copies what is on now, else the name of the channel.
func (m Model) copyTitle() (Model, tea.Cmd) {
	s := m.deck.State
	text := cells.Clean(s.Title)
	if text == "" {
		text = cells.Clean(s.Entry.Title())
	}
	if text == "" {
		m.notice = "nothing is on"
		return m, nil
	}
	m.notice = "copied: " + text
	return m, copyText(text)
}
