package player

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstPiece = 16 << 10               // bytes of the first read, so that the first picture need not wait for more
	slowPiece  = 100 * time.Millisecond // a read that takes longer is made smaller the next time
)

// serveFile answers with the whole or with the range that is asked for.
func serveFile(ctx context.Context, w http.ResponseWriter, r *http.Request, size int64, readAt func(context.Context, []byte, int64) (int, error)) {
	h := w.Header()
	h.Set("Accept-Ranges", "bytes")
	from, to, kind := parseRange(r.Header.Get("Range"), size)
	switch kind {
	case rangeNone:
		h.Set("Content-Length", strconv.FormatInt(size, 10))
		w.WriteHeader(http.StatusOK)
	case rangeOne:
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, size))
		h.Set("Content-Length", strconv.FormatInt(to-from, 10))
		w.WriteHeader(http.StatusPartialContent)
	case rangeOutside:
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		http.Error(w, "no such range", http.StatusRequestedRangeNotSatisfiable)
		return
	}
	if r.Method == http.MethodHead || from == to {
		return
	}
	// A write to a client that does not read ends with the resource as well.
	control := http.NewResponseController(w)
	stop := context.AfterFunc(ctx, func() { _ = control.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := copyRange(ctx, w, from, to, readAt); err != nil {
		// The header promised more: only a cut connection tells the truth.
		panic(http.ErrAbortHandler)
	}
}

// errList is why a body is not passed on: VLC would open what it lists.
var errList = errors.New("the resource is a playlist")

func copyRange(ctx context.Context, w io.Writer, from, to int64, readAt func(context.Context, []byte, int64) (int, error)) error {
	buf := feedBuffers.Get().(*[feedBuffer]byte)
	defer feedBuffers.Put(buf)
	piece := int64(firstPiece)
	for off := from; off < to; {
		began := time.Now()
		n, err := readAt(ctx, buf[:min(piece, to-off)], off)
		if n <= 0 {
			if err == nil {
				err = io.ErrNoProgress
			}
			return fmt.Errorf("feed: %w", err)
		}
		if off == 0 && isList(buf[:n]) {
			return fmt.Errorf("feed: %w", errList)
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return fmt.Errorf("feed: %w", err)
		}
		off += int64(n)
		if err != nil && off < to {
			return fmt.Errorf("feed: %w", err)
		}
		// readAt fills all of its buffer: large pieces where that is quick.
		if time.Since(began) > slowPiece {
			piece = max(piece/2, firstPiece)
		} else {
			piece = min(piece*2, feedBuffer)
		}
	}
	return nil
}

type rangeKind uint8

const (
	rangeNone    rangeKind = iota // the whole: no range, or one that may be ignored (RFC 9110, 14.2)
	rangeOne                      // from <= position < to
	rangeOutside                  // well formed and beyond the end
)

// parseRange reads a Range header of one range (RFC 9110, 14.1.2):
//
//	bytes=0-499  bytes=500-  bytes=-500
func parseRange(header string, size int64) (from, to int64, kind rangeKind) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok || strings.Contains(spec, ",") {
		return 0, size, rangeNone
	}
	first, last, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return 0, size, rangeNone
	}
	if first == "" {
		n, ok := position(last)
		switch {
		case !ok:
			return 0, size, rangeNone
		case n == 0 || size == 0:
			return 0, 0, rangeOutside
		}
		return max(size-n, 0), size, rangeOne
	}
	from, ok = position(first)
	if !ok {
		return 0, size, rangeNone
	}
	to = size
	if last != "" {
		n, ok := position(last)
		if !ok || n < from {
			return 0, size, rangeNone
		}
		to = min(size, n+1)
	}
	if from >= size {
		return 0, 0, rangeOutside
	}
	return from, to, rangeOne
}

// position is a number of bytes: digits only, and room for one more.
func position(digits string) (int64, bool) {
	n, err := strconv.ParseUint(digits, 10, 62)
	return int64(n), err == nil && digits[0] != '+'
}
