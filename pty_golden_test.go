package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// The parts of a screen that differ from run to run are replaced by fixed ones
// of the same width before it is compared, so that a golden screen still looks
// like one:
//
//   - ports of 127.0.0.1 become 40000;
//   - on the bar's line the clock becomes 00:00:12, the distance to live
//     −00:00:05, and the part of the bar that has been played a fifth of it;
//   - on the line of figures below it the bit rate becomes 320 kb/s, the buffer
//     0.6 s, what is kept 00:00:20, pictures shown 300, and late, lost and
//     reordered 0;
//   - the times that the steps of a ladder took go;
//   - the notice of a missing display or sound device goes, and a sentence that
//     it had cut is made whole.
var masks = struct{ anywhere, bar, figures []mask }{
	anywhere: []mask{
		{regexp.MustCompile(`127\.0\.0\.1:\d{5}`), "127.0.0.1:40000"},
		{regexp.MustCompile(`  no (display|sound device)\b.*$`), ""},
		{regexp.MustCompile(`choose a channel.*$`), "choose a channel and press enter"},
		{regexp.MustCompile(`([✓✗])( \d+ ms| \d\.\d s)`), "$1"},
		{regexp.MustCompile(`^(   [✓✗] \S.*?  )(\d+ ms|\d\.\d s)  `), "$1"},
	},
	bar: []mask{
		{regexp.MustCompile(`^ +\d\d:\d\d:\d\d`), "   00:00:12"},
		{regexp.MustCompile(`−\d\d:\d\d:\d\d`), "−00:00:05"},
	},
	figures: []mask{
		{regexp.MustCompile(`[\d.]+ [kM]b/s *`), "320 kb/s"},
		{regexp.MustCompile(`buffer [\d.]+ s *`), "buffer 0.6 s"},
		{regexp.MustCompile(`kept \d\d:\d\d:\d\d`), "kept 00:00:20"},
		{regexp.MustCompile(`shown [\d,]+ *`), "shown 300"},
		{regexp.MustCompile(`late [\d,]+ *`), "late 0"},
		{regexp.MustCompile(`lost [\d,]+ *`), "lost 0"},
		{regexp.MustCompile(`reordered [\d,]+ *`), "reordered 0"},
	},
}

type mask struct {
	find *regexp.Regexp
	put  string
}

// on replaces what is found; what is put is padded to the width of what goes.
func (m mask) on(line string) string {
	if strings.Contains(m.put, "$") || m.put == "" {
		return m.find.ReplaceAllString(line, m.put)
	}
	return m.find.ReplaceAllStringFunc(line, func(old string) string {
		return m.put + strings.Repeat(" ", max(ansi.StringWidth(old)-ansi.StringWidth(m.put), 0))
	})
}

// bars are the line that shows the place on the tape, at least as long as the
// deck draws one.
var bars = regexp.MustCompile(`^ +(?:(?:\d\d:\d\d:\d\d|--:--:--)  )([━●─]{10,})`)

// barLine is the number of the line with the bar, -1 where there is none.
func barLine(lines []string) int {
	for y := len(lines) - 1; y >= 0; y-- {
		if bars.MatchString(lines[y]) {
			return y
		}
	}
	return -1
}

// masked is the screen with its variable parts replaced.
func masked(sc *screen) string {
	lines := sc.lines()
	apply := func(y int, masks []mask) {
		for _, m := range masks {
			lines[y] = m.on(lines[y])
		}
	}
	if y := barLine(lines); y >= 0 {
		at := bars.FindStringSubmatchIndex(lines[y])
		lines[y] = lines[y][:at[2]] + aFifth(lines[y][at[2]:at[3]]) + lines[y][at[3]:]
		apply(y, masks.bar)
		if y+1 < len(lines) {
			lines[y+1] += strings.Repeat(" ", sc.w-ansi.StringWidth(lines[y+1]))
			apply(y+1, masks.figures)
		}
	}
	for y := range lines {
		apply(y, masks.anywhere)
		lines[y] = strings.TrimRight(lines[y], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// aFifth is the bar with a fifth of it played, where any of it is.
func aFifth(bar string) string {
	if !strings.ContainsAny(bar, "━●") {
		return bar
	}
	width := len([]rune(bar))
	played, knob := width/5, "━"
	if strings.Contains(bar, "●") {
		knob = "●"
	}
	return strings.Repeat("━", played) + knob + strings.Repeat("─", width-played-1)
}

func goldenPath(name string, w, h int) string {
	return filepath.Join("testdata", fmt.Sprintf("%s-%dx%d.golden", name, w, h))
}

// golden waits for the screen that is kept under name. With -update it keeps
// the one that stands when nothing comes any more but the seconds.
func (s *session) golden(name string) {
	s.t.Helper()
	path := goldenPath(name, s.screen.w, s.screen.h)
	if *update {
		s.steady()
		s.mu.Lock()
		text := masked(s.screen)
		s.mu.Unlock()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.await("the screen of "+path+", which is (if the change is meant: go test . -update)\n"+string(want),
		func(sc *screen) bool { return masked(sc) == string(want) })
}

// steady waits until the masked screen has not changed for two seconds.
func (s *session) steady() {
	s.t.Helper()
	var last string
	since := time.Now()
	for end := time.Now().Add(ptyPatience); time.Now().Before(end); {
		s.mu.Lock()
		text, changed := masked(s.screen), s.changed
		s.mu.Unlock()
		if text != last {
			last, since = text, time.Now()
		}
		left := time.Until(since.Add(2 * time.Second))
		if left <= 0 {
			return
		}
		select {
		case <-changed:
		case <-time.After(left):
		}
	}
	s.t.Error("the screen does not come to rest")
}

// TestPtyScreens compares whole screens at three sizes, each also with what
// tmux makes of the same bytes.
func TestPtyScreens(t *testing.T) {
	srv := startServers(t)
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			home := ptyHome(t)
			s := ptyStart(t, home, size[0], size[1], srv.list(t, home))
			s.line("channels.m3u", "38 channels")
			s.golden("list")
			s.press("?")
			s.golden("help")
			s.press("?", "/", "n", "e", "w", "s", " ", "2")
			s.golden("filter")
			s.press("esc")
			s.gone("/ new")
			s.press("g")
			s.golden("list")

			s.press("enter")
			s.playing("Film on demand", 2*time.Second, forever)
			s.golden("film")
			s.press("space")
			s.golden("paused")
			s.agreesWithTmux()
			s.press("space", "j", "j", "j", "j", "j", "enter")
			s.playing("The Tones", 0, forever)
			s.golden("radio")
			s.press("p")
			s.golden("failed")
			s.press("f")
			s.see("on the favourites")
			s.press("i")
			s.golden("details")
			s.agreesWithTmux()
			s.press("i")
			s.quit("q")
		})
	}
}

// agreesWithTmux plays the bytes that came so far to tmux, a terminal that
// nobody here wrote, and compares its screen with ours.
func (s *session) agreesWithTmux() {
	s.t.Helper()
	tmux, err := exec.LookPath("tmux")
	switch {
	case err != nil && os.Getenv("CI") != "":
		s.t.Fatal("missing peer: tmux")
	case err != nil:
		s.t.Log("missing peer: tmux: our terminal's word is taken")
		return
	}
	s.settle(2 * time.Second)
	dir := s.t.TempDir()
	raw, want, w, h := s.output(), s.text(), s.screen.w, s.screen.h
	bytes, conf := filepath.Join(dir, "bytes"), filepath.Join(dir, "conf")
	if err := os.WriteFile(bytes, []byte(raw), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(conf, []byte("set -g status off\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	run := func(args ...string) string {
		cmd := exec.Command(tmux, append([]string{"-S", filepath.Join(dir, "tmux"), "-f", conf}, args...)...)
		cmd.Env = append(os.Environ(), "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TMUX=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			s.t.Fatalf("tmux %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	run("new-session", "-d", "-x", fmt.Sprint(w), "-y", fmt.Sprint(h), "stty raw -echo; cat '"+bytes+"'; exec sleep 600")
	defer run("kill-server")
	got := ""
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(ptyPatience); time.Now().Before(end); <-tick.C {
		if got = trimRight(run("capture-pane", "-p")); got == want {
			return
		}
	}
	s.t.Errorf("tmux shows\n%sand our terminal\n%s", got, want)
}

func trimRight(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

var _ testing.TB
