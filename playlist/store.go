package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// MaxRecent is how many entries Recent keeps.
	MaxRecent = 100

	favouritesFile = "favourites.m3u"
	recentFile     = "recent.m3u"
	lockFile       = ".lock"

	// playedTag is the line of recent.m3u that says when; other programs take
	// it for a comment.
	playedTag = "#TAPEDECK-PLAYED:"

	// lockWait is how long a change waits for another tapedeck's.
	lockWait = 5 * time.Second
	// maxTries is how often a change is made anew because the file was changed
	// by somebody else in the meantime.
	maxTries = 10
)

// ErrBusy is returned when the files cannot be had for a change: another
// tapedeck holds the lock, or some program keeps rewriting them.
var ErrBusy = errors.New("another program is writing it")

// Store keeps the favourites and what was played last, in favourites.m3u and
// recent.m3u: ordinary lists that other programs may read and write too. A
// change touches the lines of its own entry and no others. It is on the disk
// when the method returns, the previous favourites are kept as favourites.m3u~,
// and at every instant a whole file stands under the name. A Store may be used
// from several goroutines, and several may share a directory.
//
// An entry is known by its link.
type Store struct {
	dir  string
	wait time.Duration

	mu         sync.Mutex
	favourites shelf
	recent     shelf
	swept      bool // what a killed process left behind was removed

	renaming func() // called before a file is replaced, by tests; may be nil
}

// shelf is one file, as it was last read or written.
type shelf struct {
	path   string
	backup bool // keep the previous version
	text   []byte
	doc    *document
	// known has the identities. A screen asks for it while a change waits for
	// the disk.
	known atomic.Pointer[map[string]bool]
}

func (f *shelf) has(url string) bool { return (*f.known.Load())[identity(url)] }

// OpenStore makes dir where it is missing and returns its store. Files that are
// missing are empty lists; one that cannot be read fails when it is asked for.
func OpenStore(dir string) (*Store, error) {
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("favourites: %w", err)
	}
	s := &Store{
		dir:  dir,
		wait: lockWait,
	}
	s.favourites.path, s.favourites.backup = filepath.Join(dir, favouritesFile), true
	s.recent.path = filepath.Join(dir, recentFile)
	s.favourites.set(nil, new(document))
	s.recent.set(nil, new(document))
	// The error comes again, from Favourites.
	_ = s.favourites.read()
	return s, nil
}

// Favourites reads the favourites, in the order of the file.
func (s *Store) Favourites() ([]Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.favourites.read(); err != nil {
		return nil, fmt.Errorf("favourites: %w", err)
	}
	return s.favourites.doc.values(), nil
}

// IsFavourite reports whether url was a favourite when they were last read or
// changed. It reads no
// file and waits for nothing.
func (s *Store) IsFavourite(url string) bool {
	return s.favourites.has(url)
}

// Toggle adds e to the favourites or takes it off, whichever IsFavourite calls
// for: a change that somebody else made meanwhile does not turn it around.
func (s *Store) Toggle(e Entry) (added bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.favourites.has(e.URL) {
		return false, s.removeFavourite(e.URL)
	}
	return true, s.addFavourite(e)
}

// AddFavourite adds e at the end, where it is not a favourite yet.
func (s *Store) AddFavourite(e Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addFavourite(e)
}

// RemoveFavourite takes url off the favourites.
func (s *Store) RemoveFavourite(url string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeFavourite(url)
}

func (s *Store) addFavourite(e Entry) error {
	return s.change("favourites", &s.favourites, func(d *document) (*document, error) { return d.add(e) })
}

func (s *Store) removeFavourite(url string) error {
	id := identity(url)
	return s.change("favourites", &s.favourites, func(d *document) (*document, error) {
		return d.remove(func(_ int, e Entry) bool { return identity(e.URL) == id })
	})
}

// Recent reads what was played, the latest first.
func (s *Store) Recent() ([]Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.recent.read(); err != nil {
		return nil, fmt.Errorf("recent: %w", err)
	}
	entries := s.recent.doc.values()
	for i := range entries {
		entries[i].Raw = withoutPlayed(entries[i].Raw)
	}
	return entries, nil
}

// Played puts e among what was played, by its time; an earlier play of the same
// link and what is beyond MaxRecent fall off.
func (s *Store) Played(e Entry, at time.Time) error {
	e.Raw = append(withoutPlayed(e.Raw), playedTag+at.UTC().Format(time.RFC3339))
	id := identity(e.URL)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change("recent", &s.recent, func(d *document) (*document, error) {
		d, err := d.remove(func(_ int, e Entry) bool { return identity(e.URL) == id })
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(d.entries, func(e placed) bool { return !playedAt(e.Raw).After(at) })
		if i < 0 {
			i = len(d.entries)
		}
		text, err := d.with(e, i)
		if err != nil {
			return nil, err
		}
		if d, err = edited(text, slices.Insert(d.links(), i, id)); err != nil {
			return nil, err
		}
		return d.remove(func(i int, _ Entry) bool { return i >= MaxRecent })
	})
}

func withoutPlayed(raw []string) []string {
	return slices.DeleteFunc(slices.Clone(raw), func(l string) bool { return hasTag(l, playedTag) })
}

// playedAt is when an entry was played; zero where the list does not say.
func playedAt(raw []string) time.Time {
	for _, l := range raw {
		if hasTag(l, playedTag) {
			at, _ := time.Parse(time.RFC3339, strings.TrimSpace(l[len(playedTag):]))
			return at
		}
	}
	return time.Time{}
}

// change makes one change to what f's file holds now, not to what it held when
// it was last read, and starts over where somebody writes the file meanwhile.
func (s *Store) change(name string, f *shelf, edit func(*document) (*document, error)) error {
	fail := func(err error) error { return fmt.Errorf("%s: not saved: %w", name, err) }
	unlock, err := lock(filepath.Join(s.dir, lockFile), s.wait)
	if err != nil {
		return fail(err)
	}
	defer unlock()
	if !s.swept {
		sweep(s.dir)
		s.swept = true
	}
	for range maxTries {
		if err := f.read(); err != nil {
			return fail(err)
		}
		d, err := edit(f.doc)
		if err != nil {
			return fail(err)
		}
		if bytes.Equal(d.text, f.text) {
			return nil
		}
		done, err := f.write(d.text, s.renaming)
		if err != nil {
			return fail(err)
		}
		if done {
			f.set(d.text, d)
			return nil
		}
	}
	return fail(ErrBusy)
}

// read brings f up to date with its file.
func (f *shelf) read() error {
	text, err := readWhole(f.path)
	if err != nil {
		return err
	}
	if bytes.Equal(text, f.text) {
		return nil
	}
	d, err := parseDocument(text)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.set(text, d)
	return nil
}

func (f *shelf) set(text []byte, d *document) {
	f.text, f.doc = text, d
	known := make(map[string]bool, len(d.entries))
	for _, e := range d.entries {
		known[identity(e.URL)] = true
	}
	f.known.Store(&known)
}
