package audioframe

import (
	"slices"

	"tapedeck/client/bits"
)

// AACConfig is an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1):
//
//	|type5|frequency4|(rate24)|channels4| ...
//
// with type 5 or 29 (SBR, PS) in front of the core's own type and after it the
// rate of what comes out.
type AACConfig struct {
	Raw      []byte
	Object   int // audio object type of the core
	CoreRate int // samples a second before SBR
	Rate     int // samples a second that come out
	Channels int // 0 when the stream itself tells
	Samples  int // per channel in an access unit, at coreRate
}

var (
	aacRates = adtsRates[:]
	// aacChannels is by channelConfiguration.
	aacChannels = []int{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8}
)

const (
	aacLC  = 2
	aacSBR = 5
	aacLD  = 23
	aacPS  = 29
	aacELD = 39

	aacExplicitRate = 15 // frequency index: the rate follows
)

// What configurations are believed.
const (
	MaxAACConfig  = 1 << 10 // bytes
	MaxSampleRate = 768_000 // samples a second
)

// AACPlayable reports whether players have a decoder for an audio object type:
// VLC 3.0.24 has faad for all of these but ELD, and ffmpeg's for that. There is
// none for the others, which are speech, text and synthesis mostly.
func AACPlayable(object int) bool {
	switch object {
	case 1, aacLC, 4, 17, 19, aacLD, aacELD:
		return true
	}
	return false
}

// ParseASC reads raw, which it keeps.
func ParseASC(raw []byte) (AACConfig, bool) {
	if len(raw) < 2 || len(raw) > MaxAACConfig {
		return AACConfig{}, false
	}
	b := bits.Reader{Data: raw}
	c := AACConfig{Raw: raw, Object: aacObject(&b)}
	c.CoreRate = aacRate(&b)
	if n := int(b.Read(4)); n < len(aacChannels) {
		c.Channels = aacChannels[n]
	}
	c.Rate = c.CoreRate
	if c.Object == aacSBR || c.Object == aacPS {
		if c.Object == aacPS && c.Channels == 1 {
			c.Channels = 2
		}
		c.Rate = aacRate(&b)
		c.Object = aacObject(&b)
	}
	if b.Short || c.CoreRate < 1 || c.Rate < 1 || c.Object == 0 {
		return AACConfig{}, false
	}
	short := b.Flag() // frameLengthFlag
	switch {
	case c.Object == aacLD || c.Object == aacELD:
		c.Samples = 512
		if short {
			c.Samples = 480
		}
	case short && !b.Short:
		c.Samples = 960
	default:
		c.Samples = 1024
	}
	return c, true
}

func aacObject(b *bits.Reader) int {
	n := int(b.Read(5))
	if n == 31 {
		n = 32 + int(b.Read(6))
	}
	return n
}

func aacRate(b *bits.Reader) int {
	i := int(b.Read(4))
	if i == aacExplicitRate {
		if r := int(b.Read(24)); r <= MaxSampleRate {
			return r
		}
		return 0
	}
	if i < len(aacRates) {
		return aacRates[i]
	}
	return 0
}

// GuessASC makes the configuration of a plain AAC-LC stream; not ok where the
// rate is none that AAC has.
func GuessASC(rate, channels int) (AACConfig, bool) {
	f := slices.Index(aacRates, rate)
	ch := slices.Index(aacChannels, max(channels, 1))
	if f < 0 || ch < 0 {
		return AACConfig{}, false
	}
	return ParseASC([]byte{aacLC<<3 | byte(f>>1), byte(f)<<7 | byte(ch)<<3})
}

// IsADTS reports whether p is ADTS frames, one after the other, to its end.
func IsADTS(p []byte) bool {
	if len(p) == 0 {
		return false
	}
	for len(p) > 0 {
		f, ok := parseADTS(p)
		if !ok || f.Size > len(p) {
			return false
		}
		p = p[f.Size:]
	}
	return true
}

// ADTSConfig makes a configuration of an ADTS header.
func ADTSConfig(p []byte) (AACConfig, bool) {
	object, f := p[2]>>6+1, p[2]>>2&15
	ch := p[2]&1<<2 | p[3]>>6
	return ParseASC([]byte{object<<3 | f>>1, f<<7 | ch<<3})
}
