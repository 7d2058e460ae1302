package theme

import (
	"math"
	"strconv"
	"testing"

	"github.com/charmbracelet/colorprofile"
)

// luminance and contrast are those of WCAG 2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	part := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// Text can be read on both backgrounds, also on the chosen row.
func TestContrast(t *testing.T) {
	d := Default()
	for name, tone := range map[string]Tone{"accent": d.Accent, "dim": d.Dim, "lamp": d.Lamp} {
		for what, got := range map[string]float64{
			"dark": contrast(t, tone.Dark, "#1e1e1e"), "light": contrast(t, tone.Light, "#ffffff"),
			"chosen on dark": contrast(t, tone.Dark, d.Chosen.Dark), "chosen on light": contrast(t, tone.Light, d.Chosen.Light),
		} {
			if got < 4.3 {
				t.Errorf("%s, %s: contrast %.1f", name, what, got)
			}
		}
	}
}

func TestStyles(t *testing.T) {
	zero, full := Theme{}.Styles(true, colorprofile.TrueColor), Default().Styles(true, colorprofile.TrueColor)
	if zero != full {
		t.Error("the zero theme is not the default")
	}
	if full == Default().Styles(false, colorprofile.TrueColor) {
		t.Error("light and dark look alike")
	}
	// On sixteen colours nothing is drawn with a grey that may be the background.
	few := Default().Styles(true, colorprofile.ANSI)
	if got := few.Dim.Render("x"); got != "\x1b[2mx\x1b[m" {
		t.Errorf("dim is %q", got)
	}
	if got := few.Text.Render("x"); got != "x" {
		t.Errorf("text is %q", got)
	}
	if full.Accent.Render("") != "" {
		t.Error("nothing is drawn as something")
	}
}
