package ts

import (
	"time"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// opus is Opus in a transport stream ("Encapsulation of Opus in MPEG-TS"): each
// packet has a control header in front,
//
//	| 11 bits of prefix 3ff | start trim1 | end trim1 | extension1 | 00 |
//	| size: bytes of ff, and the rest | (start trim16) | (end trim16) |
//	| (extension: size8, ...) | packet
//
// of which a PES packet has several.
type opus struct {
	sink     *sink
	head     []byte // OpusHead
	channels int

	buf    []byte
	timed  bool
	base   time.Duration // of the PES packet...
	played time.Duration // ...and what of it was passed on
}

// The channels of an extension descriptor (tag 80 of its own): one byte, up to 8
// in the order of Vorbis.
const (
	opusExtension   = 0x80
	maxOpusChannels = 8
	maxOpusPacket   = 64 << 10
)

// opusStreams is by the number of channels: streams, how many of them are pairs,
// and where each channel is (RFC 7845, 5.1.1.2).
var opusStreams = [maxOpusChannels + 1][]byte{
	3: {2, 1, 0, 2, 1},
	4: {2, 2, 0, 1, 2, 3},
	5: {3, 2, 0, 4, 1, 2, 3},
	6: {4, 2, 0, 4, 1, 2, 3, 5},
	7: {4, 3, 0, 4, 1, 2, 3, 5, 6},
	8: {5, 3, 0, 6, 1, 2, 3, 4, 5, 7},
}

// opusType reads the extension descriptor.
func opusType(ext []byte) (streamType, bool) {
	t := streamType{kind: media.Audio, codec: media.Opus, why: "Opus with such channels is not supported"}
	if len(ext) < 2 || ext[0] != opusExtension || ext[1] == 0 || ext[1] > maxOpusChannels {
		return t, true
	}
	channels := int(ext[1])
	head := audioframe.OpusHead(channels, 0)
	if m := opusStreams[channels]; m != nil {
		head = append(audioframe.OpusHead(channels, 1), m...)
	}
	t.why = ""
	t.open = func(s *sink) elementary { return &opus{sink: s, head: head, channels: channels} }
	return t, true
}

func (*opus) known() bool { return true }

func (o *opus) describe(t *media.Track) {
	t.Private, t.Channels, t.SampleRate = o.head, o.channels, audioframe.OpusRate
}

func (o *opus) begin(s stamp) {
	o.buf = o.buf[:0]
	if s.told {
		o.timed, o.base, o.played = true, span(s.pts), 0
	}
}

func (o *opus) add(p []byte) {
	if len(o.buf)+len(p) > maxOpusPacket {
		o.lose()
		return
	}
	o.buf = append(o.buf, p...)
	at := 0
	for {
		head, size, ok := opusControl(o.buf[at:])
		if !ok {
			o.lose()
			return
		}
		if size == 0 || at+head+size > len(o.buf) {
			break
		}
		packet := o.buf[at+head:][:size]
		if o.timed {
			o.sink.emit(o.base+o.played, true, packet)
		}
		o.played += audioframe.OpusDuration(packet)
		at += head + size
	}
	if at > 0 {
		o.buf = o.buf[:copy(o.buf, o.buf[at:])]
	}
}

// opusControl reads a control header: its size and that of the packet, 0 where
// bytes are missing. ok is false where it is none.
func opusControl(b []byte) (head, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, true
	}
	if b[0] != 0x7f || b[1]&0xe0 != 0xe0 {
		return 0, 0, false
	}
	flags := b[1]
	head = 2
	for {
		if head >= len(b) {
			return 0, 0, true
		}
		c := b[head]
		size += int(c)
		if head++; c != 0xff {
			break
		}
	}
	for _, trim := range [2]byte{0x10, 0x08} {
		if flags&trim != 0 {
			head += 2
		}
	}
	if flags&0x04 != 0 {
		if head >= len(b) {
			return 0, 0, true
		}
		head += 1 + int(b[head])
	}
	return head, size, size > 0
}

func (o *opus) lose() {
	o.sink.damaged()
	o.buf, o.timed = o.buf[:0], false
}

func (o *opus) flush() { o.buf = o.buf[:0] }
func (o *opus) reset() { o.buf, o.timed = o.buf[:0], false }
