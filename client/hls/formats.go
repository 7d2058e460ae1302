package hls

import (
	"tapedeck/client/fmp4"
	"tapedeck/client/id3"
	"tapedeck/client/ts"
)

// The formats of segments (RFC 8216, section 3).
var (
	transportStream = container{"MPEG-TS", func() demuxer { return ts.New() }}
	fragmentedMP4   = container{"MP4", func() demuxer { return fmp4.New() }}
	packedAudio     = container{"packed audio", func() demuxer { return ts.NewPacked() }}
)

// titleOf reads a timed tag.
func titleOf(tag []byte) (string, bool) { return id3.Title(tag) }
