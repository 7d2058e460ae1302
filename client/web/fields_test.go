package web

import (
	"testing"
	"time"
)

func TestContentRange(t *testing.T) {
	for in, want := range map[string][2]int64{"bytes 0-9/10": {0, 10}, "bytes 5-9/10": {5, 10}, "Bytes 5 - 9 / 10": {5, 10}} {
		if from, size, ok := contentRange(in); !ok || from != want[0] || size != want[1] {
			t.Errorf("%q: %d %d %v", in, from, size, ok)
		}
	}
	for _, in := range []string{"", "bytes */10", "bytes 0-9/*", "bytes 9-5/10", "bytes 0-10/10", "lines 0-9/10", "bytes -1-9/10"} {
		if _, _, ok := contentRange(in); ok {
			t.Errorf("%q was taken", in)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "-1": 0, "soon": 0, "99999999999": 0,
		"Sun, 22 Nov 2026 10:00:30 GMT": 30 * time.Second, "Sun, 22 Nov 2026 09:00:00 GMT": 0,
	} {
		if got := retryAfter(in, now); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}
