package web

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// letters reads the words of one station. Nothing says which character set they
// are in, and one title is too little to tell: so it is told from all that the
// station has said so far.
//
// What is valid UTF-8 is UTF-8. Of the sets with a byte for a letter the Western
// one (Windows-1252, and Latin-1 with it) is taken, unless words are written in
// those bytes alone, as in Russian and Greek; then it is the set in which they
// make the more common letters. The sets of Central Europe, Turkey and East Asia
// are not told apart from these: for them a station can be given its set.
type letters struct {
	fixed encoding.Encoding // set by the user; nil: told from the words
	table *charmap.Charmap  // what the words so far look like
	high  int               // bytes of 0x80 and more so far
	solid int               // of them, in words without any other letter
	score [len(scripts)]int
}

// scripts are the sets whose words are written in high bytes alone, each with
// its most common letters.
var scripts = [...]struct {
	table  *charmap.Charmap
	common string
}{
	{charmap.Windows1251, "оеаинтсрвл"},
	{charmap.KOI8R, "оеаинтсрвл"},
	{charmap.Windows1253, "αοιετσνηυρςάίό"},
}

// maxCharset bounds the name of a character set, in bytes.
const maxCharset = 40

// newLetters reads words in the set that a WHATWG label names ("koi8-r",
// "windows-1250", "shift_jis"), or tells it. known is false for a label that
// names none.
func newLetters(label string) (l *letters, known bool) {
	l = &letters{table: charmap.Windows1252}
	if label == "" || len(label) > maxCharset {
		return l, label == ""
	}
	set, err := htmlindex.Get(label)
	if err != nil || set == encoding.Replacement {
		return l, false
	}
	l.fixed = set
	return l, true
}

// words makes a name or a title of a server's bytes: in the station's character
// set, with the HTML entities that stations put there turned into letters, fit
// for a screen.
func (l *letters) words(s string) string {
	s = l.decode(s[:min(len(s), 2*maxWords)])
	for range 2 { // some escape twice
		s = html.UnescapeString(text(s, 2*maxWords))
	}
	return text(s, maxWords)
}

func (l *letters) decode(s string) string {
	switch {
	case l.fixed != nil:
		if decoded, err := l.fixed.NewDecoder().String(s); err == nil {
			return decoded
		}
		return s
	case utf8.ValidString(s):
		return onceMore(s)
	}
	l.learn(s)
	decoded, _ := l.table.NewDecoder().String(s)
	return decoded
}

// onceMore mends UTF-8 that was taken for Latin-1 or Windows-1252 and made into
// UTF-8 again, as Icecast does on mounts whose set it was not told: "BjÃ¶rk". It
// is certain where all letters beyond ASCII, turned back into bytes, are UTF-8.
func onceMore(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := byte(r), r <= 0xff
		if !ok {
			c, ok = charmap.Windows1252.EncodeRune(r)
		}
		if !ok {
			return s
		}
		b = append(b, c)
	}
	if !utf8.Valid(b) {
		return s
	}
	return string(b)
}

// learn takes words into account that are no UTF-8.
func (l *letters) learn(s string) {
	const enough = 64 << 10 // bytes after which nothing more is learned
	if l.high > enough {
		return
	}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r < utf8.RuneSelf && !unicode.IsLetter(r) && r != utf8.RuneError }) {
		l.learnWord(word)
	}
	l.table = charmap.Windows1252
	if l.high < 3 || l.solid*2 < l.high {
		return
	}
	best := 0
	for i, score := range l.score {
		if score > l.score[best] {
			best = i
		}
	}
	if l.score[best] > 0 {
		l.table = scripts[best].table
	}
}

func (l *letters) learnWord(word string) {
	high := 0
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			high++
		}
	}
	l.high += high
	if high < len(word) || high < 2 {
		return
	}
	l.solid += high
	for i, script := range scripts {
		decoded, _ := script.table.NewDecoder().String(word)
		before := ' '
		for _, r := range decoded {
			switch {
			case !unicode.IsLetter(r), unicode.IsUpper(r) && unicode.IsLower(before):
				l.score[i] -= 2 // "пРИВЕТ" is the wrong set of two
			case strings.ContainsRune(script.common, unicode.ToLower(r)):
				l.score[i]++
			}
			before = r
		}
	}
}
