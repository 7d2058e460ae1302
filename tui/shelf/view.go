package shelf

import (
	"strings"

	"tapedeck/playlist"
	"tapedeck/tui/cells"
	"tapedeck/tui/figures"
	"tapedeck/tui/theme"
)

// The marks of a row.
const (
	cursorMark   = "▌" // the chosen row of the pane with the keys
	restingMark  = "▏" // the chosen row of the other pane
	favouredMark = "♥"
	reservedWord = "reserved"
)

// Look is what the shelf is drawn with.
type Look struct {
	theme.Styles
	cells.Ruler
	Playing playlist.Entry // what is in the deck
	Mark    string         // how it is marked: what the deck does with it
	Idle    bool           // which is nothing
	Empty   string         // what to say where the list has nothing yet
}

// GroupLines draws the left pane: m.rows lines of exactly w cells.
func (m Model) GroupLines(w int, look Look) []string {
	lines := make([]string, m.rows)
	for y := range lines {
		if g := m.groupTop + y; g < m.groupCount() {
			lines[y] = m.groupLine(g, w, look)
		} else {
			lines[y] = cells.Blank(w)
		}
	}
	return lines
}

func (m Model) groupLine(g, w int, look Look) string {
	style := look.Palette
	mark, name := " ", style.Text
	if g == m.group {
		mark, name = restingMark, style.Strong
		if m.focus == Groups {
			mark, style = cursorMark, look.Chosen
			name = style.Strong
		}
	}
	n := m.groupSize(g)
	if n == 0 && g != m.group {
		name = style.Dim
	}
	count := figures.Count(n)
	room := w - 3 - len(count) - 1 // mark, blank; blank, count; blank
	if room < 4 {
		count, room = "", w-3
	}
	if room < 1 {
		return cells.Blank(w)
	}
	return style.Accent.Render(mark+" ") + name.Render(look.Fit(m.groupName(g), room)) +
		style.Dim.Render(look.FitRight(count, w-2-room-1)+" ")
}

func (m Model) groupName(g int) string {
	if g >= fixed {
		return cells.Clean(m.lib.groups[g-fixed].Name)
	}
	return [fixed]string{"Favourites", "Recent", "All"}[g]
}

// groupSize counts what the group would show.
func (m Model) groupSize(g int) int {
	filtered := m.filter != ""
	switch {
	case g < all && filtered:
		return len(m.kept[g].found)
	case g < all:
		return len(m.kept[g].entries)
	case g == all && filtered:
		return len(m.found)
	case g == all:
		return len(m.lib.entries)
	case filtered:
		return m.counts[g-fixed]
	}
	return m.lib.groups[g-fixed].Count
}

// Group is the name of the chosen group and how many rows it shows.
func (m Model) Group() (name string, n int) { return m.groupName(m.group), m.Len() }

// columns are the widths of a row's parts; 0 for one that has no room.
type columns struct{ name, group, protocol, flag int }

func arrange(w int) columns {
	c := columns{flag: 1}
	rest := w - 3 - 1 // the marks and a blank; the right margin
	if rest >= 72 {
		c.flag = len(reservedWord)
	}
	rest -= c.flag + 2
	if rest < 8 {
		c.flag, rest = 0, rest+3
	}
	if rest >= 28 {
		c.protocol = len(reservedWord)
		rest -= c.protocol + 2
	}
	if rest >= 34 {
		c.group = min(max(rest/3, 10), 28)
		rest -= c.group + 2
	}
	c.name = max(rest, 0)
	return c
}

// ListLines draws the right pane: m.rows lines of exactly w cells.
func (m Model) ListLines(w int, look Look) []string {
	lines := make([]string, m.rows)
	c := arrange(w)
	for y := range lines {
		if i := m.listTop + y; i < m.Len() {
			lines[y] = m.listLine(i, w, c, look)
		} else {
			lines[y] = cells.Blank(w)
		}
	}
	if m.Len() == 0 && m.rows > 0 && w > 4 {
		y := min(1, m.rows-1)
		lines[y] = look.Dim.Render(look.Fit("   "+m.emptyWord(look), w))
	}
	return lines
}

func (m Model) emptyWord(look Look) string {
	switch {
	case m.filter != "":
		return "nothing here matches " + cells.Clean(m.filter)
	case m.group == favourites:
		return "no favourites yet"
	case m.group == recent:
		return "nothing was played yet"
	}
	return look.Empty
}

func (m Model) listLine(i, w int, c columns, look Look) string {
	e := m.At(i)
	style, mark := look.Palette, " "
	if i == m.cursor {
		mark = restingMark
		if m.focus == List {
			style, mark = look.Chosen, cursorMark
		}
	}
	reserved := e.Reserved()
	playing, name := " ", style.Text
	switch {
	case reserved:
		name = style.Dim
	case Same(e, look.Playing):
		playing = look.Mark
		if !look.Idle {
			name = style.Accent
		}
	}
	protocol, flag, flagStyle := e.Protocol(), "", style.Accent
	switch {
	case m.Favourite(e):
		flag = favouredMark
	case reserved && c.flag > 1:
		flag, flagStyle = reservedWord, style.Dim
	}
	if reserved && c.flag <= 1 {
		protocol = reservedWord
	}
	var b strings.Builder
	put := func(s theme.Ink, text string, width, gap int) {
		if width > 0 {
			b.WriteString(s.Render(look.Fit(text, width) + cells.Blank(gap)))
		}
	}
	put(style.Accent, mark+playing, min(w, 2), min(max(w-2, 0), 1))
	put(name, cells.Clean(e.Title()), c.name, 2*min(c.group+c.protocol, 1))
	put(style.Dim, cells.Clean(e.Group), c.group, 2*min(c.protocol, 1))
	put(style.Dim, cells.Clean(protocol), c.protocol, 0)
	if c.flag > 0 {
		b.WriteString(style.Text.Render("  "))
		put(flagStyle, flag, c.flag, 0)
	}
	b.WriteString(style.Text.Render(cells.Blank(min(max(w-3, 0), 1))))
	return b.String()
}
