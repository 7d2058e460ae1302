package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// ac3 is AC-3 (RFC 4184, 4) and E-AC-3 (RFC 4598, 4): whole frames, or a part
// of one.
//
//	AC-3    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  FT: 0 frames, 1 and 2 the first
//	        |    MBZ    |FT |      NF       |  part of one, 3 a later part
//	        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	E-AC-3  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	        |     MBZ     |F|      NF       |  F: 1 is a part of a frame
//	        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// NF is the number of frames, or of the parts of one. The marker is set on
// packets with whole frames and on the last part. The frames' own headers tell
// their sizes.
type ac3 struct {
	track    media.Track
	clock    int
	enhanced bool

	part  []byte // of a frame that comes in parts
	parts int
	ts    uint32
}

func newAC3(f Format) (Depacketizer, error)  { return newDolby(f, media.AC3) }
func newEAC3(f Format) (Depacketizer, error) { return newDolby(f, media.EAC3) }

func newDolby(f Format, codec media.Codec) (Depacketizer, error) {
	t := f.track(media.Audio, codec)
	if t.SampleRate > 48000 { // the clock is not the sound's
		t.SampleRate = 0
	}
	return &ac3{track: t, clock: f.ClockRate, enhanced: codec == media.EAC3}, nil
}

// Track is ready from the start: decoders go by the frames.
func (d *ac3) Track() (media.Track, bool) { return d.track, true }
func (d *ac3) Reset()                     { d.part, d.parts = d.part[:0], 0 }

func (d *ac3) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if lost || h.Timestamp != d.ts {
		d.Reset()
	}
	if len(payload) < 2 {
		d.Reset()
		return ErrMalformed
	}
	whole, first := payload[0]&3 == 0, payload[0]&3 != 3
	data := payload[2:]
	if d.enhanced {
		whole = payload[0]&1 == 0
		first = len(d.part) == 0
	}
	if whole {
		d.Reset()
		return d.frames(h.Timestamp, data, emit)
	}
	if _, ok := audioframe.AC3.Parse(data); first && !ok || !first && len(d.part) == 0 {
		return nil // the part before it was lost
	}
	if first {
		d.Reset()
	}
	if len(d.part)+len(data) > maxAudioUnit {
		d.Reset()
		return ErrTooLarge
	}
	d.part, d.ts = append(d.part, data...), h.Timestamp
	if d.parts++; !h.Marker && d.parts != int(payload[1]) {
		return nil
	}
	err := d.frames(d.ts, d.part, emit)
	d.Reset()
	return err
}

// frames emits what is in data: a unit is a frame with all frames that depend
// on it.
func (d *ac3) frames(ts uint32, data []byte, emit func(Unit)) error {
	samples, size := 0, 0 // of the unit
	done := 0             // samples before it
	for size < len(data) {
		f, ok := audioframe.AC3.Parse(data[size:])
		if !ok || f.Size > len(data)-size {
			break
		}
		if !f.More {
			if size > 0 {
				emit(d.unit(ts, done, data[:size]))
				data, done = data[size:], done+samples
			}
			size, samples = 0, f.Samples
			d.track.SampleRate = f.Rate
			if f.Channels > 0 {
				d.track.Channels = f.Channels
			}
		}
		size += f.Size
	}
	if size > 0 {
		emit(d.unit(ts, done, data[:size]))
	}
	if size < len(data) {
		return ErrMalformed
	}
	return nil
}

// unit gives a unit that comes after so many samples its timestamp.
func (d *ac3) unit(ts uint32, samples int, data []byte) Unit {
	if samples > 0 {
		ts += uint32(int64(samples) * int64(d.clock) / int64(d.track.SampleRate))
	}
	return Unit{Timestamp: ts, Key: true, Data: data}
}
