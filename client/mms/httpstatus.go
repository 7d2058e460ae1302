package mms

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"tapedeck/client/words"
)

// Speaks reports whether a web server's reply is that of a Windows Media server
// or encoder: the same link is then opened with mmsh in place of http.
func Speaks(h http.Header) bool {
	if isOurs(h.Get("Server")) {
		return true
	}
	kind, _, _ := strings.Cut(strings.ToLower(h.Get("Content-Type")), ";")
	switch strings.TrimSpace(kind) {
	case "application/vnd.ms.wms-hdr.asfv1", "application/x-mms-framed":
		return true
	}
	return false
}

// isOurs goes by the header Server: Cougar is the server, Rex the encoder. A
// blank stands for the slash in those that are neither (VLC, ffserver).
func isOurs(server string) bool {
	for _, name := range []string{"Cougar", "Rex"} {
		if len(server) > len(name) && strings.EqualFold(server[:len(name)], name) && strings.ContainsRune("/ ", rune(server[len(name)])) {
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
	major, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || major < 0 {
		major = 0
	}
	return strings.EqualFold(name, "Cougar"), major
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
