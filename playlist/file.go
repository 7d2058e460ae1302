package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

const (
	// maxStored bounds a file of the store, which is held and edited whole.
	maxStored = 64 << 20
	// lockPoll is how often a lock that somebody holds is tried again.
	lockPoll = 10 * time.Millisecond

	dirMode  = 0o700
	fileMode = 0o600 // links carry passwords
)

// Load reads a whole list. What was left out is in List.Problems.
func Load(path string) (*List, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	base := filepath.Base(path)
	l := &List{Name: strings.TrimSuffix(base, filepath.Ext(base)), Path: path}
	var batches [][]Entry
	err = Read(f, base, func(batch []Entry, _ int64) bool {
		batches = append(batches, batch)
		return true
	})
	if err != nil && !errors.As(err, &l.Problems) {
		return nil, err
	}
	l.Entries = slices.Concat(batches...)
	return l, nil
}

func makeDir(dir string) error { return os.MkdirAll(dir, dirMode) }

// readWhole reads a file of the store; one that is missing is empty.
func readWhole(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w: it is not a regular file", path, errNotEditable)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxStored+1))
	if err == nil && len(text) > maxStored {
		err = fmt.Errorf("%s: %w: it is larger than 64 MiB", path, errNotEditable)
	}
	return text, err
}

// write replaces the file, whose text was f.text, by text. It returns false,
// and leaves the file alone, where somebody changed it since it was read.
//
// renameio keeps the name whole: a temporary file beside the target, written
// and synced, then renamed over it. The directory is synced here.
func (f *shelf) write(text []byte, renaming func()) (bool, error) {
	target := f.path
	if real, err := filepath.EvalSymlinks(target); err == nil {
		target = real // a link to where somebody keeps such files stays a link
	}
	next, err := pending(target, text, renameio.WithExistingPermissions())
	if err != nil {
		return false, err
	}
	defer next.Cleanup()
	var previous *renameio.PendingFile
	if f.backup && len(f.text) > 0 {
		if previous, err = pending(f.path+"~", f.text); err != nil {
			return false, err
		}
		defer previous.Cleanup()
	}

	if renaming != nil {
		renaming()
	}
	// What takes long is done: between this look and the rename is nothing
	// but another rename.
	if now, err := readWhole(f.path); err != nil || !bytes.Equal(now, f.text) {
		return false, err
	}
	if previous != nil {
		if err := previous.CloseAtomicallyReplace(); err != nil {
			return false, err
		}
	}
	if err := next.CloseAtomicallyReplace(); err != nil {
		return false, err
	}
	return true, syncDir(filepath.Dir(target))
}

// pending is a temporary file beside path with text in it, on the disk.
func pending(path string, text []byte, opts ...renameio.Option) (*renameio.PendingFile, error) {
	opts = append([]renameio.Option{
		renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(fileMode),
	}, opts...)
	p, err := renameio.NewPendingFile(path, opts...)
	if err != nil {
		return nil, err
	}
	_, err = p.Write(text)
	if err == nil {
		err = p.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, p.Cleanup())
	}
	return p, nil
}

// syncDir puts renames on the disk. File systems that cannot do that say so
// with EINVAL.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}

var leftover = regexp.MustCompile(`^\.(` + regexp.QuoteMeta(favouritesFile) + `~?|` + regexp.QuoteMeta(recentFile) + `)\d+$`)

// sweep removes the temporary files of processes that were killed. The lock is
// held: no other process has any.
func sweep(dir string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, f := range files {
		if f.Type().IsRegular() && leftover.MatchString(f.Name()) {
			os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}

// lock takes the advisory lock of path and returns what gives it back. The
// system gives it back for a process that dies.
func lock(path string, wait time.Duration) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(wait)
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() { f.Close() }, nil
		case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS):
			// No locks on this file system: write still looks before it renames.
			return func() { f.Close() }, nil
		case errors.Is(err, unix.EINTR):
		case !errors.Is(err, unix.EWOULDBLOCK):
			f.Close()
			return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
		case time.Now().After(deadline):
			f.Close()
			return nil, fmt.Errorf("%s: %w", path, ErrBusy)
		default:
			time.Sleep(lockPoll)
		}
	}
}
