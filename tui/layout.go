package tui

// Rect is a part of the screen, in cells from its upper left corner.
type Rect struct{ X, Y, W, H int }

// Contains reports whether the cell x, y is in r.
func (r Rect) Contains(x, y int) bool {
	return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
}

// Layout says where everything is. A part that has no room has no height.
//
//	Header                       the list, the filter
//	Upper  ──────────┬────────   (folded: the group's name is in it)
//	Groups           │ List      (Page takes the place of both)
//	Middle ──────────┴────────
//	Deck
//	Lower  ───────────────────
//	Footer                       the keys, a notice, a line to type in
type Layout struct {
	Header, Upper, Groups, Divider, List, Page, Middle, Deck, Lower, Footer Rect

	Folded bool // the groups are a word in Upper
}

const (
	narrow    = 70 // below it the groups fold into a line
	minWidth  = 40 // below these the deck stands alone
	minHeight = 12
	airy      = 16 // from this height on a line sets the keys apart

	deckRows = 4
)

// arrange is the whole arithmetic of the screen.
func arrange(w, h int) Layout {
	if w <= 0 || h <= 0 {
		return Layout{}
	}
	if w < minWidth || h < minHeight {
		return arrangeDeck(w, h)
	}
	row := func(y, rows int) Rect { return Rect{0, y, w, rows} }
	l := Layout{Header: row(0, 1), Upper: row(1, 1), Footer: row(h-1, 1), Folded: w < narrow}
	below := h - 1
	if h >= airy {
		below--
		l.Lower = row(below, 1)
	}
	l.Deck = inset(row(below-deckRows, deckRows))
	l.Middle = row(l.Deck.Y-1, 1)
	l.Page = row(2, l.Middle.Y-2)
	l.List = l.Page
	if !l.Folded {
		left := min(max(w*27/100, 20), 36)
		l.Groups = Rect{0, l.Page.Y, left, l.Page.H}
		l.Divider = Rect{left, l.Page.Y, 1, l.Page.H}
		l.List = Rect{left + 1, l.Page.Y, w - left - 1, l.Page.H}
	}
	return l
}

// arrangeDeck is the screen that has no room for a list. A page to read takes
// all of it but the footer.
func arrangeDeck(w, h int) Layout {
	row := func(y, rows int) Rect { return Rect{0, y, w, rows} }
	l := Layout{Folded: true}
	if h >= 3 {
		l.Footer = row(h-1, 1)
		h--
	}
	l.Page = row(0, h)
	if h > deckRows {
		l.Header = row(0, 1)
		l.Deck = inset(row(1, h-1)) // more than it needs: a failure may be long
		return l
	}
	l.Deck = inset(row(0, h))
	return l
}

// inset leaves a blank column at both sides, where there is room for it.
func inset(r Rect) Rect {
	if r.W > 20 {
		r.X, r.W = r.X+1, r.W-2
	}
	return r
}
