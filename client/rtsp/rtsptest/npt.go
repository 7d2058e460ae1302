package rtsptest

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Errors of a Range field.
var (
	errRangeUnit = errors.New("rtsptest: range unit is not npt")
	errRange     = errors.New("rtsptest: invalid range")
)

// maxNPT bounds a time, so that no sum overflows.
const maxNPT = 1e6 // seconds

// parseRange reads a Range field in normal play time (RFC 2326, 3.6):
// "npt=10-", "npt=10.5-20", "npt=0:00:10-", "npt=now-". The end is 0 where the
// range is open; "now" is 0.
func parseRange(field string) (start, end time.Duration, err error) {
	field, _, _ = strings.Cut(field, ";")
	value, ok := strings.CutPrefix(strings.TrimSpace(field), "npt=")
	if !ok {
		return 0, 0, errRangeUnit
	}
	from, to, ok := strings.Cut(value, "-")
	if !ok {
		return 0, 0, errRange
	}
	if from != "now" {
		if start, err = parseNPT(from); err != nil {
			return 0, 0, err
		}
	}
	if to != "" {
		if end, err = parseNPT(to); err != nil {
			return 0, 0, err
		}
		if end <= start {
			return 0, 0, errRange
		}
	}
	return start, end, nil
}

// parseNPT reads "12.5" and "hh:mm:ss.fff".
func parseNPT(s string) (time.Duration, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 1 && len(parts) != 3 {
		return 0, errRange
	}
	var sum float64
	for _, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v > maxNPT {
			return 0, errRange
		}
		sum = sum*60 + v
	}
	if sum > maxNPT {
		return 0, errRange
	}
	return time.Duration(math.Round(sum * float64(time.Second))), nil
}

// formatNPT writes a time with milliseconds.
func formatNPT(t time.Duration) string { return fmt.Sprintf("%.3f", t.Seconds()) }
