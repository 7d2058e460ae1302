package player

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	maxLogFile  = 1 << 20 // a log larger than this at the start is moved aside
	maxLogRun   = 1 << 20 // bytes kept of one VLC's words; a broken stream makes it talk without end
	maxWordLine = 512     // bytes of one line; the rest of the line is dropped
	maxWords    = 4 << 10 // the last words that are kept in memory
)

// journal takes what VLC prints. It keeps the last words for an error message,
// writes a bounded amount to the log file, and gives each line to a listener.
// Control bytes are replaced: some of the words come from the network.
type journal struct {
	listen func(line string) // nil: nobody

	mu    sync.Mutex
	file  *os.File // nil: no log
	left  int      // bytes that may still be logged
	words []string // the last lines, oldest first
	size  int      // bytes in words

	line []byte // the line that is not complete yet; the writing goroutine's own
}

// openJournal opens the log file at path for appending, readable to us only.
// An empty path keeps no file.
func openJournal(path string, now time.Time) (*journal, error) {
	j := &journal{left: maxLogRun}
	if path == "" {
		return j, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("vlc: log: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Size() > maxLogFile {
		if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("vlc: log: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("vlc: log: %w", err)
	}
	j.file = f
	j.note(now, "VLC is started")
	return j, nil
}

// Write takes any bytes and never fails: VLC must not stop for our log.
func (j *journal) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte{'\n'})
		p = rest
		if room := maxWordLine - len(j.line); room > 0 {
			j.line = append(j.line, part[:min(room, len(part))]...)
		}
		if !ended {
			break
		}
		line := clean(j.line)
		j.line = j.line[:0]
		j.take(line)
	}
	return n, nil
}

// note writes a line of our own, with the time.
func (j *journal) note(now time.Time, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.log(now.Format(time.RFC3339) + " " + text)
}

func (j *journal) take(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	j.mu.Lock()
	j.words = append(j.words, line)
	j.size += len(line)
	for j.size > maxWords && len(j.words) > 1 {
		j.size -= len(j.words[0])
		j.words = j.words[1:]
	}
	j.log(line)
	j.mu.Unlock()
	if j.listen != nil {
		j.listen(line)
	}
}

// log is called with mu held.
func (j *journal) log(line string) {
	if j.file == nil || j.left <= 0 {
		return
	}
	if j.left -= len(line) + 1; j.left <= 0 {
		line = "(nothing more of this run is kept)"
	}
	_, _ = fmt.Fprintln(j.file, line) // a full disk must not stop VLC
}

// last is the last words, oldest first, on one line.
func (j *journal) last() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.words[max(0, len(j.words)-lastLines):], "; ")
}

// lastLines is how many of the last words an error message carries.
const lastLines = 3

func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil {
		_ = j.file.Close() // appended lines are written; there is no one to tell
		j.file = nil
	}
}

// clean is text with its control bytes and broken UTF-8 replaced.
func clean(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\ufffd' {
			return '?'
		}
		return r
	}, strings.TrimRight(string(text), "\r"))
}
