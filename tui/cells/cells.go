// Package cells fits text into the cells of a terminal: it measures, cuts,
// pads, and makes text from strangers safe to draw. It knows nothing of
// colours or of what the text means.
//
//	r := cells.Ruler{}
//	r.Fit(cells.Clean(name), 20) // exactly 20 cells, "…" where it was cut
package cells

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"
)

const (
	// maxText bounds what Clean looks at, in bytes: more than any line shows.
	maxText = 4096
	// maxCluster bounds one character with its marks, in bytes. Scripts need
	// about 20; names that pile up marks to leave their line need hundreds.
	maxCluster = 40
	// ellipsis stands where text was cut.
	ellipsis = "…"
)

// Ruler measures text as the renderer does: character by character until the
// terminal says that it draws whole graphemes (mode 2027). The zero value
// is the former.
type Ruler struct {
	Graphemes bool
}

func (r Ruler) method() ansi.Method {
	if r.Graphemes {
		return ansi.GraphemeWidth
	}
	return ansi.WcWidth
}

// Width is the number of cells that s takes. Styles in s take none.
func (r Ruler) Width(s string) int {
	if plain(s) {
		return len(s)
	}
	return r.method().StringWidth(s)
}

// Cut shortens s to at most w cells, with "…" at its end where something was
// cut. Styles in s stay whole. (ansi.Truncate measures by grapheme whatever it
// is told, and so lets text through that is too wide.)
func (r Ruler) Cut(s string, w int) string {
	switch {
	case w <= 0:
		return ""
	case r.Width(s) <= w:
		return s
	}
	var b strings.Builder
	room, full := w-1, false
	r.pieces(s, func(piece string, width int) {
		switch {
		case width == 0 && (!full || piece[0] == ansi.ESC):
			b.WriteString(piece)
		case full:
		case width > room:
			b.WriteString(ellipsis)
			full = true
		default:
			b.WriteString(piece)
			room -= width
		}
	})
	return b.String()
}

// CutLeft shortens s to at most w cells, with "…" at its beginning where
// something was cut. It takes no styles.
func (r Ruler) CutLeft(s string, w int) string {
	have := r.Width(s)
	switch {
	case w <= 0:
		return ""
	case have <= w:
		return s
	}
	var b strings.Builder
	b.WriteString(ellipsis)
	r.pieces(s, func(piece string, width int) {
		if have <= w-1 {
			b.WriteString(piece)
		}
		have -= width
	})
	return b.String()
}

// pieces takes s apart into graphemes and styles.
func (r Ruler) pieces(s string, yield func(piece string, width int)) {
	for s != "" {
		piece, width := ansi.FirstGraphemeCluster(s, r.method())
		if s[0] == ansi.ESC {
			var n int
			_, width, n, _ = r.method().DecodeSequenceInString(s, 0, nil)
			piece = s[:n]
		}
		if piece == "" {
			return
		}
		yield(piece, width)
		s = s[len(piece):]
	}
}

// Fit makes s exactly w cells wide, its text at the left.
func (r Ruler) Fit(s string, w int) string {
	s = r.Cut(s, w)
	return s + Blank(w-r.Width(s))
}

// FitRight makes s exactly w cells wide, its text at the right.
func (r Ruler) FitRight(s string, w int) string {
	s = r.Cut(s, w)
	return Blank(w-r.Width(s)) + s
}

// Wrap breaks s into lines of at most w cells, between words where it can.
func (r Ruler) Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(r.method().Wrap(s, w, "/&?-"), "\n")
}

// Blank is n spaces; none where n is negative.
func Blank(n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat(" ", n)
}

// Clean makes one line of s that every terminal draws alike: control bytes,
// direction marks and other invisible characters are dropped, blanks of all
// kinds become spaces, emoji built of several characters become the first of
// them. Letters of every script stay.
func Clean(s string) string {
	if plain(s) {
		return cutBytes(s)
	}
	s = norm.NFC.String(strings.Map(drawable, strings.ToValidUTF8(cutBytes(s), "")))
	var b strings.Builder
	for s != "" {
		cluster, width := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		if cluster == "" {
			break
		}
		s = s[len(cluster):]
		b.WriteString(settle(cluster, width))
	}
	return b.String()
}

// settle returns cluster as it may be drawn, or nothing. What would join the
// blank before or after it (a mark without a letter) would move the columns.
func settle(cluster string, width int) string {
	lead, n := utf8.DecodeRuneInString(cluster)
	switch {
	case width == 0:
		return ""
	case n == len(cluster):
	case len(cluster) > maxCluster, emoji(lead, cluster):
		cluster = cluster[:n]
		width = ansi.StringWidth(cluster)
	}
	if ansi.StringWidth(" "+cluster+" ") != width+2 {
		return ""
	}
	return cluster
}

// emoji reports whether cluster is one emoji of several characters: joined,
// with a skin tone, or in a key cap. Terminals draw those in different widths.
func emoji(lead rune, cluster string) bool {
	const keyCap = 0x20E3
	return strings.ContainsFunc(cluster, func(r rune) bool {
		return r == keyCap || r >= 0x1F3FB && r <= 0x1F3FF || r == zeroWidthJoiner && unicode.Is(unicode.So, lead)
	})
}

// Persian and the scripts of India are written with these two.
const zeroWidthNonJoiner, zeroWidthJoiner = 0x200C, 0x200D

// drawable maps a character to what is drawn for it; -1 drops it.
func drawable(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r' || unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp):
		return ' '
	case r == zeroWidthNonJoiner, r == zeroWidthJoiner:
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Variation_Selector):
		return -1
	}
	return r
}

// plain reports whether s is printable ASCII, one cell a byte.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func cutBytes(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
