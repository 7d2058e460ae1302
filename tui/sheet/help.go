package sheet

import (
	"strings"

	"tapedeck/tui/cells"
	"tapedeck/tui/keys"
)

// twoColumns is the width from which the table of keys stands in two.
const twoColumns = 96

// keyColumn is how wide the keys stand, where none is wider.
const keyColumn = 12

// Help is the page of all keys, made from the key map.
func Help(rows []keys.Row, w int, look Look) []string {
	sections := bySection(rows)
	if w < twoColumns {
		var lines []string
		for _, s := range sections {
			lines = append(lines, section(s, w, look)...)
			lines = append(lines, "")
		}
		return look.clip(lines[:max(len(lines)-1, 0)], w)
	}
	half := w / 2
	var left, right []string
	for i, s := range sections { // the list's keys at the left, the rest beside them
		column := &right
		if i == 0 {
			column = &left
		}
		if len(*column) > 0 {
			*column = append(*column, "")
		}
		*column = append(*column, section(s, half-1, look)...)
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

func section(rows []keys.Row, w int, look Look) []string {
	const indent = 3
	column := keyColumn
	for _, r := range rows {
		column = max(column, look.Width(r.Keys))
	}
	column = min(column, max(w/2-indent, 1))
	lines := []string{cells.Blank(indent) + look.Dim.Render(strings.ToUpper(rows[0].Section))}
	for _, r := range rows {
		lines = append(lines, cells.Blank(indent)+look.Accent.Render(look.Fit(r.Keys, column))+
			cells.Blank(2)+look.Cut(r.Help, w-indent-column-2))
	}
	return lines
}
