package deck

import (
	"fmt"
	"strings"

	"tapedeck/player/playback"
	"tapedeck/tui/cells"
	"tapedeck/tui/figures"
	"tapedeck/tui/theme"
)

// Rows is the height of the whole deck. A failure may take more.
const Rows = 4

// Look is what the deck is drawn with.
type Look struct {
	theme.Styles
	cells.Ruler
}

// Lines draws the deck: h lines of at most w cells. With fewer than four rows
// the figures go first, then the server's title, then the bar.
func (m Model) Lines(w, h int, look Look) []string {
	if f := m.State.Failure; m.State.Phase == playback.Failed && f != nil {
		return m.failure(w, h, look, *f)
	}
	title, now, bar, figs := m.titleLine, m.nowLine, m.barLine, m.figuresLine
	var order []func(int, Look) string
	switch {
	case h <= 0:
	case h == 1:
		order = []func(int, Look) string{title}
	case h == 2:
		order = []func(int, Look) string{title, bar}
	case h == 3:
		order = []func(int, Look) string{title, now, bar}
	default:
		order = []func(int, Look) string{title, now, bar, figs}
	}
	lines := make([]string, 0, max(h, 0))
	for _, draw := range order {
		lines = append(lines, draw(w, look))
	}
	for len(lines) < h {
		lines = append(lines, "")
	}
	return lines
}

// Mark is the glyph of a phase. Each differs in shape.
func Mark(p playback.Phase) string {
	switch p {
	case playback.Playing:
		return "▶"
	case playback.Paused:
		return "‖"
	case playback.Connecting, playback.Buffering:
		return "◌"
	case playback.Seeking:
		return "»"
	case playback.Failed:
		return "✗"
	case playback.Stopped, playback.Ended:
	}
	return "■"
}

// titleLine is the phase, what is in the deck, and what it is made of. The
// latter gives way, part by part from its end, before the title is cut to
// less than half of the line.
func (m Model) titleLine(w int, look Look) string {
	if w < 3 {
		return look.Accent.Render(look.Cut(Mark(m.State.Phase), w))
	}
	markStyle, title := look.Accent, cells.Clean(m.State.Entry.Title())
	if m.State.Phase == playback.Failed {
		markStyle = look.Lamp
	}
	style := look.Strong
	if m.empty() {
		title, style, markStyle = "nothing in the deck", look.Dim, look.Dim
	}
	word := ""
	if m.State.Phase != playback.Playing && !m.empty() {
		word = "  " + m.State.Phase.String()
	}
	if r := m.State.Rate; r != 0 && r != 1 && !m.Idle() {
		word += fmt.Sprintf("  %g×", r)
	}
	room := w - 2
	parts := m.made()
	wordWidth := look.Width(word)
	need := min(look.Width(title)+wordWidth, max(room/2, 1))
	made := strings.Join(parts, " · ")
	for len(parts) > 0 && look.Width(made)+3+need > room {
		parts = parts[:len(parts)-1]
		made = strings.Join(parts, " · ")
	}
	left := room
	if made != "" {
		left -= look.Width(made) + 3
	}
	if wordWidth+8 > left {
		word, wordWidth = "", 0
	}
	title = look.Cut(title, left-wordWidth)
	gap := cells.Blank(room - look.Width(title) - wordWidth - look.Width(made))
	return markStyle.Render(Mark(m.State.Phase)) + " " + style.Render(title) +
		look.Accent.Render(word) + gap + look.Dim.Render(made)
}

// made is protocol and transport, the tracks, and the bit rate, in the order
// in which they matter.
func (m Model) made() []string {
	s := m.State
	if s.Protocol == "" {
		return nil
	}
	via := cells.Clean(s.Protocol)
	if t := cells.Clean(s.Transport); t != "" && !strings.Contains(t, "/") { // "http/1.1" says no more
		via += "/" + t
	}
	parts := []string{via}
	for _, t := range s.Tracks {
		if t.Problem == "" {
			parts = append(parts, track(t))
		}
	}
	return parts
}

// track is "H.264 1920×1080" or "AAC 44.1 kHz".
func track(t playback.Track) string {
	words := []string{cells.Clean(string(t.Codec))}
	if t.Width > 0 && t.Height > 0 {
		words = append(words, fmt.Sprintf("%d×%d", t.Width, t.Height))
	}
	if t.BitRate > 0 {
		words = append(words, figures.Rate(t.BitRate))
	}
	if t.SampleRate > 0 {
		words = append(words, figures.Hertz(t.SampleRate))
	}
	return strings.Join(words, " ")
}

// nowLine is what the server says is on, and at the right what changed by
// itself or is missing on this machine.
func (m Model) nowLine(w int, look Look) string {
	s := m.State
	text, style := cells.Clean(s.Title), look.Text
	switch {
	case m.empty():
		text, style = "choose a channel and press enter", look.Dim
	case s.Phase == playback.Connecting && s.Attempt.URL != "":
		text, style = cells.Clean(s.Attempt.URL), look.Dim
		if t := cells.Clean(s.Attempt.Transport); t != "" {
			text += " over " + t
		}
	}
	var asides []string
	if s.Away { // what matters now is why, and when it is tried again
		return twoEnds(w, look, cells.Clean(s.Note), look.Strong, "")
	}
	for _, a := range []string{s.Note, s.Output} {
		if a = cells.Clean(a); a != "" {
			asides = append(asides, a)
		}
	}
	return twoEnds(w, look, text, style, strings.Join(asides, " · "))
}

// twoEnds puts text at the left and aside, dim, at the right. Each may take
// the half of the line, and what the other leaves.
func twoEnds(w int, look Look, text string, style theme.Ink, aside string) string {
	room := max(w-2, 0)
	if aside != "" {
		aside = look.Cut(aside, max(room-look.Width(text)-3, room/2-3))
	}
	left := room
	if aside != "" {
		left -= look.Width(aside) + 3
	}
	text = look.Cut(text, left)
	line := cells.Blank(min(w, 2)) + style.Render(text)
	if aside == "" {
		return line
	}
	return line + cells.Blank(room-look.Width(text)-look.Width(aside)) + look.Dim.Render(aside)
}

// ladderLine is how far a failed stream came.
func (m Model) ladderLine(w int, look Look) string {
	return cells.Blank(min(w, 2)) + ladder(m.State, max(w-2, 0), look)
}

// failure is why it failed and what to do, under the ladder as far as it went.
// Where a sentence is long it takes the ladder's line and all that are left.
func (m Model) failure(w, h int, look Look, f playback.Failure) []string {
	lines := make([]string, 0, max(h, 0))
	if h > 0 {
		lines = append(lines, m.titleLine(w, look))
	}
	text := cells.Clean(f.Message)
	if hint := cells.Clean(f.Hint); hint != "" {
		text += " (" + hint + ")"
	}
	room := max(w-2, 0)
	said := look.Wrap(text, room)
	switch rows := h - 1; {
	case rows < 1:
		said = nil
	case len(said) < rows:
		lines = append(lines, m.ladderLine(w, look))
	case len(said) > rows:
		said = append(said[:rows-1], strings.Join(said[rows-1:], " "))
	}
	for _, line := range said {
		lines = append(lines, cells.Blank(min(w, 2))+look.Strong.Render(look.Cut(strings.TrimSpace(line), room)))
	}
	for len(lines) < h {
		lines = append(lines, "")
	}
	return lines
}

// ladder is the way to the first picture as it is climbed:
// "name ✓ 3 ms · setup udp ✗ 0.8 s → setup tcp ✓ · …". Where it does not fit
// its end is kept.
func ladder(s playback.State, w int, look Look) string {
	var steps []string
	joint := ""
	for _, step := range s.Ladder {
		text, then := joint+cells.Clean(step.Name)+" ✓", " · "
		if step.Err != nil {
			text, then = joint+cells.Clean(step.Name)+" ✗", " → "
		}
		if took := figures.Took(step.Took); took != "" {
			text += " " + took
		}
		steps, joint = append(steps, text), then
	}
	if s.Phase != playback.Failed {
		rest := joint + "…"
		if s.Phase == playback.Connecting && s.Waited > 0 {
			rest += fmt.Sprintf(" %.0f s", s.Waited.Seconds())
		}
		steps = append(steps, rest)
	}
	line := strings.Join(steps, "")
	for len(steps) > 1 && look.Width(line) > w {
		steps = steps[1:]
		line = "…" + strings.Join(steps, "")
	}
	return look.Dim.Render(look.CutLeft(line, w))
}
