package rtp

// mpaFrame is the header of an MPEG audio frame (ISO/IEC 11172-3, 2.4.2.3, with
// the lower rates of 13818-3 and of MPEG 2.5):
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|      sync, all ones |Ver|Lay|P|bit rate|rate|p|x|mod|ext|c|o|em|
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Ver: 0 MPEG 2.5, 2 MPEG-2, 3 MPEG-1. Lay: 3 is layer I, 1 layer III. P is 0
// where 16 bits of CRC follow. p adds a byte, in layer I four.
type mpaFrame struct {
	layer    int // 1 to 3
	low      bool
	crc      bool
	rate     int // samples a second
	channels int
	bitRate  int // bits a second; 0: free format, the size is not told
	samples  int // per channel
	size     int // bytes with the header; 0 in free format
}

const mpaHeader = 4 // bytes

var (
	mpaRates    = [3]int{44100, 48000, 32000} // of MPEG-1
	mpaBitRates = [5][15]int{                 // kbit/s
		{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448}, // layer I
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},    // layer II
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},     // layer III
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},    // low rates, layer I
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},         // low rates, layers II and III
	}
)

func parseMPA(p []byte) (f mpaFrame, ok bool) {
	if len(p) < mpaHeader || p[0] != 0xff || p[1]&0xe0 != 0xe0 {
		return f, false
	}
	version, layer := p[1]>>3&3, p[1]>>1&3
	bitRate, rate := int(p[2]>>4), int(p[2]>>2&3)
	if version == 1 || layer == 0 || bitRate == 15 || rate == 3 {
		return f, false
	}
	f = mpaFrame{layer: int(4 - layer), low: version != 3, crc: p[1]&1 == 0, rate: mpaRates[rate], channels: 2}
	row := f.layer - 1
	if f.low {
		f.rate /= 2
		row = min(f.layer+2, 4)
	}
	if version == 0 {
		f.rate /= 2
	}
	if p[3]>>6 == 3 {
		f.channels = 1
	}
	f.bitRate = mpaBitRates[row][bitRate] * 1000
	switch {
	case f.layer == 1:
		f.samples = 384
	case f.layer == 3 && f.low:
		f.samples = 576
	default:
		f.samples = 1152
	}
	if f.bitRate > 0 {
		f.size = f.samples / 8 * f.bitRate / f.rate
		padding := int(p[2] >> 1 & 1)
		if f.layer == 1 {
			f.size = (12*f.bitRate/f.rate + padding) * 4
		} else {
			f.size += padding
		}
	}
	return f, f.size == 0 || f.size > mpaHeader
}

// side is the size of layer III's side information (ISO/IEC 11172-3, 2.4.1.7).
func (f *mpaFrame) side() int {
	switch {
	case !f.low && f.channels == 2:
		return 32
	case !f.low || f.channels == 2:
		return 17
	}
	return 9
}

// head is where the main data begins: after the header, the CRC and the side
// information.
func (f *mpaFrame) head() int {
	n := mpaHeader + f.side()
	if f.crc {
		n += 2
	}
	return n
}
