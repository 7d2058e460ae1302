package player

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const (
	quitTime = time.Second // given to VLC after it was told to quit, before SIGTERM
	termTime = time.Second // given after SIGTERM, before SIGKILL
	pipeTime = time.Second // given to VLC's pipes after its end: a grandchild may hold them
)

// ExitError is how VLC ended when nobody had asked it to.
type ExitError struct {
	Code   int            // its exit status; -1 when a signal ended it
	Signal syscall.Signal // the signal that ended it, 0 when none did
	Words  string         // the last it printed, on one line, without control bytes
}

func (e *ExitError) Error() string {
	how := fmt.Sprintf("VLC ended with status %d", e.Code)
	if e.Signal != 0 {
		how = fmt.Sprintf("VLC was ended by a signal: %v", e.Signal)
	}
	if e.Words == "" {
		return how
	}
	return how + "; its last words: " + e.Words
}

// launch is all that starting VLC needs.
type launch struct {
	path, dir string
	args, env []string
	as        account
	out       *journal
	guardOnly bool // the guard, not the kernel, even where the kernel would do: for its test
}

// process is a running VLC. done closes when it has ended and was waited for;
// err may be read after that.
type process struct {
	pid  int
	done chan struct{}
	err  error
}

// start runs VLC. The process lives until it ends by itself or is ended by
// end; ctx is only for what ctx carries.
func start(ctx context.Context, l launch) (*process, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cmd := exec.CommandContext(ctx, l.path, l.args...)
	cmd.Env, cmd.Dir = l.env, l.dir
	cmd.Stdout, cmd.Stderr = l.out, l.out
	cmd.SysProcAttr = processAttributes(l.as)
	safe := !l.guardOnly && dieWithParent(cmd.SysProcAttr, l.path)
	cmd.Cancel = func() error { return signalGroup(cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = pipeTime

	p := &process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(p.done)
		defer cancel()
		// The kernel's parent-death signal comes when the thread that started
		// the child ends, so this thread stays for as long as the child does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		var g *guard
		if !safe {
			var err error
			if g, err = startGuard(cmd.Process.Pid, l.as); err != nil {
				cancel()
				_ = cmd.Wait() // it was killed by us
				started <- fmt.Errorf("guard: %w", err)
				return
			}
		}
		started <- nil
		p.err = exitError(cmd.Wait(), l.out)
		g.release()
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, fmt.Errorf("vlc: start: %w", err)
	}
	p.pid = cmd.Process.Pid
	return p, nil
}

// exitError is how it ended. That nobody wanted the end is for the caller to
// know: status 0 is an ExitError too.
func exitError(err error, out *journal) error {
	e := &ExitError{Words: out.last()}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return e
	}
	e.Code = exit.ExitCode()
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Signal = ws.Signal()
	}
	return e
}

// end waits for VLC, which may have been told to quit, and uses more and more
// force. It returns when VLC is gone.
func (p *process) end() {
	for _, step := range []struct {
		wait time.Duration
		then syscall.Signal
	}{{quitTime, syscall.SIGTERM}, {termTime, syscall.SIGKILL}} {
		timer := time.NewTimer(step.wait)
		select {
		case <-p.done:
			timer.Stop()
			return
		case <-timer.C:
			_ = signalGroup(p.pid, step.then) // gone already is what we want
		}
	}
	<-p.done
}

// kill ends VLC at once.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		_ = signalGroup(p.pid, syscall.SIGKILL) // gone already is what we want
	}
	<-p.done
}
