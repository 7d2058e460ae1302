package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/term"
)

// family remembers the program's children and theirs, so that what becomes of
// them can be asked later. It returns those of a name.
func (s *session) family(name string) []int {
	var found []int
	for _, p := range processes(s.t) {
		if p.session != s.cmd.Process.Pid && p.parent != s.cmd.Process.Pid && s.kin[p.parent] == "" {
			continue
		}
		if p.pid != s.cmd.Process.Pid {
			s.kin[p.pid] = p.started
		}
		if p.name == name {
			found = append(found, p.pid)
		}
	}
	return found
}

// nothingLeft waits until the program, all that it started, and all in its
// session are gone.
func (s *session) nothingLeft() {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(ptyPatience):
		before := len(s.output())
		s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.exited
		s.settle(time.Second)
		s.t.Fatalf("the program did not end; it was at\n%s", s.output()[before:])
	}
	pid := s.cmd.Process.Pid
	var left []string
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(ptyPatience); time.Now().Before(end); <-tick.C {
		left = nil
		for _, p := range processes(s.t) {
			if p.session == pid || p.group == pid || p.parent == pid || s.kin[p.pid] == p.started {
				left = append(left, fmt.Sprintf("%d %s", p.pid, p.name))
			}
		}
		if len(left) == 0 {
			return
		}
	}
	s.t.Errorf("still running: %v", left)
}

// restored checks that the terminal is as it was before the program.
func (s *session) restored() {
	s.t.Helper()
	now, err := term.GetState(int(s.tty.Fd()))
	if err != nil || *now != *s.before {
		s.t.Errorf("the terminal's settings are %+v (%v), want %+v", now, err, s.before)
	}
	// The last bytes may still be on their way.
	s.await("a restored terminal", func(sc *screen) bool {
		for _, mode := range []int{modeAlternate, modeMouse, 1000, 1003, 1004, modePaste, modeSync} {
			if sc.private[mode] {
				return false
			}
		}
		return sc.private[modeCursor] && sc.normal == nil && sc.keyboards <= 0 && !sc.otherKeys && sc.title == ""
	})
}

// quit presses a key that ends the program, and looks behind it.
func (s *session) quit(key string) {
	s.t.Helper()
	s.family("")
	s.press(key)
	s.nothingLeft()
	if s.status != nil {
		s.t.Errorf("the program ended with %v", s.status)
	}
	s.restored()
	s.noLitter()
}

// noLitter checks that no temporary file is left.
func (s *session) noLitter() {
	s.t.Helper()
	if left, err := os.ReadDir(s.tmp); err != nil || len(left) > 0 {
		s.t.Errorf("left in %s: %v, %v", s.tmp, left, err)
	}
}

// running is one process, as /proc tells of it.
type running struct {
	pid, parent, group, session int
	name, started               string
}

// processes lists all that have not ended.
func processes(t testing.TB) []running {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Skip("there is no /proc to look for processes in")
	}
	var all []running
	for _, file := range files {
		stat, err := os.ReadFile(file)
		open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
		if err != nil || open < 0 || end < open {
			continue // it has ended meanwhile
		}
		rest := strings.Fields(string(stat[end+1:])) // from the third field on: state, parent, ...
		if len(rest) < 20 || rest[0] == "Z" || rest[0] == "X" {
			continue
		}
		number := func(s string) int { n, _ := strconv.Atoi(s); return n }
		all = append(all, running{
			pid: number(filepath.Base(filepath.Dir(file))), parent: number(rest[1]), group: number(rest[2]),
			session: number(rest[3]), name: string(stat[open+1 : end]), started: rest[19],
		})
	}
	return all
}
