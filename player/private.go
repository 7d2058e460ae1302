package player

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// maxSocketPath is what fits into sockaddr_un everywhere: 104 bytes on the
	// BSDs and macOS, with the zero at the end.
	maxSocketPath = 103
	// privatePattern is how the private directories are called.
	privatePattern = "tapedeck-vlc-*"
	// socketName is the remote control's socket in them.
	socketName = "rc"
	// staleAge is how old a private directory without anyone at its socket must be
	// to count as left behind and not as one whose VLC is starting.
	staleAge = time.Minute
)

// privateDir makes the directory that holds the socket and is VLC's working
// directory. It belongs to the user that VLC runs as.
func privateDir(as account) (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if as.switched {
		base = as.runtimeDir("", isDir)
	}
	if base == "" || !isDir(base) {
		base = os.TempDir()
	}
	if len(base)+len("/")+len(privatePattern)+len("1234567890/")+len(socketName) > maxSocketPath {
		base = "/tmp"
	}
	sweep(base, as)
	dir, err := os.MkdirTemp(base, privatePattern)
	if err != nil {
		return "", fmt.Errorf("vlc: private directory: %w", err)
	}
	if as.switched {
		if err := os.Lchown(dir, int(as.uid), int(as.gid)); err != nil {
			os.Remove(dir)
			return "", fmt.Errorf("vlc: private directory: %w", err)
		}
	}
	return dir, nil
}

// sweep removes the private directories in base whose VLC is gone: those who
// started them were killed before they could.
func sweep(base string, as account) {
	dirs, _ := filepath.Glob(filepath.Join(base, privatePattern)) // the pattern is well formed
	for _, dir := range dirs {
		if stale(dir, as) {
			os.RemoveAll(dir)
		}
	}
}

// stale tells whether dir is a private directory of VLC's user that nobody uses.
func stale(dir string, as account) bool {
	uid := uint32(os.Geteuid())
	if as.switched {
		uid = as.uid
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || time.Since(info.ModTime()) < staleAge {
		return false
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != uid {
		return false
	}
	conn, err := net.Dial("unix", filepath.Join(dir, socketName))
	if err == nil {
		conn.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist)
}
