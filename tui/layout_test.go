package tui

import "testing"

// Every part is on the screen, no two share a cell, and each row belongs to
// one of them, from a wall of a terminal down to a single cell.
func TestLayout(t *testing.T) {
	for w := 1; w <= 200; w++ {
		for h := 1; h <= 60; h++ {
			checkLayout(t, w, h)
		}
	}
}

func checkLayout(t *testing.T, w, h int) {
	l := arrange(w, h)
	used := make([]string, w*h)
	rows := make([]bool, h)
	for name, r := range map[string]Rect{
		"Header": l.Header, "Upper": l.Upper, "Groups": l.Groups, "Divider": l.Divider, "List": l.List,
		"Middle": l.Middle, "Deck": l.Deck, "Lower": l.Lower, "Footer": l.Footer,
	} {
		if r.H == 0 {
			continue
		}
		if r.X < 0 || r.Y < 0 || r.W < 1 || r.X+r.W > w || r.Y+r.H > h {
			t.Fatalf("%dx%d: %s is off the screen: %+v", w, h, name, r)
		}
		for y := r.Y; y < r.Y+r.H; y++ {
			rows[y] = true
			for x := r.X; x < r.X+r.W; x++ {
				if other := used[y*w+x]; other != "" {
					t.Fatalf("%dx%d: %s and %s share the cell %d,%d", w, h, name, other, x, y)
				}
				used[y*w+x] = name
			}
		}
	}
	if l.Deck.H == 0 {
		t.Fatalf("%dx%d: there is no deck", w, h)
	}
	if alone := w < minWidth || h < minHeight; alone != (l.List.H == 0) {
		t.Fatalf("%dx%d: the list has %d rows", w, h, l.List.H)
	}
	if l.List.H == 0 {
		return
	}
	for y, ok := range rows {
		if !ok {
			t.Fatalf("%dx%d: nothing is in row %d", w, h, y)
		}
	}
	if (w < narrow) != l.Folded || l.Folded != (l.Groups.H == 0) {
		t.Fatalf("%dx%d: folded is %v, the groups have %d rows", w, h, l.Folded, l.Groups.H)
	}
}

// More height gives more rows of the list and nothing else.
func TestLayoutTall(t *testing.T) {
	for h := airy; h < 100; h++ {
		if rows, more := arrange(100, h).List.H, arrange(100, h+1).List.H; more != rows+1 {
			t.Errorf("height %d has %d rows, height %d has %d", h, rows, h+1, more)
		}
	}
}
