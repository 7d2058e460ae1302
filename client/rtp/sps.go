package rtp

// spsInfo is what a sequence parameter set tells us.
type spsInfo struct {
	id            uint32
	width, height int
	frameRate     float64
	chroma        byte // chroma_format_idc: 1 is 4:2:0
	lumaDepth     byte // bits of a sample, less 8
	chromaDepth   byte
	profile       [12]byte // H.265: general profile, constraints and level
	layers        byte     // H.265: sps_max_sub_layers_minus1
	nested        byte     // H.265: sps_temporal_id_nesting_flag
}

const (
	maxPicture   = 16384 // luma samples in a row or a column
	maxFrameRate = 400
	maxSPSID     = 31
)

// highProfile reports whether an SPS of that profile_idc has the fields of the
// high profiles (H.264, 7.3.2.1.1).
func highProfile(idc uint32) bool {
	switch idc {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		return true
	}
	return false
}

// parseSPS reads an H.264 sequence parameter set (7.3.2.1.1) with its header.
// What stands behind the end of it is ignored.
func parseSPS(nal []byte) (spsInfo, bool) {
	var room [256]byte
	b := bits{data: unescape(room[:0], nal[:min(len(nal), maxSetSize)])}
	b.skip(8)
	profile := b.read(8)
	b.skip(16) // constraints, level
	s := spsInfo{id: b.ue(), chroma: 1}
	separate := false
	if highProfile(profile) {
		s.chroma = small(&b)
		if s.chroma == 3 {
			separate = b.flag()
		}
		s.lumaDepth, s.chromaDepth = small(&b), small(&b)
		b.skip(1) // qpprime_y_zero_transform_bypass_flag
		if b.flag() {
			skipScaling(&b, s.chroma)
		}
	}
	b.ue() // log2_max_frame_num_minus4
	skipOrder(&b)
	b.ue()    // max_num_ref_frames
	b.skip(1) // gaps_in_frame_num_value_allowed_flag
	width, height := b.ue(), b.ue()
	frames := b.flag()
	if !frames {
		b.skip(1) // mb_adaptive_frame_field_flag
	}
	b.skip(1) // direct_8x8_inference_flag
	if s.id > maxSPSID || s.chroma > 3 || s.lumaDepth > 6 || s.chromaDepth > 6 ||
		width >= maxPicture/16 || height >= maxPicture/16 {
		return spsInfo{}, false
	}
	s.width, s.height = int(width+1)*16, int(height+1)*16
	unitX, unitY := cropUnits(s.chroma, separate)
	if !frames {
		s.height, unitY = s.height*2, unitY*2
	}
	if b.flag() {
		left, right, top, bottom := b.ue(), b.ue(), b.ue(), b.ue()
		s.crop(left, right, top, bottom, unitX, unitY)
	}
	if b.short || s.width <= 0 || s.height <= 0 {
		return spsInfo{}, false
	}
	if b.flag() {
		s.frameRate = vuiFrameRate(&b)
	}
	return s, true
}

// small takes a number that means nothing above 254.
func small(b *bits) byte { return byte(min(b.ue(), 255)) }

// cropUnits is how many luma samples a unit of cropping is (H.264, table 6-1).
func cropUnits(chroma byte, separate bool) (x, y int) {
	x, y = 1, 1
	if !separate && (chroma == 1 || chroma == 2) {
		x = 2
	}
	if !separate && chroma == 1 {
		y = 2
	}
	return x, y
}

// crop takes the borders off; ones that leave no picture make it invalid.
func (s *spsInfo) crop(left, right, top, bottom uint32, unitX, unitY int) {
	if max(left, right, top, bottom) > maxPicture {
		s.width = 0
		return
	}
	s.width -= int(left+right) * unitX
	s.height -= int(top+bottom) * unitY
}

// skipScaling passes over scaling_matrix (H.264, 7.3.2.1.1.1).
func skipScaling(b *bits, chroma byte) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if !b.flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := int32(8), int32(8)
		for range size {
			if next != 0 {
				next = (last + b.se() + 256) % 256
			}
			if next != 0 {
				last = next
			}
		}
	}
}

// skipOrder passes over the picture order count's fields.
func skipOrder(b *bits) {
	switch b.ue() {
	case 0:
		b.ue()
	case 1:
		b.skip(1)
		b.se()
		b.se()
		for n := min(b.ue(), 255); n > 0; n-- {
			b.se()
		}
	}
}

// vuiFrameRate reads as much of the video usability information (H.264, E.1.1)
// as stands before the timing; 0 without one.
func vuiFrameRate(b *bits) float64 {
	if b.flag() && b.read(8) == 255 { // aspect ratio: its own
		b.skip(32)
	}
	if b.flag() { // overscan
		b.skip(1)
	}
	if b.flag() { // video signal
		b.skip(4)
		if b.flag() {
			b.skip(24)
		}
	}
	if b.flag() { // chroma location
		b.ue()
		b.ue()
	}
	if !b.flag() {
		return 0
	}
	unit, scale := b.read(32), b.read(32)
	if b.short || unit == 0 {
		return 0
	}
	rate := float64(scale) / float64(unit) / 2
	if rate < 0.1 || rate > maxFrameRate {
		return 0
	}
	return rate
}

// parseSPS265 reads an H.265 sequence parameter set (7.3.2.2.1) with its header
// up to the depths of its samples.
func parseSPS265(nal []byte) (spsInfo, bool) {
	var room [256]byte
	b := bits{data: unescape(room[:0], nal[:min(len(nal), maxSetSize)])}
	b.skip(16 + 4)
	s := spsInfo{layers: byte(b.read(3)), nested: byte(b.read(1))}
	for i := range s.profile {
		s.profile[i] = byte(b.read(8))
	}
	skipSubLayers(&b, int(s.layers))
	s.id = b.ue()
	s.chroma = small(&b)
	separate := s.chroma == 3 && b.flag()
	width, height := b.ue(), b.ue()
	if s.id > maxSPSID || s.chroma > 3 || width > maxPicture || height > maxPicture {
		return spsInfo{}, false
	}
	s.width, s.height = int(width), int(height)
	if b.flag() {
		x, y := cropUnits(s.chroma, separate)
		left, right, top, bottom := b.ue(), b.ue(), b.ue(), b.ue()
		s.crop(left, right, top, bottom, x, y)
	}
	s.lumaDepth, s.chromaDepth = small(&b), small(&b)
	if b.short || s.width <= 0 || s.height <= 0 || s.lumaDepth > 8 || s.chromaDepth > 8 {
		return spsInfo{}, false
	}
	return s, true
}

// skipSubLayers passes over the sub-layers of profile_tier_level (H.265, 7.3.3).
func skipSubLayers(b *bits, n int) {
	if n == 0 {
		return
	}
	var profile, level [8]bool
	for i := range 8 {
		present := b.read(2)
		profile[i], level[i] = i < n && present&2 != 0, i < n && present&1 != 0
	}
	for i := range n {
		if profile[i] {
			b.skip(88)
		}
		if level[i] {
			b.skip(8)
		}
	}
}
