// Package peers finds the real programs that tests are judged by: ffmpeg, VLC,
// nginx, tshark.
package peers

import (
	"os"
	"os/exec"
)

// TB is what is used of a testing.TB. It keeps package testing out of a program
// that serves the demo.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Find is the path of the program with a name. Where it is missing the test is
// skipped, and fails in CI.
func Find(t TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("missing peer: %s", name)
	default:
		t.Skipf("missing peer: %s", name)
	}
	return path
}
