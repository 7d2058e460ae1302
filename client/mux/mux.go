// Package mux makes a byte stream that VLC can demux out of packets.
//
// The stream is live Matroska (RFC 9559): a header, then clusters without end.
// The segment has no known size and most clusters have none, so that each
// packet is written when it comes and never waits for the next. A track that is
// an MPEG transport stream already is passed through as it is.
//
//	Init:         EBML | Segment, size unknown { Info | Tracks
//	Append, Key:     Cluster { Timestamp | SimpleBlock }
//	Append:          Cluster, size unknown { Timestamp | SimpleBlock
//	Append:             SimpleBlock
//	Append:             SimpleBlock ...
//	Append, Key:     Cluster { Timestamp | SimpleBlock }
//
// Init and the bytes from any Mark.Key on are a whole stream again: that is
// what the tape rests on. Timestamps are those of the packets, whatever they
// are; VLC starts as fast at an hour as at zero, and its get_time tells them.
//
// VLC 3 reads the stream with its own demuxer, and shows the first picture a
// few tens of milliseconds after the first 300 ms of media, if the HTTP response
// says "Accept-Ranges: bytes" and the link begins with http/mkv://. Without the
// first it takes ffmpeg's demuxer, which probes for 2 to 3 s and then stutters;
// without the second it wants to see 8 KB before it makes up its mind.
//
// It leaves out what only files need: an index, a duration, tags. It does not
// read the codecs' data but for the little that the header needs.
//
// The EBML is written by hand because of the hot path. Measured on 2 cores of
// an EPYC, packets of 1 KB, 8 KB and 30 KB: 29, 90 and 380 ns a packet and no
// allocation, against 3.2, 14 and 41 us and 19 allocations (2.7 to 66 KB) with
// at-wat/ebml-go 0.19, which also keeps the packet after the call.
//
//	w, err := mux.New(tracks)
//	out := w.Init()
//	for each packet p {
//		out, mark = w.Append(out, p)
//	}
package mux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"tapedeck/client/media"
)

const (
	// maxCluster is how long a cluster goes on at most. The times in it, 16 bits
	// of milliseconds, would allow 32 s.
	maxCluster = time.Second

	// soundEntry is how far apart the entries of a stream without video are.
	soundEntry = 500 * time.Millisecond
)

var (
	// ErrNoTracks means that none of the tracks can be played.
	ErrNoTracks = errors.New("no track can be played")

	// ErrNoPrivate means that a track came without the configuration that its
	// decoder needs. It is wrapped in a TrackError.
	ErrNoPrivate = errors.New("the decoder's configuration is missing")

	// ErrUnsupported means that there is no way to put a codec into the stream.
	// It is wrapped in a TrackError.
	ErrUnsupported = errors.New("the codec cannot be put into Matroska")
)

// TrackError says which track New could not take.
type TrackError struct {
	Track int // media.Track.ID
	Codec media.Codec
	Err   error
}

func (e *TrackError) Error() string {
	return fmt.Sprintf("mux: track %d (%q): %v", e.Track, string(e.Codec), e.Err)
}

func (e *TrackError) Unwrap() error { return e.Err }

// Mark says what a reader needs to know of the bytes that Append added.
type Mark struct {
	// Key: a decoder that was given Init can start at these bytes. A cluster
	// begins here, and where the stream has video, with a key picture.
	Key  bool
	Time time.Duration // of the packet; never negative
}

// Writer turns packets into one byte stream. It is not safe for concurrent use.
type Writer struct {
	init        []byte
	contentType string
	tracks      []track
	main        uint64 // number of the track whose key packets are entries; 0: there is no video

	passThrough bool // tracks[0] is container bytes already

	fresh   bool  // the next packet of sound is an entry whatever its time
	entry   int64 // time of the latest entry, milliseconds
	open    bool  // a cluster of unknown size has begun
	cluster int64 // its time, milliseconds
}

// track is a track as it appears in the stream.
type track struct {
	id     int
	number uint64 // in Matroska, from 1
	video  bool
	delay  time.Duration // CodecDelay: players take it off the time
}

// New makes a writer for the tracks that have no Problem. Data tracks have no
// place in the stream and are left out. Where a track cannot be taken the error
// is a *TrackError; without any track it is ErrNoTracks.
func New(tracks []media.Track) (*Writer, error) {
	playable := make([]media.Track, 0, len(tracks))
	transport := 0
	for _, t := range tracks {
		switch {
		case t.Problem != "":
		case t.Codec == media.MPEGTS:
			transport++
			playable = append(playable, t)
		case t.Kind == media.Video || t.Kind == media.Audio:
			playable = append(playable, t)
		}
	}
	switch {
	case len(playable) == 0:
		return nil, ErrNoTracks
	case transport == len(playable):
		return newPassThrough(playable[0]), nil
	}
	return newMatroska(playable)
}

// newPassThrough forwards one transport stream. Two of them cannot be mixed
// into one without rewriting their tables.
func newPassThrough(t media.Track) *Writer {
	return &Writer{
		init:        []byte{},
		contentType: "video/mp2t",
		tracks:      []track{{id: t.ID}},
		passThrough: true,
	}
}

func newMatroska(tracks []media.Track) (*Writer, error) {
	w := &Writer{contentType: "audio/x-matroska", fresh: true}
	var entries []byte
	for i, t := range tracks {
		f, ok := formats[t.Codec]
		if !ok {
			return nil, &TrackError{Track: t.ID, Codec: t.Codec, Err: ErrUnsupported}
		}
		if t.SampleRate <= 0 {
			t.SampleRate = f.sampleRate
		}
		if t.Channels <= 0 {
			t.Channels = f.channels
		}
		var private []byte
		if f.private != nil {
			var err error
			if private, err = f.private(t); err != nil {
				return nil, &TrackError{Track: t.ID, Codec: t.Codec, Err: err}
			}
		}
		out := track{id: t.ID, number: uint64(i + 1), video: t.Kind == media.Video}
		if t.Codec == media.Opus {
			out.delay = opusDelay(private)
		}
		w.tracks = append(w.tracks, out)
		entries = appendTrack(entries, out.number, t, f, private)
		if out.video && w.main == 0 {
			w.main = out.number
			w.contentType = "video/x-matroska"
		}
	}
	w.init = appendHeader(nil, entries)
	return w, nil
}

// ContentType is the MIME type of the stream.
func (w *Writer) ContentType() string { return w.contentType }

// Init returns the bytes that a decoder needs first: a fresh slice, which is
// empty, not nil, for a transport stream.
func (w *Writer) Init() []byte { return append([]byte{}, w.init...) }

// Restart makes the next packet begin a new cluster, as is needed after a seek
// or wherever bytes that were appended are not sent.
func (w *Writer) Restart() { w.fresh, w.open = true, false }

// Append adds p to dst, as it stands in the stream, and returns dst. A packet
// without data or of a track that is not in the stream adds nothing. It does not
// allocate where dst has room, and keeps nothing of p.
func (w *Writer) Append(dst []byte, p media.Packet) ([]byte, Mark) {
	mark := Mark{Time: max(p.Time, 0)}
	t := w.track(p.Track)
	if t == nil || len(p.Data) == 0 {
		return dst, mark
	}
	if w.passThrough {
		mark.Key = p.Key
		return append(dst, p.Data...), mark
	}
	at := milliseconds(mark.Time, t.delay)
	if w.enters(t, p.Key, at) {
		mark.Key = true
		w.fresh, w.open, w.entry = false, false, at
		return appendEntry(dst, t.number, at, p.Data), mark
	}
	since := at - w.cluster
	if !w.open || since >= maxCluster.Milliseconds() || since < math.MinInt16 {
		w.open, w.cluster, since = true, at, 0
		dst = appendOpen(dst, idCluster)
		dst = appendUint(dst, idTimestamp, uint64(at))
	}
	return appendSimpleBlock(dst, t.number, int16(since), t.flags(p.Key), p.Data), mark
}

// enters reports whether a packet of t at time at (milliseconds) is an entry.
func (w *Writer) enters(t *track, key bool, at int64) bool {
	if w.main != 0 {
		return key && t.number == w.main
	}
	since := max(at-w.entry, w.entry-at)
	return w.fresh || since >= soundEntry.Milliseconds()
}

func (w *Writer) track(id int) *track {
	for i := range w.tracks {
		if w.tracks[i].id == id {
			return &w.tracks[i]
		}
	}
	return nil
}

// milliseconds rounds a time to the stream's clock. Both are at least 0, and
// the sum of the two is kept from running over.
func milliseconds(t, delay time.Duration) int64 {
	t = min(t, math.MaxInt64-delay-time.Second)
	return int64((t + delay + time.Millisecond/2) / time.Millisecond)
}

// appendEntry writes a key packet as a cluster of its own, whose size is known:
// VLC reads the first cluster to its end before it plays anything.
func appendEntry(dst []byte, number uint64, at int64, data []byte) []byte {
	size := uintLen(uint64(at)) + blockLen(number, data)
	dst = appendVint(appendID(dst, idCluster), uint64(size))
	dst = appendUint(dst, idTimestamp, uint64(at))
	return appendSimpleBlock(dst, number, 0, flagKey, data)
}

// blockBody is the size of a block's body: the track's number, two bytes of
// time, one of flags, and the data.
func blockBody(number uint64, data []byte) int { return vintLen(number) + 3 + len(data) }

// blockLen is the size of all that appendSimpleBlock writes.
func blockLen(number uint64, data []byte) int {
	body := blockBody(number, data)
	return 1 + vintLen(uint64(body)) + body
}

// The flags of a block.
const (
	flagKey         = 0x80
	flagDiscardable = 0x01
)

// flags returns a packet's block flags. Pictures that are no key pictures are
// marked as discardable, which is not true of all of them, because VLC 3 takes
// the time of such a block as it is. The time of others it replaces with a guess
// made from the track's frame rate; a camera that sends fewer pictures than it
// announced, or announced nothing, then stops VLC's clock until the next key
// picture. Neither VLC nor ffmpeg skips a picture for that mark.
func (t *track) flags(key bool) byte {
	switch {
	case key:
		return flagKey
	case t.video:
		return flagDiscardable
	}
	return 0
}

// appendSimpleBlock writes one packet (RFC 9559 section 10.2):
//
//	+------+------+--------------+-----------------+-------+----------
//	|  A3  | size | track number | time            | flags | data ...
//	+------+------+--------------+-----------------+-------+----------
//	         vint   vint           int16, added to   bit 7: key
//	                               the cluster's     bit 0: discardable
func appendSimpleBlock(dst []byte, number uint64, relative int16, flags byte, data []byte) []byte {
	dst = appendVint(appendID(dst, idSimpleBlock), uint64(blockBody(number, data)))
	dst = appendVint(dst, number)
	dst = binary.BigEndian.AppendUint16(dst, uint16(relative))
	return append(append(dst, flags), data...)
}
