package shelf

import "tapedeck/playlist"

// Resize says how many rows the panes have.
func (m Model) Resize(rows int) Model {
	m.rows = max(rows, 0)
	m.scroll()
	return m
}

// scroll keeps the cursors in their lists and their lists in view.
func (m *Model) scroll() {
	m.cursor = min(max(m.cursor, 0), max(m.Len()-1, 0))
	m.listTop = window(m.listTop, m.cursor, m.Len(), m.rows)
	m.groupTop = window(m.groupTop, m.group, m.groupCount(), m.rows)
}

// window is the first visible row such that cursor is visible and no row is
// wasted below the last of count.
func window(top, cursor, count, rows int) int {
	top = min(top, cursor)
	top = max(top, cursor-rows+1)
	return max(min(top, count-rows), 0)
}

func (m Model) groupCount() int { return fixed + len(m.lib.groups) }

// Focus is the pane that Move and its like walk.
func (m Model) Focus() Pane { return m.focus }

// SetFocus gives the keys to a pane.
func (m Model) SetFocus(p Pane) Model {
	m.focus = p
	return m
}

// Move walks by n rows, Page by n pages (in halves where half is set), End to
// the first row or the last.
func (m Model) Move(n int) Model {
	if m.focus == Groups {
		return m.setGroup(m.group + n)
	}
	m.cursor += n
	m.scroll()
	return m
}

func (m Model) Page(n int, half bool) Model {
	step := max(m.rows-1, 1)
	if half {
		step = max(m.rows/2, 1)
	}
	return m.Move(n * step)
}

func (m Model) End(last bool) Model {
	if last {
		return m.Move(max(m.Len(), m.groupCount()))
	}
	return m.Move(-max(m.Len(), m.groupCount()))
}

// MoveGroup chooses the group n further, whichever pane has the keys.
func (m Model) MoveGroup(n int) Model { return m.setGroup(m.group + n) }

func (m Model) setGroup(g int) Model {
	g = min(max(g, 0), m.groupCount()-1)
	if g == m.group {
		return m
	}
	m.group, m.cursor, m.listTop = g, 0, 0
	m.show()
	return m
}

// Wheel scrolls pane p by n rows; the list's cursor goes along at its edges.
func (m Model) Wheel(p Pane, n int) Model {
	if p == Groups {
		m.groupTop = max(min(m.groupTop+n, m.groupCount()-m.rows), 0)
		return m
	}
	m.listTop = max(min(m.listTop+n, m.Len()-m.rows), 0)
	m.cursor = min(max(m.cursor, m.listTop), max(m.listTop+m.rows-1, 0))
	m.scroll()
	return m
}

// Click chooses the row y of pane p and gives it the keys. again reports that
// this entry was chosen already.
func (m Model) Click(p Pane, y int) (next Model, again bool) {
	if p == Groups {
		if g := m.groupTop + y; g < m.groupCount() {
			top := m.groupTop
			m = m.setGroup(g)
			m.groupTop = top
			m.focus = Groups
		}
		return m, false
	}
	row := m.listTop + y
	if row >= m.Len() {
		return m, false
	}
	again = row == m.cursor && m.focus == List
	m.cursor, m.focus = row, List
	m.scroll()
	return m, again
}

// Chosen is the entry under the cursor; ok is false where nothing is shown.
func (m Model) Chosen() (e playlist.Entry, ok bool) {
	if m.cursor >= m.Len() {
		return e, false
	}
	return m.At(m.cursor), true
}

// Same reports whether two entries are one channel to a person.
func Same(a, b playlist.Entry) bool { return a.URL == b.URL && a.Name == b.Name }

// Step puts the cursor on the channel after from, or before it where n is
// negative, in what is shown; the list is a ring and reserved links are passed
// over. Where from is not shown the walk starts at the cursor. ok is false
// where there is nothing to play.
func (m Model) Step(from playlist.Entry, n int) (next Model, ok bool) {
	count := m.Len()
	if count == 0 {
		return m, false
	}
	at := m.cursor
	if !Same(m.At(at), from) {
		for i := range count {
			if Same(m.At(i), from) {
				at = i
				break
			}
		}
	}
	if !Same(m.At(at), from) && n > 0 {
		at-- // the chosen one itself comes first
	}
	for range count {
		at = ((at+n)%count + count) % count
		if e := m.At(at); !e.Reserved() {
			m.cursor = at
			m.scroll()
			return m, true
		}
	}
	return m, false
}
