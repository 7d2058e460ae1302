package player

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// reachableBy tells whether the user may open path for reading and writing.
// For another user than ourselves it reads the permission bits along the path,
// since access(2) answers for us only.
func reachableBy(as account, path string) bool {
	if !as.switched {
		return unix.Access(path, unix.R_OK|unix.W_OK) == nil
	}
	const execute, readWrite = 0o1, 0o6
	if !as.permits(path, readWrite) {
		return false
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if !as.permits(dir, execute) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// permits tells whether the user has all the wanted bits (of rwx) on path.
func (a account) permits(path string, want os.FileMode) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	perm := info.Mode().Perm()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		switch {
		case st.Uid == a.uid:
			perm >>= 6
		case st.Gid == a.gid || slices.Contains(a.groups, st.Gid):
			perm >>= 3
		}
	}
	return perm&want == want
}
