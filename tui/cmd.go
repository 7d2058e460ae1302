package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/cells"
)

// Every side effect of the screen is made here, and nowhere else.

// job is a side effect and its result, one of the messages in messages.go.
type job func() any

// do asks the deck for something.
func do(d Deck, in playback.Intent) job {
	return func() any {
		d.Do(in)
		return nil
	}
}

// loadFavourites and loadRecent read what is kept.
func loadFavourites(s Store) job {
	return func() any {
		entries, err := s.Favourites()
		return favouritesMsg{entries: entries, err: err}
	}
}

func loadRecent(s Store) job {
	return func() any {
		entries, err := s.Recent()
		return recentMsg{entries: entries, err: err}
	}
}

// toggleFavourite puts e on the favourites or takes it off, and reads them.
func toggleFavourite(s Store, e playlist.Entry) job {
	return func() any {
		added, err := s.Toggle(e)
		if err != nil {
			return favouritesMsg{err: fmt.Errorf("the favourites were not saved: %w", err)}
		}
		word := "off the favourites: "
		if added {
			word = "on the favourites: "
		}
		entries, err := s.Favourites()
		return favouritesMsg{entries: entries, err: err, notice: word + cells.Clean(e.Title())}
	}
}

// charsets are those that nextCharset offers, in turn; the empty one is found
// out.
var charsets = []string{"", "UTF-8", "windows-1252", "windows-1250", "ISO-8859-2", "windows-1251", "KOI8-R", "windows-1253",
	"windows-1254", "windows-1255", "windows-1256", "Shift_JIS", "EUC-JP", "GBK", "Big5", "EUC-KR"}

// nextCharset gives the favourite e the next of the charsets.
func nextCharset(s Store, e playlist.Entry) job {
	return func() any {
		entries, err := s.Favourites()
		if err != nil {
			return favouritesMsg{err: err}
		}
		for _, f := range entries {
			if f.URL == e.URL {
				e = f
			}
		}
		now := slices.IndexFunc(charsets, func(c string) bool { return strings.EqualFold(c, e.Charset) })
		next := charsets[(now+1)%len(charsets)]
		if err := s.SetCharset(e.URL, next); err != nil {
			return favouritesMsg{err: fmt.Errorf("the charset was not saved: %w", err)}
		}
		notice := "titles as " + next + ", when it is played anew"
		if next == "" {
			notice = "the charset of the titles is found out, when it is played anew"
		}
		entries, err = s.Favourites()
		return favouritesMsg{entries: entries, err: err, notice: notice}
	}
}

// remember notes that e was played, and reads what was.
func remember(s Store, e playlist.Entry) job {
	return func() any {
		if err := s.Played(e, time.Now()); err != nil {
			return recentMsg{err: fmt.Errorf("what was played was not saved: %w", err)}
		}
		entries, err := s.Recent()
		return recentMsg{entries: entries, err: err}
	}
}

// copyText puts text on the clipboard, by the terminal.
func copyText(text string) tea.Cmd { return tea.SetClipboard(text) }

// askBackground asks the terminal whether it is dark.
func askBackground() tea.Cmd { return tea.RequestBackgroundColor }

// laneName names a lane: the intents go in one, the store's work in another.
type laneName uint8

const (
	intents laneName = iota
	store
	lanes
)

// lane keeps side effects of one kind in their order: Bubble Tea runs commands
// side by side, and the last of two channels asked for must be the one that
// plays. One job is under way, the others wait.
type lane struct {
	generation int // of the job under way, or of the last
	busy       bool
	waiting    []job
}

// push starts j, or lets it wait for its turn.
func (l lane) push(name laneName, j job) (lane, tea.Cmd) {
	if l.busy {
		l.waiting = append(l.waiting[:len(l.waiting):len(l.waiting)], j)
		return l, nil
	}
	l.busy = true
	l.generation++
	generation := l.generation
	return l, func() tea.Msg { return doneMsg{lane: name, generation: generation, result: j()} }
}

// pop ends the job under way and starts the next; ok is false for the end of a
// job that is not under way.
func (l lane) pop(done doneMsg) (next lane, cmd tea.Cmd, ok bool) {
	if !l.busy || done.generation != l.generation {
		return l, nil, false
	}
	l.busy = false
	if len(l.waiting) == 0 {
		return l, nil, true
	}
	j := l.waiting[0]
	l.waiting = l.waiting[1:]
	l, cmd = l.push(done.lane, j)
	return l, cmd, true
}
