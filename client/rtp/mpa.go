package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// mpa is MPEG audio of all layers (RFC 2250, 3.5): whole frames, or a part of
// one.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|             MBZ               |          Frag_offset          |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| frame, or the part of one from Frag_offset on ...
//
// The clock is 90000 Hz. Some senders describe another, such as MPA/44100, and
// some of those keep to it: see mpaClock. Some leave the four bytes out.
type mpa struct {
	track media.Track
	clock mpaClock

	part   []byte // of a frame that comes in parts
	ts     uint32 // its timestamp
	direct bool   // that is its packet's
	size   int    // its size; 0 when there is none
}

const mpaRate = 90000

func newMPA(f Format) (Depacketizer, error) {
	t := f.track(media.Audio, media.MP3)
	t.SampleRate = 0 // the frames tell
	return &mpa{track: t, clock: newMPAClock(f.ClockRate)}, nil
}

// Track is ready from the start: decoders go by the frames.
func (d *mpa) Track() (media.Track, bool) { return d.track, true }

func (d *mpa) Reset() {
	d.drop()
	d.clock.lost()
}

func (d *mpa) drop() { d.part, d.size = d.part[:0], 0 }

// clockRate implements clocked.
func (d *mpa) clockRate() int { return d.clock.rate }

func (d *mpa) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if lost {
		d.drop()
		d.clock.lost()
	}
	if len(payload) < mpaHeader {
		d.drop()
		return ErrMalformed
	}
	offset, data := 0, payload
	if _, bare := parseMPA(payload); !bare {
		offset, data = int(binary.BigEndian.Uint16(payload[2:])), payload[4:]
	}
	if offset > 0 {
		return d.fragment(h, offset, data, emit)
	}
	d.drop()
	for samples := 0; len(data) > 0; {
		f, ok := parseMPA(data)
		if !ok {
			return ErrMalformed
		}
		d.describe(f)
		ts := h.Timestamp + d.clock.ticks(samples, f.rate)
		if f.size > len(data) {
			d.part, d.ts, d.direct, d.size = append(d.part[:0], data...), ts, samples == 0, f.size
			return nil
		}
		if f.size == 0 { // free format: as much as there is
			f.size = len(data)
		}
		d.clock.pass(Unit{Timestamp: ts, Key: true, Data: data[:f.size]}, samples == 0, f, emit)
		data = data[f.size:]
		samples += f.samples
	}
	return nil
}

// fragment adds the part of a frame that stands at offset.
func (d *mpa) fragment(h *rtp.Header, offset int, data []byte, emit func(Unit)) error {
	if d.size == 0 {
		return nil // its beginning was lost
	}
	if offset != len(d.part) || h.Timestamp != d.ts || len(d.part)+len(data) > d.size {
		d.drop()
		return ErrMalformed
	}
	d.part = append(d.part, data...)
	if len(d.part) == d.size {
		f, _ := parseMPA(d.part)
		d.clock.pass(Unit{Timestamp: d.ts, Key: true, Data: d.part}, d.direct, f, emit)
		d.drop()
	}
	return nil
}

// describe takes over what a frame says of the stream.
func (d *mpa) describe(f mpaFrame) {
	d.track.Codec = mpaCodecs[f.layer]
	d.track.SampleRate, d.track.Channels = f.rate, f.channels
}

var mpaCodecs = [4]media.Codec{1: media.MP1, 2: media.MP2, 3: media.MP3}
