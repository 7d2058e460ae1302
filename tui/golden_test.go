package tui

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"tapedeck/player/playback"
)

var update = flag.Bool("update", false, "write the golden screens anew")

// scenes are the screens that are kept in testdata.
func scenes() map[string]func(*stage) {
	return map[string]func(*stage){
		"first-paint": func(s *stage) { withList(s) },
		"reading": func(s *stage) {
			s.m.load.under = true
			s.send(BatchMsg{Entries: longList(3500), Read: 340, Total: 1000})
		},
		"filtering":  func(s *stage) { withList(s).keys("/").text("bbc") },
		"connecting": func(s *stage) { withList(s).send(StateMsg(connecting())) },
		"on-demand":  func(s *stage) { withList(s).send(StateMsg(onDemand())) },
		"live":       func(s *stage) { withList(s).send(StateMsg(liveRadio())).keys("j") },
		"paused": func(s *stage) {
			state := onDemand()
			state.Phase = playback.Paused
			withList(s).send(StateMsg(state)).keys("tab", "]", "]")
		},
		"failed": func(s *stage) { withList(s).send(StateMsg(failed())).keys("G") },
		"notice": func(s *stage) { withList(s).keys("j", "j", "j", "j", "enter") },
		"help":   func(s *stage) { withList(s).keys("?") },
		"details": func(s *stage) {
			withList(s).send(StateMsg(onDemand())).keys("i")
		},
		"titles": func(s *stage) {
			withList(s).send(StateMsg(radioTitles())).keys("T", "j", "j")
		},
		"failed-long": func(s *stage) {
			state := failed()
			state.Failure.Message = "rtsp: describe: 404 Not Found"
			state.Failure.Hint = "check the path in the link: the server knows none like it; the stream may also have ended or moved"
			withList(s).send(StateMsg(state))
		},
		"armed": func(s *stage) {
			state := connecting()
			state.Armed = true
			withList(s).send(StateMsg(state))
		},
		"jump":  func(s *stage) { withList(s).send(StateMsg(onDemand())).keys("t").text("1:02:0") },
		"open":  func(s *stage) { withList(s).keys("o").text("rtsp://admin:pass@10.0.0.7/cam?token=x") },
		"empty": func(s *stage) { s.send(LoadedMsg{}) },
	}
}

func plain(m Model) string {
	lines := strings.Split(ansi.Strip(m.View().Content), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestScreens(t *testing.T) {
	all := slices.Sorted(maps.Keys(scenes()))
	telling := []string{"failed", "filtering", "jump", "live"}
	for _, size := range []struct {
		w, h  int
		names []string
	}{{80, 24, all}, {120, 40, all}, {40, 12, all}, {60, 20, telling}, {36, 8, telling}, {60, 5, telling}, {36, 10, []string{"failed-long", "titles"}}} {
		for _, name := range size.names {
			file := fmt.Sprintf("%s-%dx%d.golden", name, size.w, size.h)
			t.Run(file, func(t *testing.T) {
				s := newStage(t, size.w, size.h)
				scenes()[name](s)
				compare(t, filepath.Join("testdata", file), plain(s.m))
			})
		}
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the screen changed; if it is meant: go test ./tui -update\n%s\nwant:\n%s", got, want)
	}
}
