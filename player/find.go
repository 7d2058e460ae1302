package player

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// ErrNotFound is what Find wraps when there is no VLC.
var ErrNotFound = errors.New("VLC was not found")

// NotFoundError is ErrNotFound with what a person can do about it.
type NotFoundError struct {
	Named string // what the configuration named; empty when it named nothing
	Get   string // how to get VLC on this system
}

func (e *NotFoundError) Error() string {
	if e.Named != "" {
		return fmt.Sprintf("VLC was not found at %q: %s", e.Named, e.Get)
	}
	return fmt.Sprintf("%v: %s", ErrNotFound, e.Get)
}

func (e *NotFoundError) Unwrap() error { return ErrNotFound }

// usualPlaces are looked at after PATH: a PATH set by cron, sudo or a desktop
// starter often lacks them.
var usualPlaces = []string{
	"/usr/bin/vlc",
	"/usr/local/bin/vlc",
	"/snap/bin/vlc",
	"/opt/homebrew/bin/vlc",
	"/Applications/VLC.app/Contents/MacOS/VLC",
}

// installers are the package managers that have VLC, with the words that get
// it. On Debian and its relatives vlc-bin and the video outputs are the program
// without its desktop interface, which the deck does not use.
var installers = []struct{ manager, get string }{
	{"apt-get", "sudo apt-get install vlc-bin vlc-plugin-base vlc-plugin-video-output"},
	{"dnf", "sudo dnf install vlc"},
	{"pacman", "sudo pacman -S vlc"},
	{"brew", "brew install --cask vlc"},
}

// finder looks for programs; its functions are the system's, or a test's.
type finder struct {
	lookPath   func(name string) (string, error)
	executable func(path string) bool
}

var systemFinder = finder{lookPath: exec.LookPath, executable: isExecutable}

// Find returns the path of VLC. Named is what --vlc, TAPEDECK_VLC or the
// configuration says, a path or the name of a program; when it is empty VLC is
// looked for on PATH and in the usual places. The error is a *NotFoundError.
func Find(named string) (string, error) { return systemFinder.find(named) }

func (f finder) find(named string) (string, error) {
	if named != "" {
		if strings.ContainsRune(named, filepath.Separator) {
			if f.executable(named) {
				return filepath.Abs(named)
			}
		} else if path, err := f.lookPath(named); err == nil {
			return filepath.Abs(path)
		}
		return "", &NotFoundError{Named: named, Get: f.get()}
	}
	if path, err := f.lookPath("vlc"); err == nil {
		return filepath.Abs(path)
	}
	for _, path := range usualPlaces {
		if f.executable(path) {
			return path, nil
		}
	}
	return "", &NotFoundError{Get: f.get()}
}

// get says how VLC comes to this system, by the package manager that is here.
func (f finder) get() string {
	for _, i := range installers {
		if _, err := f.lookPath(i.manager); err == nil {
			return "install it with: " + i.get
		}
	}
	return "get it from https://www.videolan.org/vlc/"
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

const (
	versionTime  = 5 * time.Second // given to vlc --version
	maxVersion   = 4 << 10         // bytes of its answer that are read
	versionDelay = time.Second     // given to its pipes after its end
)

var versionPattern = regexp.MustCompile(`(?m)^VLC (?:media player|version) (\d+\.\d+[0-9A-Za-z.\-]{0,20})`)

// Version asks the program at path for its version, such as "3.0.24". It is
// asked as the user that it would run as, because VLC refuses to answer root.
func Version(ctx context.Context, path string) (string, error) {
	as, err := runAs(systemAccounts)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, versionTime, errNoAnswer)
	defer cancel()
	dir := "/"
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env, cmd.Dir = environment(os.Environ(), as, dir, isDir), dir
	cmd.SysProcAttr = processAttributes(as)
	cmd.WaitDelay = versionDelay
	var out strings.Builder
	cmd.Stdout = &boundedWriter{w: &out, left: maxVersion}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", fmt.Errorf("vlc: version: %w", err)
	}
	return parseVersion(out.String())
}

func parseVersion(answer string) (string, error) {
	m := versionPattern.FindStringSubmatch(answer)
	if m == nil {
		return "", fmt.Errorf("vlc: version: %s does not answer like VLC on %s", "the program", runtime.GOOS)
	}
	return m[1], nil
}

// boundedWriter passes on the first left bytes and swallows the rest.
type boundedWriter struct {
	w    io.Writer
	left int
}

func (b *boundedWriter) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if _, err := b.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
