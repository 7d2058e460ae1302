package client

import (
	"errors"
	"os"
	"strings"
	"time"

	"tapedeck/client/asf"
)

// Finish makes a file that programs can measure and seek in of one that holds
// what a session gave from a Chunk.Init on, and returns how long it plays, 0
// where the container does not tell. Most need nothing. What is not what
// contentType says stays as it is: the error then wraps ErrUnfinished, and other
// errors are those of the disk.
func Finish(contentType string, f *os.File) (time.Duration, error) {
	if !isASF(contentType) {
		return 0, nil
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if err := asf.Finish(f, info.Size()); err != nil {
		if errors.Is(err, asf.ErrFormat) {
			err = &unfinished{err}
		}
		return 0, err
	}
	head := make([]byte, min(info.Size(), asf.MaxHeader+asf.DataHead))
	if _, err := f.ReadAt(head, 0); err != nil {
		return 0, err
	}
	h, err := asf.Parse(head)
	if err != nil {
		return 0, &unfinished{err}
	}
	return h.Duration, nil
}

// ErrUnfinished: a recording is kept as it came.
var ErrUnfinished = errors.New("it is kept as it came, without its length")

type unfinished struct{ why error }

func (e *unfinished) Error() string   { return ErrUnfinished.Error() + ": " + e.why.Error() }
func (e *unfinished) Unwrap() []error { return []error{ErrUnfinished, e.why} }

// OneHeader reports whether a file of this MIME type holds one Chunk.Init and no
// more: what comes with another one belongs into another file.
func OneHeader(contentType string) bool { return isASF(contentType) }

func isASF(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch strings.TrimSpace(kind) {
	case "video/x-ms-asf", "video/x-ms-wmv", "audio/x-ms-wma":
		return true
	}
	return false
}
