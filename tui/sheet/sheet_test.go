package sheet

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/keys"
	"tapedeck/tui/theme"
)

var look = Look{Styles: theme.Default().Styles(true, colorprofile.TrueColor)}

func TestScroll(t *testing.T) {
	m := Model{}.Set([]string{"a", "b", "c", "d", "e"}, 2)
	show := func(m Model) string { return strings.Join(m.Lines(), "") }
	for _, tt := range []struct{ got, want string }{
		{show(m), "ab"}, {show(m.Scroll(1)), "bc"}, {show(m.Scroll(99)), "de"}, {show(m.Scroll(-1)), "ab"},
		{show(m.End(true)), "de"}, {show(m.End(true).End(false)), "ab"}, {show(m.Page(1, false)), "bc"}, {show(m.Page(2, true)), "cd"},
		{show(m.End(true).Set([]string{"x", "y", "z"}, 2)), "yz"}, {show(m.Set(nil, 2)), ""}, {show(m.Set(nil, 0)), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	if !m.More() || m.End(true).More() {
		t.Error("more is not more")
	}
}

// Every key of the map is on the page, as it is bound.
func TestHelp(t *testing.T) {
	m := keys.Default()
	if err := m.RebindAll(map[string][]string{"pause": {"f9"}, "stop": nil}); err != nil {
		t.Fatal(err)
	}
	for _, w := range []int{30, 60, 95, 96, 120, 200} {
		lines := Help(m.Rows(), w, look)
		text := ansi.Strip(strings.Join(lines, "\n"))
		for _, r := range m.Rows() {
			if r.Keys == "" {
				continue
			}
			if w >= 60 && (!strings.Contains(text, r.Keys+" ") || !strings.Contains(text, r.Help)) {
				t.Errorf("at %d there is no %q, %q:\n%s", w, r.Keys, r.Help, text)
			}
		}
		if w >= 60 && strings.Contains(text, "space ") {
			t.Errorf("at %d an old key is left", w)
		}
		for _, l := range lines {
			if ansi.StringWidth(l) > w {
				t.Errorf("at %d: %q", w, ansi.Strip(l))
			}
		}
	}
}

// The names that a config file knows stand beside the keys, where there is room.
func TestHelpNames(t *testing.T) {
	for w, want := range map[int]bool{40: false, 80: true, 120: true} {
		text := ansi.Strip(strings.Join(Help(keys.Default().Rows(), w, look), "\n"))
		for _, name := range []string{"in [keys]", "previous-group", "forward-long", "half-down"} {
			if strings.Contains(text, name) != want {
				t.Errorf("at %d: %q is there: %v\n%s", w, name, !want, text)
			}
		}
	}
}

// What the tape can is not denied because the server cannot.
func TestDetailsOfATape(t *testing.T) {
	e := playlist.Entry{Name: "Radio", URL: "http://radio/"}
	s := playback.State{Entry: e, Phase: playback.Playing, Live: true, NoSeek: "the stream is live",
		Recording: &playback.Recording{Path: "x", Missing: 12 * time.Second}}
	text := ansi.Strip(strings.Join(Details(e, true, true, s, 80, look), "\n"))
	for _, want := range []string{"cannot seek", "00:00:12 are missing", "found out from the titles"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	s.TapeTo = time.Minute
	text = ansi.Strip(strings.Join(Details(e, true, true, s, 80, look), "\n"))
	if strings.Contains(text, "cannot seek") || !strings.Contains(text, "within the 00:01:00 that are kept") {
		t.Errorf("in\n%s", text)
	}
}

func TestDetails(t *testing.T) {
	e := playlist.Entry{Name: "Cam", URL: "rtsp://me:secret@cam/" + strings.Repeat("long/", 40) + "end?token=abc", Referer: "http://r/?token=abc"}
	s := playback.State{Entry: e, Phase: playback.Failed, Failure: &playback.Failure{Rung: "tcp", Message: "refused", Hint: "is it on?"}}
	text := ansi.Strip(strings.Join(Details(e, true, false, s, 80, look), "\n"))
	for _, want := range []string{"Cam", "end?token=***", "failed at", "refused", "is it on?"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") || strings.Contains(text, "abc") {
		t.Errorf("a secret in\n%s", text)
	}
	if got := Details(playlist.Entry{}, false, false, playback.State{}, 80, look); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
