package tui

import (
	"maps"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// checkSize holds what every frame must: as many lines as the terminal has,
// none wider, the cursor on the screen.
func checkSize(t *testing.T, what string, m Model, w, h int) {
	t.Helper()
	v := m.View()
	method := ansi.WcWidth
	if m.ruler.Graphemes {
		method = ansi.GraphemeWidth
	}
	lines := strings.Split(v.Content, "\n")
	if len(lines) != h {
		t.Fatalf("%s at %dx%d has %d lines", what, w, h, len(lines))
	}
	for y, line := range lines {
		if got := method.StringWidth(line); got > w {
			t.Fatalf("%s at %dx%d: line %d is %d wide: %q", what, w, h, y, got, ansi.Strip(line))
		}
	}
	if c := v.Cursor; c != nil && (c.X < 0 || c.X >= w || c.Y < 0 || c.Y >= h) {
		t.Fatalf("%s at %dx%d: the cursor is at %d,%d", what, w, h, c.X, c.Y)
	}
}

// Every size from 1x1 to 130x45, every scene: each is drawn at every size in
// turn, so that all meet all kinds of sizes, and at the smallest all of them.
func TestEverySize(t *testing.T) {
	names := slices.Sorted(maps.Keys(scenes()))
	stages := make([]*stage, len(names))
	for i, name := range names {
		stages[i] = newStage(t, 80, 24)
		scenes()[name](stages[i])
		if i%2 == 1 {
			stages[i].send(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
		}
	}
	turn := 0
	for w := 1; w <= 130; w++ {
		for h := 1; h <= 45; h++ {
			small := w <= 8 && h <= 8
			for i, s := range stages {
				if !small && i != turn%len(stages) {
					continue
				}
				s.send(tea.WindowSizeMsg{Width: w, Height: h})
				checkSize(t, names[i], s.m, w, h)
			}
			turn++
		}
	}
}
