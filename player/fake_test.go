package player

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// modeVariable says how the fake VLC misbehaves.
const modeVariable = "TAPEDECK_TEST_MODE"

// fakeVLC is a VLC that plays nothing and answers like oldrc.
func fakeVLC() {
	mode := os.Getenv(modeVariable)
	switch mode {
	case "exit":
		fmt.Fprintln(os.Stderr, "first words")
		fmt.Fprintln(os.Stderr, "last \x1b[31mwords")
		os.Exit(3)
	case "deaf":
		time.Sleep(time.Hour)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	}
	socket := os.Args[slices.Index(os.Args, "--rc-unix")+1]
	l, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	conn, err := l.Accept()
	if err != nil {
		panic(err)
	}
	fakeDialogue(conn, mode)
}

// fakeDialogue answers on conn until it ends.
func fakeDialogue(conn io.ReadWriter, mode string) {
	in := bufio.NewScanner(conn)
	for n := 0; in.Scan(); n++ {
		verb, arg, _ := strings.Cut(in.Text(), " ")
		switch mode {
		case "noise":
			fmt.Fprintf(conn, "status change: ( new rate: 1.000 )\r\n\x00\xff\x1b[2J%s\r\n", strings.Repeat("x", 100_000))
		case "leave":
			if n == 8 {
				conn.(net.Conn).Close()
				time.Sleep(time.Hour)
			}
		case "hang":
			if n >= 2 {
				continue
			}
		}
		switch verb {
		case "quit":
			if mode == "stubborn" {
				continue
			}
			os.Exit(0)
		case "status":
			fmt.Fprint(conn, "status change: ( audio volume: 0 )\r\nstatus change: ( stop state: 5 )\r\nstatus: returned 0 (no error)\r\n")
		case "is_playing", "get_time", "get_length":
			fmt.Fprint(conn, "0\r\n")
		case "add":
			fmt.Fprintf(conn, "Trying to add %s to playlist.\r\nadd: returned 0 (no error)\r\n", arg)
		case "clear", "stats", "stop", "volume":
			fmt.Fprintf(conn, "%s: returned 0 (no error)\r\n", verb)
		case "key":
		default:
			fmt.Fprintf(conn, "Unknown command `%s'. Type `help' for help.\r\n", verb)
		}
	}
}

// publicDir is a directory that every user may reach and write to, as VLC is
// another user when the tests run as root.
func publicDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "player-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	return dir
}

// testBinary is a copy of the test binary that every user may run; the original
// is in a directory of ours.
var testBinary = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "player-binary-")
	if err != nil {
		return "", err
	}
	binaryDir = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	data, err := os.ReadFile(self)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "player.test")
	return path, os.WriteFile(path, data, 0o755)
})

var binaryDir string

// fakePath is a program that behaves like a VLC in this mode. It is a script
// because another user's VLC is not given our environment.
func fakePath(t testing.TB, mode string) string {
	t.Helper()
	binary, err := testBinary()
	if err != nil {
		t.Fatal(err)
	}
	return script(t, fmt.Sprintf("%s=vlc %s=%s exec %s \"$@\"", roleVariable, modeVariable, mode, binary))
}

// script writes a shell script that every user may run.
func script(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(publicDir(t), "vlc")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// fakeParent starts the VLC that its environment names, tells its number and
// waits to be killed.
func fakeParent() {
	v, err := Start(contextOfProcess, Config{
		Path: os.Getenv("TAPEDECK_TEST_VLC"), Audio: Dummy, Video: Dummy,
		guardOnly: os.Getenv(modeVariable) == "guard",
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(v.PID(), v.dir)
	select {}
}

// runParent starts the test binary as fakeParent and returns it with the number
// of the VLC that it started. The private directory, which a killed parent
// leaves behind, is removed at the end of the test.
func runParent(t testing.TB, vlc, mode string) (*exec.Cmd, int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"=parent", modeVariable+"="+mode, "TAPEDECK_TEST_VLC="+vlc)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var pid int
	var dir string
	if _, scanErr := fmt.Sscan(line, &pid, &dir); err != nil || scanErr != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Fatalf("the parent says %q", line)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return cmd, pid
}
