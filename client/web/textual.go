package web

import (
	"bytes"
	"strings"

	"tapedeck/client/metafile"
)

// textual says what b is where it is text and so no media: a web page, a list, a
// message. nil: not text, as far as can be seen.
func textual(b []byte, announced string) error {
	if format, ok := metafile.Sniff(b, announced); ok {
		return &ListError{Format: format}
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !isText(b) {
		return nil
	}
	low := strings.ToLower(strings.TrimSpace(string(b)))
	kind := strings.ToLower(announced)
	switch {
	case strings.HasPrefix(low, "<") && strings.Contains(low, "shoutcast"):
		return errShoutcastPage
	case strings.HasPrefix(low, "<!doctype html"), strings.HasPrefix(low, "<html"), strings.HasPrefix(low, "<head"),
		strings.HasPrefix(kind, "text/html"):
		return &notMedia{"a web page"}
	case strings.HasPrefix(low, "<?xml"), strings.HasPrefix(low, "<!doctype"):
		return &notMedia{"an XML document"}
	case strings.HasPrefix(low, "{"), strings.HasPrefix(low, "["), strings.HasPrefix(kind, "application/json"):
		return &notMedia{"a JSON document"}
	case strings.HasPrefix(kind, "text/"), isListType(kind):
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
