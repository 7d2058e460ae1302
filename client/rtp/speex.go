package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// speex is Speex (RFC 5574): frames of 20 ms one after the other, without
// lengths and without regard to bytes, and padding, a 0 and ones, at the end
// (3.3). A frame is narrow band, with a layer more for 16 kHz and two for 32
// (Speex manual, 9.3 and 10.4):
//
//	| 0 | mode 4 | narrow band ... | (1 | mode 3 | high band ...) |
//
// Modes 13 and 14 are messages in-band, 15 ends the packet. Decoders in players
// take one frame a packet, as the header that they are given says.
type speex struct {
	track media.Track
	step  uint32
	unit  []byte
}

const (
	speexRequest    = 14
	speexUser       = 13
	speexEnd        = 15
	speexHeaderSize = 80
	speexBitstream  = 4   // version of the coding
	maxSpeexFrames  = 256 // in a packet
)

// speexNarrow and speexHigh are the bits of a frame's parts by mode, with the
// mode's own bits; 0: there is no such mode.
var (
	speexNarrow = [13]int{5, 43, 119, 160, 220, 300, 364, 492, 79}
	speexHigh   = [8]int{4, 36, 112, 192, 352}
)

// speexContent is the bits of a message in-band by its number.
var speexContent = [16]int{1, 1, 4, 4, 4, 4, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64}

func newSpeex(f Format) (Depacketizer, error) {
	t := f.track(media.Audio, media.Speex)
	t.Channels = max(t.Channels, 1)
	mode := 0
	switch {
	case f.ClockRate > 25000:
		mode = 2
	case f.ClockRate > 12500:
		mode = 1
	}
	t.Private = speexHeader(f.ClockRate, mode, t.Channels)
	return &speex{track: t, step: 160 << mode}, nil
}

// speexHeader is the header of files (Speex manual, 7.3), little endian:
//
//	| "Speex   " | version 20 bytes | version id | header size | rate | mode |
//	| bitstream | channels | bit rate | frame size | VBR | frames a packet |
//	| extra headers | reserved | reserved |
func speexHeader(rate, mode, channels int) []byte {
	b := append([]byte("Speex   1.2"), make([]byte, 17)...)
	for _, n := range []int{1, speexHeaderSize, rate, mode, speexBitstream, channels, -1, 160 << mode, 0, 1, 0, 0, 0} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}

func (d *speex) Track() (media.Track, bool) { return d.track, true }
func (d *speex) Reset()                     {}

func (d *speex) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	if len(payload) == 0 {
		return nil
	}
	b := bits.Reader{Data: payload}
	ts := h.Timestamp
	for n := range maxSpeexFrames {
		start := b.Pos
		if !speexFrame(&b) {
			if n == 0 { // what the decoder makes of it is its business
				emit(Unit{Timestamp: ts, Key: true, Data: payload})
			}
			return nil
		}
		d.unit = bits.Append(d.unit[:0], payload, start, b.Pos-start)
		if pad := -(b.Pos - start) & 7; pad > 0 {
			d.unit[len(d.unit)-1] |= 1<<(pad-1) - 1
		}
		emit(Unit{Timestamp: ts, Key: true, Data: d.unit})
		ts += d.step
	}
	return ErrTooLarge
}

// speexFrame skips a frame, with the messages before it; false at the end or
// where nothing makes sense.
func speexFrame(b *bits.Reader) bool {
	for {
		if b.Flag() { // a layer of no frame
			size := speexHigh[b.Read(3)]
			if size == 0 {
				return false
			}
			b.Skip(size - 4)
			continue
		}
		mode := b.Read(4)
		switch {
		case b.Short || mode == speexEnd:
			return false
		case mode == speexRequest:
			b.Skip(speexContent[b.Read(4)])
		case mode == speexUser:
			b.Skip(int(b.Read(4))*8 + 5)
		default:
			if speexNarrow[mode] == 0 {
				return false
			}
			b.Skip(speexNarrow[mode] - 5)
			for b.Left() >= 4 && b.Data[b.Pos>>3]>>(7-b.Pos&7)&1 == 1 {
				b.Read(1)
				size := speexHigh[b.Read(3)]
				if size == 0 {
					return false
				}
				b.Skip(size - 4)
			}
			return !b.Short
		}
	}
}
