package asf

import (
	"bytes"
	"fmt"
	"time"

	"tapedeck/client/media"
)

// Limits of what a header says of times.
const (
	maxPlay    = 1 << 53 // 100 ns: 28 years
	maxPreroll = 1<<32 - 1
	maxRate    = 1 << 31 // bits a second
)

// Header is what a header object says. It is never written to after Parse.
type Header struct {
	PacketSize int    // bytes of every packet of the file
	Packets    uint64 // 0 where it is a broadcast or nobody has counted

	Duration time.Duration // of the content, without the preroll; 0 unknown or a broadcast
	Preroll  time.Duration // how far presentation times are ahead of the content's, and what a player is to buffer

	Broadcast  bool // has no end: sizes, counts and lengths mean nothing
	Seekable   bool
	MaxBitRate int // of all streams, bits a second; 0 unknown

	Streams    []Stream // in the header's order, each number once
	Exclusions []Exclusion

	Title, Author, Copyright, Description string // cleaned

	// Elsewhere is the link of a header that has no streams and points to another
	// file (a script command FILENAME). It is as the server has it.
	Elsewhere string

	Protected bool // has an object of a rights management

	Size int // bytes of the header object and of the data object's head, as far as that was given

	raw   []byte // the header object as far as its objects are whole
	props int    // where in it the file properties are; 0: there are none
	data  int    // where the data object's head is; 0: it was not given
}

// Stream is one stream of the header. Number is 1 to 127.
type Stream struct {
	Number   int
	Kind     media.Kind
	Codec    media.Codec
	BitRate  int    // bits a second; an estimate where the header has none; 0 unknown
	Language string // "en-us"; empty where the header names none
	Name     string // cleaned

	Width, Height        int
	FrameTime            time.Duration // between two pictures; 0 unknown
	SampleRate, Channels int

	Encrypted bool
	Priority  int    // 1 is the most important; 0: the header does not rank it
	Problem   string // why it is not played; empty for a stream that can be

	average int // bits a second of its sound, by its own format
}

// ExclusionKind is in what the streams of an exclusion differ.
type ExclusionKind uint8

const (
	Unknown ExclusionKind = iota
	Bitrate
	Language
)

// Exclusion is a set of streams of which one is played at a time.
type Exclusion struct {
	By      ExclusionKind
	Streams []int
}

// reading is a header while it is read. What belongs to a stream may stand
// before the stream.
type reading struct {
	*Header
	known     [MaxStream + 1]bool
	extended  [MaxStream + 1]extended
	rates     [MaxStream + 1]int
	languages []string
	ranks     []int
	codecs    []codecEntry
	elsewhere string
}

// Parse reads the header object and the data object's head, which may be
// absent. Children that are broken are passed over, and sizes that are nonsense,
// as encoders write them while they send, are not needed. b is not kept.
//
//	GUID(16) size(8) number of children(4) 1 2 | children
func Parse(b []byte) (*Header, error) {
	if len(b) < headerHead || guid(b[:16]) != headerObject {
		return nil, fmt.Errorf("%w: this is no header", ErrFormat)
	}
	r := &reading{Header: &Header{}}
	inside := b[:min(len(b), MaxHeader)]
	size := le.Uint64(b[16:])
	believed := size >= headerHead && size <= uint64(len(inside))
	if believed {
		inside = inside[:size]
	}
	end := headerHead
	for id, o := range objects(inside[headerHead:]) {
		if id == dataObject {
			break
		}
		r.object(id, o)
		if id == fileProperties && r.props == 0 && r.fileProperties(o) {
			r.props = end
		}
		end += len(o)
	}
	if r.props == 0 && (r.elsewhere == "" || len(r.Streams) > 0) {
		return nil, fmt.Errorf("%w: a header without file properties", ErrFormat)
	}
	r.raw = bytes.Clone(b[:end])
	if believed {
		end = int(size)
	}
	r.Size = end
	if rest := b[end:]; len(rest) >= DataHead && guid(rest[:16]) == dataObject {
		r.data = end
		r.Size += DataHead
	}
	r.complete()
	return r.Header, nil
}

// object reads a child of the header or of its extension.
func (r *reading) object(id guid, o []byte) {
	switch id {
	case streamProperties:
		r.streamProperties(o)
	case headerExtension:
		if len(o) >= extHead {
			for id, o := range objects(o[extHead:]) {
				if id != headerExtension { // one is enough
					r.object(id, o)
				}
			}
		}
	case extendedStream:
		r.extendedStream(o)
	case bitrateExclusion, advancedExclusion, groupExclusion:
		r.exclusion(id, o)
	case prioritization:
		r.prioritization(o)
	case streamBitrates:
		r.streamBitrates(o)
	case languageList:
		r.languageList(o)
	case codecList:
		r.codecList(o)
	case contentDescription:
		r.contentDescription(o)
	case scriptCommand:
		r.scriptCommand(o)
	case contentEncryption, extendedEncryption:
		r.Protected = true
	}
}

// complete puts together what was said in several places.
func (r *reading) complete() {
	unknown, left := 0, r.MaxBitRate
	for i := range r.Streams {
		s := &r.Streams[i]
		e := r.extended[s.Number]
		s.BitRate = firstOf(r.rates[s.Number], e.bitRate, s.average)
		s.FrameTime, s.Name = e.frameTime, e.name
		if e.known && e.language < len(r.languages) {
			s.Language = r.languages[e.language]
		}
		for rank, number := range r.ranks {
			if number == s.Number && s.Priority == 0 {
				s.Priority = rank + 1
			}
		}
		r.nameCodec(s)
		if s.Encrypted {
			s.Problem = "it is encrypted"
		}
		if s.BitRate == 0 {
			unknown++
		}
		left -= s.BitRate
	}
	for i := range r.Streams {
		if s := &r.Streams[i]; s.BitRate == 0 && left > 0 {
			s.BitRate = left / unknown
		}
	}
	if len(r.Streams) == 0 {
		r.Elsewhere = r.elsewhere
	}
}

func firstOf(values ...int) int {
	for _, v := range values {
		if v > 0 {
			return v
		}
	}
	return 0
}

// Stream finds a stream by its number.
func (h *Header) Stream(number int) *Stream {
	for i := range h.Streams {
		if h.Streams[i].Number == number {
			return &h.Streams[i]
		}
	}
	return nil
}

// Tracks are the chosen streams, then those that cannot be played, with their
// Problem.
func (h *Header) Tracks(chosen []int) (tracks []media.Track) {
	add := func(s *Stream) {
		tracks = append(tracks, media.Track{
			ID: len(tracks), Kind: s.Kind, Codec: s.Codec, Width: s.Width, Height: s.Height,
			SampleRate: s.SampleRate, Channels: s.Channels, BitRate: s.BitRate, Problem: s.Problem,
		})
		if s.FrameTime > 0 {
			tracks[len(tracks)-1].FrameRate = float64(time.Second) / float64(s.FrameTime)
		}
	}
	in := set(chosen)
	for i := range h.Streams {
		if s := &h.Streams[i]; in[s.Number] {
			add(s)
		}
	}
	for i := range h.Streams {
		if s := &h.Streams[i]; !in[s.Number] && s.Problem != "" {
			add(s)
		}
	}
	return tracks
}

// set is the numbers of a list that streams can have.
func set(numbers []int) (in [MaxStream + 1]bool) {
	for _, n := range numbers {
		if n >= 1 && n <= MaxStream {
			in[n] = true
		}
	}
	return in
}
