package sheet

import (
	"slices"
	"strings"

	"tapedeck/tui/cells"
	"tapedeck/tui/keys"
	"tapedeck/tui/theme"
)

// twoColumns is the width from which the table of keys stands in two.
const twoColumns = 96

// keyColumn is how wide the keys stand, where none is wider.
const keyColumn = 10

// nameHead stands over the names of the actions.
const nameHead = "in [keys]"

// Help is the page of all keys, made from the key map.
func Help(rows []keys.Row, w int, look Look) []string {
	sections := bySection(rows)
	if w < twoColumns {
		return look.clip(tables(sections, w, look), w)
	}
	// Those of the list and of the program stand at the left, the rest beside them.
	half, last := w/2, len(sections)-1
	left := tables([][]keys.Row{sections[0], sections[last]}, half-1, look)
	right := tables(sections[1:last], half-1, look)
	lines := make([]string, max(len(left), len(right)))
	for i := range lines {
		l, r := "", ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		lines[i] = l + cells.Blank(half-look.Width(l)) + r
	}
	return look.clip(lines, w)
}

func bySection(rows []keys.Row) [][]keys.Row {
	var out [][]keys.Row
	for _, r := range rows {
		if r.Keys == "" {
			continue
		}
		if n := len(out); n == 0 || out[n-1][0].Section != r.Section {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

// tables are sections under one another: keys, what they do and, where there is
// room, the names by which a config file changes them.
func tables(sections [][]keys.Row, w int, look Look) []string {
	const indent = 3
	column, help, name := keyColumn, 0, len(nameHead)
	for _, r := range slices.Concat(sections...) {
		column, help, name = max(column, look.Width(r.Keys)), max(help, look.Width(r.Help)), max(name, len(r.Name))
	}
	column = min(column, max(w/2-indent, 1))
	room := w - indent - column - 2
	named := room >= help+2+name
	if named {
		room = help
	}
	var lines []string
	line := func(keys, help string, ink theme.Ink, name string) {
		s := cells.Blank(indent) + ink.Render(look.Fit(keys, column)) + cells.Blank(2)
		if named {
			s += look.Fit(help, room) + cells.Blank(2) + look.Dim.Render(name)
		} else {
			s += look.Cut(help, room)
		}
		lines = append(lines, s)
	}
	over := nameHead
	for _, rows := range sections {
		if len(lines) > 0 {
			lines, over = append(lines, ""), ""
		}
		line(strings.ToUpper(rows[0].Section), "", look.Dim, over)
		for _, r := range rows {
			line(r.Keys, r.Help, look.Accent, r.Name)
		}
	}
	return lines
}
