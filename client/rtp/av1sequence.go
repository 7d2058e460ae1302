package rtp

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
	b := bits{data: content}
	s := av1SequenceHeader{profile: byte(b.read(3))}
	b.skip(1) // still_picture
	reduced := b.flag()
	if reduced {
		s.level = byte(b.read(5))
	} else {
		s.operatingPoints(&b)
	}
	widthBits, heightBits := int(b.read(4))+1, int(b.read(4))+1
	s.width, s.height = int(b.read(widthBits))+1, int(b.read(heightBits))+1
	if !reduced && b.flag() { // frame_id_numbers_present_flag
		b.skip(4 + 3)
	}
	b.skip(3) // superblocks of 128, filter_intra, intra_edge_filter
	if !reduced {
		skipAV1Tools(&b)
	}
	b.skip(3) // superres, cdef, restoration
	s.color(&b)
	return s, !b.short && s.profile <= 2 && s.width <= 2*maxPicture && s.height <= 2*maxPicture
}

// operatingPoints reads the timing and the operating points, of which the first
// says what a decoder must be able to do.
func (s *av1SequenceHeader) operatingPoints(b *bits) {
	delayBits := 0
	if b.flag() { // timing_info_present_flag
		unit, scale := b.read(32), b.read(32)
		if b.flag() { // equal_picture_interval
			ticks := float64(b.ue()) + 1
			if rate := float64(scale) / (float64(unit) * ticks); unit > 0 && rate >= 0.1 && rate <= maxFrameRate {
				s.frameRate = rate
			}
		}
		if b.flag() { // decoder_model_info_present_flag
			delayBits = int(b.read(5)) + 1
			b.skip(32 + 5 + 5)
		}
	}
	delays := b.flag() // initial_display_delay_present_flag
	for i := range b.read(5) + 1 {
		b.skip(12)
		level, tier := byte(b.read(5)), byte(0)
		if level > 7 {
			tier = byte(b.read(1))
		}
		if i == 0 {
			s.level, s.tier = level, tier
		}
		if delayBits > 0 && b.flag() {
			b.skip(2*delayBits + 1)
		}
		if delays && b.flag() {
			b.skip(4)
		}
	}
}

// skipAV1Tools passes over what a stream of more than one picture has.
func skipAV1Tools(b *bits) {
	b.skip(4) // interintra, masked, warped, dual filter
	order := b.flag()
	if order {
		b.skip(2)
	}
	screen := b.flag() // seq_choose_screen_content_tools
	if !screen {
		screen = b.flag() // seq_force_screen_content_tools
	}
	if screen && !b.flag() {
		b.skip(1)
	}
	if order {
		b.skip(3)
	}
}

// color reads color_config (5.5.2).
func (s *av1SequenceHeader) color(b *bits) {
	s.high = b.flag()
	s.twelve = s.profile == 2 && s.high && b.flag()
	s.mono = s.profile != 1 && b.flag()
	primaries, transfer, matrix := uint32(2), uint32(2), uint32(2) // not told
	if b.flag() {
		primaries, transfer, matrix = b.read(8), b.read(8), b.read(8)
	}
	switch {
	case s.mono:
		b.skip(1)
		s.halfX, s.halfY = true, true
		return
	case primaries == av1BT709 && transfer == av1SRGB && matrix == av1Identity:
		return
	}
	b.skip(1) // range
	switch {
	case s.profile == 0:
		s.halfX, s.halfY = true, true
	case s.profile == 2 && s.twelve:
		s.halfX = b.flag()
		s.halfY = s.halfX && b.flag()
	case s.profile == 2:
		s.halfX = true
	}
	if s.halfX && s.halfY {
		s.position = byte(b.read(2))
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
