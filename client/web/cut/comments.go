package cut

import (
	"bytes"
	"encoding/binary"
	"strings"
)

const (
	maxComments = 1024    // of one stream
	maxComment  = 4 << 10 // bytes of an artist or a title
)

// readComments reads Vorbis comments, which Ogg's codecs and FLAC have alike,
// and says what is on: "ARTIST - TITLE". All numbers are little endian:
//
//	length(4) vendor  count(4)  { length(4) NAME=value }
//
// https://xiph.org/vorbis/doc/v-comment.html
func readComments(b []byte) string {
	field := func() ([]byte, bool) {
		if len(b) < 4 {
			return nil, false
		}
		n := uint64(binary.LittleEndian.Uint32(b))
		if b = b[4:]; n > uint64(len(b)) {
			return nil, false
		}
		f := b[:n]
		b = b[n:]
		return f, true
	}
	if _, ok := field(); !ok || len(b) < 4 {
		return ""
	}
	count := binary.LittleEndian.Uint32(b)
	b = b[4:]
	var artist, title []string
	for range min(count, maxComments) {
		f, ok := field()
		if !ok {
			break
		}
		name, value, _ := bytes.Cut(f, []byte{'='})
		if len(value) == 0 || len(value) > maxComment || len(name) > len("ARTIST") {
			continue
		}
		switch strings.ToUpper(string(name)) {
		case "ARTIST":
			artist = append(artist, string(value))
		case "TITLE":
			title = append(title, string(value))
		}
	}
	switch {
	case len(title) == 0:
		return strings.Join(artist, ", ")
	case len(artist) == 0:
		return title[0]
	}
	return strings.Join(artist, ", ") + " - " + title[0]
}
