package sheet

import (
	"fmt"
	"strings"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/cells"
	"tapedeck/tui/figures"
)

// Details is the page about one channel: what the list says of it and, where
// it is the one in the deck, what was found out since. favourite says that e is
// one.
func Details(e playlist.Entry, chosen, favourite bool, s playback.State, w int, look Look) []string {
	p := page{w: w, look: look}
	if chosen {
		p.head("Channel")
		p.row("name", e.Title())
		p.row("group", e.Group)
		p.row("address", e.Address())
		if e.Reserved() {
			p.row("", "reserved for Flash players: never dialled")
		}
		p.row("guide id", e.ID)
		if e.Duration > 0 {
			p.row("duration", figures.Clock(e.Duration))
		}
		p.row("user agent", e.UserAgent)
		p.row("charset", charset(e, favourite))
		p.row("referer", playlist.Entry{URL: e.Referer}.Address())
	}
	if s.Entry.URL != "" {
		p.deck(s)
	}
	if len(p.lines) == 0 {
		p.row("", "nothing is chosen and nothing is in the deck")
	}
	return look.clip(p.lines, w)
}

// charset is how the titles of a station are read, where somebody can change it
// or has changed it.
func charset(e playlist.Entry, favourite bool) string {
	switch protocol := e.Protocol(); {
	case e.Charset != "":
		return e.Charset
	case favourite && (protocol == "http" || protocol == "https" || protocol == "icy"):
		return "found out from the titles"
	}
	return ""
}

// page gathers lines: a label, and its text broken at the width.
type page struct {
	w     int
	look  Look
	lines []string
}

// labelWidth holds "✓ setup udp video" in full.
const labelWidth = 18

func (p *page) head(title string) {
	if len(p.lines) > 0 {
		p.lines = append(p.lines, "")
	}
	p.lines = append(p.lines, "   "+p.look.Dim.Render(strings.ToUpper(title)))
}

// row adds a labelled text, nothing where the text is empty.
func (p *page) row(label, text string) {
	text = cells.Clean(text)
	if text == "" {
		return
	}
	for i, line := range p.look.Wrap(text, max(p.w-3-labelWidth-1, 1)) {
		if i > 0 {
			label = ""
		}
		p.lines = append(p.lines, "   "+p.look.Accent.Render(p.look.Fit(label, labelWidth))+line)
	}
}

func (p *page) deck(s playback.State) {
	p.head("In the deck")
	p.row("channel", s.Entry.Title())
	p.row("state", s.Phase.String())
	if f := s.Failure; f != nil && s.Phase == playback.Failed {
		p.row("failed at", f.Rung)
		p.row("why", f.Message)
		p.row("what to do", f.Hint)
	}
	p.row("address", s.Attempt.URL)
	p.row("protocol", s.Protocol)
	p.row("transport", s.Transport)
	p.row("on now", s.Title)
	if !s.Aired.IsZero() {
		p.row("was sent at", s.Aired.Local().Format("2006-01-02 15:04:05"))
	}
	switch {
	case s.NoSeek != "" && s.Live && s.TapeTo > s.TapeFrom:
		p.row("seek", "within the "+figures.Clock(s.TapeTo-s.TapeFrom)+" that are kept: "+s.NoSeek)
	default:
		p.row("cannot seek", s.NoSeek)
	}
	p.row("cannot pause", s.NoPause)
	p.row("note", s.Note)
	p.row("output", s.Output)
	for _, t := range s.Tracks {
		p.row(fmt.Sprintf("track %d", t.ID), describe(t))
	}
	if r := s.Recording; r != nil {
		p.row("recording", fmt.Sprintf("%s  %s  %s", r.Path, figures.Size(r.Bytes), figures.Clock(r.For)))
		if r.Missing > 0 {
			p.row("", figures.Clock(r.Missing)+" are missing in it: the stream was away")
		}
	}
	if len(s.Ladder) == 0 {
		return
	}
	p.head("How it connected")
	for _, step := range s.Ladder {
		mark := "✓"
		text := strings.TrimSpace(figures.Took(step.Took) + "  " + step.Detail)
		if step.Err != nil {
			mark, text = "✗", strings.TrimSpace(figures.Took(step.Took)+"  "+step.Err.Error())
		}
		if text == "" {
			text = string(step.Rung)
		}
		p.row(mark+" "+cells.Clean(step.Name), text)
	}
}

func describe(t playback.Track) string {
	words := []string{t.Kind.String(), string(t.Codec)}
	if t.Width > 0 && t.Height > 0 {
		words = append(words, fmt.Sprintf("%d×%d", t.Width, t.Height))
	}
	if t.FrameRate > 0 {
		words = append(words, fmt.Sprintf("%.4g pictures a second", t.FrameRate))
	}
	if t.SampleRate > 0 {
		words = append(words, figures.Hertz(t.SampleRate))
	}
	switch {
	case t.Channels == 1:
		words = append(words, "mono")
	case t.Channels == 2:
		words = append(words, "stereo")
	case t.Channels > 2:
		words = append(words, fmt.Sprintf("%d channels", t.Channels))
	}
	if t.BitRate > 0 {
		words = append(words, figures.Rate(t.BitRate))
	}
	if t.Problem != "" {
		words = append(words, "not played: "+t.Problem)
	}
	return strings.Join(words, ", ")
}
