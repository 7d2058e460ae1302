package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func favourites(t *testing.T, s *Store) (urls []string) {
	t.Helper()
	entries, err := s.Favourites()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		urls = append(urls, e.URL)
	}
	return urls
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func toggle(t *testing.T, s *Store, e Entry, want bool) {
	t.Helper()
	if added, err := s.Toggle(e); err != nil || added != want {
		t.Fatalf("toggling %s: %v, %v", e.URL, added, err)
	}
}

func TestToggle(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tapedeck", "lists")
	s := openStore(t, dir)
	if got := favourites(t, s); len(got) != 0 {
		t.Errorf("a new store has %v", got)
	}
	one, two := Entry{URL: "http://a/1", Name: "One"}, NewEntry("http://a/2|User-Agent=x")
	toggle(t, s, one, true)
	toggle(t, s, two, true)
	if err := s.AddFavourite(one); err != nil {
		t.Error(err)
	}
	if got := favourites(t, s); !slices.Equal(got, []string{"http://a/1", "http://a/2"}) {
		t.Error(got)
	}
	if !s.IsFavourite("http://a/2|User-Agent=x") || !s.IsFavourite("http://a/2") || s.IsFavourite("http://a/3") {
		t.Error("IsFavourite does not know the links")
	}
	path := filepath.Join(dir, favouritesFile)
	want := "#EXTM3U\n#EXTINF:0,One\nhttp://a/1\n#EXTINF:0,\nhttp://a/2|User-Agent=x\n"
	if got := content(t, path); got != want {
		t.Errorf("got %q", got)
	}
	toggle(t, s, one, false)
	if got := content(t, path); got != "#EXTM3U\n#EXTINF:0,\nhttp://a/2|User-Agent=x\n" {
		t.Errorf("got %q", got)
	}
	if got := content(t, path+"~"); got != want {
		t.Errorf("the previous version is %q", got)
	}
	if err := s.RemoveFavourite("http://a/2"); err != nil || s.IsFavourite("http://a/2") {
		t.Error(err)
	}
	if _, err := s.Toggle(Entry{URL: "http://a/\nhttp://b/"}); !errors.Is(err, ErrUnwritable) {
		t.Error(err)
	}
	for name, mode := range map[string]fs.FileMode{".": 0o700, favouritesFile: 0o600, favouritesFile + "~": 0o600, lockFile: 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 3 {
		t.Errorf("the directory has %v", files)
	}
}

// What somebody else wrote stays byte for byte around the one change.
func TestForeignFileIsEdited(t *testing.T) {
	foreign := "\ufeff#EXTM3U x-mine=\"1\"\r\n# my list\r\n\r\n#EXTINF:-1 tvg-id=\"a\",Caf\xe9\r\n#UNKNOWN:x\r\nhttp://a/1  \r\n" +
		strings.Repeat("x", MaxLine+5) + "\r\n## between\r\n#KODIPROP:a=b\r\n# inside\r\n#EXTINF:-1,Two\r\n\r\nhttp://a/2\r\n#EXTINF:-1,Two again\r\nhttp://a/2\r\n# the end"
	dir := t.TempDir()
	path := filepath.Join(dir, favouritesFile)
	write(t, path, foreign)
	s := openStore(t, dir)
	if got := favourites(t, s); !slices.Equal(got, []string{"http://a/1", "http://a/2", "http://a/2"}) {
		t.Fatal(got)
	}

	toggle(t, s, Entry{URL: "http://a/3", Name: "Three"}, true)
	added := foreign + "\r\n#EXTINF:0,Three\r\nhttp://a/3\r\n"
	if got := content(t, path); got != added {
		t.Fatalf("after adding:\n got %.300q\nwant %.300q", got, added)
	}
	toggle(t, s, Entry{URL: "http://a/2"}, false)
	removed := strings.NewReplacer("#KODIPROP:a=b\r\n", "", "#EXTINF:-1,Two\r\n", "", "http://a/2\r\n", "", "#EXTINF:-1,Two again\r\n", "").Replace(added)
	if got := content(t, path); got != removed {
		t.Fatalf("after removing:\n got %q\nwant %q", got[len(got)-200:], removed[len(removed)-200:])
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("its mode became %v, %v", info.Mode(), err)
	}
}

// Adding and removing an entry leaves every odd file as it was.
func TestThereAndBack(t *testing.T) {
	files, err := filepath.Glob("testdata/m3u/*.m3u")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		dir := t.TempDir()
		path, text := filepath.Join(dir, favouritesFile), content(t, file)
		write(t, path, text)
		s := openStore(t, dir)
		toggle(t, s, Entry{URL: "http://new/", Name: "New"}, true)
		toggle(t, s, Entry{URL: "http://new/"}, false)
		if got := content(t, path); strings.TrimRight(got, "\r\n") != strings.TrimRight(text, "\r\n") || len(got) < len(text) {
			t.Errorf("%s became %q", file, got)
		}
	}
}

func TestSomebodyElseWrote(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, favouritesFile)
	s := openStore(t, dir)
	toggle(t, s, Entry{URL: "http://a/1"}, true)

	// Between two changes.
	write(t, path, "#EXTM3U\nhttp://b/1\n")
	toggle(t, s, Entry{URL: "http://a/2"}, true)
	if got := favourites(t, s); !slices.Equal(got, []string{"http://b/1", "http://a/2"}) {
		t.Error(got)
	}
	// While a change is being written.
	n := 0
	s.renaming = func() {
		if n++; n < 3 {
			write(t, path, content(t, path)+fmt.Sprintf("http://c/%d\n", n))
		}
	}
	toggle(t, s, Entry{URL: "http://b/1"}, false)
	if got := favourites(t, s); !slices.Equal(got, []string{"http://a/2", "http://c/1", "http://c/2"}) || n != 3 {
		t.Error(got, n)
	}
	// All the time.
	s.renaming = func() { n++; write(t, path, fmt.Sprintf("#EXTM3U\nhttp://d/%d\n", n)) }
	if _, err := s.Toggle(Entry{URL: "http://a/3"}); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	s.renaming = nil
	// It did what was asked for already: that is not turned around.
	write(t, path, "#EXTM3U\nhttp://a/3\n")
	toggle(t, s, Entry{URL: "http://a/3"}, true)
	if got := favourites(t, s); !slices.Equal(got, []string{"http://a/3"}) {
		t.Error(got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := favourites(t, s); len(got) != 0 || s.IsFavourite("http://a/3") {
		t.Error(got)
	}
}

func TestNotOurs(t *testing.T) {
	for name, text := range map[string]string{
		"page": "<html>", "binary": "\x7fELF\x00\x00", "pls": "[playlist]\nFile1=http://a/1\n", "utf-16": "\xff\xfe#\x00",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, favouritesFile)
		write(t, path, text)
		s := openStore(t, dir)
		if _, err := s.Favourites(); err == nil {
			t.Errorf("%s: it was read", name)
		}
		if _, err := s.Toggle(Entry{URL: "http://a/2"}); err == nil || content(t, path) != text {
			t.Errorf("%s: it was changed, %v", name, err)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, favouritesFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(t, dir).Toggle(Entry{URL: "http://a/2"}); !errors.Is(err, errNotEditable) {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "file"), "")
	if _, err := OpenStore(filepath.Join(dir, "file", "x")); err == nil {
		t.Error("a store within a file")
	}
}

// A file that is a link stays one: people keep such files elsewhere.
func TestSymlink(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "mine.m3u")
	write(t, elsewhere, "#EXTM3U\n")
	path := filepath.Join(dir, favouritesFile)
	if err := os.Symlink(elsewhere, path); err != nil {
		t.Fatal(err)
	}
	toggle(t, openStore(t, dir), Entry{URL: "http://a/1", Name: "One"}, true)
	if got := content(t, elsewhere); !strings.Contains(got, "http://a/1") {
		t.Errorf("got %q", got)
	}
	if target, err := os.Readlink(path); err != nil || target != elsewhere {
		t.Errorf("it is %q, %v", target, err)
	}
}

func TestTwoStores(t *testing.T) {
	dir := t.TempDir()
	const each = 15
	var wait sync.WaitGroup
	for n := range 3 {
		s := openStore(t, dir)
		s.wait = time.Hour // the lock is not fair, and a loaded machine syncs slowly
		wait.Go(func() {
			for i := range each {
				if err := s.AddFavourite(Entry{URL: fmt.Sprintf("http://%d/%d", n, i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if got := favourites(t, openStore(t, dir)); len(got) != 3*each {
		t.Errorf("%d of %d are there", len(got), 3*each)
	}
}

func TestLockIsBounded(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	s.wait = 2 * lockPoll
	unlock, err := lock(filepath.Join(dir, lockFile), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Toggle(Entry{URL: "http://a/1"}); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	unlock()
	toggle(t, s, Entry{URL: "http://a/1"}, true)
}

func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".favourites.m3u123", ".favourites.m3u~456", ".recent.m3u7"} {
		write(t, filepath.Join(dir, name), "half")
	}
	write(t, filepath.Join(dir, ".favourites.m3u.swp"), "mine")
	toggle(t, openStore(t, dir), Entry{URL: "http://a/1"}, true)
	files, err := filepath.Glob(filepath.Join(dir, ".[fr]*"))
	if err != nil || len(files) != 1 {
		t.Errorf("left are %v, %v", files, err)
	}
}

func TestRecent(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	played := func(n, minute int) {
		t.Helper()
		raw := []string{fmt.Sprintf("#EXTINF:-1 tvg-id=\"%d\",Name", n), "#KODIPROP:x=y"}
		e := parseEntry(raw, fmt.Sprintf("http://a/%d", n))
		if err := s.Played(e, start.Add(time.Duration(minute)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	urls := func(s *Store) (all []string) {
		entries, err := s.Recent()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, e.URL[len("http://a/"):])
			if len(e.Raw) != 2 || e.Name != "Name" {
				t.Errorf("got %+v", e)
			}
		}
		return all
	}
	for i, c := range []struct {
		n, minute int
		want      string
	}{
		{1, 1, "[1]"}, {2, 2, "[2 1]"}, {1, 3, "[1 2]"}, {3, 2, "[1 3 2]"}, {4, 0, "[1 3 2 4]"}, {4, 9, "[4 1 3 2]"},
	} {
		played(c.n, c.minute)
		if got := fmt.Sprint(urls(s)); got != c.want {
			t.Errorf("step %d: got %s, want %s", i, got, c.want)
		}
	}
	// A list of somebody else's, without times, and a comment in it.
	path := filepath.Join(dir, recentFile)
	var b bytes.Buffer
	b.WriteString("#EXTM3U\n# mine\n")
	for i := range MaxRecent {
		fmt.Fprintf(&b, "#EXTINF:-1,Name\n#KODIPROP:x=y\nhttp://a/%d\n", i+1000)
	}
	write(t, path, b.String())
	played(7, 20)
	got := urls(openStore(t, dir))
	if len(got) != MaxRecent || got[0] != "7" || got[1] != "1000" || got[MaxRecent-1] != "1098" {
		t.Errorf("%d, %v ... %v", len(got), got[:2], got[len(got)-1])
	}
	if text := content(t, path); !strings.Contains(text, "# mine\n#TAPEDECK") && !strings.Contains(text, "# mine\n#EXTINF") {
		t.Errorf("got %.200q", text)
	}
}

// An entry that a list gave as many lines as it may have, played and removed
// again, leaves nothing behind.
func TestManyLines(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	text := "#EXTM3U\n#EXTGRP:G\n" + strings.Repeat("#KODIPROP:a=b\n", maxRaw-1) + "#EXTINF:-1,Name\nhttp://a/1\n"
	e := mustRead(t, []byte(text))[0]
	for _, at := range []time.Time{time.Unix(1, 0), time.Unix(2, 0)} {
		if err := s.Played(e, at); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Recent()
	if err != nil || len(got) != 1 || got[0].Group != "G" || got[0].Name != "Name" {
		t.Errorf("%+v, %v", got, err)
	}
	if n := strings.Count(content(t, filepath.Join(dir, recentFile)), "\n"); n != maxRaw+4 {
		t.Errorf("the file has %d lines", n)
	}
}

func FuzzEdit(f *testing.F) {
	files, _ := filepath.Glob("testdata/m3u/*.m3u")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, n uint8) {
		d, err := parseDocument(text)
		if err != nil {
			return
		}
		if e, err := d.add(Entry{URL: "http://new.example/", Name: "New"}); err == nil && !bytes.HasPrefix(e.text, text) &&
			len(bytes.TrimSpace(text)) > 0 {
			t.Errorf("adding changed what was there: %q to %q", text, e.text)
		}
		if len(d.entries) == 0 {
			return
		}
		id := identity(d.entries[int(n)%len(d.entries)].URL)
		e, err := d.remove(func(_ int, e Entry) bool { return identity(e.URL) == id })
		if err == nil && e.has(id) {
			t.Errorf("%q is still there", id)
		}
	})
}
