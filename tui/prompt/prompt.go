// Package prompt is a line in which something is typed or pasted: a filter, a
// time, an address. It edits and draws; what the text is for is its caller's
// affair. It has no ticks: the terminal blinks its own cursor.
package prompt

import (
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tapedeck/tui/cells"
)

// maxText bounds what can be typed or pasted, in bytes. Links of 2,200 bytes
// are in use.
const maxText = 16 << 10

// Model is the line. The zero value is empty.
type Model struct {
	text string
	at   int // the cursor, a byte offset between two graphemes
}

// New is a line that holds text, the cursor at its end.
func New(text string) Model { return Model{}.Insert(text) }

// Text is what was typed.
func (m Model) Text() string { return m.text }

// Insert puts text where the cursor is, on one line and without what cannot be
// seen.
func (m Model) Insert(text string) Model {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return ' '
		case r == utf8.RuneError, !unicode.IsGraphic(r) && !unicode.Is(unicode.Join_Control, r):
			return -1
		}
		return r
	}, text)
	if len(m.text)+len(text) > maxText {
		text = strings.ToValidUTF8(text[:max(maxText-len(m.text), 0)], "")
	}
	m.text = m.text[:m.at] + text + m.text[m.at:]
	m.at += len(text)
	return m
}

// Press edits by a key. handled is false for a key that means nothing here.
// These keys are not in the key map: they are those of every line one types in.
func (m Model) Press(k tea.KeyPressMsg) (next Model, handled bool) {
	if k.Text != "" {
		return m.Insert(k.Text), true
	}
	switch k.Keystroke() {
	case "left", "ctrl+b":
		m.at = m.before()
	case "right", "ctrl+f":
		m.at = m.after()
	case "home", "ctrl+a":
		m.at = 0
	case "end", "ctrl+e":
		m.at = len(m.text)
	case "backspace", "ctrl+h", "shift+backspace":
		from := m.before()
		m.text, m.at = m.text[:from]+m.text[m.at:], from
	case "delete":
		m.text = m.text[:m.at] + m.text[m.after():]
	case "ctrl+u":
		m.text, m.at = m.text[m.at:], 0
	case "ctrl+k":
		m.text = m.text[:m.at]
	case "ctrl+w", "alt+backspace":
		from := m.wordBefore()
		m.text, m.at = m.text[:from]+m.text[m.at:], from
	default:
		return m, false
	}
	return m, true
}

// before is where the grapheme before the cursor begins, after where the one
// under it ends.
func (m Model) before() int {
	from := 0
	for from < m.at {
		cluster, _ := ansi.FirstGraphemeCluster(m.text[from:], ansi.GraphemeWidth)
		if next := from + len(cluster); cluster == "" || next >= m.at {
			break
		}
		from += len(cluster)
	}
	return from
}

func (m Model) after() int {
	cluster, _ := ansi.FirstGraphemeCluster(m.text[m.at:], ansi.GraphemeWidth)
	return m.at + len(cluster)
}

func (m Model) wordBefore() int {
	head := strings.TrimRightFunc(m.text[:m.at], unicode.IsSpace)
	return strings.LastIndexFunc(head, unicode.IsSpace) + 1
}

// View is the text as w cells show it, scrolled so that the cursor is visible,
// and the cell of the cursor. A password in an address is not shown.
func (m Model) View(w int, look cells.Ruler) (shown string, cursor int) {
	masked := mask(m.text)
	head := drawn(masked, m.text, m.at)
	tail := masked[len(head):]
	head, tail = cells.Clean(head), cells.Clean(tail)
	if w <= 1 {
		return "", 0
	}
	head = look.CutLeft(head, w-1)
	cursor = look.Width(head)
	return head + look.Cut(tail, w-cursor), cursor
}
