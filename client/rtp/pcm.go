package rtp

import (
	"fmt"

	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// pcm is samples as they are: PCMU, PCMA, L8 and L16 (RFC 3551, 4.5), L24 (RFC
// 3190, 4) and the PCM of Hikvision's cameras, which is little endian. A payload
// is any number of them, channels interleaved:
//
//	| left 1 | right 1 | left 2 | right 2 | ...
//
// A tick is a sample of all channels. Cameras use other clocks than the usual
// ones as well.
type pcm struct {
	track media.Track
	frame int // bytes of one sample of all channels

	rest []byte // of a sample that the end of the packet cut through
	next uint32 // the timestamp after the last packet
	buf  []byte
}

func newPCMU(f Format) (Depacketizer, error) { return newPCM(f, media.PCMU, 1) }
func newPCMA(f Format) (Depacketizer, error) { return newPCM(f, media.PCMA, 1) }
func newL8(f Format) (Depacketizer, error)   { return newPCM(f, media.L8, 1) }
func newL16(f Format) (Depacketizer, error)  { return newPCM(f, media.L16, 2) }
func newL24(f Format) (Depacketizer, error)  { return newPCM(f, media.L24, 3) }
func newPCM16(f Format) (Depacketizer, error) {
	return newPCM(f, media.PCM, 2)
}

func newPCM(f Format, codec media.Codec, width int) (Depacketizer, error) {
	t := f.track(media.Audio, codec)
	t.Channels = max(t.Channels, 1)
	return &pcm{track: t, frame: width * t.Channels}, nil
}

func (d *pcm) Track() (media.Track, bool) { return d.track, true }
func (d *pcm) Reset()                     { d.rest = d.rest[:0] }

func (d *pcm) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	ts := h.Timestamp
	if ahead := int32(ts - d.next); lost || ahead < -1 || ahead > 1 {
		d.Reset()
	}
	if len(d.rest) > 0 {
		d.buf = append(append(d.buf[:0], d.rest...), payload...)
		payload, ts = d.buf, d.next
	}
	if len(payload) > maxAudioUnit {
		d.Reset()
		return ErrTooLarge
	}
	frames := len(payload) / d.frame
	whole := payload[:frames*d.frame]
	d.rest = append(d.rest[:0], payload[len(whole):]...)
	d.next = ts + uint32(frames)
	if frames > 0 {
		emit(Unit{Timestamp: ts, Key: true, Data: whole})
	}
	return nil
}

// l20 is L20 (RFC 3190, 4): samples of 20 bits, channels interleaved, one after
// the other without regard to bytes, and padding to a byte at the end:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|              left 1                   |        right 1 ...
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// They come out with 24 bits, the lowest four of which are 0.
type l20 struct {
	track media.Track
	out   []byte
}

func newL20(f Format) (Depacketizer, error) {
	t := f.track(media.Audio, media.L24)
	t.Channels = max(t.Channels, 1)
	return &l20{track: t}, nil
}

func (d *l20) Track() (media.Track, bool) { return d.track, true }
func (d *l20) Reset()                     {}

func (d *l20) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	const width = 20
	samples := len(payload) * 8 / width
	samples -= samples % d.track.Channels
	if samples*3 > maxAudioUnit {
		return ErrTooLarge
	}
	d.out = d.out[:0]
	for i := range samples {
		d.out = bits.Append(d.out, payload, i*width, width)
	}
	if samples > 0 {
		emit(Unit{Timestamp: h.Timestamp, Key: true, Data: d.out})
	}
	return nil
}

// monoOnly refuses codings whose decoders know one channel only.
func monoOnly(f Format) error {
	if f.Channels > 1 {
		return &UnsupportedError{Encoding: fmt.Sprintf("%s with %d channels", f.Encoding, f.Channels)}
	}
	return nil
}
