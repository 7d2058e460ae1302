package player

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var logTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "vlc.log")
	j, err := openJournal(path, logTime)
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	j.listen = func(line string) { heard = append(heard, line) }
	for _, part := range []string{"one\ntw", "o\r\n\n", "th\x1b[2Jree\x00\xff\n", "never ended"} {
		if n, err := fmt.Fprint(j, part); n != len(part) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	j.note(logTime, "VLC has ended")
	j.close()
	if got, want := strings.Join(heard, "|"), "one|two|th?[2Jree??"; got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
	if got, want := j.last(), "one; two; th?[2Jree??"; got != want {
		t.Errorf("the last words are %q, want %q", got, want)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const stamp = "2026-11-22T10:00:00Z "
	if got, want := string(data), stamp+"VLC is started\none\ntwo\nth?[2Jree??\n"+stamp+"VLC has ended\n"; got != want {
		t.Errorf("the log is %q, want %q", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	fmt.Fprint(j, "after the end\n") // a late writer does no harm
}

func TestJournalBounds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vlc.log")
	if err := os.WriteFile(path, make([]byte, maxLogFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(path, logTime)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(j, strings.Repeat("x", 10*maxWordLine), "\n")
	if n := len(j.last()); n != maxWordLine {
		t.Errorf("a line of %d bytes", n)
	}
	for i := range 2 * maxLogRun / 100 {
		fmt.Fprintf(j, "%0100d\n", i)
	}
	j.close()
	if j.size > maxWords+maxWordLine {
		t.Errorf("%d bytes of words in memory", j.size)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxLogRun+1000 {
		t.Errorf("%v, %v", info.Size(), err)
	}
	if info, err := os.Stat(path + ".1"); err != nil || info.Size() != maxLogFile+1 {
		t.Errorf("the old log: %v, %v", info, err)
	}
}

func TestJournalNoFile(t *testing.T) {
	j, err := openJournal("", logTime)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(j, "words\n")
	j.close()
	if got := j.last(); got != "words" {
		t.Errorf("%q", got)
	}
}
