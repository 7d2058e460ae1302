// Package mpegvideo cuts streams of MPEG-1 and MPEG-2 video into pictures. It
// decodes none. RTP and MPEG-TS share it.
//
//	var s mpegvideo.Stream
//	for p := s.Picture(data); !p.Held; p = s.Picture(p.Rest) { ... }
package mpegvideo

import (
	"bytes"

	"tapedeck/client/bits"
	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// Stream remembers the sequence header that went by (ISO/IEC 13818-2, 6.2):
//
//	| 00 00 01 b3 width12 height12 aspect4 rate4 ... | 00 00 01 b5 1 ... MPEG-2 |
//	| 00 00 01 b8 group | 00 00 01 00 order10 type3 ... | 00 00 01 01-af slice |
type Stream struct {
	sequence Sequence
	known    bool
	entry    []byte // a picture with a sequence header in front
}

// Sequence is what a sequence header says.
type Sequence struct {
	Codec         media.Codec
	Width, Height int
	FrameRate     float64
	Header        []byte // with its extensions
}

// Sequence is the newest; not ok before there is one.
func (s *Stream) Sequence() (q Sequence, ok bool) { return s.sequence, s.known }

// Start codes, by their last byte.
const (
	PictureCode  = 0x00
	SequenceCode = 0xb3
	GroupCode    = 0xb8

	sliceLast     = 0xaf
	extensionCode = 0xb5
)

const (
	intra       = 1       // picture_coding_type
	maxSequence = 1 << 10 // bytes
)

// rates is by frame_rate_code.
var rates = [16]float64{1: 24000. / 1001, 24, 25, 30000. / 1001, 30, 50, 60000. / 1001, 60}

// Picture is the first picture of some data.
type Picture struct {
	Data   []byte // with the headers before it; valid until the next call
	Key    bool   // a decoder can start here
	Held   bool   // there is none yet, but what belongs in front of one
	Rest   []byte // what follows
	Frames int    // how much later that is shown
}

// Picture cuts the first picture off data, which may be of two fields. The last
// one in data has no Rest.
func (s *Stream) Picture(data []byte) Picture {
	first := headsOf(data)
	if first.coding == 0 { // headers without a picture
		return Picture{Held: len(data) <= maxSequence}
	}
	if first.sequence >= 0 && first.end >= 0 {
		s.learn(data[first.sequence:first.end])
	}
	p := Picture{Data: data[:first.next], Rest: data[first.next:]}
	// A decoder that starts here needs the sequence header. A picture that is
	// smaller than that is none; a packet has room for many of those.
	if first.coding == intra && s.known && len(p.Data) >= len(s.sequence.Header) {
		p.Key = true
		if first.sequence < 0 {
			s.entry = append(append(s.entry[:0], s.sequence.Header...), p.Data...)
			p.Data = s.entry
		}
	}
	if len(p.Rest) > 0 {
		second := headsOf(p.Rest)
		p.Frames = second.time - first.time
		if second.group {
			p.Frames = second.time + 1
		}
	}
	return p
}

// heads is what stands in front of a picture's slices.
type heads struct {
	sequence, end int  // where the sequence header begins and ends, -1: there is none
	group         bool // times are counted anew from here
	coding        byte // picture_coding_type, 0: there is no picture
	time          int  // temporal_reference: the place in the order of display
	next          int  // where the next picture begins
}

// headsOf reads the headers at the beginning of data, and looks for the
// end of the picture. A picture with the time of the one before is its other
// field.
func headsOf(data []byte) heads {
	h := heads{sequence: -1, end: -1, next: len(data)}
	slices := false
	for at := range nal.StartCodes(data) {
		switch code := data[at+3]; {
		case code == PictureCode && at+5 < len(data):
			kind, time := data[at+5]>>3&7, int(data[at+4])<<2|int(data[at+5]>>6)
			if slices && time != h.time {
				h.next = at
				return h
			}
			if h.coding == 0 {
				h.coding, h.time = kind, time
			}
			h.closeSequence(at)
		case slices && (code == SequenceCode || code == GroupCode):
			h.next = at
			return h
		case code == SequenceCode:
			h.sequence, h.end = at, -1
		case code == GroupCode:
			h.group = true
			h.closeSequence(at)
		case code <= sliceLast:
			slices = true
		}
	}
	return h
}

func (h *heads) closeSequence(at int) {
	if h.sequence >= 0 && h.end < 0 {
		h.end = at
	}
}

// learn takes a sequence header with its extensions.
func (s *Stream) learn(header []byte) {
	if len(header) > maxSequence || bytes.Equal(header, s.sequence.Header) {
		return
	}
	b := bits.Reader{Data: header}
	b.Skip(32)
	width, height := int(b.Read(12)), int(b.Read(12))
	b.Skip(4)
	rate := rates[b.Read(4)]
	codec := media.MPEG1Video
	for at := range nal.StartCodes(header) {
		const sequenceExtension = 1
		if header[at+3] != extensionCode {
			continue
		}
		e := bits.Reader{Data: header[at+4:]}
		if e.Read(4) == sequenceExtension {
			codec = media.MPEG2Video
			e.Skip(8 + 1 + 2) // profile and level, progressive_sequence, chroma_format
			width |= int(e.Read(2)) << 12
			height |= int(e.Read(2)) << 12
		}
	}
	if b.Short || width == 0 || height == 0 {
		return
	}
	s.sequence = Sequence{codec, width, height, rate, bytes.Clone(header)}
	s.known = true
}
