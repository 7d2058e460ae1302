package player

import (
	"strconv"
	"strings"

	"tapedeck/client/media"
)

// maxStreams bounds how many streams of one source are told of.
const maxStreams = 64

// Stream is one elementary stream as VLC's decoder sees it.
type Stream struct {
	Kind          media.Kind
	Codec         string // in VLC's words: "H264 - MPEG-4 AVC (part 10)"
	FourCC        string // "h264", "mp4a"; empty when VLC gives none
	Language      string
	Width, Height int
	FrameRate     float64
	SampleRate    int
	Channels      string // in VLC's words: "Stereo", "Mono", "3F2R/LFE"
	BitRate       int    // bits a second, 0 when not known
}

// parseStreams reads the reply to info:
//
//	+----[ Stream 0 ]
//	|
//	| Codec: H264 - MPEG-4 AVC (part 10) (avc1)
//	| Type: Video
//	| Video resolution: 320x240
//	|
//	+----[ end of stream info ]
//
// What the source says of itself (titles, "Meta data") is left alone.
func parseStreams(lines []string) []Stream {
	var streams []Stream
	var at *Stream
	for _, line := range lines {
		if head, ok := strings.CutPrefix(line, "+----[ "); ok {
			at = nil
			if strings.HasPrefix(head, "Stream ") && len(streams) < maxStreams {
				streams = append(streams, Stream{Kind: media.Data})
				at = &streams[len(streams)-1]
			}
			continue
		}
		field, ok := strings.CutPrefix(line, "| ")
		name, value, found := strings.Cut(field, ": ")
		if ok && found && at != nil {
			at.set(name, strings.TrimSpace(value))
		}
	}
	return streams
}

func (s *Stream) set(name, value string) {
	switch name {
	case "Codec":
		s.Codec = value
		if open := strings.LastIndex(value, " ("); open >= 0 && strings.HasSuffix(value, ")") && len(value)-open == len(" (xxxx)") {
			s.Codec, s.FourCC = value[:open], strings.TrimSpace(value[open+2:len(value)-1])
		}
	case "Type":
		switch value {
		case "Video":
			s.Kind = media.Video
		case "Audio":
			s.Kind = media.Audio
		}
	case "Language":
		s.Language = value
	case "Video resolution":
		w, h, _ := strings.Cut(value, "x")
		s.Width, s.Height = number(w), number(h)
	case "Frame rate":
		if f, err := strconv.ParseFloat(value, 64); err == nil && f > 0 && f < 10000 {
			s.FrameRate = f
		}
	case "Sample rate":
		s.SampleRate = number(value)
	case "Channels", "Decoded channels":
		// What the decoder gives, once it is known, is nearer to what is heard.
		s.Channels = value
	case "Bitrate":
		s.BitRate = number(value) * 1000
	}
}

// number is the figure that text begins with, 0 when it begins with none or
// with one that no stream has.
func number(text string) int {
	digits, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > 1<<30 {
		return 0
	}
	return n
}
