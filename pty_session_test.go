package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
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
				said := s.output()
				s.t.Fatalf("waiting for %s: the program ended (%v); its last words: %q", what, s.status, said[max(0, len(said)-4096):])
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

// output is all that was written so far.
func (s *session) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.raw)
}

// idle checks that nothing at all is written for d. Before, VLC's last count
// may come in: it is a quarter of a second late, and asked for once a second.
func (s *session) idle(d time.Duration) {
	s.t.Helper()
	s.settle(2 * time.Second)
	before, text := s.output(), s.text()
	<-time.After(d)
	if more := s.output()[len(before):]; len(more) > 0 {
		s.t.Errorf("idle, and %d bytes were written: %q; the screen was\n%sand is\n%s", len(more), more, text, s.text())
	}
}

// settle waits until nothing has come for a while.
func (s *session) settle(quiet time.Duration) {
	s.t.Helper()
	for end := time.Now().Add(ptyPatience); time.Now().Before(end); {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(quiet):
			return
		}
	}
	s.t.Error("the screen does not come to rest")
}
