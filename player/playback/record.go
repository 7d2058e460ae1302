package playback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tapedeck/client"
)

// armedNotice answers who records before there is anything to record.
const armedNotice = "the recording begins with the first bytes"

// record begins a recording of what is in the deck, from the present position
// on; of a file with a known size, the whole of it.
func (l *loop) record(path string) {
	s := l.stream
	switch {
	case l.recorder != nil:
		l.refuse("already recording to " + l.recorder.path)
		return
	case s == nil || s.session == nil || s.file == nil && s.haveSeek < 0:
		if s == nil {
			l.refuse("nothing plays that could be recorded")
			return
		}
		s.armed, s.recordTo, l.state.Armed = true, path, true
		l.state.Notice = armedNotice
		return
	}
	if path == "" {
		path = filepath.Join(l.cfg.RecordDir, fileName(l.state.Entry.Title(), time.Now())+Extension(s.info.ContentType))
	}
	if err := l.startRecorder(s, path); err != nil {
		l.refuse("cannot record: " + err.Error())
		l.state.Recording = nil
		return
	}
	l.state.Recording = &Recording{Path: path}
	l.emit(RecordingEvent{Path: path})
	if fits := misnamed(path, s.info.ContentType); fits != "" {
		l.note("what is recorded is kept as it comes, whatever the name of the file says: " + fits + " would fit")
	}
}

func (l *loop) startRecorder(s *stream, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := create(path)
	if err != nil {
		return err
	}
	r := &recorder{path: path, stream: s, done: make(chan struct{})}
	if s.file != nil {
		r.source = wholeFile(s.ctx, s.file)
	} else {
		reader, err := s.tape.ReadAt(l.state.Position)
		if err != nil {
			return errors.Join(err, f.Close(), os.Remove(path))
		}
		if client.OneHeader(s.info.ContentType) {
			reader.StopAtBreaks()
		}
		r.source, r.from = reader, reader.Start()
	}
	l.recorder = r
	w := &writing{recorder: r, file: f, first: path, path: path, from: r.from, missed: func(from, to time.Duration) {
		l.mail.post(func() { l.fellOff(r, from, to) })
	}, parted: func() {
		l.mail.post(func() { l.parted(r) })
	}}
	l.spawn(func() {
		w.run()
		l.mail.post(func() { l.recorded(r) })
	})
	return nil
}

// create makes a file for a recording. One that exists is somebody's and is not
// overwritten, unless it holds nothing.
func create(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		os.Remove(path)
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
}

// recordArmed begins the recording that was asked for before there was anything
// to record.
func (l *loop) recordArmed(s *stream) {
	if !s.armed {
		return
	}
	l.disarm(s)
	l.record(s.recordTo)
}

// disarm forgets it.
func (l *loop) disarm(s *stream) {
	s.armed, l.state.Armed = false, false
	if l.state.Notice == armedNotice {
		l.state.Notice = ""
	}
}

// stopRecord ends the recording, or the waiting for it.
func (l *loop) stopRecord() {
	if s := l.stream; s != nil && s.armed {
		l.disarm(s)
		l.state.Notice = "nothing will be recorded"
		return
	}
	l.stopRecording()
}

// stopRecording ends the recording with what has come so far.
func (l *loop) stopRecording() {
	if r := l.recorder; r != nil {
		l.recorder = nil
		r.source.Close()
		<-r.done // a write and a sync at most
		l.finished(r)
	}
}

// recorded learns that a recorder has ended by itself.
func (l *loop) recorded(r *recorder) {
	if l.recorder == r {
		l.recorder = nil
		l.finished(r)
		if s := l.stream; s == r.stream && l.head == nil {
			l.end(s)
		}
	}
}

func (l *loop) finished(r *recorder) {
	l.parted(r)
	l.state.Recording = nil
	l.kept(r, part{path: r.path, from: r.from, bytes: r.bytes.Load(), length: r.length, err: r.err})
}

// parted tells of the files that a recording has left behind: each holds what
// came with one header.
func (l *loop) parted(r *recorder) {
	for _, p := range r.leftBehind() {
		l.kept(r, p)
		r.path, r.from, r.gaps, r.missing = p.next, p.until, 0, 0
		l.note("the stream begins anew: the recording goes on in " + p.next)
		l.emit(RecordingEvent{Path: p.next})
	}
	if l.recorder == r {
		l.measureRecording()
	}
}

// kept tells of a file that is complete.
func (l *loop) kept(r *recorder, p part) {
	l.state.Notice = "kept in " + p.path
	if p.err != nil {
		l.refuse("recording: " + p.err.Error())
	}
	gaps, missing := r.left(p.until)
	if missing >= time.Second {
		l.state.Notice += fmt.Sprintf("; %s are missing in it", clock(missing))
	}
	l.emit(RecordedEvent{Path: p.path, Bytes: p.bytes, Duration: seconds(p.length), Gaps: gaps, Missing: seconds(missing)})
}

// fellOff learns that the disk was too slow for the tape.
func (l *loop) fellOff(r *recorder, from, to time.Duration) {
	if missing := to - from; missing > 0 {
		r.gaps, r.missing = r.gaps+1, r.missing+missing
		l.emit(GapEvent{Position: seconds(from), Missing: seconds(missing)})
	}
}

// left is what is left out of the present file, in how many places; until is
// where it ends, 0 while it does not.
func (r *recorder) left(until time.Duration) (gaps int, missing time.Duration) {
	gaps, missing = r.stream.gapsBetween(r.from, until)
	return gaps + r.gaps, missing + r.missing
}

func (l *loop) measureRecording() {
	if r := l.recorder; r != nil {
		rec := Recording{Path: r.path, Bytes: r.bytes.Load()}
		if t := r.stream.tape; t != nil {
			_, newest, _ := t.Span()
			rec.For = max(newest-r.from, 0)
			_, rec.Missing = r.left(0)
		}
		l.state.Recording = &rec
	}
}

// wholeFile reads f from its beginning.
func wholeFile(ctx context.Context, f client.File) io.ReadCloser {
	ctx, cancel := context.WithCancel(ctx)
	var off int64
	return &funcReader{
		read: func(p []byte) (int, error) {
			n, err := f.ReadAt(ctx, p, off)
			off += int64(n)
			return n, err
		},
		close: cancel,
	}
}

type funcReader struct {
	read  func(p []byte) (int, error)
	close func()
}

func (r *funcReader) Read(p []byte) (int, error) { return r.read(p) }

func (r *funcReader) Close() error {
	r.close()
	return nil
}

// maxTitle bounds what of a title is in the name of a file, in bytes: file systems
// take names of 255.
const maxTitle = 160

// fileName makes a name that every file system takes from a title and a time.
func fileName(title string, at time.Time) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, title)
	if runes := []rune(clean); len(runes) > 80 {
		clean = string(runes[:80])
	}
	for len(clean) > maxTitle {
		_, size := utf8.DecodeLastRuneInString(clean)
		clean = clean[:len(clean)-size]
	}
	clean = strings.Trim(clean, " .")
	return fmt.Sprintf("%s %s", clean, at.Format("2006-01-02 15.04.05"))
}
