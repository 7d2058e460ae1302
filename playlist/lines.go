package playlist

import (
	"bytes"
	"errors"
	"io"
)

// MaxLine bounds one line of a list. A longer one is skipped without being
// held. Provider links of 2,200 bytes are in use.
const MaxLine = 64 << 10

// lineBuffer is larger than MaxLine, so that a line that does not fit is
// always one to skip.
const lineBuffer = 4 * MaxLine

// maxEmptyReads bounds a reader that gives neither bytes nor an error.
const maxEmptyReads = 100

// lines splits a reader at LF, CR LF and CR.
type lines struct {
	r          io.Reader
	buf        []byte
	start, end int   // what of buf is not handed out yet
	lf         int   // where the first LF at or after start is, end where there is none; -1 unknown
	base       int64 // offset of buf[0] in the text
	err        error // of r, io.EOF included, once it came

	no       int   // number of the line that next returned, from 1
	from, to int64 // its place in the text, terminator included
}

func newLines(r io.Reader) *lines {
	return &lines{r: r, buf: make([]byte, lineBuffer), lf: -1}
}

// peek returns up to n bytes of the beginning; it may only be called before next.
func (l *lines) peek(n int) []byte {
	for l.end < n && l.err == nil {
		l.fill()
	}
	return l.buf[l.start:min(n, l.end)]
}

// fill reads once. There is room in buf when it is called, or it makes some.
func (l *lines) fill() {
	if l.start > 0 {
		copy(l.buf, l.buf[l.start:l.end])
		l.base += int64(l.start)
		l.end -= l.start
		l.start = 0
	}
	for range maxEmptyReads {
		n, err := l.r.Read(l.buf[l.end:])
		if n > 0 || err != nil {
			l.end += n
			l.lf = -1
			l.err = err
			return
		}
	}
	l.err = io.ErrNoProgress
}

// next returns a line without its terminator, valid until the next call. long
// says that it was longer than MaxLine and is not returned. The error is
// io.EOF after the last line.
func (l *lines) next() (line []byte, long bool, err error) {
	l.no++
	l.from = l.base + int64(l.start)
	searched := 0 // bytes after start that hold no terminator
	for {
		n := l.terminator(searched)
		searched = l.end - l.start
		if n > MaxLine || n < 0 && searched > MaxLine {
			long = true
			if n < 0 {
				n = searched
			}
			l.start += n // keeps the terminator
			searched = 0
			continue
		}
		if n >= 0 {
			// Whether a CR at the end of the buffer is half of a CR LF is not
			// known yet.
			atEnd := l.start+n+1 == l.end
			if l.buf[l.start+n] != '\r' || !atEnd || l.err != nil {
				return l.take(n, long)
			}
			searched = n
		} else if l.err != nil {
			return l.last(long)
		}
		l.fill()
	}
}

// take hands out the n bytes at start and passes over the terminator there.
func (l *lines) take(n int, long bool) ([]byte, bool, error) {
	line := l.buf[l.start : l.start+n]
	l.start += n + 1
	if l.buf[l.start-1] == '\r' && l.start < l.end && l.buf[l.start] == '\n' {
		l.start++
	}
	l.to = l.base + int64(l.start)
	if long {
		return nil, true, nil
	}
	return line, false, nil
}

// last returns what stands after the last terminator, then the reader's error.
func (l *lines) last(long bool) ([]byte, bool, error) {
	line := l.buf[l.start:l.end]
	l.start = l.end
	l.to = l.base + int64(l.start)
	switch {
	case !errors.Is(l.err, io.EOF):
		return nil, false, l.err
	case long:
		return nil, true, nil
	case len(line) > 0:
		return line, false, nil
	}
	return nil, false, io.EOF
}

// terminator returns the offset from start of the first CR or LF, or -1.
// skip bytes are known to hold none.
func (l *lines) terminator(skip int) int {
	// Where lines end with CR alone the next LF may be far: look for it once.
	if l.lf < l.start {
		l.lf = l.end
		if i := bytes.IndexByte(l.buf[l.start+skip:l.end], '\n'); i >= 0 {
			l.lf = l.start + skip + i
		}
	}
	if i := bytes.IndexByte(l.buf[l.start+skip:l.lf], '\r'); i >= 0 {
		return skip + i
	}
	if l.lf < l.end {
		return l.lf - l.start
	}
	return -1
}
