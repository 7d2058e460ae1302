package metafile

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// declared is how XML names its encoding, within its first line.
var declared = regexp.MustCompile(`^\s*<\?[^>]{0,200}?encoding\s*=\s*["']?([A-Za-z0-9_:.-]{1,40})`)

// decode makes UTF-8 of a list in whatever encoding: UTF-16 with or without its
// mark, what an XML declaration names, and else Windows-1252, of which Latin-1 is
// a part.
func decode(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return wide(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return wide(b[2:], binary.BigEndian)
	case len(b) >= 4 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return wide(b, binary.LittleEndian)
	case len(b) >= 4 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return wide(b, binary.BigEndian)
	}
	if whole(b) {
		return string(b)
	}
	var from encoding.Encoding = charmap.Windows1252
	if m := declared.FindSubmatch(b[:min(len(b), 300)]); m != nil {
		if e, err := htmlindex.Get(string(m[1])); err == nil {
			from = e
		}
	}
	s, err := from.NewDecoder().Bytes(b)
	if err != nil {
		return string(b)
	}
	return string(s)
}

// whole reports UTF-8, but for a letter that was cut at the end.
func whole(b []byte) bool {
	for i := 0; i < utf8.UTFMax && i <= len(b); i++ {
		if utf8.Valid(b[:len(b)-i]) {
			return true
		}
	}
	return false
}

func wide(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// isText reports whether s begins like text: no control characters but those
// that lay text out.
func isText(s string) bool {
	const enough = 256
	for i := range min(len(s), enough) {
		if c := s[i]; c < 0x20 && !strings.ContainsRune("\n\r\t\f", rune(c)) {
			return false
		}
	}
	return s != ""
}
