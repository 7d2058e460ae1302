package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"tapedeck/client/address"
)

const (
	// MaxEntries bounds a list.
	MaxEntries = 1_000_000
	// MaxText bounds the text that is held of a list: names, links and lines.
	MaxText = 512 << 20
	// MaxRead bounds what is read of a list, skipped lines included.
	MaxRead = 4 << 30

	// The first batch fills a screen, the later ones are worth a message each.
	firstBatch = 100
	laterBatch = 2000
	// quiet is how many bytes may pass without a batch; then an empty one goes
	// out, to show that the list is still being read.
	quiet = 8 << 20

	// sniffed is how much of the beginning decides what a list is.
	sniffed = 1 << 10
	// maxControls is the percentage of control bytes in it that no text has.
	maxControls = 5
	// patience is how many lines that are no link are read of a text that
	// shows no other sign of being a list.
	patience = 50
)

// List is a whole list.
type List struct {
	Name     string
	Path     string
	Entries  []Entry
	Problems *Problems // what was left out; nil when nothing was
}

// Read reads an M3U or PLS list, told apart by content, and hands it over in
// batches: about 100 entries first, then about 2000 at a time. A batch belongs
// to yield; it may be empty, which only says how far Read is: read is the
// number of bytes taken from r. Read ends early, without an error, when yield
// returns false. name stands in errors.
//
// Lines that had to be left out come back as a *Problems after the last batch.
// ErrStream and ErrNotAList come before any batch. Any other error is r's: the
// list ends there, after a batch with what came before.
func Read(r io.Reader, name string, yield func(batch []Entry, read int64) bool) error {
	count := &counter{r: r}
	in := newLines(count)
	kind, why := sniff(in.peek(sniffed))
	if kind == kindNone {
		return fmt.Errorf("%s: %w: %s", address.Redact(name), ErrNotAList, why)
	}
	if kind == kindUTF16 {
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()
		taken := bytes.NewReader(in.buf[in.start:in.end])
		in = newLines(transform.NewReader(io.MultiReader(taken, count), utf16))
		if kind, why = sniff(in.peek(sniffed)); kind == kindNone {
			return fmt.Errorf("%s: %w: %s", address.Redact(name), ErrNotAList, why)
		}
	}
	b := &reading{
		in:       in,
		count:    count,
		problems: Problems{Name: address.Redact(name)},
		yield:    yield,
		room:     firstBatch,
	}
	var err error
	if kind == kindPLS {
		err = readPLS(b)
	} else {
		err = readM3U(b)
	}
	switch {
	case errors.Is(err, errStopped):
		return nil
	case errors.Is(err, ErrStream), errors.Is(err, ErrNotAList):
		return fmt.Errorf("%s: %w", b.problems.Name, err)
	}
	// What came before a failing disk or line is worth having.
	if len(b.batch) > 0 && !b.flush() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", b.problems.Name, err)
	}
	if b.problems.Total > 0 {
		return &b.problems
	}
	return nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// errStopped ends a reading whose yield said no; errFull one that met a limit.
var (
	errStopped = errors.New("stopped")
	errFull    = errors.New("full")
)

// reading is one call of Read: lines in, batches out, limits watched.
type reading struct {
	in       *lines
	count    *counter
	problems Problems
	yield    func([]Entry, int64) bool

	batch   []Entry
	room    int   // size of the batch being filled
	entries int   // handed over or in batch
	text    int   // bytes of text held by them
	shown   int64 // count.n when yield was last called
	flushed bool  // a batch went out: there is no taking back
}

// next returns the next line, over lines that are too long. It returns io.EOF
// at the end and at a limit.
func (b *reading) next() ([]byte, error) {
	for {
		if b.count.n-b.shown > quiet {
			b.shown = b.count.n
			if !b.yield(nil, b.count.n) {
				return nil, errStopped
			}
		}
		if b.count.n > MaxRead {
			b.problems.add(b.in.no, "the list is longer than 4 GiB: the rest was left out")
			return nil, io.EOF
		}
		line, long, err := b.in.next()
		if err != nil || !long {
			return line, err
		}
		b.problems.add(b.in.no, "it is longer than 64 KiB")
	}
}

// add puts an entry, whose text takes size bytes, into the batch.
func (b *reading) add(e Entry, size int) error {
	if b.entries >= MaxEntries {
		b.problems.add(b.in.no, "the list has more than 1,000,000 entries: the rest was left out")
		return errFull
	}
	if b.text += size; b.text > MaxText {
		b.problems.add(b.in.no, "the list holds more than 512 MiB: the rest was left out")
		return errFull
	}
	if b.batch == nil {
		b.batch = make([]Entry, 0, b.room)
	}
	b.entries++
	b.batch = append(b.batch, e)
	if len(b.batch) == b.room && !b.flush() {
		return errStopped
	}
	return nil
}

func (b *reading) flush() bool {
	batch := b.batch
	b.batch, b.room, b.flushed, b.shown = nil, laterBatch, true, b.count.n
	return b.yield(batch, b.count.n)
}

type kind uint8

const (
	kindNone kind = iota
	kindM3U
	kindPLS
	kindUTF16
)

var plsKey = regexp.MustCompile(`(?i)^(file|title|length)\d+\s*=|^numberofentries\s*=`)

// sniff says what the beginning of a text is, and why it is nothing.
func sniff(head []byte) (kind, string) {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return kindUTF16, ""
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(text) == 0, hasTag(text, "#EXTM3U"):
		return kindM3U, ""
	case hasTag(text, "[playlist]"), plsKey.Match(text):
		return kindPLS, ""
	}
	controls := 0
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\x1b' || c == 0x7f {
			controls++
		}
	}
	switch {
	case bytes.IndexByte(head, 0) >= 0, controls*100 > len(head)*maxControls:
		return kindNone, "it is not text"
	case text[0] == '<':
		return kindNone, "it is a page or an XML document"
	case text[0] == '{', text[0] == '[' && !bytes.Contains(text, []byte("://")):
		return kindNone, "it is data of another kind"
	}
	return kindM3U, ""
}
