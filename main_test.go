package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/adrg/xdg"
	"go.uber.org/goleak"
)

// workDir holds what all tests share: the binary, the folders that XDG names,
// the samples. VLC, which runs as nobody, may pass through it.
var workDir string

// callersEnviron is the environment of the one who runs the tests: go build
// finds its cache by it.
var callersEnviron = os.Environ()

func TestMain(m *testing.M) {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(workDir)
		os.Exit(code)
	}))
}

// prepare sees to it that no test reads or writes what belongs to the person
// who runs it.
func prepare() error {
	dir, err := os.MkdirTemp("", "tapedeck-test-")
	if err != nil {
		return err
	}
	workDir = dir
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o711); err != nil {
		return err
	}
	for name, value := range testEnviron(dir) {
		os.Setenv(name, value)
	}
	for _, name := range []string{"TAPEDECK_VLC", "DISPLAY", "WAYLAND_DISPLAY"} {
		os.Unsetenv(name)
	}
	xdg.Reload()
	return os.Chmod(dir, 0o711)
}

// testEnviron is the variables that keep the program's files below dir.
func testEnviron(dir string) map[string]string {
	return map[string]string{
		"HOME":            filepath.Join(dir, "home"),
		"XDG_CONFIG_HOME": filepath.Join(dir, "config"),
		"XDG_DATA_HOME":   filepath.Join(dir, "data"),
		"XDG_STATE_HOME":  filepath.Join(dir, "state"),
		"XDG_CACHE_HOME":  filepath.Join(dir, "cache"),
		"XDG_VIDEOS_DIR":  filepath.Join(dir, "videos"),
		"TMPDIR":          filepath.Join(dir, "tmp"),
	}
}

// builtBinary builds the program once, as a person would.
var builtBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workDir, "tapedeck")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".")
	build.Env = callersEnviron
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
})

// testBinary is the path of the real program, built once for all tests.
func testBinary(t testing.TB) string {
	t.Helper()
	path, err := builtBinary()
	if err != nil {
		t.Fatalf("go build: %v", err)
	}
	return path
}
