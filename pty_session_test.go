package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// ptyPatience bounds what a test waits for. The machine may be busy: only a
// failure takes so long.
const ptyPatience = 60 * time.Second

// session is the real program in a pseudo-terminal, and the screen that its
// bytes draw.
type session struct {
	t           testing.TB
	cmd         *exec.Cmd
	master, tty *os.File
	before      *term.State // of the terminal, before the program began
	tmp         string      // the program's TMPDIR
	began       time.Time
	lenient     bool // the program may send what the screen does not know

	mu      sync.Mutex
	screen  *screen
	raw     []byte
	changed chan struct{} // closed and replaced with each read
	read    chan struct{} // closed when there is nothing more to read
	exited  chan struct{}
	status  error // of the program; known when exited is closed
	kin     map[int]string
}

// ptyHome is a fresh home for the program: a place below the shared folder
// through which VLC's user may pass.
func ptyHome(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(workDir, "pty-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	tmp := filepath.Join(dir, "tmp")
	if err := errors.Join(os.Chmod(dir, 0o711), os.Mkdir(tmp, 0o777), os.Chmod(tmp, 0o777|os.ModeSticky)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ptyStart runs tapedeck at home in a terminal of w by h cells.
func ptyStart(t testing.TB, home string, w, h int, args ...string) *session {
	t.Helper()
	return ptyRun(t, home, w, h, testBinary(t), args...)
}

// ptyRun runs any program so.
func ptyRun(t testing.TB, home string, w, h int, path string, args ...string) *session {
	t.Helper()
	s := &session{
		t: t, cmd: exec.Command(path, args...), tmp: filepath.Join(home, "tmp"),
		changed: make(chan struct{}), read: make(chan struct{}), exited: make(chan struct{}), kin: map[int]string{},
	}
	var err error
	if s.master, s.tty, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(s.tty, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		t.Fatal(err)
	}
	if s.before, err = term.GetState(int(s.tty.Fd())); err != nil {
		t.Fatal(err)
	}
	s.screen = newScreen(w, h, func(format string, a ...any) { fmt.Fprintf(s.master, format, a...) })
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = s.tty, s.tty, s.tty
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.cmd.Env = ptyEnviron(home)
	s.began = time.Now()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.watch()
	go func() {
		s.status = s.cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(s.end)
	return s
}

// ptyEnviron is a plain xterm's, with nothing of the person who runs the test.
func ptyEnviron(home string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "TMPDIR=" + filepath.Join(home, "tmp")}
	for name, value := range maps.All(testEnviron(home)) {
		env = append(env, name+"="+value)
	}
	return env
}

// watch feeds the screen until the terminal is gone.
func (s *session) watch() {
	defer close(s.read)
	buf := make([]byte, 64<<10)
	for {
		n, err := s.master.Read(buf)
		s.mu.Lock()
		s.raw = append(s.raw, buf[:n]...)
		s.screen.write(buf[:n])
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// end leaves nothing behind, whatever the test did.
func (s *session) end() {
	select {
	case <-s.exited:
	default:
		s.cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(10*time.Second, func() { s.cmd.Process.Kill() })
		<-s.exited
		kill.Stop()
	}
	s.tty.Close()
	select {
	case <-s.read:
	case <-time.After(10 * time.Second): // somebody else holds the terminal
		s.t.Error("after the program's end something still holds its terminal")
	}
	s.master.Close()
	<-s.read
	if len(s.screen.unknown) > 0 && !s.lenient {
		s.t.Errorf("the terminal was sent what it does not know: %q", s.screen.unknown)
	}
}

// await waits until met, which is called with the screen locked.
func (s *session) await(what string, met func(*screen) bool) {
	s.t.Helper()
	late := time.NewTimer(ptyPatience)
	defer late.Stop()
	exited := s.exited
	for {
		s.mu.Lock()
		ok, changed, text := met(s.screen), s.changed, s.screen.text()
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-exited: // its last bytes may still be on their way
			exited = nil
			late.Reset(time.Second)
		case <-late.C:
			if exited == nil {
				s.t.Fatalf("waiting for %s: the program ended (%v); its last words: %q", what, s.status, s.raw[max(0, len(s.raw)-4096):])
			}
			s.t.Fatalf("waiting for %s; the screen:\n%s", what, text)
		}
	}
}

// see waits until each of parts stands on the screen.
func (s *session) see(parts ...string) {
	s.t.Helper()
	s.await(fmt.Sprintf("%q", parts), func(sc *screen) bool {
		text := sc.text()
		for _, p := range parts {
			if !strings.Contains(text, p) {
				return false
			}
		}
		return true
	})
}

// gone waits until no part stands on the screen.
func (s *session) gone(parts ...string) {
	s.t.Helper()
	s.await(fmt.Sprintf("the end of %q", parts), func(sc *screen) bool {
		text := sc.text()
		for _, p := range parts {
			if strings.Contains(text, p) {
				return false
			}
		}
		return true
	})
}

// line waits for a line that holds all of parts, in their order.
func (s *session) line(parts ...string) {
	s.t.Helper()
	s.await(fmt.Sprintf("a line with %q", parts), func(sc *screen) bool {
		_, ok := findLine(sc, parts...)
		return ok
	})
}

func findLine(sc *screen, parts ...string) (y int, ok bool) {
	for y, line := range sc.lines() {
		ok := true
		for _, p := range parts {
			_, rest, found := strings.Cut(line, p)
			ok, line = ok && found, rest
		}
		if ok {
			return y, true
		}
	}
	return 0, false
}

// text is the screen now.
func (s *session) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.text()
}

// pressed are the bytes of keys that have names.
var pressed = map[string]string{
	"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
	"shift+right": "\x1b[1;2C", "shift+left": "\x1b[1;2D", "pgup": "\x1b[5~", "pgdown": "\x1b[6~", "shift+tab": "\x1b[Z",
	"tab": "\t", "enter": "\r", "esc": "\x1b", "space": " ", "backspace": "\x7f",
	"ctrl+c": "\x03", "ctrl+d": "\x04", "ctrl+u": "\x15",
}

// press presses keys, by name or as they are written.
func (s *session) press(names ...string) {
	s.t.Helper()
	for _, name := range names {
		keys, ok := pressed[name]
		if !ok {
			keys = name
		}
		s.send(keys)
	}
}

// paste is what a terminal makes of a paste, where the program asked for it.
func (s *session) paste(text string) {
	s.t.Helper()
	s.await("the bracketed paste mode", func(sc *screen) bool { return sc.private[modePaste] })
	s.send("\x1b[200~" + text + "\x1b[201~")
}

// click presses and releases the left button on a cell.
func (s *session) click(x, y int) {
	s.t.Helper()
	s.await("the mouse mode", func(sc *screen) bool { return sc.private[modeMouse] && sc.private[1006] })
	s.send(fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1))
}

func (s *session) send(keys string) {
	s.t.Helper()
	if _, err := s.master.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// resize makes the terminal w by h cells.
func (s *session) resize(w, h int) {
	s.t.Helper()
	s.mu.Lock()
	s.screen.resize(w, h)
	s.mu.Unlock()
	if err := pty.Setsize(s.master, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		s.t.Fatal(err)
	}
}

// written is how many bytes and how many whole updates came so far.
func (s *session) written() (bytes, updates int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.raw), s.screen.frames
}

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
		before := len(s.raw)
		s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.exited
		s.settle(time.Second)
		s.t.Fatalf("the program did not end; it was at\n%s", s.raw[before:])
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
