// Package tui is the screen of the deck: keys in, frames out. It shows a list
// above and the deck below, and sends what a person wants as intents to the
// deck that it was given.
//
// It is a Bubble Tea model. Update and View are pure: no I/O, no clock, no
// ticks; every side effect is made by a command in cmd.go. The root model
// routes; the parts are values in packages of their own (shelf, deck, prompt,
// sheet), called by method, that answer with values. It leaves out everything
// that plays, reads files or speaks to a network.
//
//	p := tea.NewProgram(tui.New(tui.Config{Deck: d, Store: s, Name: "news.m3u"}))
//	go p.Send(tui.BatchMsg{Entries: entries})
//	d.OnState = func(s playback.State) { p.Send(tui.StateMsg(s)) }
//	_, err := p.Run()
package tui

import (
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/cells"
	"tapedeck/tui/deck"
	"tapedeck/tui/keys"
	"tapedeck/tui/prompt"
	"tapedeck/tui/sheet"
	"tapedeck/tui/shelf"
	"tapedeck/tui/theme"
)

// Deck takes what a person wants. Do returns at once.
type Deck interface{ Do(playback.Intent) }

// Store keeps favourites and what was played, as *playlist.Store does.
type Store interface {
	Favourites() ([]playlist.Entry, error)
	Toggle(e playlist.Entry) (added bool, err error)
	Recent() ([]playlist.Entry, error)
	Played(e playlist.Entry, at time.Time) error
	SetCharset(url, label string) error
}

// KeyMap and Theme are the injected keys and colours.
type (
	KeyMap = keys.Map
	Theme  = theme.Theme
)

// DefaultKeyMap is the key map that the program comes with.
func DefaultKeyMap() KeyMap { return keys.Default() }

// Config is what the screen is made of. Deck is required.
type Config struct {
	Deck  Deck
	Store Store  // keeps favourites and what was played; nil: neither is kept
	Name  string // the list's name; "tapedeck" where empty
	Keys  KeyMap // the zero value is DefaultKeyMap
	Theme Theme  // the zero value is theme.Default

	// Reading says that a list is on its way: BatchMsg and then LoadedMsg come.
	Reading bool
}

// Model is the whole screen. Use the newest copy: copies share the list.
type Model struct {
	cfg   Config
	bound KeyMap // cfg.Keys, as the mode enables them
	mode  keys.Mode
	w, h  int

	shelf shelf.Model
	deck  deck.Model
	line  prompt.Model // in the modes Filtering and Typing
	asked question     // what line is for
	edits playlist.Entry
	page  reading // in the mode Reading
	sheet sheet.Model
	title playback.Title // chosen on the page of titles

	load   loading
	notice string
	tuned  playlist.Entry // what was asked for last
	before playlist.Entry // and before that
	noted  playlist.Entry // what was remembered as played
	aside  bool           // tuned is not what is chosen: its address was typed

	lanes [lanes]lane

	dark    bool
	profile colorprofile.Profile
	ruler   cells.Ruler
	styles  theme.Styles
}

// question is what a typed line answers.
type question uint8

const (
	askJump question = iota
	askOpen
	askEdit
)

// reading is the page that is open.
type reading uint8

const (
	readKeys reading = iota
	readDetails
	readTitles
)

// loading is how far the list was read.
type loading struct {
	under       bool // it is being read
	read, total int64
	err         error
}

// New is the screen before its size is known.
func New(cfg Config) Model {
	if cfg.Keys.Binding(keys.Interrupt).Keys() == nil {
		cfg.Keys = DefaultKeyMap()
	}
	m := Model{cfg: cfg, shelf: shelf.New(), dark: true, load: loading{under: cfg.Reading}}
	return m.enter(keys.Browse).dress()
}

// Init asks for what the first frame is better with, and does not wait for it.
func (m Model) Init() tea.Cmd { return askBackground() }

// Update routes a message to the part that it is for.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m, cmd = m.resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		m, cmd = m.press(msg)
	case tea.PasteMsg:
		m = m.paste(msg.Content)
	case tea.MouseClickMsg:
		m, cmd = m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		m = m.wheel(msg.Mouse())
	case StateMsg:
		m, cmd = m.state(playback.State(msg))
	case BatchMsg:
		m = m.batch(msg)
	case LoadedMsg:
		m = m.loaded(msg.Err)
	case NoticeMsg:
		m.notice = string(msg)
	case doneMsg:
		m, cmd = m.done(msg)
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m = m.dress()
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		m = m.dress()
	case tea.ModeReportMsg:
		m.ruler.Graphemes = m.ruler.Graphemes || graphemes(msg)
	}
	return m.turn(), cmd
}

// graphemes reports whether the terminal says that it draws whole graphemes.
// The renderer measures them from then on, and so must we.
func graphemes(r tea.ModeReportMsg) bool {
	return r.Mode == ansi.ModeUnicodeCore && (r.Value.IsSet() || r.Value.IsReset() || r.Value.IsPermanentlySet())
}

// dress makes the styles for the terminal at hand.
func (m Model) dress() Model {
	m.styles = m.cfg.Theme.Styles(m.dark, m.profile)
	return m
}

// resize also reads the store, once, when the first size is known: the screen
// is there before the disk is asked.
func (m Model) resize(w, h int) (Model, tea.Cmd) {
	first := m.w == 0 && m.h == 0
	m.w, m.h = w, h
	m.shelf = m.shelf.Resize(max(arrange(w, h).List.H, 1))
	if !first || m.cfg.Store == nil {
		return m, nil
	}
	m, favourites := m.start(store, loadFavourites(m.cfg.Store))
	m, recent := m.start(store, loadRecent(m.cfg.Store))
	return m, tea.Batch(favourites, recent)
}

// enter changes the mode, and with it what the keys mean.
func (m Model) enter(mode keys.Mode) Model {
	m.mode = mode
	m.bound = m.cfg.Keys.For(mode)
	return m
}

// turn makes the open page anew: what it tells of may have changed.
func (m Model) turn() Model {
	if m.mode != keys.Reading {
		return m
	}
	at := arrange(m.w, m.h).Page
	look := sheet.Look{Styles: m.styles, Ruler: m.ruler}
	var lines []string
	switch m.page {
	case readKeys:
		lines = sheet.Help(m.cfg.Keys.Rows(), at.W, look)
	case readTitles:
		lines = sheet.Titles(m.deck.State, m.titleAt(), at.W, look)
	case readDetails:
		lines = m.details(at.W, look)
	}
	m.sheet = m.sheet.Set(lines, at.H)
	return m
}

// details is the page about the channel that the keys are about.
func (m Model) details(w int, look sheet.Look) []string {
	e, ok := m.subject()
	s := m.deck.State
	if ok && s.Entry.URL != "" && !shelf.Same(e, s.Entry) {
		s = playback.State{} // the page is about another channel
	}
	kept, favourite := m.shelf.Kept(e)
	if favourite {
		e.Charset = kept.Charset
	}
	return sheet.Details(e, ok, favourite, s, w, look)
}

// state takes in what the deck is doing.
func (m Model) state(s playback.State) (Model, tea.Cmd) {
	said := m.deck.State.Notice
	m.deck.State = s
	switch {
	case s.Notice != said && s.Notice != "":
		m.notice = s.Notice
	case s.Notice != said && m.notice == said:
		m.notice = ""
	}
	if m.tuned.URL == "" {
		m.tuned = s.Entry
	}
	if m.cfg.Store == nil || s.Phase != playback.Playing || shelf.Same(s.Entry, m.noted) {
		return m, nil
	}
	m.noted = s.Entry
	return m.start(store, remember(m.cfg.Store, s.Entry))
}

// batch takes in more of the list.
func (m Model) batch(b BatchMsg) Model {
	m.load = loading{under: true, read: b.Read, total: b.Total}
	m.shelf = m.shelf.Append(b.Entries)
	return m
}

// loaded ends the reading of the list.
func (m Model) loaded(err error) Model {
	m.load.under = false
	var left *playlist.Problems
	switch {
	case errors.As(err, &left):
		m.notice = err.Error()
	case err != nil:
		m.load.err = err
		m.notice = err.Error()
	}
	return m
}

// start puts a job into a lane.
func (m Model) start(name laneName, j job) (Model, tea.Cmd) {
	var cmd tea.Cmd
	m.lanes[name], cmd = m.lanes[name].push(name, j)
	return m, cmd
}

// done takes in the result of a job; a result that nobody waits for is dropped.
func (m Model) done(msg doneMsg) (Model, tea.Cmd) {
	next, cmd, ok := m.lanes[msg.lane].pop(msg)
	if !ok {
		return m, nil
	}
	m.lanes[msg.lane] = next
	switch r := msg.result.(type) {
	case favouritesMsg:
		if r.err != nil {
			m.notice = r.err.Error()
			return m, cmd
		}
		m.shelf = m.settle(m.shelf.SetFavourites(r.entries))
		if r.notice != "" {
			m.notice = r.notice
		}
	case recentMsg:
		if r.err != nil {
			m.notice = r.err.Error()
			return m, cmd
		}
		m.shelf = m.settle(m.shelf.SetRecent(r.entries))
	}
	return m, cmd
}

// settle has a deck without a list begin with the favourites.
func (m Model) settle(s shelf.Model) shelf.Model {
	if m.cfg.Reading {
		return s
	}
	return s.Settle()
}
