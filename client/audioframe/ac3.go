package audioframe

import "tapedeck/client/media"

const ac3Header = 7 // bytes of it that are read

var (
	ac3Rates    = [3]int{48000, 44100, 32000}
	ac3BitRates = [19]int{32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640}
	ac3Channels = [8]int{2, 1, 2, 3, 3, 4, 4, 5}
	ac3Blocks   = [4]int{1, 2, 3, 6}
)

// parseAC3 reads the header of a syncframe (ATSC A/52, 5.3.1 and E.1.2):
//
//	AC-3    | sync16 0b77 | CRC16 | rate2 | size6 | version5 | mode3 | channels3 ...
//	E-AC-3  | sync16 0b77 | type2 | substream3 | size11 | rate2 | blocks2 | channels3 | LFE1 | version5
//
// with a version up to 10 of AC-3 and from 11 to 16 of E-AC-3.
func parseAC3(p []byte) (f Frame, ok bool) {
	f.Codec = media.AC3
	if len(p) < ac3Header || p[0] != 0x0b || p[1] != 0x77 {
		return Frame{}, false
	}
	rate := p[4] >> 6
	switch version := p[5] >> 3; {
	case version <= 10:
		code := int(p[4] & 0x3f)
		if rate == 3 || code >= 2*len(ac3BitRates) {
			return Frame{}, false
		}
		f.Rate, f.Samples = ac3Rates[rate], 1536
		kbits := ac3BitRates[code/2]
		f.Size = 2 * (kbits * 96000 / f.Rate)
		if rate == 1 { // 44100: half of the frames have a word more
			f.Size = 2 * (kbits*96000/f.Rate + code&1)
		}
		f.Rate >>= max(version, 8) - 8 // half and quarter rates of the versions 9 and 10
		mode := p[6] >> 5
		f.Channels = ac3Channels[mode]
		levels := 0 // bits of mix levels before the flag of the LFE channel
		if mode&1 != 0 && mode != 1 {
			levels += 2
		}
		if mode&4 != 0 || mode == 2 {
			levels += 2
		}
		f.Channels += int(p[6] >> (4 - levels) & 1)
	case version <= 16:
		f.Codec = media.EAC3
		f.Size = 2 * (int(p[2]&7)<<8 | int(p[3]) + 1)
		f.More = p[2]>>6 == 1 || p[2]>>3&7 != 0
		blocks := p[4] >> 4 & 3
		if rate == 3 {
			if rate, blocks = blocks, 3; rate == 3 {
				return Frame{}, false
			}
			f.Rate = ac3Rates[rate] / 2
		} else {
			f.Rate = ac3Rates[rate]
		}
		f.Samples = 256 * ac3Blocks[blocks]
		f.Channels = ac3Channels[p[4]>>1&7] + int(p[4]&1)
	default:
		return Frame{}, false
	}
	return f, f.Size >= ac3Header
}

// AC3Rate is samples a second by code, 0 for one that is reserved.
func AC3Rate(code byte) int {
	if int(code) < len(ac3Rates) {
		return ac3Rates[code]
	}
	return 0
}

// AC3Channels is how many channels a mode has, without that of low frequencies.
func AC3Channels(mode byte) int { return ac3Channels[mode&7] }
