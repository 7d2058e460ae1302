package rtp

import (
	"tapedeck/client/bits"
	"tapedeck/client/nal"
)

// av1SequenceHeader is what an AV1 sequence header tells us.
type av1SequenceHeader struct {
	profile, level, tier byte
	width, height        int
	frameRate            float64
	high, twelve, mono   bool // bits of a sample: 10, 12; no colours
	halfX, halfY         bool // colours have half the samples in a row, a column
	position             byte // of the colours' samples
}

// Numbers of AV1's colour description (AV1 specification, 6.4.2).
const (
	av1BT709    = 1
	av1SRGB     = 13
	av1Identity = 0
)

// parseAV1Sequence reads a sequence header OBU (AV1 specification, 5.5).
func parseAV1Sequence(content []byte) (av1SequenceHeader, bool) {
	b := bits.Reader{Data: content}
	s := av1SequenceHeader{profile: byte(b.Read(3))}
	b.Skip(1) // still_picture
	reduced := b.Flag()
	if reduced {
		s.level = byte(b.Read(5))
	} else {
		s.operatingPoints(&b)
	}
	widthBits, heightBits := int(b.Read(4))+1, int(b.Read(4))+1
	s.width, s.height = int(b.Read(widthBits))+1, int(b.Read(heightBits))+1
	if !reduced && b.Flag() { // frame_id_numbers_present_flag
		b.Skip(4 + 3)
	}
	b.Skip(3) // superblocks of 128, filter_intra, intra_edge_filter
	if !reduced {
		skipAV1Tools(&b)
	}
	b.Skip(3) // superres, cdef, restoration
	s.color(&b)
	return s, !b.Short && s.profile <= 2 && s.width <= 2*nal.MaxPicture && s.height <= 2*nal.MaxPicture
}

// operatingPoints reads the timing and the operating points, of which the first
// says what a decoder must be able to do.
func (s *av1SequenceHeader) operatingPoints(b *bits.Reader) {
	delayBits := 0
	if b.Flag() { // timing_info_present_flag
		unit, scale := b.Read(32), b.Read(32)
		if b.Flag() { // equal_picture_interval
			ticks := float64(b.UE()) + 1
			if rate := float64(scale) / (float64(unit) * ticks); unit > 0 && rate >= 0.1 && rate <= nal.MaxFrameRate {
				s.frameRate = rate
			}
		}
		if b.Flag() { // decoder_model_info_present_flag
			delayBits = int(b.Read(5)) + 1
			b.Skip(32 + 5 + 5)
		}
	}
	delays := b.Flag() // initial_display_delay_present_flag
	for i := range b.Read(5) + 1 {
		b.Skip(12)
		level, tier := byte(b.Read(5)), byte(0)
		if level > 7 {
			tier = byte(b.Read(1))
		}
		if i == 0 {
			s.level, s.tier = level, tier
		}
		if delayBits > 0 && b.Flag() {
			b.Skip(2*delayBits + 1)
		}
		if delays && b.Flag() {
			b.Skip(4)
		}
	}
}

// skipAV1Tools passes over what a stream of more than one picture has.
func skipAV1Tools(b *bits.Reader) {
	b.Skip(4) // interintra, masked, warped, dual filter
	order := b.Flag()
	if order {
		b.Skip(2)
	}
	screen := b.Flag() // seq_choose_screen_content_tools
	if !screen {
		screen = b.Flag() // seq_force_screen_content_tools
	}
	if screen && !b.Flag() {
		b.Skip(1)
	}
	if order {
		b.Skip(3)
	}
}

// color reads color_config (5.5.2).
func (s *av1SequenceHeader) color(b *bits.Reader) {
	s.high = b.Flag()
	s.twelve = s.profile == 2 && s.high && b.Flag()
	s.mono = s.profile != 1 && b.Flag()
	primaries, transfer, matrix := uint32(2), uint32(2), uint32(2) // not told
	if b.Flag() {
		primaries, transfer, matrix = b.Read(8), b.Read(8), b.Read(8)
	}
	switch {
	case s.mono:
		b.Skip(1)
		s.halfX, s.halfY = true, true
		return
	case primaries == av1BT709 && transfer == av1SRGB && matrix == av1Identity:
		return
	}
	b.Skip(1) // range
	switch {
	case s.profile == 0:
		s.halfX, s.halfY = true, true
	case s.profile == 2 && s.twelve:
		s.halfX = b.Flag()
		s.halfY = s.halfX && b.Flag()
	case s.profile == 2:
		s.halfX = true
	}
	if s.halfX && s.halfY {
		s.position = byte(b.Read(2))
	}
}

// av1C is the AV1CodecConfigurationRecord (AV1 in ISOBMFF, 2.3.3), which ends
// in the sequence header:
//
//	|1|version7|profile3|level5|tier1|high1|twelve1|mono1|half X1|half Y1|position2|
//	|000|delay told1|delay4|OBU
func (s *av1SequenceHeader) av1C(obu []byte) []byte {
	flag := func(v bool, bit int) byte {
		if v {
			return 1 << bit
		}
		return 0
	}
	b := []byte{
		0x81,
		s.profile<<5 | s.level,
		s.tier<<7 | flag(s.high, 6) | flag(s.twelve, 5) | flag(s.mono, 4) | flag(s.halfX, 3) | flag(s.halfY, 2) | s.position,
		0,
	}
	return append(b, obu...)
}
