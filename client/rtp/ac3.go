package rtp

import (
	"github.com/pion/rtp"

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
	if _, ok := parseAC3(data); first && !ok || !first && len(d.part) == 0 {
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
		f, ok := parseAC3(data[size:])
		if !ok || f.size > len(data)-size {
			break
		}
		if !f.more {
			if size > 0 {
				emit(d.unit(ts, done, data[:size]))
				data, done = data[size:], done+samples
			}
			size, samples = 0, f.samples
			d.track.SampleRate = f.rate
			if f.channels > 0 {
				d.track.Channels = f.channels
			}
		}
		size += f.size
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

// ac3Frame is the header of a syncframe (ATSC A/52, 5.3.1 and E.1.2):
//
//	AC-3    | sync16 0b77 | CRC16 | rate2 | size6 | version5 | mode3 | channels3 ...
//	E-AC-3  | sync16 0b77 | type2 | substream3 | size11 | rate2 | blocks2 | channels3 | LFE1 | version5
//
// with a version up to 10 of AC-3 and from 11 to 16 of E-AC-3.
type ac3Frame struct {
	size     int // bytes
	rate     int // samples a second
	samples  int // per channel
	channels int
	more     bool // it adds to the frame before: a dependent or a further substream
}

const ac3Header = 7 // bytes of it that are read

var (
	ac3Rates    = [3]int{48000, 44100, 32000}
	ac3BitRates = [19]int{32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640}
	ac3Channels = [8]int{2, 1, 2, 3, 3, 4, 4, 5}
	ac3Blocks   = [4]int{1, 2, 3, 6}
)

func parseAC3(p []byte) (f ac3Frame, ok bool) {
	if len(p) < ac3Header || p[0] != 0x0b || p[1] != 0x77 {
		return f, false
	}
	rate := p[4] >> 6
	switch version := p[5] >> 3; {
	case version <= 10:
		code := int(p[4] & 0x3f)
		if rate == 3 || code >= 2*len(ac3BitRates) {
			return f, false
		}
		f.rate, f.samples = ac3Rates[rate], 1536
		kbits := ac3BitRates[code/2]
		f.size = 2 * (kbits * 96000 / f.rate)
		if rate == 1 { // 44100: half of the frames have a word more
			f.size = 2 * (kbits*96000/f.rate + code&1)
		}
		f.rate >>= max(version, 8) - 8 // half and quarter rates of the versions 9 and 10
		mode := p[6] >> 5
		f.channels = ac3Channels[mode]
		levels := 0 // bits of mix levels before the flag of the LFE channel
		if mode&1 != 0 && mode != 1 {
			levels += 2
		}
		if mode&4 != 0 || mode == 2 {
			levels += 2
		}
		f.channels += int(p[6] >> (4 - levels) & 1)
	case version <= 16:
		f.size = 2 * (int(p[2]&7)<<8 | int(p[3]) + 1)
		f.more = p[2]>>6 == 1 || p[2]>>3&7 != 0
		blocks := p[4] >> 4 & 3
		if rate == 3 {
			if rate, blocks = blocks, 3; rate == 3 {
				return f, false
			}
			f.rate = ac3Rates[rate] / 2
		} else {
			f.rate = ac3Rates[rate]
		}
		f.samples = 256 * ac3Blocks[blocks]
		f.channels = ac3Channels[p[4]>>1&7] + int(p[4]&1)
	default:
		return f, false
	}
	return f, f.size >= ac3Header
}
