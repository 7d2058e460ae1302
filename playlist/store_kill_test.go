package playlist

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// childDir tells the test binary to be the child of TestKill.
const childDir = "TAPEDECK_TEST_STORE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		toggleForever(dir)
	}
	os.Exit(m.Run())
}

// toggleForever changes the store, and says each change before it and after.
func toggleForever(dir string) {
	s, err := OpenStore(dir)
	if err != nil {
		panic(err)
	}
	for {
		url := fmt.Sprintf("http://a/%d", rand.IntN(12))
		fmt.Println("begin", url, !s.IsFavourite(url))
		added, err := s.Toggle(Entry{URL: url, Name: "N", Group: "G"})
		if err != nil {
			panic(err)
		}
		fmt.Println("done", url, added)
	}
}

// A process that is killed at any moment has lost nothing that it said was
// done, and what others wrote is whole.
func TestKill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const foreign = "# mine, keep it\r\n#EXTINF:-1 x=\"y\",Foreign\r\nhttp://foreign/\r\n"
	write(t, filepath.Join(dir, favouritesFile), "#EXTM3U\r\n"+foreign)
	known := map[string]bool{}
	changes := 0
	const lives = 60
	for life := range lives {
		child := exec.Command(self)
		child.Env = append(os.Environ(), childDir+"="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		kill := time.AfterFunc(time.Hour, func() {})
		var doubt string // the link of a change that began and did not end
		dying := false
		for lines.Scan() {
			var what, url string
			var added bool
			if n, _ := fmt.Sscan(lines.Text(), &what, &url, &added); n != 3 {
				continue // cut off
			}
			if doubt = url; what == "done" {
				known[url], doubt = added, ""
				changes++
			}
			// Half of them die from their first change on, which may be their
			// last; the others make one first, however slow the machine is.
			if !dying && (life%2 == 0 || what == "done") {
				dying = true
				kill = time.AfterFunc(time.Duration(rand.IntN(30_000))*time.Microsecond, func() { child.Process.Kill() })
			}
		}
		_ = child.Wait() // killed
		kill.Stop()

		text := content(t, filepath.Join(dir, favouritesFile))
		if !strings.HasPrefix(text, "#EXTM3U\r\n"+foreign) {
			t.Fatalf("what was there is damaged: %q", text)
		}
		entries, problems, err := readAll([]byte(text))
		if err != nil || problems != nil {
			t.Fatal(err, problems)
		}
		have := map[string]bool{}
		for _, e := range entries[1:] {
			if have[e.URL] || e.Name != "N" || e.Group != "G" {
				t.Fatalf("%+v", e)
			}
			have[e.URL] = true
		}
		if doubt != "" {
			known[doubt] = have[doubt]
		}
		for url, added := range known {
			if have[url] != added {
				t.Fatalf("%s: %v was acknowledged, the file has %v", url, added, have[url])
			}
		}
	}
	t.Logf("%d changes in %d lives", changes, lives)
	if changes < lives/2 {
		t.Errorf("only %d changes were acknowledged", changes)
	}
	toggle(t, openStore(t, dir), Entry{URL: "http://last/"}, true)
	if left, _ := filepath.Glob(filepath.Join(dir, ".*m3u*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A directory that may not be written: a clear error, nothing lost.
func TestReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	toggle(t, s, Entry{URL: "http://a/1"}, true)
	modes := map[string]fs.FileMode{
		filepath.Dir(dir): 0o755, dir: 0o555, filepath.Join(dir, favouritesFile): 0o644, filepath.Join(dir, lockFile): 0o666,
	}
	for name, mode := range modes {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	defer os.Chmod(dir, 0o755)
	if os.Getuid() == 0 {
		// Root may write anywhere: this thread alone becomes nobody, for files.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := unix.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer unix.Setfsuid(0)
	}
	_, err := s.Toggle(Entry{URL: "http://a/2"})
	if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "favourites: not saved: ") {
		t.Error(err)
	}
	if got := favourites(t, s); len(got) != 1 {
		t.Error(got)
	}
	if err := os.Remove(filepath.Join(dir, favouritesFile)); !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("the directory can be written: %v", err)
	}
}

// A disk that takes no more: a clear error, nothing lost, nothing left behind.
// The limit of this process's file sizes stands in for it.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	toggle(t, s, Entry{URL: "http://a/1"}, true)
	path := filepath.Join(dir, favouritesFile)
	before := content(t, path)

	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(len(before)) + 3, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Toggle(Entry{URL: "http://a/2"})
	if restored := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); restored != nil {
		t.Fatal(restored)
	}
	if !errors.Is(err, unix.EFBIG) {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); content(t, path) != before || len(files) != 2 {
		t.Errorf("the file is %q, the directory %v", content(t, path), files)
	}
	toggle(t, s, Entry{URL: "http://a/2"}, true)
}
