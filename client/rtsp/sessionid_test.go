package rtsp

import (
	"strings"
	"testing"
	"time"
)

func TestParseSession(t *testing.T) {
	for _, c := range []struct {
		in, id  string
		timeout time.Duration
	}{
		{"12345678", "12345678", time.Minute},
		{"1$-_.+x;timeout=30", "1$-_.+x", 30 * time.Second},
		{" ab ; Timeout = \"65\" ", "ab", 65 * time.Second},
		{"a;timeout=0", "a", time.Minute},
		{"a;timeout=-1", "a", time.Minute},
		{"a;timeout=9223372036854775808", "a", time.Minute},
		{"a;timeout=1", "a", 2 * time.Second},
		{"", "", time.Minute},
		{strings.Repeat("x", maxSessionID+1), "", time.Minute},
	} {
		if id, timeout := parseSession(c.in); id != c.id || timeout != c.timeout {
			t.Errorf("%.40q: %.40q %v", c.in, id, timeout)
		}
	}
}

func TestKeepaliveInterval(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		2 * time.Second:  time.Second,
		6 * time.Second:  time.Second,
		8 * time.Second:  3 * time.Second,
		10 * time.Second: 5 * time.Second,
		time.Minute:      30 * time.Second,
		time.Hour:        30 * time.Second,
	} {
		if got := keepaliveInterval(timeout); got != want {
			t.Errorf("%v: %v, want %v", timeout, got, want)
		}
	}
}
