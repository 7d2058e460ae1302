package mms

import (
	"fmt"
	"strconv"
	"strings"

	"tapedeck/client/words"
)

// isOurs goes by the header Server: Cougar is the server, Rex the encoder. A
// blank stands for the slash in those that are neither (VLC, ffserver).
func isOurs(server string) bool {
	for _, name := range []string{"Cougar", "Rex"} {
		if len(server) >= len(name) && strings.EqualFold(server[:len(name)], name) && (server + " ")[len(name)] <= '/' {
			return true
		}
	}
	return false
}

// productOf takes "Cougar/9.01.01.5001" apart.
func productOf(server string) (cougar bool, major int) {
	if !isOurs(server) {
		return false, 0
	}
	name, version, _ := strings.Cut(strings.Replace(server, " ", "/", 1), "/")
	number, _, _ := strings.Cut(version, ".")
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 8)
	if err != nil {
		n = 0
	}
	return strings.EqualFold(name, "Cougar"), int(n)
}

// failure is the error of a reply that is no success. What a web server says
// that is no media server says nothing of the stream.
func (r *httpReply) failure(step string) error {
	status := &StatusError{Code: r.Status, Reason: words.Line(r.Reason, maxReason)}
	if isOurs(r.Header.Get("Server")) {
		return status
	}
	return fmt.Errorf("%w (%s: %w: this is no media server)", status, step, ErrProtocol)
}

const maxReason = 80 // bytes of a status line's words that are shown
