package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// dvi4 is DVI4 (RFC 3551, 4.5.1), the ADPCM of IMA with a header of its own and
// the first sample in the high bits of a byte:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|          predicted            |     index     |   reserved    |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| 1st   | 2nd   | 3rd   | ...
//	+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The header is the decoder's state before the first sample, where the IMA of
// WAVE files has the first sample itself, and its blocks have one size. So it is
// decoded here, to samples of 16 bits, little endian.
type dvi4 struct {
	track media.Track
	out   []byte
}

const maxDVI4 = maxAudioUnit / 4 // bytes of a packet: each becomes four

// imaSteps and imaIndex are the tables of IMA's recommended practices for
// digital audio (1992), section 6.
var imaSteps = [89]int32{
	7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45,
	50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230,
	253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
	1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327,
	3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442,
	11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
	32767,
}

var imaIndex = [8]int{-1, -1, -1, -1, 2, 4, 6, 8}

func newDVI4(f Format) (Depacketizer, error) {
	if err := monoOnly(f); err != nil {
		return nil, err
	}
	t := f.track(media.Audio, media.DVI4)
	t.Channels, t.BitRate = 1, 4*f.ClockRate
	return &dvi4{track: t}, nil
}

func (d *dvi4) Track() (media.Track, bool) { return d.track, true }
func (d *dvi4) Reset()                     {}

func (d *dvi4) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	if len(payload) < 4 || int(payload[2]) >= len(imaSteps) {
		return ErrMalformed
	}
	if len(payload) > maxDVI4 {
		return ErrTooLarge
	}
	s := ima{value: int32(int16(binary.BigEndian.Uint16(payload))), index: int(payload[2])}
	d.out = d.out[:0]
	for _, b := range payload[4:] {
		d.out = binary.LittleEndian.AppendUint16(d.out, s.next(b>>4))
		d.out = binary.LittleEndian.AppendUint16(d.out, s.next(b&15))
	}
	if len(d.out) > 0 {
		emit(Unit{Timestamp: h.Timestamp, Key: true, Data: d.out})
	}
	return nil
}

// ima is the decoder's state.
type ima struct {
	value int32
	index int // of the step
}

// next decodes a sample of four bits: a sign, and a half, a quarter and an
// eighth of the step.
func (s *ima) next(code byte) uint16 {
	step := imaSteps[s.index]
	change := step >> 3
	if code&4 != 0 {
		change += step
	}
	if code&2 != 0 {
		change += step >> 1
	}
	if code&1 != 0 {
		change += step >> 2
	}
	if code&8 != 0 {
		change = -change
	}
	s.value = min(max(s.value+change, -32768), 32767)
	s.index = min(max(s.index+imaIndex[code&7], 0), len(imaSteps)-1)
	return uint16(s.value)
}
