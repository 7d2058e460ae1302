package hls

import (
	"bytes"
	"fmt"
	"strings"
	"tapedeck/client/words"
)

// Limits of a playlist's text.
const (
	maxPlaylist = 8 << 20  // bytes
	maxLine     = 64 << 10 // bytes of one line
	maxURI      = 16 << 10 // bytes of a URI
	maxName     = 80       // characters of a name that is shown
)

// eachLine calls take with each line that is not empty, without the mark at the
// front that Windows writes, carriage returns and blanks at the ends.
func eachLine(body []byte, take func(line string) error) error {
	if len(body) > maxPlaylist {
		return errTooLong
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	for len(body) > 0 {
		var line []byte
		line, body, _ = bytes.Cut(body, []byte{'\n'})
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(line) > maxLine {
			return &playlistError{fmt.Sprintf("the playlist has a line longer than %d bytes", maxLine)}
		}
		if err := take(string(line)); err != nil {
			return err
		}
	}
	return nil
}

// tag takes a line apart: "#EXTINF:9.009,title" is "#EXTINF" and "9.009,title".
func tag(line string) (name, value string, ok bool) {
	if !strings.HasPrefix(line, "#EXT") {
		return "", "", false
	}
	name, value, _ = strings.Cut(line, ":")
	return strings.TrimSpace(name), strings.TrimSpace(value), true
}

// text makes what came from the network fit to be shown: one line, no control
// bytes, not too long.
func text(s string) string { return words.Line(s, maxName) }
