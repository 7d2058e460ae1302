package player

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPrivateDir(t *testing.T) {
	as, err := runAs(systemAccounts)
	ok(t, err)
	for name, base := range map[string]string{"short": publicDir(t), "too long for a socket": filepath.Join(publicDir(t), strings.Repeat("x", 80))} {
		ok(t, os.MkdirAll(base, 0o755))
		t.Setenv("XDG_RUNTIME_DIR", base)
		t.Setenv("TMPDIR", base)
		dir, err := privateDir(as)
		ok(t, err)
		defer os.RemoveAll(dir)
		if n := len(filepath.Join(dir, socketName)); n > maxSocketPath {
			t.Errorf("%s: a path of %d bytes", name, n)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// What a killed program left behind is removed, and nothing that is in use.
func TestSweep(t *testing.T) {
	base := publicDir(t)
	long := time.Now().Add(-time.Hour)
	leave := func(name string, socket, open bool, age time.Time) string {
		dir := filepath.Join(base, name)
		ok(t, os.Mkdir(dir, 0o700))
		if socket {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, socketName)})
			ok(t, err)
			l.SetUnlinkOnClose(false)
			t.Cleanup(func() { l.Close() })
			if !open {
				l.Close()
			}
		}
		ok(t, os.Chtimes(dir, age, age))
		return dir
	}
	kept := []string{
		leave("tapedeck-vlc-1", true, true, long),
		leave("tapedeck-vlc-2", false, false, time.Now()),
		leave("tapedeck-vlc-6", true, false, time.Now()),
		leave("other-3", true, false, long),
	}
	gone := []string{leave("tapedeck-vlc-4", true, false, long), leave("tapedeck-vlc-5", false, false, long)}
	sweep(base, account{switched: true, uid: uint32(os.Geteuid()) + 1})
	for _, dir := range append(kept, gone...) {
		if !isDir(dir) {
			t.Fatalf("%s of another user is gone", dir)
		}
	}
	sweep(base, account{})
	for _, dir := range kept {
		if !isDir(dir) {
			t.Errorf("%s is gone", dir)
		}
	}
	for _, dir := range gone {
		if isDir(dir) {
			t.Errorf("%s is still there", dir)
		}
	}
}
