package web

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/http1"
)

// maxReason bounds what is shown of a status line's words, in bytes.
const maxReason = 80

// parseHead reads a whole head; what it says to people is fit to be shown.
func parseHead(raw []byte) (*http1.Head, error) {
	h, err := http1.Parse(raw)
	if err != nil {
		return nil, err
	}
	h.Reason = text(h.Reason, maxReason)
	return h, nil
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}

// contentRange reads "bytes 0-499/1234" (RFC 9110, section 14.4).
func contentRange(s string) (from, size int64, ok bool) {
	span, total, _ := strings.Cut(s, "/")
	from, to, ok := byteSpan(span)
	size, err := strconv.ParseInt(strings.TrimSpace(total), 10, 64)
	return from, size, ok && err == nil && size > to
}

// byteSpan reads "bytes 0-499".
func byteSpan(s string) (from, to int64, ok bool) {
	unit, rest, _ := strings.Cut(s, " ")
	first, last, _ := strings.Cut(rest, "-")
	from, err1 := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	to, err2 := strconv.ParseInt(strings.TrimSpace(last), 10, 64)
	return from, to, strings.EqualFold(unit, "bytes") && err1 == nil && err2 == nil && from >= 0 && to >= from
}

// rangeEnd is the offset behind the last byte that a contentRange names, and as
// good as none where it names none.
func rangeEnd(s string) int64 {
	_, span, _ := strings.Cut(s, "-")
	last, _, _ := strings.Cut(span, "/")
	to, err := strconv.ParseInt(strings.TrimSpace(last), 10, 64)
	if err != nil || to < 0 || to == math.MaxInt64 {
		return math.MaxInt64
	}
	return to + 1
}
