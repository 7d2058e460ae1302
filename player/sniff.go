package player

import "bytes"

// maxSniff is how far into a body a list of addresses is looked for.
const maxSniff = 1 << 10

// textRun is how many printable bytes after a mark of markup make a text. Media
// that are joined in the middle begin with any byte, never with so many letters.
const textRun = 32

// listHeads are what lists of addresses and their kin begin with, in lower
// case. VLC looks at the bytes, not only at their type, and opens by itself
// what such a list names.
var listHeads = [][]byte{
	[]byte("#extm3u"), []byte("#extinf"), []byte("[playlist]"), []byte("[reference]"),
	[]byte("<?xml"), []byte("<asx"), []byte("<mpd"), []byte("<smil"), []byte("<smoothstreaming"),
	[]byte("<playlist"), []byte("<html"), []byte("<!doctype"), []byte("rtsptext"), []byte("smtext"),
	[]byte("<\x00?\x00"), []byte("\x00<\x00?"), // XML in UTF-16
}

// isList tells whether a body that begins with head is a list of addresses, or
// another text, and no media.
func isList(head []byte) bool {
	head = head[:min(len(head), maxSniff)]
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		head = bytes.TrimPrefix(head, []byte(mark))
	}
	for {
		head = bytes.TrimLeft(head, " \t\r\n")
		for _, h := range listHeads {
			if len(head) >= len(h) && bytes.EqualFold(head[:len(h)], h) {
				return true
			}
		}
		if len(head) > 0 && bytes.IndexByte([]byte("<[#"), head[0]) >= 0 && printable(head[:min(len(head), textRun)]) {
			return true
		}
		remark, rest, ok := bytes.Cut(head, []byte{'\n'})
		if !ok || !bytes.HasPrefix(remark, []byte{'#'}) {
			return beginsWithAddress(bytes.ToLower(head))
		}
		head = rest
	}
}

func printable(text []byte) bool {
	for _, c := range text {
		if (c < ' ' || c >= 0x7f) && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// beginsWithAddress tells whether text begins with a scheme and "://".
func beginsWithAddress(text []byte) bool {
	const longest = 16 // bytes of a scheme; VLC has none so long
	scheme, _, ok := bytes.Cut(text[:min(len(text), longest+len("://"))], []byte("://"))
	if !ok || len(scheme) < 2 {
		return false
	}
	for _, c := range scheme {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
