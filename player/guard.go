package player

import (
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// guardScript waits on its standard input for a word. The end of the input
// without one means that we were killed, and then the process group whose
// number it was given goes too.
const guardScript = `read -r word || kill -s KILL -- "-$1"`

// guard is a tiny shell that outlives us by a moment and ends VLC when we are
// killed, where the kernel cannot be asked to.
type guard struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

func startGuard(pid int, as account) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript, "tapedeck-guard", strconv.Itoa(pid))
	cmd.Env, cmd.Dir = []string{}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if as.switched {
		// VLC's own user: it may signal VLC and nothing of ours.
		cmd.SysProcAttr.Credential = processAttributes(as).Credential
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		stdin.Close()
		return nil, err
	}
	return &guard{cmd: cmd, stdin: stdin}, nil
}

// release tells the guard that there is nothing left to end, and waits for it.
func (g *guard) release() {
	if g == nil {
		return
	}
	_, _ = io.WriteString(g.stdin, "done\n") // a guard that is gone already is as good
	g.stdin.Close()
	_ = g.cmd.Wait() // whatever it says, it is gone
}

// isSnap tells whether path is a program inside a snap.
func isSnap(path string) bool {
	return strings.HasPrefix(path, "/snap/") || strings.HasPrefix(path, "/var/lib/snapd/")
}
