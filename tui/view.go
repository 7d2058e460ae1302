package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"tapedeck/tui/cells"
	"tapedeck/tui/deck"
	"tapedeck/tui/figures"
	"tapedeck/tui/keys"
	"tapedeck/tui/shelf"
)

// View draws the screen: as many lines as the terminal has, none wider.
func (m Model) View() tea.View {
	l := arrange(m.w, m.h)
	lines := make([]string, max(m.h, 0))
	reading := m.mode == keys.Reading
	if l.Header.H > 0 {
		lines[l.Header.Y] = m.header(l)
	}
	if l.Upper.H > 0 {
		lines[l.Upper.Y] = m.upper(l)
		lines[l.Middle.Y] = m.middle(l)
		copy(lines[l.Page.Y:], m.shelfLines(l))
	}
	if l.Lower.H > 0 {
		lines[l.Lower.Y] = m.styles.Line.Render(" " + strings.Repeat("─", m.w-2))
	}
	for i, s := range m.deck.Lines(l.Deck.W, l.Deck.H, deck.Look{Styles: m.styles, Ruler: m.ruler}) {
		lines[l.Deck.Y+i] = cells.Blank(l.Deck.X) + s
	}
	if reading {
		copy(lines[l.Page.Y:], m.sheet.Lines())
	}
	cursor := m.foot(l, lines)
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = m.windowTitle()
	v.Cursor = cursor
	return v
}

func (m Model) windowTitle() string {
	title := m.ruler.Cut(cells.Clean(m.deck.State.Entry.Title()), 60)
	if title == "" {
		return "tapedeck"
	}
	return title + " · tapedeck"
}

// foot draws the last line, and the filter while it is typed: they hold the
// cursor. On a screen without a footer the last line gives way.
func (m Model) foot(l Layout, lines []string) *tea.Cursor {
	if len(lines) == 0 {
		return nil
	}
	last := len(lines) - 1
	said := m.say(m.w, min(len(lines), 2))
	switch {
	case m.notice != "" && m.mode != keys.Typing:
		copy(lines[len(lines)-len(said):], said)
	case l.Footer.H > 0:
		lines[last] = m.footer(m.w)
	}
	var x, y int
	var at int
	switch {
	case m.mode == keys.Typing:
		y = last
		lines[y], at = m.question(m.w)
	case m.mode == keys.Filtering && l.Header.H > 0:
		x, y = m.filterAt(l), l.Header.Y
		_, at = m.filterLine(m.w - x)
	case m.mode == keys.Filtering:
		y = last
		lines[y], at = m.filterLine(m.w)
	default:
		return nil
	}
	return tea.NewCursor(min(x+at, m.w-1), y)
}

// header is the list's name and how much of it there is, and the filter.
func (m Model) header(l Layout) string {
	if m.mode == keys.Reading && l.Upper.H > 0 {
		title := [...]string{readKeys: "All keys", readDetails: "Details", readTitles: "What was on"}[m.page]
		return " " + m.styles.Strong.Render(m.ruler.Cut(title, m.w-1))
	}
	at := m.filterAt(l)
	if at == 0 {
		line, _ := m.filterLine(m.w)
		return line
	}
	if m.mode != keys.Filtering && m.shelf.Filter() == "" {
		at = m.w
	}
	left := m.listName(at - 1)
	if l.Upper.H == 0 { // the deck alone: what is chosen instead of a list
		left = m.styles.Dim.Render(m.ruler.Cut(m.where(), at-1))
	}
	right, _ := m.filterLine(max(m.w-at, 0))
	return " " + left + cells.Blank(at-1-m.ruler.Width(left)) + right
}

// filterAt is the column where the filter stands in the header. On a narrow
// screen it takes the whole of it while it is in force.
func (m Model) filterAt(l Layout) int {
	switch {
	case !l.Folded:
		return max(l.List.X+3, m.w*45/100)
	case m.mode == keys.Filtering || m.shelf.Filter() != "":
		return 0
	}
	return m.w
}

// filterLine is the filter and what it found, in w cells, and where in it the
// cursor is.
func (m Model) filterLine(w int) (line string, cursor int) {
	if m.mode != keys.Filtering && m.shelf.Filter() == "" || w < 4 {
		return cells.Blank(w), 0
	}
	lead := "/ "
	if w == m.w {
		lead = " / "
	}
	found := figures.Count(m.shelf.Len()) + " of " + figures.Count(m.shelf.Total())
	if name, _ := m.shelf.Group(); name != "All" {
		found = figures.Count(m.shelf.Len()) + " here"
	}
	if e, ok := m.shelf.Chosen(); ok && arrange(m.w, m.h).List.H == 0 { // the only place to show it
		found = m.ruler.Cut(cells.Clean(e.Title()), w/2)
	}
	room := w - len(lead) - m.ruler.Width(found) - 3
	if room < 8 {
		found, room = "", w-len(lead)-1
	}
	text := m.ruler.Cut(cells.Clean(m.shelf.Filter()), room)
	if m.mode == keys.Filtering {
		text, cursor = m.line.View(room, m.ruler)
	}
	line = m.styles.Accent.Render(lead) + m.styles.Text.Render(m.ruler.Fit(text, room))
	if found != "" {
		line += m.styles.Dim.Render("  " + found + " ")
	}
	return line, len(lead) + cursor
}

// listName is the name of the list, its size, and how far it was read.
func (m Model) listName(w int) string {
	name := cells.Clean(m.cfg.Name)
	if name == "" {
		name = "tapedeck"
	}
	var more string
	switch n := m.shelf.Total(); {
	case n == 1:
		more = "  1 channel"
	case n > 0 || m.load.under:
		more = "  " + figures.Count(n) + " channels"
	}
	switch {
	case m.load.err != nil:
		more += "  not read to its end"
	case m.load.under && m.load.total > 0:
		more += "  read " + percent(m.load.read, m.load.total)
	case m.load.under:
		more += "  read " + figures.Size(m.load.read)
	}
	name = m.ruler.Cut(name, max(w-m.ruler.Width(more), w/3))
	more = m.ruler.Cut(more, w-m.ruler.Width(name))
	return m.styles.Strong.Render(name) + m.styles.Dim.Render(more)
}

func percent(part, whole int64) string {
	return figures.Count(min(part*100/whole, 100)) + "%"
}

// upper is the line under the header; folded, it names the group.
func (m Model) upper(l Layout) string {
	reading := m.mode == keys.Reading
	if !l.Folded || reading {
		return m.rule(l, "┬", "")
	}
	name, n := m.shelf.Group()
	label := " " + name + " " + figures.Count(n) + " "
	style := m.styles.Text
	if m.shelf.Focus() == shelf.Groups {
		label, style = "‹"+name+" "+figures.Count(n)+"›", m.styles.Accent
	}
	label = m.ruler.Cut(label, m.w-6)
	return m.styles.Line.Render(" ─") + style.Render(label) +
		m.styles.Line.Render(strings.Repeat("─", m.w-3-m.ruler.Width(label)))
}

// middle is the line over the deck, with the place in the list.
func (m Model) middle(l Layout) string {
	label := ""
	switch {
	case m.mode == keys.Reading && m.sheet.More():
		label = " more below "
	case m.mode != keys.Reading && m.shelf.Len() > l.List.H:
		label = " " + m.place() + " "
	}
	return m.rule(l, "┴", label)
}

func (m Model) place() string {
	return figures.Count(m.shelf.Row()+1) + " of " + figures.Count(m.shelf.Len())
}

// rule is a line across, with a joint where the panes part and a label near
// its right end.
func (m Model) rule(l Layout, joint, label string) string {
	line := []rune(strings.Repeat("─", max(m.w-2, 0)))
	free := len(line)
	if !l.Folded && m.mode != keys.Reading {
		line[l.Divider.X-1] = []rune(joint)[0]
		free -= l.Divider.X
	}
	width := m.ruler.Width(label)
	if label == "" || width+2 > free {
		return " " + m.styles.Line.Render(string(line))
	}
	end := len(line) - 1
	return " " + m.styles.Line.Render(string(line[:end-width])) + m.styles.Dim.Render(label) + m.styles.Line.Render(string(line[end:]))
}

// shelfLines are the groups and the list, side by side.
func (m Model) shelfLines(l Layout) []string {
	look := shelf.Look{Styles: m.styles, Ruler: m.ruler, Playing: m.deck.State.Entry, Mark: deck.Mark(m.deck.State.Phase), Idle: m.deck.Idle(), Empty: m.emptyList()}
	list := m.shelf.ListLines(l.List.W, look)
	if l.Folded {
		return list
	}
	groups := m.shelf.GroupLines(l.Groups.W, look)
	divider := m.styles.Line.Render("│")
	for i := range list {
		list[i] = groups[i] + divider + list[i]
	}
	return list
}

func (m Model) emptyList() string {
	switch {
	case m.load.under:
		return "reading the list"
	case m.load.err != nil:
		return "the list could not be read"
	}
	return "no channels: press " + m.keyOf(keys.Open) + " to open an address"
}
