package player

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/peers"
)

// contextOfProcess is the context of the test binary in another role.
var contextOfProcess = context.Background()

// alive tells whether a process runs; one that nobody has waited for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return !os.IsNotExist(err)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

// awaitDeath waits for the end of a process that is not our child.
func awaitDeath(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for alive(pid) {
		select {
		case <-tick.C:
		case <-deadline:
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("VLC, process %d, outlives the program that started it", pid)
		}
	}
}

// Whatever kills us, VLC ends too: by the kernel's parent-death signal, and by
// the guard where there is none.
func TestDiesWithParent(t *testing.T) {
	for _, mode := range []string{"kernel", "guard"} {
		t.Run(mode, func(t *testing.T) {
			cmd, pid := runParent(t, peers.Find(t, "vlc"), mode)
			if !alive(pid) {
				t.Fatal("VLC does not run")
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			awaitDeath(t, pid)
		})
	}
}

func TestStartFails(t *testing.T) {
	t.Run("no such program", func(t *testing.T) {
		_, err := Start(t.Context(), Config{Path: "/nonexistent/vlc"})
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("%v", err)
		}
	})
	t.Run("ends at once", func(t *testing.T) {
		_, err := Start(t.Context(), Config{Path: fakePath(t, "exit")})
		var exit *ExitError
		if !errors.As(err, &exit) || exit.Code != 3 {
			t.Fatalf("%v", err)
		}
		if want := "first words; last ?[31mwords"; exit.Words != want {
			t.Errorf("its words are %q, want %q", exit.Words, want)
		}
	})
	t.Run("opens no socket", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := Start(ctx, Config{Path: fakePath(t, "deaf")})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v", err)
		}
	})
}

// startFake starts a fake VLC in this mode.
func startFake(t *testing.T, mode string) *VLC {
	t.Helper()
	v, err := Start(t.Context(), Config{Path: fakePath(t, mode), Audio: Dummy, Video: Dummy})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		if alive(v.PID()) {
			t.Error("VLC runs after Close")
		}
		if isDir(v.dir) {
			t.Error("the private directory is there after Close")
		}
	})
	return v
}

func TestNoise(t *testing.T) {
	v := startFake(t, "noise")
	for range 3 {
		st, err := v.Status(t.Context())
		if err != nil || st.State != Idle {
			t.Fatalf("%+v, %v", st, err)
		}
	}
}

func TestCloseByForce(t *testing.T) {
	t.Parallel()
	v := startFake(t, "stubborn")
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if err := v.Err(); err != nil {
		t.Errorf("closed, and Err is %v", err)
	}
	if _, err := v.Status(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Status after Close: %v", err)
	}
	if err := v.Open(t.Context(), "http://127.0.0.1:1/x"); !errors.Is(err, ErrClosed) {
		t.Errorf("Open after Close: %v", err)
	}
}

func TestSocketLost(t *testing.T) {
	t.Parallel()
	v := startFake(t, "leave")
	var err error
	for range 10 {
		if _, err = v.Status(t.Context()); err != nil {
			break
		}
	}
	var exit *ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("%v", err)
	}
	<-v.Done()
	if !errors.As(v.Err(), &exit) {
		t.Errorf("Err is %v", v.Err())
	}
}

func TestHung(t *testing.T) {
	t.Parallel()
	v := startFake(t, "hang")
	v.remote.limit = 100 * time.Millisecond
	_, err := v.Status(t.Context())
	if !errors.Is(err, errNoAnswer) {
		t.Fatalf("%v", err)
	}
	select {
	case <-v.Done():
		t.Fatal("VLC was ended for one late answer")
	default:
	}
	v.remote.mu.Lock()
	v.remote.silent = time.Now().Add(-hungTime)
	v.remote.mu.Unlock()
	if _, err = v.Status(t.Context()); !errors.Is(err, errHung) {
		t.Fatalf("%v", err)
	}
	<-v.Done()
	if !errors.Is(v.Err(), errHung) {
		t.Errorf("Err is %v", v.Err())
	}
}

func TestExitErrorText(t *testing.T) {
	for _, c := range []struct {
		err  ExitError
		want string
	}{
		{ExitError{Code: 1}, "VLC ended with status 1"},
		{ExitError{Code: 1, Words: "oh"}, "VLC ended with status 1; its last words: oh"},
		{ExitError{Code: -1, Signal: syscall.SIGKILL}, "VLC was ended by a signal: killed"},
	} {
		if got := fmt.Sprint(&c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// cpuTime is what this process has used of the processor.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
