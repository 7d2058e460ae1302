package audioframe

import (
	"encoding/binary"
	"time"
)

// OpusRate is the clock of Opus, whatever is in the sound (RFC 7845, 5.1).
const OpusRate = 48000

// OpusHead is the identification header (RFC 7845, 5.1) that Matroska keeps as
// the decoder's configuration:
//
//	"OpusHead" | version | channels | pre-skip16 | rate32 | gain16 | family8
//	| (streams | coupled streams | the stream's channel of each channel ...)
//
// with little-endian numbers. This one has no pre-skip, and what family 1 wants
// is to be appended.
func OpusHead(channels int, family byte) []byte {
	b := append([]byte("OpusHead"), 1, byte(channels), 0, 0)
	b = binary.LittleEndian.AppendUint32(b, OpusRate)
	return append(b, 0, 0, family)
}

// OpusDuration is how long a packet sounds, as its first bytes tell (RFC 6716,
// 3.1):
//
//	| configuration5 | stereo1 | frames2: 1, 2, 2, or the next byte's low 6 bits |
func OpusDuration(p []byte) time.Duration {
	if len(p) == 0 {
		return 0
	}
	var each time.Duration
	switch config := p[0] >> 3; {
	case config < 12: // SILK
		each = [4]time.Duration{10, 20, 40, 60}[config&3] * time.Millisecond
	case config < 16: // hybrid
		each = [2]time.Duration{10, 20}[config&1] * time.Millisecond
	default: // CELT
		each = 2500 * time.Microsecond << (config & 3)
	}
	switch p[0] & 3 {
	case 0:
		return each
	case 1, 2:
		return 2 * each
	}
	if len(p) < 2 {
		return 0
	}
	const longest = 120 * time.Millisecond
	return min(each*time.Duration(p[1]&0x3f), longest)
}
