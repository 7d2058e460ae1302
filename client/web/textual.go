package web

import (
	"bytes"
	"strings"
)

// playlists by what stands in their beginning, in lower case. The order
// matters: an HLS playlist is an M3U too.
var playlists = []struct{ mark, format string }{
	{"#ext-x-", "HLS"},
	{"#extm3u", "M3U"},
	{"[playlist]", "PLS"},
	{"[reference]", "ASX"},
	{"<asx", "ASX"},
	{"xspf.org/ns", "XSPF"},
	{"<smil", "SMIL"},
	{"<mpd", "DASH"},
	{"<rss", "RSS"},
}

// schemes with which a line of a bare list of links begins.
var schemes = []string{"http://", "https://", "rtsp://", "rtspt://", "rtspu://", "rtsph://", "rtsps://", "mms://", "mmsh://", "mmst://", "pnm://", "icy://", "icyx://"}

// textual says what b is where it is text and so no media: a web page, a
// playlist, a message. nil: not text, as far as can be seen.
func textual(b []byte, announced string) error {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !isText(b) {
		return nil
	}
	low := strings.ToLower(strings.TrimSpace(string(b)))
	kind := strings.ToLower(announced)
	if strings.HasPrefix(low, "<!doctype html") || strings.HasPrefix(low, "<html") || strings.HasPrefix(low, "<head") {
		return &notMedia{"a web page"}
	}
	for _, p := range playlists {
		if strings.Contains(low, p.mark) && (strings.HasPrefix(low, p.mark[:1]) || p.format == "XSPF") {
			return &ListError{Format: p.format}
		}
	}
	for _, s := range schemes {
		if strings.HasPrefix(low, s) {
			format := "M3U"
			if strings.Contains(announced, "realaudio") {
				format = "RAM"
			}
			return &ListError{Format: format}
		}
	}
	switch {
	case strings.HasPrefix(kind, "text/html"):
		return &notMedia{"a web page"}
	case strings.HasPrefix(low, "<?xml"), strings.HasPrefix(low, "<!doctype"):
		return &notMedia{"an XML document"}
	case strings.HasPrefix(low, "{"), strings.HasPrefix(low, "["), strings.HasPrefix(kind, "application/json"):
		return &notMedia{"a JSON document"}
	case strings.HasPrefix(kind, "text/"):
		return &notMedia{"text"}
	}
	return nil
}

// isText reports whether b begins like text: no control bytes but those that
// lay text out.
func isText(b []byte) bool {
	const enough = 256
	if len(b) == 0 {
		return false
	}
	for _, c := range b[:min(len(b), enough)] {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' {
			return false
		}
	}
	return true
}
