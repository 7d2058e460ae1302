package tui

import (
	"strings"
	"testing"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"tapedeck/player/playback"
	"tapedeck/playlist"
)

var hostileNames = []string{
	"", "plain", "\x1b[2J\x1b[31mred\x1b]0;title\x07", "tab\there\nand there\r", "a\u202egnp.exe", "\u200b\u2060\ufeff",
	strings.Repeat("w", 10_000), strings.Repeat("a\u0301\u0302\u0303", 200), "Z" + strings.Repeat("\u0300", 5000),
	"بي بي سي عربي", "עברית", "日本語チャンネル", "한국어", "\u1112\u1161\u11ab", "हिन्दी क्षि", "ไทย", "👨‍👩‍👧‍👦🏳️‍🌈🇩🇪1️⃣👍🏽",
	"\xff\xfe\x80", "\u0600\u0601\u0300", "\u0301lead", "\U000e0067\U000e007f", "％ｗｉｄｅ", "a\u00a0b\u3000c", "\u009b31m", "x\u2028y",
	strings.Repeat("日", 300), strings.Repeat("🇬", 7), "\u0d4e ", "ｶﾞ", "\ue0b0",
}

// Whatever a list, a server or a person writes: the frame keeps its size, and
// nothing but our own styles steers the terminal.
func FuzzHostileText(f *testing.F) {
	for i, name := range hostileNames {
		f.Add(name, hostileNames[(i+7)%len(hostileNames)], uint8(40+i*3), uint8(12+i))
	}
	f.Fuzz(func(t *testing.T, name, other string, width, height uint8) {
		w, h := int(width)%140+1, int(height)%50+1
		s := newStage(t, w, h)
		e := playlist.Entry{Name: name, URL: "rtsp://host/" + other, Group: other, ID: name, UserAgent: other, Referer: name}
		state := onDemand()
		state.Entry, state.Title, state.Note, state.Output = e, other, name, other
		state.Protocol, state.Transport = other, name
		state.Titles = []playback.Title{{Text: name}, {Text: other, From: 1 << 62}, {Text: name + other, From: -1}}
		state.Ladder = []playback.Step{{Name: name, Detail: other}, {Name: other}}
		state.Tracks[0].Codec = "x"
		state.Tracks[1].Problem = name
		failure := state
		failure.Phase, failure.Failure = playback.Failed, &playback.Failure{Message: name, Hint: other}
		connecting := state
		connecting.Phase, connecting.Attempt.URL, connecting.Attempt.Transport = playback.Connecting, name, other

		s.m.cfg.Name = name
		s.send(BatchMsg{Entries: []playlist.Entry{e, {Name: other, URL: name}}})
		for _, method := range []ansi.ModeSetting{ansi.ModeNotRecognized, ansi.ModeReset} {
			s.send(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: method})
			for _, st := range []playback.State{{}, state, failure, connecting} {
				s.send(StateMsg(st))
				checkFrame(t, s.m, w, h)
			}
			s.send(NoticeMsg(name))
			checkFrame(t, s.m, w, h)
			s.keys("/").send(tea.PasteMsg{Content: name}).keys("left")
			checkFrame(t, s.m, w, h)
			s.keys("esc", "o").send(tea.PasteMsg{Content: other}).keys("left", "backspace")
			checkFrame(t, s.m, w, h)
			s.keys("esc", "i")
			checkFrame(t, s.m, w, h)
			s.keys("G")
			checkFrame(t, s.m, w, h)
			s.keys("esc", "?")
			checkFrame(t, s.m, w, h)
			s.keys("esc", "T", "j")
			checkFrame(t, s.m, w, h)
			s.keys("G", "enter")
			checkFrame(t, s.m, w, h)
			s.keys("esc")
		}
	})
}

func checkFrame(t *testing.T, m Model, w, h int) {
	t.Helper()
	checkSize(t, "a frame", m, w, h)
	v := m.View()
	for _, text := range []string{ansi.Strip(v.Content), v.WindowTitle} {
		for _, r := range text {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar) {
				t.Fatalf("%U is on the screen: %q", r, text)
			}
		}
	}
}

// No password of a list, a state or a line being typed is ever drawn.
func TestSecretsStayHidden(t *testing.T) {
	hidden := []string{"secret", "hunter2", "abc", "s3same"}
	check := func(what string, m Model) {
		t.Helper()
		v := m.View()
		for _, h := range hidden {
			if strings.Contains(ansi.Strip(v.Content)+v.WindowTitle, h) {
				t.Errorf("%s: %q is on the screen", what, h)
			}
		}
	}
	s := withList(newStage(t, 200, 60))
	check("the list", s.m)
	for range smallList() {
		check("the details", s.keys("i").m)
		check("the next", s.keys("i", "j").m)
	}
	state := onDemand()
	state.Entry = smallList()[7]
	check("the deck", s.send(StateMsg(state)).m)
	check("the details of the deck", s.keys("i").m)
	check("the address", s.keys("i", "k", "k", "e").m)
	s.keys("esc", "o")
	for _, r := range "rtsp://admin:s3same@cam:554/live?user=u&password=s3same&x=1" {
		check("typing", s.text(string(r)).m)
	}
	s.keys("esc", "o").send(tea.PasteMsg{Content: "http://panel/live/s3same/hunter2/12.ts"})
	check("a pasted panel", s.m)
}

// Without colours, and with sixteen, the screen says the same.
func TestNoColourLosesNothing(t *testing.T) {
	for name, scene := range scenes() {
		s := newStage(t, 80, 24)
		scene(s)
		want := plain(s.m)
		for _, p := range []colorprofile.Profile{colorprofile.ASCII, colorprofile.ANSI, colorprofile.ANSI256} {
			if got := plain(s.send(tea.ColorProfileMsg{Profile: p}).m); got != want {
				t.Errorf("%s with %v:\n%s", name, p, got)
			}
		}
		if got := plain(s.send(tea.BackgroundColorMsg{}).m); got != want {
			t.Errorf("%s on another background:\n%s", name, got)
		}
	}
}
