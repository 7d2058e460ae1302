package asf

import (
	"time"

	"tapedeck/client/media"
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

	// Elsewhere is the link of a header that only points to another file (a
	// script command FILENAME); it is not cleaned.
	Elsewhere string

	Protected bool // has an object of a rights management

	Size int // bytes of the header object and the data object's head, of those that were given

	raw []byte // the header object, whole objects only
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

// Parse reads the header object and the data object's head, which may be
// absent. Children that are broken are passed over. b is not kept.
func Parse(b []byte) (*Header, error) { return nil, ErrFormat }

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
func (h *Header) Tracks(chosen []int) []media.Track { return nil }

// Keep is the header object and the data object's head of a broadcast of the
// chosen streams alone. It asks the player to wait for preroll and no longer
// than the header did. As packets are not rewritten, their presentation times
// are then ahead by h.Preroll less preroll.
func (h *Header) Keep(chosen []int, preroll time.Duration) []byte { return nil }

// Choose is which streams to play: one picture, one sound, and the commands and
// images with them, of those that can be played. limit bounds the sum of their
// bit rates, with some room to spare; 0 is none. language is preferred where
// streams differ in it: "de" or "de-ch".
func Choose(h *Header, limit int, language string) []int { return nil }
