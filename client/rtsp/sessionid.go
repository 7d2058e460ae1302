package rtsp

import (
	"strconv"
	"strings"
	"time"

	"tapedeck/client/quoted"
)

const (
	maxSessionID = 4 << 10

	// defaultSessionTimeout is RFC 2326's; the bounds keep a server from making
	// us ask all the time or never.
	defaultSessionTimeout = 60 * time.Second
	minSessionTimeout     = 2 * time.Second
	maxSessionTimeout     = 24 * time.Hour
)

// parseSession reads a Session header: "12345678;timeout=60", with blanks and
// any case of letters. A timeout that makes no sense is the default.
func parseSession(value string) (id string, timeout time.Duration) {
	timeout = defaultSessionTimeout
	id, rest, _ := strings.Cut(value, ";")
	id = strings.TrimSpace(id)
	if len(id) > maxSessionID {
		return "", timeout
	}
	for _, p := range strings.Split(rest, ";") {
		key, v, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "timeout") {
			continue
		}
		n, err := strconv.Atoi(quoted.Unquote(v))
		if err == nil && n > 0 && n <= int(maxSessionTimeout/time.Second) {
			timeout = max(time.Duration(n)*time.Second, minSessionTimeout)
		}
	}
	return id, timeout
}

// keepaliveInterval is half of what the server allows, at most 30 s, and at
// least 5 s before its end where there are 5 s.
func keepaliveInterval(timeout time.Duration) time.Duration {
	d := timeout / 2
	if timeout > 5*time.Second {
		d = min(d, timeout-5*time.Second)
	}
	return min(max(d, time.Second), 30*time.Second)
}
