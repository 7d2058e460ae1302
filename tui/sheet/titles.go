package sheet

import (
	"slices"

	"tapedeck/player/playback"
	"tapedeck/tui/cells"
	"tapedeck/tui/figures"
)

// The marks of a title.
const (
	chosenMark = "▌"
	onMark     = "▶"
	goneWord   = "gone"
)

// clockFormat is how the time of a title is written: that of the wall.
const clockFormat = "15:04"

// Listed are the titles of the page, the newest first. Those without a word
// only end the one before.
func Listed(s playback.State) []playback.Title {
	var list []playback.Title
	for _, t := range slices.Backward(s.Titles) {
		if cells.Clean(t.Text) != "" {
			list = append(list, t)
		}
	}
	return list
}

// Titles is the page of what was on, a line each, as Listed has them: when it
// was said, and where it begins: on a live stream how far back on the tape, else
// the position. What is heard is marked, and the chosen one.
//
//	▌  19:02  −00:03:20  The Newsroom: headlines at the hour
//	 ▶ 19:01  −00:04:31  Jingle
//	   18:40       gone  Concert in the evening
func Titles(s playback.State, chosen int, w int, look Look) []string {
	list := Listed(s)
	if len(list) == 0 {
		p := page{w: w, look: look}
		p.row("", "the stream has not named anything yet")
		return look.clip(p.lines, w)
	}
	lines := make([]string, len(list))
	on := heard(s, list)
	for i, t := range list {
		style, mark := look.Palette, " "
		if i == chosen {
			style, mark = look.Chosen, chosenMark
		}
		name, playing := style.Text, " "
		if i == on {
			name, playing = style.Accent, onMark
		}
		where, gone := place(s, t)
		if gone {
			name = style.Dim
		}
		const before = 3 + 5 + 2 + 9 + 2 // marks, clock, blanks, place, blanks
		line := style.Accent.Render(mark+playing+" ") + style.Dim.Render(t.Came.Format(clockFormat)+"  "+look.FitRight(where, 9)+"  ") +
			name.Render(look.Cut(cells.Clean(t.Text), w-before))
		if i == chosen {
			line += style.Text.Render(cells.Blank(w - look.Width(line)))
		}
		lines[i] = line
	}
	return look.clip(lines, w)
}

// heard is which of list is heard now; -1 where none is.
func heard(s playback.State, list []playback.Title) int {
	for i, t := range list {
		if t.Text == s.Title && t.From <= s.Position+playback.Early {
			return i
		}
	}
	return slices.IndexFunc(list, func(t playback.Title) bool { return t.Text == s.Title })
}

// place is where t begins, in words; gone says that it cannot be gone back to.
func place(s playback.State, t playback.Title) (where string, gone bool) {
	switch {
	case !s.Live:
		return figures.Clock(t.From), false
	case s.TapeTo <= s.TapeFrom || t.From < s.TapeFrom:
		return goneWord, true
	}
	return "−" + figures.Clock(s.TapeTo-t.From), false
}
