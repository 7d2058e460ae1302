package sheet

import (
	"strings"

	"tapedeck/tui/cells"
	"tapedeck/tui/keys"
	"tapedeck/tui/theme"
)

// twoColumns is the width from which the table of keys stands in two.
const twoColumns = 96

// keyColumn is how wide the keys stand, where none is wider.
const keyColumn = 10

// helpColumn is how wide what they do stands, where there is room and the names
// come after it.
const helpColumn = 31

// nameHead stands over the names of the actions.
const nameHead = "in [keys]"

// Help is the page of all keys, made from the key map.
func Help(rows []keys.Row, w int, look Look) []string {
	sections := bySection(rows)
	if w < twoColumns {
		var lines []string
		for i, s := range sections {
			lines = append(lines, section(s, w, look, i == 0)...)
			lines = append(lines, "")
		}
		return look.clip(lines[:max(len(lines)-1, 0)], w)
	}
	half := w / 2
	var left, right []string
	for i, s := range sections { // those of the list and of the program at the left, the rest beside them
		column := &right
		if i == 0 || i == len(sections)-1 {
			column = &left
		}
		first := len(*column) == 0
		if !first {
			*column = append(*column, "")
		}
		*column = append(*column, section(s, half-1, look, first)...)
	}
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

// section is a table: keys, what they do and, where there is room, the names by
// which a config file changes them; head says so over them.
func section(rows []keys.Row, w int, look Look, head bool) []string {
	const indent = 3
	column, help, name := keyColumn, 0, len(nameHead)
	for _, r := range rows {
		column, help, name = max(column, look.Width(r.Keys)), max(help, look.Width(r.Help)), max(name, len(r.Name))
	}
	column = min(column, max(w/2-indent, 1))
	room := w - indent - column - 2
	named := room >= help+2+name
	if named {
		room = min(room-2-name, max(help, helpColumn))
	}
	line := func(keys, help string, ink theme.Ink, name string) string {
		s := cells.Blank(indent) + ink.Render(look.Fit(keys, column)) + cells.Blank(2)
		if !named {
			return s + look.Cut(help, room)
		}
		return s + look.Fit(help, room) + cells.Blank(2) + look.Dim.Render(name)
	}
	over := ""
	if head {
		over = nameHead
	}
	lines := []string{line(strings.ToUpper(rows[0].Section), "", look.Dim, over)}
	for _, r := range rows {
		lines = append(lines, line(r.Keys, r.Help, look.Accent, r.Name))
	}
	return lines
}
