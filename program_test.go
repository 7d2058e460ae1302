package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the real program without a terminal: its output line by line.
type program struct {
	t     testing.TB
	cmd   *exec.Cmd
	home  string
	stdin io.WriteCloser
	words bytes.Buffer // standard error; complete when exited is closed

	mu     sync.Mutex
	lines  []string
	seen   int           // of lines, by event
	news   chan struct{} // closed and replaced with each line
	exited chan struct{}
	kin    map[int]string // its children, by pid, with when they started
}

// startProgram runs the program with a fresh home and, beside the usual, the
// variables env. It is ended with the test, and nothing of it may be left then.
func startProgram(t testing.TB, env []string, args ...string) *program {
	t.Helper()
	p := &program{t: t, home: ptyHome(t), news: make(chan struct{}), exited: make(chan struct{}), kin: map[int]string{}}
	p.cmd = exec.Command(testBinary(t), args...)
	p.cmd.Env = append(ptyEnviron(p.home), env...)
	p.cmd.Stderr = &p.words
	// A group of its own, so that what it starts can be told from the rest.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(stdout)
	t.Cleanup(func() {
		if p.running() {
			p.children()
			p.cmd.Process.Kill()
		}
		<-p.exited
		p.gone()
	})
	return p
}

func (p *program) read(stdout io.Reader) {
	defer close(p.exited)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		close(p.news)
		p.news = make(chan struct{})
		p.mu.Unlock()
	}
	p.cmd.Wait()
}

func (p *program) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// output is all lines of standard output so far.
func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// tell writes a line to standard input.
func (p *program) tell(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.stdin, line); err != nil {
		p.t.Fatalf("%s: %v", line, err)
	}
}

// object is one line of --json.
type object map[string]any

func (o object) number(field string) float64 { n, _ := o[field].(float64); return n }
func (o object) text(field string) string    { s, _ := o[field].(string); return s }

// parseObject reads a line as plain mode promises it.
func parseObject(line string) (object, error) {
	var o object
	if err := json.Unmarshal([]byte(line), &o); err != nil {
		return nil, err
	}
	if at, ok := o["t"].(float64); o.text("event") == "" || !ok || at < 0 {
		return nil, errors.New("no event, or no time")
	}
	return o, nil
}

// await waits for the next event of a name that is met; a program that ends
// before it fails the test.
func (p *program) await(name string, met func(object) bool) object {
	p.t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		exited := !p.running() // asked before the lines: what comes now is the last
		p.mu.Lock()
		news := p.news
		for p.seen < len(p.lines) {
			line := p.lines[p.seen]
			p.seen++
			o, err := parseObject(line)
			if err != nil {
				p.mu.Unlock()
				p.t.Fatalf("%q: %v", line, err)
			}
			if o.text("event") == name && (met == nil || met(o)) {
				p.mu.Unlock()
				return o
			}
		}
		p.mu.Unlock()
		if exited {
			p.t.Fatalf("it ended without the event %s:\n%s\n%s", name, p.output(), p.words.String())
		}
		select {
		case <-news:
		case <-p.exited:
		case <-end.C:
			p.t.Fatalf("waited in vain for the event %s:\n%s", name, p.output())
		}
	}
}

// wait waits for the program's end, and checks the status that it ends with and
// what it has printed.
func (p *program) wait(status int) {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("it does not end:\n%s", p.output())
	}
	said := p.output() + "\n" + p.words.String()
	if got := p.cmd.ProcessState.ExitCode(); got != status {
		p.t.Errorf("it ended with %v, want %d:\n%s", p.cmd.ProcessState, status, said)
	}
	if i := strings.IndexFunc(said, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == '\ufffd' }); i >= 0 {
		p.t.Errorf("a control byte in what it says: %q", said[i:min(i+40, len(said))])
	}
	if panics.MatchString(said) {
		p.t.Errorf("it panicked:\n%s", said)
	}
}

var panics = regexp.MustCompile(`(?m)^(panic: |fatal error: |goroutine \d+ \[|SIG[A-Z]+: )|internal error|WARNING: DATA RACE`)

// objects are all lines, each of which must be an object whose time is not
// before that of the one before.
func (p *program) objects() []object {
	p.t.Helper()
	var all []object
	last := 0.0
	for line := range strings.Lines(p.output()) {
		o, err := parseObject(line)
		if err != nil {
			p.t.Errorf("%q: %v", line, err)
			continue
		}
		if o.number("t") < last {
			p.t.Errorf("back in time: %s", line)
		}
		last = o.number("t")
		all = append(all, o)
	}
	return all
}

// children remembers the program's children and theirs, and returns the VLCs
// among them.
func (p *program) children() (vlcs []int) {
	for _, r := range processes(p.t) {
		if r.parent != p.cmd.Process.Pid && p.kin[r.parent] == "" {
			continue
		}
		p.kin[r.pid] = r.started
		if r.name == "vlc" {
			vlcs = append(vlcs, r.pid)
		}
	}
	return vlcs
}

// vlcPID waits for the program's VLC.
func (p *program) vlcPID() int {
	p.t.Helper()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end) && p.running(); <-tick.C {
		if vlcs := p.children(); len(vlcs) == 1 {
			return vlcs[0]
		}
	}
	p.t.Fatalf("it has no VLC:\n%s", p.output())
	return 0
}

// gone checks that nothing of the program is left: no child, nobody in its
// group, and nobody who was given a path in its folder for temporary files. A
// program that was killed leaves a folder there, one that ended leaves nothing.
func (p *program) gone() {
	p.t.Helper()
	tmp := filepath.Join(p.home, "tmp")
	var left []string
	tick := time.NewTicker(look)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		left = nil
		for _, r := range processes(p.t) {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", r.pid))
			if r.group == p.cmd.Process.Pid || r.parent == p.cmd.Process.Pid || p.kin[r.pid] == r.started || bytes.Contains(line, []byte(tmp)) {
				left = append(left, fmt.Sprintf("%d %s", r.pid, r.name))
			}
		}
		if len(left) == 0 {
			break
		}
	}
	if len(left) > 0 {
		p.t.Errorf("still running: %v", left)
	}
	if !p.cmd.ProcessState.Exited() {
		return // it was killed
	}
	for _, dir := range []string{tmp, filepath.Join(p.home, "cache")} {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && (!d.IsDir() || dir == tmp && path != tmp) {
				p.t.Errorf("left behind: %s", path)
			}
			return nil
		})
	}
}
