package nal

import "tapedeck/client/bits"

// SPS is what a sequence parameter set tells us.
type SPS struct {
	ID            uint32
	Width, Height int
	FrameRate     float64
	Chroma        byte // chroma_format_idc: 1 is 4:2:0
	LumaDepth     byte // bits of a sample, less 8
	ChromaDepth   byte
	Profile       [12]byte // H.265: general profile, constraints and level
	Layers        byte     // H.265: sps_max_sub_layers_minus1
	Nested        byte     // H.265: sps_temporal_id_nesting_flag
	Fields        bool     // H.264: pictures may be coded as two fields
}

// What sequence parameter sets are believed.
const (
	MaxPicture   = 16384 // luma samples in a row or a column
	MaxFrameRate = 400
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

// ParseSPS reads an H.264 sequence parameter set (7.3.2.1.1) with its header.
// What stands behind the end of it is ignored.
func ParseSPS(nal []byte) (SPS, bool) {
	var room [256]byte
	b := bits.Reader{Data: Unescape(room[:0], nal[:min(len(nal), MaxSetSize)])}
	b.Skip(8)
	profile := b.Read(8)
	b.Skip(16) // constraints, level
	s := SPS{ID: b.UE(), Chroma: 1}
	separate := false
	if highProfile(profile) {
		s.Chroma = small(&b)
		if s.Chroma == 3 {
			separate = b.Flag()
		}
		s.LumaDepth, s.ChromaDepth = small(&b), small(&b)
		b.Skip(1) // qpprime_y_zero_transform_bypass_flag
		if b.Flag() {
			skipScaling(&b, s.Chroma)
		}
	}
	b.UE() // log2_max_frame_num_minus4
	skipOrder(&b)
	b.UE()    // max_num_ref_frames
	b.Skip(1) // gaps_in_frame_num_value_allowed_flag
	width, height := b.UE(), b.UE()
	frames := b.Flag()
	s.Fields = !frames
	if !frames {
		b.Skip(1) // mb_adaptive_frame_field_flag
	}
	b.Skip(1) // direct_8x8_inference_flag
	if s.ID > maxSPSID || s.Chroma > 3 || s.LumaDepth > 6 || s.ChromaDepth > 6 ||
		width >= MaxPicture/16 || height >= MaxPicture/16 {
		return SPS{}, false
	}
	s.Width, s.Height = int(width+1)*16, int(height+1)*16
	unitX, unitY := cropUnits(s.Chroma, separate)
	if !frames {
		s.Height, unitY = s.Height*2, unitY*2
	}
	if b.Flag() {
		left, right, top, bottom := b.UE(), b.UE(), b.UE(), b.UE()
		s.crop(left, right, top, bottom, unitX, unitY)
	}
	if b.Short || s.Width <= 0 || s.Height <= 0 {
		return SPS{}, false
	}
	if b.Flag() {
		s.FrameRate = vuiFrameRate(&b)
	}
	return s, true
}

// small takes a number that means nothing above 254.
func small(b *bits.Reader) byte { return byte(min(b.UE(), 255)) }

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
func (s *SPS) crop(left, right, top, bottom uint32, unitX, unitY int) {
	if max(left, right, top, bottom) > MaxPicture {
		s.Width = 0
		return
	}
	s.Width -= int(left+right) * unitX
	s.Height -= int(top+bottom) * unitY
}

// skipScaling passes over scaling_matrix (H.264, 7.3.2.1.1.1).
func skipScaling(b *bits.Reader, chroma byte) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if !b.Flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := int32(8), int32(8)
		for range size {
			if next != 0 {
				next = (last + b.SE() + 256) % 256
			}
			if next != 0 {
				last = next
			}
		}
	}
}

// skipOrder passes over the picture order count's fields.
func skipOrder(b *bits.Reader) {
	switch b.UE() {
	case 0:
		b.UE()
	case 1:
		b.Skip(1)
		b.SE()
		b.SE()
		for n := min(b.UE(), 255); n > 0; n-- {
			b.SE()
		}
	}
}

// vuiFrameRate reads as much of the video usability information (H.264, E.1.1)
// as stands before the timing; 0 without one.
func vuiFrameRate(b *bits.Reader) float64 {
	if b.Flag() && b.Read(8) == 255 { // aspect ratio: its own
		b.Skip(32)
	}
	if b.Flag() { // overscan
		b.Skip(1)
	}
	if b.Flag() { // video signal
		b.Skip(4)
		if b.Flag() {
			b.Skip(24)
		}
	}
	if b.Flag() { // chroma location
		b.UE()
		b.UE()
	}
	if !b.Flag() {
		return 0
	}
	unit, scale := b.Read(32), b.Read(32)
	if b.Short || unit == 0 {
		return 0
	}
	rate := float64(scale) / float64(unit) / 2
	if rate < 0.1 || rate > MaxFrameRate {
		return 0
	}
	return rate
}

// ParseSPS265 reads an H.265 sequence parameter set (7.3.2.2.1) with its header
// up to the depths of its samples.
func ParseSPS265(nal []byte) (SPS, bool) {
	var room [256]byte
	b := bits.Reader{Data: Unescape(room[:0], nal[:min(len(nal), MaxSetSize)])}
	b.Skip(16 + 4)
	s := SPS{Layers: byte(b.Read(3)), Nested: byte(b.Read(1))}
	for i := range s.Profile {
		s.Profile[i] = byte(b.Read(8))
	}
	skipSubLayers(&b, int(s.Layers))
	s.ID = b.UE()
	s.Chroma = small(&b)
	separate := s.Chroma == 3 && b.Flag()
	width, height := b.UE(), b.UE()
	if s.ID > maxSPSID || s.Chroma > 3 || width > MaxPicture || height > MaxPicture {
		return SPS{}, false
	}
	s.Width, s.Height = int(width), int(height)
	if b.Flag() {
		x, y := cropUnits(s.Chroma, separate)
		left, right, top, bottom := b.UE(), b.UE(), b.UE(), b.UE()
		s.crop(left, right, top, bottom, x, y)
	}
	s.LumaDepth, s.ChromaDepth = small(&b), small(&b)
	if b.Short || s.Width <= 0 || s.Height <= 0 || s.LumaDepth > 8 || s.ChromaDepth > 8 {
		return SPS{}, false
	}
	return s, true
}

// skipSubLayers passes over the sub-layers of profile_tier_level (H.265, 7.3.3).
func skipSubLayers(b *bits.Reader, n int) {
	if n == 0 {
		return
	}
	var profile, level [8]bool
	for i := range 8 {
		present := b.Read(2)
		profile[i], level[i] = i < n && present&2 != 0, i < n && present&1 != 0
	}
	for i := range n {
		if profile[i] {
			b.Skip(88)
		}
		if level[i] {
			b.Skip(8)
		}
	}
}
