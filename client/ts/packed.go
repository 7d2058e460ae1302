package ts

import (
	"errors"

	"tapedeck/client/audioframe"
	"tapedeck/client/id3"
	"tapedeck/client/media"
)

// ErrNotAudio means that the bytes are no frames of AAC, MP3 or AC-3.
var ErrNotAudio = errors.New("ts: this is no packed audio: neither AAC nor MP3 nor AC-3")

// Packed takes segments of packed audio apart (RFC 8216, 3.4): bare frames
// without a transport stream, behind ID3 tags of which one tells the time of the
// first sample on the clock of transport streams.
//
//	| ID3: PRIV com.apple.streaming.transportStreamTimestamp ... | frame | frame ...
//
// Where no tag tells it, the time goes on from the segment before. The tags come
// out too, as a second track. It has the methods of Demuxer.
type Packed struct {
	out    output
	clock  clock
	frames *audio
	tracks []media.Track
	tagged bool // there was a tag: it has a track

	inside bool   // the tags at the front of the segment have gone by
	head   []byte // the front of the segment, as far as it has come
	at     stamp  // of the segment
	err    error  // why it is none
}

// Numbers of the tracks.
const (
	packedSound = 0
	packedTags  = 1
)

const (
	maxTags   = 16       // in front of a segment
	maxSearch = 16 << 10 // bytes of the first segment in which frames are looked for
)

// NewPacked returns a demuxer that does not know the coding yet.
func NewPacked() *Packed { return &Packed{} }

// Write takes the next bytes of a segment, cut anywhere, and yields the frames
// that they complete.
func (d *Packed) Write(p []byte, yield func(media.Packet)) error {
	d.out.yield = yield
	defer func() { d.out.yield = nil }()
	switch {
	case d.err != nil:
	case d.inside:
		d.add(p)
	default:
		d.head = append(d.head, p...)
		d.err = d.open(false)
	}
	return d.err
}

// Flush ends a segment: the last frame comes out.
func (d *Packed) Flush(yield func(media.Packet)) error {
	d.out.yield = yield
	defer func() { d.out.yield = nil }()
	err := d.err
	if err == nil && !d.inside && len(d.head) > 0 {
		err = d.open(true)
	}
	if d.frames != nil {
		d.frames.flush()
	}
	d.inside, d.head, d.err = false, d.head[:0], nil
	return err
}

// Reset drops what is partial: the next bytes begin a segment, which need not
// follow the last one.
func (d *Packed) Reset() {
	d.clock, d.at = clock{}, stamp{}
	d.inside, d.head, d.err = false, d.head[:0], nil
	if d.frames != nil {
		d.frames.reset()
	}
}

// Known reports whether the coding is known.
func (d *Packed) Known() bool { return d.frames != nil && d.frames.known() }

// Tracks are the sound, and the tags where there are any.
func (d *Packed) Tracks() []media.Track {
	if !d.out.outdated {
		return d.tracks
	}
	d.out.outdated = false
	t := media.Track{ID: packedSound, Kind: media.Audio}
	if d.frames != nil {
		d.frames.describe(&t)
	}
	d.tracks = []media.Track{t}
	if d.tagged {
		d.tracks = append(d.tracks, media.Track{ID: packedTags, Kind: media.Data, Codec: media.ID3})
	}
	return d.tracks
}

// Stats may be called between the other methods.
func (d *Packed) Stats() Stats { return Stats{Damaged: d.out.damaged} }

// open looks at the front of a segment: the tags and, in the first one, which
// coding follows.
func (d *Packed) open(final bool) error {
	b, at := d.head, d.at
	at.told = false
	n := 0
	for ; n < maxTags; n++ {
		size := id3.Size(b)
		if size > maxTag {
			return ErrNotAudio
		}
		if !final && (len(b) < tagHead || size > len(b)) {
			return nil
		}
		if size == 0 || size > len(b) {
			break
		}
		if ticks, ok := id3.Timestamp(b[:size]); ok {
			pts := d.clock.unwrap(int64(ticks))
			at = stamp{told: true, pts: pts, dts: pts}
		}
		b = b[size:]
	}
	if d.frames == nil {
		s := syntaxOf(b, final)
		if s == nil {
			if final || len(b) >= maxSearch {
				return ErrNotAudio
			}
			return nil
		}
		d.frames = &audio{sink: &sink{to: &d.out, track: packedSound}, syntax: s}
		at.told = true // from 0 on if nothing else is said
	}
	d.inside, d.at = true, at
	d.tag(d.head[:len(d.head)-len(b)])
	d.frames.begin(at)
	d.add(b)
	d.head = d.head[:0]
	return nil
}

const tagHead = 10 // bytes that tell whether there is a tag

// tag passes on the tags in front of a segment.
func (d *Packed) tag(b []byte) {
	at := span(d.at.pts)
	if !d.at.told && d.frames.timed {
		at = d.frames.now()
	}
	for len(b) > 0 {
		if !d.tagged {
			d.tagged, d.out.outdated = true, true
		}
		size := id3.Size(b)
		d.out.yield(media.Packet{Track: packedTags, Time: at, Key: true, Data: b[:size]})
		b = b[size:]
	}
}

// add hands on the frames' bytes in parts that the stream has room for.
func (d *Packed) add(p []byte) {
	const part = 4 << 10
	for len(p) > 0 {
		n := min(len(p), part)
		d.frames.add(p[:n])
		p = p[n:]
	}
}

// syntaxOf tells the coding by the first frame that another one follows; nil
// where there is none, or more bytes are needed.
func syntaxOf(b []byte, final bool) *audioframe.Syntax {
	for _, s := range []*audioframe.Syntax{audioframe.AC3, audioframe.ADTS, audioframe.MPEGAudio} {
		if f, ok := s.Parse(b); ok && (len(b) >= f.Size+s.Header() || final && len(b) == f.Size) {
			if next, ok := s.Parse(b[f.Size:]); ok && next.Codec == f.Codec || len(b) == f.Size {
				return s
			}
		}
	}
	if len(b) < maxSearch && !final {
		return nil
	}
	b = b[:min(len(b), maxSearch)]
	var first *audioframe.Syntax
	least := len(b)
	for _, s := range []*audioframe.Syntax{audioframe.AC3, audioframe.ADTS, audioframe.MPEGAudio} {
		if _, at, _ := s.Find(b); at >= 0 && at < least {
			first, least = s, at
		}
	}
	return first
}
