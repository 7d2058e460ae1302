package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// screen is a small terminal of our own: it does what a program's bytes ask
// for, as xterm does (ECMA-48), without colours. It is strict: a sequence that
// it does not know is kept in unknown and fails the test.
// TestPtyAgreesWithTmux holds it against a terminal that nobody here wrote.
type screen struct {
	w, h   int
	page   *page // the one that is seen
	normal *page // the one under the alternate screen; nil where that is not on
	parser *ansi.Parser

	private   map[int]bool // the DEC private modes, as they were set
	insert    bool         // IRM
	keyboards int          // pushes of the kitty keyboard protocol
	otherKeys bool         // xterm's modifyOtherKeys
	title     string
	clipboard string // what was last put on it, in base64

	frames  int                           // ends of synchronized output
	reply   func(format string, a ...any) // answers a query
	unknown []string
}

// page is one of a terminal's two sheets: cells of one grapheme each. The
// second cell of a wide one is empty.
type page struct {
	rows           [][]string
	x, y           int
	savedX, savedY int
	pending        bool // the cursor stands behind the last column
	top, bottom    int  // the rows that scroll
	last           rune // printed, for REP
}

// DEC private modes that the tests ask for.
const (
	modeCursor    = 25
	modeMouse     = 1002
	modeAlternate = 1049
	modePaste     = 2004
	modeSync      = 2026
)

// knownModes are those that need nothing done here.
var knownModes = []int{7, modeCursor, 1000, modeMouse, 1003, 1004, 1006, modePaste, modeSync}

func newScreen(w, h int, reply func(format string, a ...any)) *screen {
	s := &screen{w: w, h: h, page: newPage(w, h), parser: ansi.NewParser(), reply: reply, private: map[int]bool{modeCursor: true}}
	s.parser.SetHandler(ansi.Handler{
		Print: s.print, Execute: s.control, HandleCsi: s.csi, HandleEsc: s.esc, HandleOsc: s.osc,
		HandleDcs: func(c ansi.Cmd, _ ansi.Params, _ []byte) { s.strange("DCS %c", c.Final()) },
		HandleApc: func(data []byte) { s.strange("APC %q", data) },
	})
	return s
}

func newPage(w, h int) *page {
	p := &page{bottom: h - 1}
	for range h {
		p.rows = append(p.rows, blank(w))
	}
	return p
}

func blank(w int) []string {
	row := make([]string, w)
	for x := range row {
		row[x] = " "
	}
	return row
}

func (s *screen) strange(format string, a ...any) {
	s.unknown = append(s.unknown, fmt.Sprintf(format, a...))
}

// write takes the program's bytes.
func (s *screen) write(b []byte) { s.parser.Parse(b) }

// lines are the rows without the blanks at their ends.
func (s *screen) lines() []string {
	lines := make([]string, s.h)
	for y, row := range s.page.rows {
		lines[y] = strings.TrimRight(strings.Join(row, ""), " ")
	}
	return lines
}

// text is the whole screen.
func (s *screen) text() string { return strings.Join(s.lines(), "\n") + "\n" }

// resize keeps what stands in the upper left corner, as terminals do on the
// alternate screen.
func (s *screen) resize(w, h int) {
	s.w, s.h = w, h
	for _, p := range []*page{s.page, s.normal} {
		if p == nil {
			continue
		}
		old := p.rows
		p.rows = newPage(w, h).rows
		for y := range min(len(old), h) {
			copy(p.rows[y], old[y])
			mend(p.rows[y])
		}
		p.top, p.bottom, p.pending = 0, h-1, false
		p.x, p.y = min(p.x, w-1), min(p.y, h-1)
	}
}

// mend blanks the halves of wide graphemes whose other half is gone.
func mend(row []string) {
	for x := range row {
		wide := ansi.StringWidth(row[x]) == 2
		switch {
		case wide && (x+1 == len(row) || row[x+1] != ""):
			row[x] = " "
		case row[x] == "" && (x == 0 || ansi.StringWidth(row[x-1]) != 2):
			row[x] = " "
		}
	}
}

func (s *screen) print(r rune) {
	p := s.page
	width := ansi.StringWidth(string(r))
	if width == 0 { // it belongs to the one before
		x := p.x
		if !p.pending {
			x--
		}
		for x > 0 && p.rows[p.y][x] == "" {
			x--
		}
		if x >= 0 {
			p.rows[p.y][x] += string(r)
		}
		return
	}
	if p.pending || p.x+width > s.w {
		p.x, p.pending = 0, false
		s.index()
	}
	row := p.rows[p.y]
	if s.insert {
		s.shift(width)
	}
	row[p.x] = string(r)
	if width == 2 {
		row[p.x+1] = ""
	}
	mend(row)
	p.last = r
	p.x += width
	if p.x >= s.w {
		p.x, p.pending = s.w-1, true
	}
}

func (s *screen) control(b byte) {
	p := s.page
	switch b {
	case '\a':
	case '\b':
		s.to(p.x-1, p.y)
	case '\t':
		s.to((p.x/8+1)*8, p.y)
	case '\n', '\v', '\f':
		s.index()
	case '\r':
		s.to(0, p.y)
	default:
		s.strange("control %#x", b)
	}
}

func (s *screen) to(x, y int) {
	p := s.page
	p.x, p.y, p.pending = min(max(x, 0), s.w-1), min(max(y, 0), s.h-1), false
}

// index goes down a row, and scrolls at the last one.
func (s *screen) index() {
	p := s.page
	p.pending = false
	switch {
	case p.y == p.bottom:
		s.scroll(p.top, 1)
	case p.y < s.h-1:
		p.y++
	}
}

// scroll moves the rows from top to the bottom margin up by n, down where n is
// negative.
func (s *screen) scroll(top, n int) {
	p := s.page
	if top > p.bottom {
		return
	}
	region := p.rows[top : p.bottom+1]
	n = min(max(n, -len(region)), len(region))
	moved := make([][]string, 0, len(region))
	for range -n {
		moved = append(moved, blank(s.w))
	}
	moved = append(moved, region[max(n, 0):len(region)+min(n, 0)]...)
	for len(moved) < len(region) {
		moved = append(moved, blank(s.w))
	}
	copy(region, moved)
}

// shift moves the rest of the row right by n, left where n is negative.
func (s *screen) shift(n int) {
	p := s.page
	row := p.rows[p.y]
	rest := row[p.x:]
	n = min(max(n, -len(rest)), len(rest))
	moved := append(blank(max(n, 0)), rest[max(-n, 0):len(rest)-max(n, 0)]...)
	copy(rest, append(moved, blank(max(-n, 0))...))
	mend(row)
}

func (s *screen) erase(y, from, to int) {
	row := s.page.rows[y]
	for x := max(from, 0); x < min(to, s.w); x++ {
		row[x] = " "
	}
	mend(row)
}

func (s *screen) esc(c ansi.Cmd) {
	p := s.page
	switch c.Final() {
	case '7':
		p.savedX, p.savedY = p.x, p.y
	case '8':
		s.to(p.savedX, p.savedY)
	case 'D':
		s.index()
	case 'M':
		if p.y == p.top {
			s.scroll(p.top, -1)
		} else {
			s.to(p.x, p.y-1)
		}
	case '=', '>', '\\':
	default:
		s.strange("ESC %c", c.Final())
	}
}

func (s *screen) osc(cmd int, data []byte) {
	_, text, _ := strings.Cut(string(data), ";")
	switch {
	case cmd == 0 || cmd == 2:
		s.title = text
	case cmd == 8 || cmd >= 110 && cmd <= 112:
	case cmd >= 10 && cmd <= 12 && text == "?":
		s.reply("\x1b]%d;rgb:0000/0000/0000\x1b\\", cmd)
	case cmd == 52:
		_, s.clipboard, _ = strings.Cut(text, ";")
	default:
		s.strange("OSC %q", data)
	}
}

func (s *screen) csi(c ansi.Cmd, params ansi.Params) {
	if c.Prefix() != 0 || c.Intermediate() != 0 {
		s.csiPrivate(c, params)
		return
	}
	p := s.page
	arg := func(i, missing int) int {
		n, _, _ := params.Param(i, missing)
		return n
	}
	n := max(arg(0, 1), 1)
	switch c.Final() {
	case 'A':
		s.to(p.x, p.y-n)
	case 'B', 'e':
		s.to(p.x, p.y+n)
	case 'C', 'a':
		s.to(p.x+n, p.y)
	case 'D':
		s.to(p.x-n, p.y)
	case 'E':
		s.to(0, p.y+n)
	case 'F':
		s.to(0, p.y-n)
	case 'G', '`':
		s.to(n-1, p.y)
	case 'd':
		s.to(p.x, n-1)
	case 'H', 'f':
		s.to(max(arg(1, 1), 1)-1, n-1)
	case 'I':
		s.to((p.x/8+n)*8, p.y)
	case 'Z':
		s.to(((p.x+7)/8-n)*8, p.y)
	case 'J':
		s.eraseDisplay(arg(0, 0))
	case 'K':
		from, to := p.x, s.w
		if k := arg(0, 0); k > 0 {
			from = 0
			if k == 1 {
				to = p.x + 1
			}
		}
		s.erase(p.y, from, to)
	case 'X':
		s.erase(p.y, p.x, p.x+n)
	case '@':
		s.shift(n)
	case 'P':
		s.shift(-n)
	case 'L', 'M':
		if c.Final() == 'L' {
			n = -n
		}
		if p.y >= p.top {
			s.scroll(p.y, n)
		}
		s.to(0, p.y)
	case 'S':
		s.scroll(p.top, n)
	case 'T':
		s.scroll(p.top, -n)
	case 'b':
		for range n {
			s.print(p.last)
		}
	case 'r':
		p.top, p.bottom = max(arg(0, 1), 1)-1, min(max(arg(1, s.h), 1), s.h)-1
		s.to(0, 0)
	case 'h', 'l':
		if arg(0, 0) != 4 {
			s.strange("mode %d", arg(0, 0))
		}
		s.insert = c.Final() == 'h'
	case 'm':
	default:
		s.strange("CSI %c", c.Final())
	}
}

func (s *screen) eraseDisplay(k int) {
	p := s.page
	for y := range s.h {
		switch {
		case k == 2, k == 0 && y > p.y, k == 1 && y < p.y:
			s.erase(y, 0, s.w)
		case k == 0 && y == p.y:
			s.erase(y, p.x, s.w)
		case k == 1 && y == p.y:
			s.erase(y, 0, p.x+1)
		}
	}
}

func (s *screen) csiPrivate(c ansi.Cmd, params ansi.Params) {
	n, _, _ := params.Param(0, 0)
	kind := strings.ReplaceAll(string([]byte{c.Prefix(), c.Intermediate(), c.Final()}), "\x00", "")
	switch kind {
	case "?h", "?l":
		params.ForEach(0, func(_, mode int, _ bool) { s.mode(mode, c.Final() == 'h') })
	case "?$p": // is the mode there? Synchronized output is; for what else nobody asks in vain
		state := 0
		if n == modeSync {
			state = 2
		}
		s.reply("\x1b[?%d;%d$y", n, state)
	case ">u":
		s.keyboards++
	case "<u":
		s.keyboards--
	case ">m":
		_, _, set := params.Param(1, 0)
		s.otherKeys = set
	case "?u", "?W", " q": // a query that xterm leaves alone, tab stops, the cursor's shape
	default:
		s.strange("CSI %q", kind)
	}
}

func (s *screen) mode(mode int, on bool) {
	switch {
	case mode == modeAlternate && on && s.normal == nil:
		s.normal, s.page = s.page, newPage(s.w, s.h)
	case mode == modeAlternate && !on && s.normal != nil:
		s.page, s.normal = s.normal, nil
	case mode == modeAlternate:
	case !slices.Contains(knownModes, mode):
		s.strange("private mode %d", mode)
	}
	if mode == modeSync && !on && s.private[mode] {
		s.frames++
	}
	s.private[mode] = on
}
