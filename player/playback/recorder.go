package playback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client"
	"tapedeck/player/tape"
)

const (
	copyBuffer = 256 << 10

	// maxParts bounds the files of one recording: a new one begins where the
	// container cannot hold another header.
	maxParts = 100
)

// recorder copies one stream to a file: the same bytes that the player gets,
// from a reader of its own. Where what comes does not fit into the same file it
// goes on in another one.
type recorder struct {
	stream *stream
	source io.ReadCloser // closing it ends the recording
	bytes  atomic.Int64  // of the present file
	done   chan struct{}
	length time.Duration // of media in the last file; known when done
	err    error         // likewise

	mu    sync.Mutex
	parts []part // files before the present one that nobody has heard of

	// Of the deck's goroutine, and of the present file.
	path    string
	from    time.Duration
	gaps    int // what fell off the tape unread
	missing time.Duration
}

// part is a file that is complete.
type part struct {
	path        string
	from, until time.Duration // until is 0 for the last
	bytes       int64
	length      time.Duration
	err         error
	next        string // the file that follows
}

// leftBehind are the files that were completed since the last call.
func (r *recorder) leftBehind() []part {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.parts
	r.parts = nil
	return all
}

// writing is a recorder's work, in a goroutine of its own.
type writing struct {
	*recorder
	file  *os.File
	first string // the first file's path
	path  string // of file
	from  time.Duration
	n     int // files before this one

	missed func(from, to time.Duration)
	parted func()
}

// run copies until the source ends or is closed.
func (w *writing) run() {
	defer close(w.done)
	defer w.source.Close()
	err := w.copy()
	whole := w.n == 0 && errors.Is(err, io.EOF) && w.from < time.Second
	if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) && !errors.Is(err, context.Canceled) {
		w.err = err
	}
	if d := w.stream.session.Info().Duration; whole && d > 0 {
		w.length = d
	} else if t := w.stream.tape; t != nil { // asked before the disk takes its time
		_, newest, _ := t.Span()
		w.length = max(newest-w.from, 0)
	}
	length, err := w.finish()
	w.length, w.err = cmp.Or(length, w.length), errors.Join(w.err, err)
}

// copy copies and returns why it ends.
func (w *writing) copy() error {
	buf, at := make([]byte, copyBuffer), w.from
	clock, _ := w.source.(timed)
	for {
		n, err := w.source.Read(buf)
		if n > 0 {
			if _, err := w.file.Write(buf[:n]); err != nil {
				return err
			}
			w.bytes.Add(int64(n))
		}
		if lost, ok := errors.AsType[*tape.Lost](err); ok {
			w.missed(at, lost.Now)
			err = nil
		}
		if anew, ok := errors.AsType[*tape.Break](err); ok {
			err = w.another(anew.At)
		}
		if err != nil {
			return err
		}
		if clock != nil {
			at = clock.Time()
		}
	}
}

// another goes on in another file with what begins at media time at.
func (w *writing) another(at time.Duration) error {
	if w.n++; w.n == maxParts {
		return fmt.Errorf("the stream began anew %d times", maxParts)
	}
	f, path, err := following(w.first, w.n+1)
	if err != nil {
		return err
	}
	done := part{path: w.path, from: w.from, until: at, next: path}
	done.length, done.err = w.finish()
	done.length = cmp.Or(done.length, max(at-w.from, 0))
	done.bytes = w.bytes.Swap(0)
	w.file, w.path, w.from = f, path, at
	w.mu.Lock()
	w.parts = append(w.parts, done)
	w.mu.Unlock()
	w.parted()
	w.source.(*tape.Reader).Pass()
	return nil
}

// following makes the n-th file of a recording: "x 2.asf" after "x.asf", or one
// with a higher number where that exists.
func following(first string, n int) (*os.File, string, error) {
	ext := filepath.Ext(first)
	for tries := 0; ; tries++ {
		next := fmt.Sprintf("%s %d%s", strings.TrimSuffix(first, ext), n+tries, ext)
		f, err := create(next)
		if err == nil || !errors.Is(err, os.ErrExist) || tries == maxParts {
			return f, next, err
		}
	}
}

// finish makes the file whole and closes it. The length is 0 where only the
// stream's clock knows it.
func (w *writing) finish() (length time.Duration, err error) {
	length, err = client.Finish(w.stream.info.ContentType, w.file)
	return length, errors.Join(err, w.file.Sync(), w.file.Close())
}
