package prompt

import (
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"tapedeck/tui/cells"
)

func named(name string) tea.KeyPressMsg {
	codes := map[string]tea.KeyPressMsg{
		"left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
		"backspace": {Code: tea.KeyBackspace}, "delete": {Code: tea.KeyDelete}, "up": {Code: tea.KeyUp},
	}
	if k, ok := codes[name]; ok {
		return k
	}
	if c, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(c[0]), Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func TestEdit(t *testing.T) {
	tests := []struct {
		start, keys, want string // | is the cursor
	}{
		{"", "a b c", "abc|"},
		{"abc", "left left x", "ax|bc"},
		{"abc", "home x end y", "xabcy|"},
		{"abc", "ctrl+a delete", "|bc"},
		{"abc", "backspace backspace", "a|"},
		{"", "backspace delete left right", "|"},
		{"one two", "ctrl+w", "one |"},
		{"one two  ", "ctrl+w", "one |"},
		{"one two", "left left ctrl+u", "|wo"},
		{"one two", "left left ctrl+k", "one t|"},
		{"日本e\u0301", "backspace", "日本|"},
		{"日本", "left x", "日x|本"},
		{"👨‍👩‍👧x", "left backspace", "|x"},
		{"abc", "up", "abc|"},
	}
	for _, tt := range tests {
		m := New(tt.start)
		for _, k := range strings.Fields(tt.keys) {
			m, _ = m.Press(named(k))
		}
		if got := m.text[:m.at] + "|" + m.text[m.at:]; got != tt.want {
			t.Errorf("%q and %s: %q, want %q", tt.start, tt.keys, got, tt.want)
		}
	}
	if _, handled := New("").Press(named("up")); handled {
		t.Error("up is taken")
	}
}

func TestInsert(t *testing.T) {
	if got := New("http://h/\x1b[31m\r\na\tb\x00").Text(); got != "http://h/[31m  a b" {
		t.Errorf("%q", got)
	}
	if got := New(strings.Repeat("é", maxText)).Text(); len(got) > maxText || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

func TestMask(t *testing.T) {
	tests := []struct{ in, want string }{
		{"bbc: one @ two", "bbc: one @ two"},
		{"1:02:03", "1:02:03"},
		{"rtsp://cam/live", "rtsp://cam/live"},
		{"rtsp://cam:554/live", "rtsp://cam:554/live"},
		{"rtsp://me:pä@ss@cam:554/live", "rtsp://me:•••••@cam:554/live"},
		{"rtsp://me:pa", "rtsp://me:••"},
		{"rtsp://me:pa@", "rtsp://me:••@"},
		{"rtsp://me@cam", "rtsp://me@cam"},
		{"rtsp://[fe80::1]:554/x", "rtsp://[fe80::1]:554/x"},
		{"http://h/x?token=ab&q=1&password=xyz", "http://h/x?token=••&q=1&password=•••"},
		{"http://h/x?q=1", "http://h/x?q=1"},
		{"http://h/live/me/pw/12.ts", "http://h/live/••/••/12.ts"},
	}
	for _, tt := range tests {
		if got := mask(tt.in); got != tt.want {
			t.Errorf("%q is shown as %q, want %q", tt.in, got, tt.want)
		}
	}
}

// A mask has as many characters as what it hides, or the cursor would walk
// beside it.
func FuzzMask(f *testing.F) {
	for _, s := range []string{"rtsp://me:pw@cam/x", "http://h/live/a/b/c?token=x&&;u=1", "a://b:c", "://:@?=&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = New(s).Text()
		if got := mask(s); utf8.RuneCountInString(got) != utf8.RuneCountInString(s) {
			t.Errorf("%q is shown as %q", s, got)
		}
	})
}

func TestView(t *testing.T) {
	m := New("rtsp://me:pw@cam/very/long/path/indeed")
	for w := range 60 {
		shown, cursor := m.View(w, cells.Ruler{})
		if got := (cells.Ruler{}).Width(shown); got > w || cursor > max(w-1, 0) {
			t.Errorf("in %d cells: %q, cursor %d", w, shown, cursor)
		}
	}
	shown, cursor := m.View(20, cells.Ruler{})
	if shown != "…y/long/path/indeed" || cursor != 19 {
		t.Errorf("%q, cursor %d", shown, cursor)
	}
	for range 30 {
		m, _ = m.Press(named("left"))
	}
	if shown, cursor = m.View(20, cells.Ruler{}); shown != "rtsp://m" && cursor != 8 {
		t.Errorf("%q, cursor %d", shown, cursor)
	}
}
