package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tapedeck/tui"
)

var update = flag.Bool("update", false, "write the golden screens and the README's blocks anew")

func TestPtyWalk(t *testing.T) {
	home := ptyHome(t)
	s := ptyStart(t, home, 80, 24, startServers(t).list(t, home))
	s.shown()
	s.chosen("Film on demand")
	for _, step := range []struct {
		keys []string
		name string
	}{
		{[]string{"down"}, "Film file"},
		{[]string{"j", "j"}, "Garden"},
		{[]string{"k"}, "Front door"},
		{[]string{"up"}, "Film file"},
		{[]string{"G"}, fmt.Sprintf("News %02d", ptyNews)},
		{[]string{"g"}, "Film on demand"},
		{[]string{"end"}, fmt.Sprintf("News %02d", ptyNews)},
		{[]string{"home"}, "Film on demand"},
		{[]string{"]", "]"}, "Front door"}, // All, Films, Cameras
		{[]string{"["}, "Film on demand"},
		{[]string{"["}, "Film on demand"},
	} {
		s.press(step.keys...)
		s.chosen(step.name)
	}
	for _, page := range [][2]string{{"pgdown", "pgup"}, {"ctrl+d", "ctrl+u"}} {
		s.press(page[0])
		s.gone("▌  Film on demand")
		s.line("▌", "")
		s.press(page[1])
		s.chosen("Film on demand")
	}
	s.press("tab") // to the groups
	s.line("▌", "All")
	s.press("down", "tab")
	s.chosen("Film on demand")
	s.gone("Front door")
	s.press("[")
	s.see("Front door")

	row := 0
	s.await("the row of Garden", func(sc *screen) (ok bool) {
		row, ok = findLine(sc, "Garden")
		return ok
	})
	s.click(30, row)
	s.chosen("Garden")
	s.quit("q")
}

func TestPtyFilter(t *testing.T) {
	home := ptyHome(t)
	s := ptyStart(t, home, 80, 24, startServers(t).list(t, home))
	s.shown()
	s.press("/")
	s.see("38 of 38")
	s.press("n", "e", "w")
	s.see("/ new", "30 of 38")
	s.press(" ", "2")
	s.see("/ new 2", "12 of 38") // 02, 12, 20 to 29
	s.chosen("News 02")
	s.press("down", "down")
	s.chosen("News 20")
	s.press("backspace")
	s.see("30 of 38")
	s.press("tab") // the filter stays, the keys are the list's again
	s.see("filter")
	s.press("G")
	s.chosen("News 30")
	s.press("esc")
	s.gone("/ new")
	s.chosen("News 30") // it stays chosen
	s.press("g")
	s.chosen("Film on demand")
	s.press("/")
	s.paste("日本")
	s.see("/ 日本")
	s.chosen("NHK ワールド 日本")
	s.press("esc")
	s.see("Film on demand")
	s.quit("ctrl+c")
}

// TestPtyTape plays a film, and does with it what can be done.
func TestPtyTape(t *testing.T) {
	home, srv := ptyHome(t), startServers(t)
	s := ptyStart(t, home, 80, 24, srv.list(t, home))
	s.shown()
	s.press("enter")
	s.playing("Film on demand", time.Second, forever)
	if len(s.family("vlc")) != 1 {
		t.Error("there is no VLC, or more than one")
	}

	s.press("space")
	s.line("‖ Film on demand", "paused")
	s.idle(3 * time.Second)
	s.mu.Lock()
	at := position(s.screen)
	s.mu.Unlock()
	s.press("space")
	s.playing("Film on demand", at+time.Second, forever)

	s.press("t", "4", "5", "enter")
	s.playing("Film on demand", 45*time.Second, 50*time.Second)
	s.press("left", "left")
	s.playing("Film on demand", 20*time.Second, 35*time.Second)
	s.press(":", "7", "5", "%", "enter")
	s.playing("Film on demand", 45*time.Second, 50*time.Second)
	s.press("shift+left")
	s.playing("Film on demand", 0, 10*time.Second)
	s.press("l")
	s.playing("Film on demand", 10*time.Second, 25*time.Second)
	for _, r := range srv.rtsp.Requests() {
		if r.Status != 200 {
			t.Errorf("%s was answered %d", r.Method, r.Status)
		}
	}
	for _, method := range []string{"PAUSE", "PLAY"} {
		if !slices.Contains(srv.rtsp.Methods(), method) {
			t.Errorf("the server was not asked to %s", method)
		}
	}

	s.press("+")
	s.see("vol 105")
	s.press("-", "-")
	s.see("vol 95")
	s.press("m")
	s.see("muted")
	s.press("m")
	s.see("vol 95")

	s.press("s")
	s.line("■ Film on demand", "stopped")
	s.idle(3 * time.Second)
	s.press("space") // again
	s.playing("Film on demand", 0, forever)
	s.press("s")
	s.see("stopped")
	s.quit("q")
	if !slices.Contains(srv.rtsp.Methods(), "TEARDOWN") {
		t.Error("the server was not told that it is over")
	}
}

// TestPtyLive goes through channels that cannot do everything.
func TestPtyLive(t *testing.T) {
	home, srv := ptyHome(t), startServers(t)
	s := ptyStart(t, home, 80, 24, srv.list(t, home))
	s.shown()
	s.press("j", "j", "j", "enter")
	s.playing("Garden", 0, forever)
	s.see("rtsp/udp", "● live", "H.264 320×180", "AAC")
	s.press("p")
	s.playing("Front door", 0, forever)
	s.see("rtsp/tcp")
	s.press("n")
	s.playing("Garden", 0, forever)
	s.press("p")
	s.playing("Front door", 0, forever)
	s.press("b")
	s.playing("Garden", 0, forever)
	s.press("n") // wants a password
	s.line("✗ Vault", "failed")
	s.see("password")
	s.idle(3 * time.Second)
	s.press("n")
	s.playing("The Tones", 0, forever)
	s.see(ptyTitle, "MP3")
	if got := srv.radio.Connections(); got != 1 {
		t.Errorf("the radio was connected to %d times", got)
	}
	s.press("e") // what is chosen
	s.see("address", srv.radio.Addr())
	s.press("esc")
	s.gone("address")

	s.press("/", "o", "l", "d")
	s.see("/ old")
	s.chosen("Old clip")
	s.press("enter")
	s.see("reserved for Flash players: never dialled")
	s.press("esc")
	s.see("Film on demand")
	s.quit("q")
}

// TestPtyUpdates counts what is written while a channel plays.
func TestPtyUpdates(t *testing.T) {
	const seconds, bytesEach = 8, 400
	home, srv := ptyHome(t), startServers(t)
	s := ptyStart(t, home, 80, 24, srv.list(t, home))
	s.shown()
	s.press("enter")
	s.playing("Film on demand", 3*time.Second, forever)
	bytes, updates := s.written()
	<-time.After(seconds * time.Second)
	moreBytes, moreUpdates := s.written()
	bytes, updates = moreBytes-bytes, moreUpdates-updates
	t.Logf("%d updates and %d bytes in %d s", updates, bytes, seconds)
	// One more, for where the window begins.
	if updates > seconds+1 || bytes > (seconds+1)*bytesEach || updates < seconds/2 {
		t.Errorf("%d updates and %d bytes in %d s of playing, want one update a second of at most %d bytes",
			updates, bytes, seconds, bytesEach)
	}
	s.quit("q")
}

// TestPtyFavourite sees a favourite on the disk, and again after a restart.
func TestPtyFavourite(t *testing.T) {
	home, srv := ptyHome(t), startServers(t)
	list := srv.list(t, home)
	file := filepath.Join(testEnviron(home)["XDG_DATA_HOME"], "tapedeck", "favourites.m3u")
	s := ptyStart(t, home, 80, 24, list)
	s.shown()
	s.line("Favourites", " 0 ")
	s.press("j", "f")
	s.see("on the favourites: Film file")
	s.line("Film file", "♥")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "Film file\n"+srv.film.URL+"\n") {
		t.Errorf("%s: %q, %v", file, text, err)
	}
	s.quit("q")

	s = ptyStart(t, home, 80, 24) // without a list it begins with them
	s.line("Favourites", " 1 ")
	s.chosen("Film file")
	s.quit("q")

	s = ptyStart(t, home, 80, 24, list)
	s.shown()
	s.line("Favourites", " 1 ")
	s.line("Film file", "♥")
	s.press("[", "[")
	s.chosen("Film file")
	s.gone("Front door")
	s.press("enter")
	s.playing("Film file", 0, forever)
	s.press("f")
	s.see("off the favourites: Film file")
	s.line("Favourites", " 0 ")
	text, err = os.ReadFile(file)
	if err != nil || strings.Contains(string(text), srv.film.URL) {
		t.Errorf("%s: %q, %v", file, text, err)
	}
	s.quit("q")
}

// TestPtyPaste opens an address with a password in it, which is never seen.
func TestPtyPaste(t *testing.T) {
	home, srv := ptyHome(t), startServers(t)
	s := ptyStart(t, home, 80, 24, srv.list(t, home))
	s.shown()
	s.paste(with(overTCP(srv.locked.URL("/live")), ptyUser, ptyPassword))
	s.see("open ", "enter plays")
	s.press("enter")
	s.await("the pasted address to play", func(sc *screen) bool {
		_, ok := findLine(sc, " ▶ ", "rtsp/tcp")
		return ok
	})
	s.press("o")
	s.gone("all keys")
	for _, r := range srv.radio.URL {
		s.press(string(r))
	}
	s.press("enter")
	s.see(ptyTitle)
	for _, pid := range append(s.family("vlc"), s.cmd.Process.Pid) {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil || strings.Contains(string(line), ptyPassword) {
			t.Errorf("the arguments of %d: %q, %v", pid, line, err)
		}
	}
	s.quit("q")
	if strings.Contains(s.output(), ptyPassword) {
		t.Error("the password was on the screen")
	}
}

// TestPtyResize sees the same screen after a resize as at a fresh start.
func TestPtyResize(t *testing.T) {
	home := ptyHome(t)
	s := ptyStart(t, home, 80, 24, startServers(t).list(t, home))
	s.shown()
	for _, size := range [][2]int{{120, 40}, {40, 12}, {20, 4}, {200, 60}, {1, 1}, {80, 24}} {
		s.resize(size[0], size[1])
		path := goldenPath("list", size[0], size[1])
		if want, err := os.ReadFile(path); err == nil {
			s.await("the screen of "+path, func(sc *screen) bool { return masked(sc) == string(want) })
		}
	}
	s.quit("q")
}

// TestPtyHelp finds every key of the map on the help page.
func TestPtyHelp(t *testing.T) {
	home := ptyHome(t)
	s := ptyStart(t, home, 80, 24, startServers(t).list(t, home))
	s.shown()
	s.press("?")
	s.see("All keys", "more below")
	rows := tui.DefaultKeyMap().Rows()
	for _, row := range rows {
		before := ""
		s.await(row.Keys+" "+row.Help, func(sc *screen) bool {
			if _, ok := findLine(sc, " "+row.Keys+" ", row.Help); ok {
				return true
			}
			if text := sc.text(); text != before && strings.Contains(text, "more below") {
				before = text
				s.press("j")
			}
			return false
		})
	}
	s.press("?")
	s.see("Film on demand")
	s.quit("q")
}

// TestPtyEnds ends the program in every other way, while it plays.
func TestPtyEnds(t *testing.T) {
	for name, end := range map[string]func(*session){
		"ctrl+c":    func(s *session) { s.press("ctrl+c") },
		"terminate": func(s *session) { s.cmd.Process.Signal(syscall.SIGTERM) },
		"hangup":    func(s *session) { s.cmd.Process.Signal(syscall.SIGHUP) },
		"interrupt": func(s *session) { s.cmd.Process.Signal(syscall.SIGINT) },
		"kill":      func(s *session) { s.cmd.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			home := ptyHome(t)
			s := ptyStart(t, home, 80, 24, startServers(t).list(t, home))
			s.shown()
			s.press("enter")
			s.playing("Film on demand", 0, forever)
			if len(s.family("vlc")) != 1 {
				t.Error("there is no VLC, or more than one")
			}
			end(s)
			s.nothingLeft()
			if name != "kill" { // nobody is left to put the terminal right, or to tidy up
				s.restored()
				s.noLitter()
			}
		})
	}
}

// TestPtyDemo plays the first channel of the demo.
func TestPtyDemo(t *testing.T) {
	s := ptyStart(t, ptyHome(t), 80, 24, "demo")
	s.line("demo", "channels")
	s.press("enter")
	s.playing("Film on demand", 0, forever)
	s.quit("q")
}
