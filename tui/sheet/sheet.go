// Package sheet is a page to read that takes the place of the list: all keys,
// the details of a channel, or what was on. It scrolls; its text is made by
// Help, Details and Titles.
package sheet

import (
	"tapedeck/tui/cells"
	"tapedeck/tui/theme"
)

// Look is what a page is drawn with.
type Look struct {
	theme.Styles
	cells.Ruler
}

// Model is a page and where it is scrolled to. The zero value is empty.
type Model struct {
	lines []string
	top   int // the first line shown
	rows  int
}

// Set gives the page its lines and its height. It stays where it was scrolled
// to, as far as there is text.
func (m Model) Set(lines []string, rows int) Model {
	m.lines, m.rows = lines, rows
	return m.Scroll(0)
}

// Scroll moves by n lines.
func (m Model) Scroll(n int) Model {
	m.top = max(min(m.top+n, len(m.lines)-m.rows), 0)
	return m
}

// Show scrolls as far as it must for line n to be seen.
func (m Model) Show(n int) Model {
	m.top = max(min(m.top, n), n-m.rows+1)
	return m.Scroll(0)
}

// Top is the first line shown.
func (m Model) Top() int { return m.top }

// End goes to the first line or the last.
func (m Model) End(last bool) Model {
	if last {
		return m.Scroll(len(m.lines))
	}
	return m.Scroll(-len(m.lines))
}

// Page scrolls by n pages, in halves where half is set.
func (m Model) Page(n int, half bool) Model {
	step := max(m.rows-1, 1)
	if half {
		step = max(m.rows/2, 1)
	}
	return m.Scroll(n * step)
}

// More reports whether lines are hidden below.
func (m Model) More() bool { return m.top+m.rows < len(m.lines) }

// Lines draws the page: as many lines as it has rows.
func (m Model) Lines() []string {
	shown := make([]string, max(m.rows, 0))
	copy(shown, m.lines[min(m.top, len(m.lines)):])
	return shown
}

// clip cuts what a screen too narrow for the columns leaves no room for.
func (l Look) clip(lines []string, w int) []string {
	for i, line := range lines {
		lines[i] = l.Cut(line, w)
	}
	return lines
}
