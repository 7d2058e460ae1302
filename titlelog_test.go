package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/player/playback"
	"tapedeck/playlist"
)

func TestTitleLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "titles.txt")
	at := time.Date(2026, 11, 3, 19, 2, 11, 0, time.FixedZone("", 3600))
	l := newTitleLog(path, func(err error) { t.Error(err) })
	for _, c := range []struct{ name, url, own, title string }{
		{"Radio One", "http://me:secret@host/one?token=abc", "ignored", "Ænima – 40\tx\x1b[31m\ny"},
		{"", "http://me:secret@host/one?token=abc", "Its own name", "second"},
		{"http://me:secret@host/one", "http://me:secret@host/one?token=abc", "http://me:secret@host", "third"},
		{"Radio One", "http://host/one", "", ""},
		{"Radio One", "http://host/one", "", strings.Repeat("é", maxTitleField)},
	} {
		l.put(playlist.Entry{Name: c.name, URL: c.url}, c.own, playback.Title{Text: c.title, Came: at})
	}
	l.close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const stamp = "2026-11-03T19:02:11+01:00\t"
	want := stamp + "Radio One\tÆnima – 40 x[31m y\n" + stamp + "Its own name\tsecond\n" + stamp + "host\tthird\n" +
		stamp + "Radio One\t" + strings.Repeat("é", maxTitleField/2) + "\n"
	if string(text) != want {
		t.Errorf("%q\nwant %q", text, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestTitleLogRotates has two programs fill the file: nothing is lost but what
// is older than two files, and no line is torn.
func TestTitleLogRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "titles.txt")
	pad := strings.Repeat("x", maxTitleField-10)
	lines := maxTitleFile * 3 / 2 / (2 * (maxTitleField + 40)) // each: both together fill one and a half
	var both sync.WaitGroup
	for who := range 2 {
		both.Go(func() {
			l := &titleLog{path: path}
			for i := range lines {
				if err := l.append(fmt.Sprintf("%d\t%06d\t%s\n", who, i, pad+pad[:40])); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	total := 0
	for _, p := range []string{path, path + ".old"} {
		text, err := os.ReadFile(p)
		if err != nil || len(text) > maxTitleFile {
			t.Fatalf("%s: %d bytes, %v", p, len(text), err)
		}
		for line := range strings.Lines(string(text)) {
			if !strings.HasSuffix(line, "xx\n") || strings.Count(line, "\t") != 2 {
				t.Errorf("torn: %.40q", line)
			}
			total++
		}
	}
	if total != 2*lines {
		t.Errorf("%d lines, want %d", total, 2*lines)
	}
}

// TestTitleLogFails says once that nothing is kept, and goes on.
func TestTitleLogFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var told []error
	l := newTitleLog(filepath.Join(file, "titles.txt"), func(err error) { told = append(told, err) })
	for range 3 {
		l.put(playlist.Entry{Name: "x"}, "", playback.Title{Text: "y"})
	}
	l.close()
	if len(told) != 1 || !strings.Contains(told[0].Error(), "the titles are not kept") {
		t.Errorf("%v", told)
	}
}
