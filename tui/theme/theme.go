// Package theme holds the colours: one accent, one dim tone, one for lines,
// and one for the two lamps of the deck (recording, failure). Everything else
// is the terminal's own foreground.
//
// Colours only decorate. Where the terminal has sixteen or none, dim text is
// faint and the chosen row is bold; the marks and words stay as they are.
package theme

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Tone is one colour on both kinds of background: "#rrggbb", or a number for
// one of the terminal's own.
type Tone struct{ Dark, Light string }

func (t Tone) on(dark bool) color.Color {
	if dark {
		return lipgloss.Color(t.Dark)
	}
	return lipgloss.Color(t.Light)
}

// Theme names the tones. The zero value is Default.
type Theme struct {
	Accent Tone // what plays, what is chosen, keys
	Dim    Tone // what is secondary, and what cannot be done
	Line   Tone // rules
	Lamp   Tone // recording, failure
	Chosen Tone // behind the chosen row

	// For terminals with sixteen colours.
	Accent16, Lamp16 Tone
}

// Default is amber on dark, as the scales of a hi-fi deck, and a burnt orange
// on light; its contrasts are above 4.5 for text.
func Default() Theme {
	return Theme{
		Accent:   Tone{Dark: "#e5a84b", Light: "#8f5200"},
		Dim:      Tone{Dark: "#949aa5", Light: "#666c76"},
		Line:     Tone{Dark: "#454b55", Light: "#c3c7cd"},
		Lamp:     Tone{Dark: "#ef6b5f", Light: "#b3261e"},
		Chosen:   Tone{Dark: "#2b2f36", Light: "#eceef1"},
		Accent16: Tone{Dark: "11", Light: "4"},
		Lamp16:   Tone{Dark: "9", Light: "1"},
	}
}

// Ink is a style for text without line ends, made once: to draw with it costs
// two copies.
type Ink struct{ before, after string }

// Render draws s.
func (i Ink) Render(s string) string {
	if s == "" {
		return ""
	}
	return i.before + s + i.after
}

func ink(style lipgloss.Style) Ink {
	const letter = "x"
	before, after, _ := strings.Cut(style.Render(letter), letter)
	return Ink{before, after}
}

// Palette is a set of inks for one background.
type Palette struct {
	Text, Strong, Accent, Dim, Line, Lamp Ink
}

// Styles is a theme made for one terminal.
type Styles struct {
	Palette
	Chosen Palette // the same, on the chosen row of the pane with the keys
}

// Styles makes t for a dark or light terminal with the colours of profile p.
func (t Theme) Styles(dark bool, p colorprofile.Profile) Styles {
	if t == (Theme{}) {
		t = Default()
	}
	plain := lipgloss.NewStyle()
	if p != colorprofile.Unknown && p <= colorprofile.ANSI { // sixteen colours, or none
		accent, lamp := plain.Foreground(t.Accent16.on(dark)), plain.Foreground(t.Lamp16.on(dark))
		base := Palette{
			Text: ink(plain), Strong: ink(plain.Bold(true)), Dim: ink(plain.Faint(true)), Line: ink(plain.Faint(true)),
			Accent: ink(accent), Lamp: ink(lamp),
		}
		chosen := base
		chosen.Text, chosen.Accent = base.Strong, ink(accent.Bold(true))
		return Styles{Palette: base, Chosen: chosen}
	}
	palette := func(text, accented, rest lipgloss.Style) Palette {
		return Palette{
			Text: ink(text), Strong: ink(rest.Bold(true)), Accent: ink(accented.Foreground(t.Accent.on(dark))),
			Dim: ink(rest.Foreground(t.Dim.on(dark))), Line: ink(rest.Foreground(t.Line.on(dark))),
			Lamp: ink(rest.Foreground(t.Lamp.on(dark))),
		}
	}
	raised := plain.Background(t.Chosen.on(dark))
	return Styles{
		Palette: palette(plain, plain, plain),
		Chosen:  palette(raised.Bold(true), raised.Bold(true), raised),
	}
}
