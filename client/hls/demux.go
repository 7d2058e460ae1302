package hls

import (
	"bytes"

	"tapedeck/client/media"
)

// demuxer takes the bytes of segments apart. What comes is one run: the segments
// of one playlist between two discontinuities.
type demuxer interface {
	Write(p []byte, yield func(media.Packet)) error
	Flush(yield func(media.Packet)) error
	Tracks() []media.Track
	Known() bool
}

// container is a format of segments.
type container struct {
	name string
	make func() demuxer
}

// sniffSize is how many bytes of a segment tell its format.
const sniffSize = 512

// sniff recognises the format of a segment by its first bytes; the name of the
// file and the type that the server tells are wrong too often.
func sniff(b []byte) (container, error) {
	switch {
	case len(b) >= 8 && isBox(b[4:8]):
		return fragmentedMP4, nil
	case bytes.HasPrefix(b, []byte("ID3")):
		return packedAudio, nil
	case isTransportStream(b):
		return transportStream, nil
	case len(b) >= 2 && b[0] == 0xff && b[1]&0xe0 == 0xe0, bytes.HasPrefix(b, []byte{0x0b, 0x77}):
		return packedAudio, nil
	case looksLikePlaylist(b):
		return container{}, &formatError{"another playlist", true}
	case bytes.HasPrefix(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), []byte("WEBVTT")):
		return container{}, &formatError{"subtitles", true}
	case bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("<")):
		return container{}, &formatError{"a web page", true}
	case len(b) == 0:
		return container{}, &formatError{"nothing", true}
	}
	return container{}, &formatError{"something that is no MPEG-TS, MP4 or packed audio", false}
}

// formatError is a segment of no format that is known.
type formatError struct {
	what string
	text bool // it is certainly no media
}

func (e *formatError) Error() string { return "it is " + e.what }

// isTransportStream looks for the sync bytes of packets of 188 bytes, which may
// begin a little later.
func isTransportStream(b []byte) bool {
	const packet, sync = 188, 0x47
	for at := 0; at < packet && at < len(b); at++ {
		if b[at] == sync && (at+packet >= len(b) && at == 0 || at+packet < len(b) && b[at+packet] == sync) {
			return true
		}
	}
	return false
}

// isBox knows the boxes with which segments begin.
func isBox(name []byte) bool {
	switch string(name) {
	case "ftyp", "styp", "moov", "moof", "sidx", "emsg", "prft", "free", "skip", "mdat":
		return true
	}
	return false
}
