package tui

import (
	"strings"

	"tapedeck/player/playback"
	"tapedeck/tui/cells"
	"tapedeck/tui/keys"
)

// hint is a key and its word at the foot of the screen. It keeps its width
// while its word changes, so that its neighbours stay.
type hint struct {
	key, word string
	width     int  // of the word, at least
	off       bool // it cannot be done now
}

// keyOf is the first key of an action, as it is shown; "" where it has none.
func (m Model) keyOf(a keys.Action) string {
	k := m.cfg.Keys.Binding(a).Keys()
	return keys.Show(k[:min(len(k), 1)])
}

// footer is the last line: what the keys do now.
func (m Model) footer(w int) string {
	left, right := m.hints()
	end := m.hint(right)
	room := w - 1 - m.ruler.Width(end)
	if room < 0 {
		return ""
	}
	var b strings.Builder
	used := 0
	for _, h := range left {
		if h.key == "" {
			continue
		}
		text := "  " + m.hint(h)
		if used == 0 {
			text = text[1:]
		}
		width := m.ruler.Width(text)
		if used+width+2 > room {
			break
		}
		b.WriteString(text)
		used += width
	}
	return b.String() + cells.Blank(room-used) + end
}

func (m Model) hint(h hint) string {
	if h.key == "" {
		return ""
	}
	keyStyle, wordStyle := m.styles.Accent, m.styles.Text
	if h.off {
		keyStyle, wordStyle = m.styles.Dim, m.styles.Dim
	}
	word := m.ruler.Fit(h.word, max(h.width, m.ruler.Width(h.word)))
	return keyStyle.Render(h.key) + " " + wordStyle.Render(word)
}

// say is a notice, over the last line of the screen or, where it is long, over
// the last two.
func (m Model) say(w, rows int) []string {
	lead := " "
	if w < 10 {
		lead = ""
	}
	room := w - 2*len(lead)
	said := m.ruler.Wrap(cells.Clean(m.notice), room)
	if len(said) > rows {
		said = append(said[:rows-1], strings.Join(said[rows-1:], " "))
	}
	for i, line := range said {
		said[i] = lead + m.styles.Strong.Render(m.ruler.Fit(strings.TrimSpace(line), room))
	}
	return said
}

// hints are the keys of the mode, the most telling first, and the one at the
// right end.
func (m Model) hints() (left []hint, right hint) {
	k := m.keyOf
	pair := func(a, b keys.Action) string {
		if k(a) == "" || k(b) == "" {
			return ""
		}
		return k(a) + "/" + k(b)
	}
	walk := hint{key: pair(keys.Up, keys.Down), word: "walk"}
	switch m.mode {
	case keys.Filtering:
		return []hint{{key: k(keys.Play), word: "play"}, walk, {key: k(keys.Switch), word: "keep"}},
			hint{key: k(keys.Clear), word: "clear"}
	case keys.Reading:
		walk.word = "scroll"
		left = []hint{walk}
		switch m.page {
		case readTitles:
			left = []hint{{key: k(keys.Play), word: "back to it"}, {key: walk.key, word: "choose"}}
		case readDetails:
			e, _ := m.subject()
			_, favourite := m.shelf.Kept(e)
			left = append(left, hint{key: k(keys.Charset), word: "charset", off: !favourite})
		case readKeys:
		}
		return left, hint{key: k(keys.Clear), word: "close"}
	case keys.Browse, keys.Typing:
	}
	no := m.deck.Limits()
	seek := hint{key: pair(keys.Back, keys.Forward), word: "seek 10s", off: no.Seek != ""}
	if s := m.deck.State; s.NoSeek != "" && no.Seek == s.NoSeek {
		seek.word, seek.width = "no seek", len("seek 10s")
	}
	third := hint{key: k(keys.Live), word: "live", off: no.Live != ""}
	if s := m.deck.State; s.Protocol != "" && !s.Live { // a film
		third = hint{key: k(keys.Faster), word: m.deck.NextRate(), width: len("live"), off: no.Rate != ""}
	}
	return []hint{
		m.pauseHint(no.Pause), seek, third,
		{key: k(keys.Record), word: "record", off: no.Record != ""},
		{key: k(keys.Favourite), word: "favourite"},
		{key: k(keys.Filter), word: "filter"},
		{key: k(keys.Open), word: "open"},
		{key: k(keys.Details), word: "details"},
		{key: k(keys.Titles), word: "titles"},
		{key: k(keys.Quit), word: "quit"},
	}, hint{key: k(keys.Help), word: "all keys"}
}

// pauseHint is what the key for the pause does now.
func (m Model) pauseHint(why string) hint {
	h := hint{key: m.keyOf(keys.Pause), word: "pause", width: len("pause"), off: why != ""}
	s := m.deck.State
	switch s.Phase {
	case playback.Paused:
		h.word = "go on"
	case playback.Stopped, playback.Ended, playback.Failed:
		h.word = "again"
	default:
		if s.NoPause != "" {
			h.word = "no pause"
		}
	}
	if s.Entry.URL == "" {
		h.key, h.word, h.off = m.keyOf(keys.Play), "play", false
		h.width += len("space") - len(h.key)
	}
	return h
}

// question is the line in which a time or an address is typed, and where its
// cursor is. What was wrong with the last answer stands at its end.
func (m Model) question(w int) (line string, cursor int) {
	lead, help := " jump to ", "1:02:03  50%  +30  -30"
	switch m.asked {
	case askOpen:
		lead, help = " open ", m.keyOf(keys.Play)+" plays"
	case askEdit:
		lead, help = " address ", m.keyOf(keys.Play)+" plays"
	case askJump:
	}
	style := m.styles.Dim
	if m.notice != "" {
		help, style = cells.Clean(m.notice), m.styles.Strong
	}
	if w < 24 {
		lead = ""
	}
	room := w - len(lead) - m.ruler.Width(help) - 3
	if room < 16 {
		help, room = "", w-len(lead)-1
	}
	text, cursor := m.line.View(room, m.ruler)
	line = m.styles.Accent.Render(lead) + m.ruler.Fit(text, room)
	if help != "" {
		line += "  " + style.Render(help) + " "
	}
	return line, len(lead) + cursor
}
