package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"tapedeck/client/address"
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

const (
	// maxTitleFile is how large the file of titles grows before it is put aside
	// as .old, in place of the one before: some ten thousand titles.
	maxTitleFile = 1 << 20

	// maxTitleField bounds a station's name and a title in it, in bytes.
	maxTitleField = 500

	// maxTitleQueue is how many titles may wait for the disk. A station that
	// floods us loses the surplus.
	maxTitleQueue = 64
)

// titleLog appends what stations say is on to a text file, so that a song can
// be looked up the day after:
//
//	2026-11-03T19:02:11+01:00 <tab> Radio One <tab> The Newsroom
//
// It writes in a goroutine of its own. Several programs may share the file.
type titleLog struct {
	path   string
	failed func(error) // told once
	lines  chan string
	done   chan struct{}
}

func newTitleLog(path string, failed func(error)) *titleLog {
	l := &titleLog{path: path, failed: failed, lines: make(chan string, maxTitleQueue), done: make(chan struct{})}
	go l.run()
	return l
}

// put keeps a title. It does not block; it is playback's OnTitle.
func (l *titleLog) put(e playlist.Entry, name string, t playback.Title) {
	if t.Text == "" {
		return
	}
	line := t.Came.Format(time.RFC3339) + "\t" + field(station(e, name)) + "\t" + field(t.Text) + "\n"
	select {
	case l.lines <- line:
	default:
	}
}

// close writes what waits. Nothing may be put after it.
func (l *titleLog) close() {
	close(l.lines)
	<-l.done
}

func (l *titleLog) run() {
	defer close(l.done)
	told := false
	for line := range l.lines {
		if err := l.append(line); err != nil && !told {
			told = true
			l.failed(fmt.Errorf("the titles are not kept: %w", err))
		}
	}
}

// append writes one line, and puts a file aside that is full.
func (l *titleLog) append(line string) error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	f, err := openLocked(l.path)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil && info.Size()+int64(len(line)) > maxTitleFile {
		if err := os.Rename(l.path, l.path+".old"); err != nil {
			return errors.Join(err, f.Close())
		}
		next, err := openLocked(l.path)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		f = next
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}

// openLocked opens the file for appending and holds its lock until it is
// closed. Where somebody put the file aside meanwhile, it is the new one.
func openLocked(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600) // what one hears is private
		if err != nil {
			return nil, err
		}
		// A file system without locks goes without: at worst an old file is lost.
		_ = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		mine, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if now, err := os.Stat(path); err == nil && os.SameFile(mine, now) {
			return f, nil
		}
		f.Close()
	}
}

// station is the name of the list, of the stream itself, or the host's: never
// an address, which may hold a login.
func station(e playlist.Entry, name string) string {
	for _, n := range []string{e.Name, name} {
		if n != "" && !strings.Contains(n, "://") {
			return n
		}
	}
	a, err := address.Parse(e.URL)
	if err != nil {
		return ""
	}
	return a.Host
}

// field is text without what would end a field or a line, or steer a terminal.
func field(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
	if len(text) > maxTitleField {
		text = strings.ToValidUTF8(text[:maxTitleField], "")
	}
	return text
}
