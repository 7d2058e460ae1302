package deck

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tapedeck/player/playback"
	"tapedeck/tui/cells"
	"tapedeck/tui/figures"
	"tapedeck/tui/theme"
)

const (
	clockWidth  = len(figures.NoClock)
	minBar      = 10 // the words beside the bar go before it is shorter
	figureGap   = 3
	beforeBar   = 2 // the deck's text begins under its title
	behindWidth = clockWidth + 1
)

// Span is a run of cells in a row of the deck.
type Span struct{ Row, X, W int }

// Bar says where the bar is drawn in a deck of w by h cells; its W is 0 where
// there is none to click on.
func (m Model) Bar(w, h int) Span {
	if !m.hasBar() || h < 2 {
		return Span{}
	}
	x, width := m.beside(w).bar(w)
	return Span{Row: min(h-1, 2), X: x, W: width}
}

// Click is the seek that a click on the bar at column x asks for.
func (m Model) Click(x, w, h int) (playback.Intent, string) {
	bar := m.Bar(w, h)
	last := max(bar.W-1, 1)
	return m.Seek(playback.SeekPercent{Percent: 100 * float64(x-bar.X) / float64(last)})
}

// hasBar says that the bar's line holds a bar: not the ladder, nor a failure.
func (m Model) hasBar() bool {
	s := m.State
	switch s.Phase {
	case playback.Connecting, playback.Failed:
		return false
	case playback.Buffering:
		return !m.climbing()
	default:
		return true
	}
}

// climbing says that the stream has not shown or sounded anything yet.
func (m Model) climbing() bool {
	s := m.State
	return len(s.Ladder) > 0 && s.Counts.Displayed == 0 && s.Counts.DecodedAudio == 0
}

// sides are the words at both ends of the bar; empty for what has no room.
type sides struct {
	left  string
	right []side
}

type side struct {
	text  string
	width int
	style func(Look) theme.Ink
}

func dim(l Look) theme.Ink    { return l.Dim }
func text(l Look) theme.Ink   { return l.Text }
func accent(l Look) theme.Ink { return l.Accent }

// beside chooses the words for a line of w cells. Their widths do not depend
// on the time, so that nothing moves while it plays.
func (m Model) beside(w int) sides {
	s := m.State
	elapsed := figures.Clock(s.Position)
	if m.Idle() && s.Phase != playback.Ended {
		elapsed = figures.NoClock
	}
	out := sides{left: elapsed}
	behind := ""
	if s.Live {
		word, style := "● live", accent
		if !m.atLive() {
			behind, word, style = "−"+figures.Clock(s.Behind), "○ live", dim
		}
		out.right = []side{{behind, behindWidth, text}, {word, 6, style}}
	} else {
		total := figures.NoClock
		if s.Duration > 0 {
			total = figures.Clock(s.Duration)
		}
		out.right = []side{{total, clockWidth, dim}}
	}
	out.right = append(out.right, side{m.volume(), 7, dim})
	for len(out.right) > 0 {
		if _, width := out.bar(w); width >= minBar {
			break
		}
		out.right = out.right[:len(out.right)-1]
	}
	if s.Live && behind == "" && len(out.right) == 1 {
		out.right[0].text, out.right[0].style = "● live", accent
	}
	if _, width := out.bar(w); width < minBar {
		out.left = ""
	}
	return out
}

// atLive says that the newest that a live stream has is shown.
func (m Model) atLive() bool {
	return m.State.Live && m.State.Behind <= 0 && m.State.Phase != playback.Paused && !m.State.Away
}

func (m Model) volume() string {
	switch {
	case m.State.Muted:
		return "muted"
	case m.empty() && m.State.Volume == 0: // not told yet
		return ""
	}
	return fmt.Sprintf("vol %d", m.State.Volume)
}

// bar is where the bar is between the words, in a line of w cells.
func (s sides) bar(w int) (x, width int) {
	x = min(beforeBar, w)
	if s.left != "" {
		x += len(s.left) + 2
	}
	width = w - x
	for i, r := range s.right {
		width -= r.width + 2
		if i > 0 {
			width-- // a little more air between words
		}
	}
	return x, max(width, 0)
}

// barLine is the tape: how far it is, the bar, and how far it goes; while the
// stream is opened it is the ladder.
func (m Model) barLine(w int, look Look) string {
	if !m.hasBar() {
		return m.ladderLine(w, look)
	}
	words := m.beside(w)
	_, width := words.bar(w)
	var b strings.Builder
	b.WriteString(cells.Blank(min(beforeBar, w)))
	if words.left != "" {
		style := look.Text
		if m.Idle() {
			style = look.Dim
		}
		b.WriteString(style.Render(words.left) + "  ")
	}
	b.WriteString(m.bar(width, look))
	for i, r := range words.right {
		gap := "  "
		if i > 0 {
			gap = "   "
		}
		fit := look.Fit
		if i == 0 {
			fit = look.FitRight
		}
		b.WriteString(gap + r.style(look).Render(fit(r.text, r.width)))
	}
	return b.String()
}

// bar is the line between the words. The knob is only drawn where it can be
// moved.
func (m Model) bar(w int, look Look) string {
	s := m.State
	from, to := time.Duration(0), s.Duration
	if s.Live {
		from, to = s.TapeFrom, s.TapeTo
	}
	if to <= from || w <= 0 || m.Idle() && s.Phase != playback.Ended {
		return look.Line.Render(strings.Repeat("─", max(w, 0)))
	}
	position := s.Position
	if m.atLive() { // what the player holds back is no way behind
		position = to
	}
	part := float64(position-from) / float64(to-from)
	at := min(max(int(part*float64(w-1)+0.5), 0), w-1)
	rest := look.Line.Render(strings.Repeat("─", w-1-at))
	if m.Limits().Seek != "" {
		return look.Dim.Render(strings.Repeat("━", at+1)) + rest
	}
	return look.Accent.Render(strings.Repeat("━", at)+"●") + rest
}

// figure is one of the numbers of the last line. It keeps its width while it
// grows.
type figure struct {
	text  string
	width int
}

// figuresLine is what is measured; the less telling go where there is no room.
func (m Model) figuresLine(w int, look Look) string {
	s := m.State
	room := max(w-2, 0)
	lamp := ""
	if r := s.Recording; r != nil {
		lamp = "● rec " + figures.Size(r.Bytes)
	} else if s.Armed {
		lamp = "○ rec"
	}
	if lamp != "" {
		if look.Width(lamp)+figureGap > room {
			return cells.Blank(min(w, 2)) + look.Lamp.Render(look.Cut(lamp, room))
		}
		room -= look.Width(lamp) + figureGap
	}
	var shown []string
	used := 0
	for _, f := range m.figures(w) {
		width := max(look.Width(f.text), f.width)
		if used+width > room {
			break
		}
		shown = append(shown, look.Fit(f.text, width))
		used += width + figureGap
	}
	row := strings.Join(shown, cells.Blank(figureGap))
	line := cells.Blank(min(w, 2)) + look.Dim.Render(look.Fit(row, room))
	if lamp == "" {
		return line
	}
	return line + cells.Blank(figureGap) + look.Lamp.Render(lamp)
}

func (m Model) figures(w int) []figure {
	s := m.State
	var out []figure
	if !slices.ContainsFunc(m.beside(w).right, func(r side) bool { return r.text == m.volume() }) {
		out = append(out, figure{m.volume(), 7})
	}
	if m.Idle() || s.Phase == playback.Connecting {
		return out
	}
	c := s.Counts
	out = append(out, figure{figures.Rate(s.BitRate), 9})
	switch kept := s.TapeTo - s.TapeFrom; {
	case m.atLive() && s.TapeTo > s.Position:
		out = append(out, figure{fmt.Sprintf("buffer %.1f s", (s.TapeTo - s.Position).Seconds()), 5 + clockWidth})
	case kept > 0:
		out = append(out, figure{"kept " + figures.Clock(kept), 5 + clockWidth})
	}
	if c.Packets > 0 {
		out = append(out, figure{"lost " + figures.Count(c.Lost), 8}, figure{"reordered " + figures.Count(c.Reordered), 12})
	}
	video := slices.ContainsFunc(s.Tracks, func(t playback.Track) bool { return t.Width > 0 || t.Kind.String() == "video" })
	if video || c.Displayed > 0 {
		out = append(out, figure{"shown " + figures.Count(c.Displayed), 13}, figure{"late " + figures.Count(c.LostPictures), 7})
	}
	if s.Transport != "" {
		out = append(out, figure{cells.Clean(s.Transport), 4})
	}
	return out
}
