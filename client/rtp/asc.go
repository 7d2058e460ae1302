package rtp

import (
	"cmp"
	"slices"

	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// aacConfig is an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1):
//
//	|type5|frequency4|(rate24)|channels4| ...
//
// with type 5 or 29 (SBR, PS) in front of the core's own type and after it the
// rate of what comes out.
type aacConfig struct {
	raw      []byte
	object   int // audio object type of the core
	coreRate int // samples a second before SBR
	rate     int // samples a second that come out
	channels int // 0 when the stream itself tells
	samples  int // per channel in an access unit, at coreRate
}

// track describes the stream, as well as it is known: a config that is not has
// nothing in it.
func (c *aacConfig) track(f Format) media.Track {
	t := f.track(media.Audio, media.AAC)
	t.Private = c.raw
	t.SampleRate = cmp.Or(c.rate, t.SampleRate)
	t.Channels = cmp.Or(c.channels, t.Channels)
	return t
}

var (
	aacRates = []int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}
	// aacChannels is by channelConfiguration.
	aacChannels = []int{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8}
)

const (
	aacLC  = 2
	aacSBR = 5
	aacLD  = 23
	aacPS  = 29
	aacELD = 39

	aacExplicitRate = 15       // frequency index: the rate follows
	maxAACConfig    = 1 << 10  // bytes
	maxSampleRate   = 768_000  // samples a second
	maxAACDelta     = 16 << 10 // samples in an access unit
)

// aacPlayable reports whether players have a decoder for an audio object type:
// VLC 3.0.24 has faad for all of these but ELD, and ffmpeg's for that. There is
// none for the others, which are speech, text and synthesis mostly.
func aacPlayable(object int) bool {
	switch object {
	case 1, aacLC, 4, 17, 19, aacLD, aacELD:
		return true
	}
	return false
}

func parseASC(raw []byte) (aacConfig, bool) {
	if len(raw) < 2 || len(raw) > maxAACConfig {
		return aacConfig{}, false
	}
	b := bits.Reader{Data: raw}
	c := aacConfig{raw: raw, object: aacObject(&b)}
	c.coreRate = aacRate(&b)
	if n := int(b.Read(4)); n < len(aacChannels) {
		c.channels = aacChannels[n]
	}
	c.rate = c.coreRate
	if c.object == aacSBR || c.object == aacPS {
		if c.object == aacPS && c.channels == 1 {
			c.channels = 2
		}
		c.rate = aacRate(&b)
		c.object = aacObject(&b)
	}
	if b.Short || c.coreRate < 1 || c.rate < 1 || c.object == 0 {
		return aacConfig{}, false
	}
	short := b.Flag() // frameLengthFlag
	switch {
	case c.object == aacLD || c.object == aacELD:
		c.samples = 512
		if short {
			c.samples = 480
		}
	case short && !b.Short:
		c.samples = 960
	default:
		c.samples = 1024
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
		if r := int(b.Read(24)); r <= maxSampleRate {
			return r
		}
		return 0
	}
	if i < len(aacRates) {
		return aacRates[i]
	}
	return 0
}

// guessASC makes the configuration of a plain AAC-LC stream; not ok where the
// rate is none that AAC has.
func guessASC(rate, channels int) (aacConfig, bool) {
	f := slices.Index(aacRates, rate)
	ch := slices.Index(aacChannels, max(channels, 1))
	if f < 0 || ch < 0 {
		return aacConfig{}, false
	}
	return parseASC([]byte{aacLC<<3 | byte(f>>1), byte(f)<<7 | byte(ch)<<3})
}

// adtsFrame reads the header of an ADTS frame (ISO/IEC 13818-7, 6.2) at the
// beginning of p and returns the sizes of it and of the whole frame:
//
//	|sync12 FFF|id1|layer2|no CRC1|profile2|frequency4|p1|channels3|o1|h1|c2|
//	|length13|fullness11|frames2|(CRC16)
func adtsFrame(p []byte) (header, size int, ok bool) {
	if len(p) < 7 || p[0] != 0xff || p[1]&0xf6 != 0xf0 || p[2]>>2&15 >= 13 {
		return 0, 0, false
	}
	header = 7
	if p[1]&1 == 0 {
		header = 9
	}
	size = int(p[3]&3)<<11 | int(p[4])<<3 | int(p[5])>>5
	return header, size, size > header
}

// isADTS reports whether p is ADTS frames, one after the other, to its end.
func isADTS(p []byte) bool {
	if len(p) == 0 {
		return false
	}
	for len(p) > 0 {
		_, size, ok := adtsFrame(p)
		if !ok || size > len(p) {
			return false
		}
		p = p[size:]
	}
	return true
}

// adtsASC makes a configuration of an ADTS header.
func adtsASC(p []byte) (aacConfig, bool) {
	object, f := p[2]>>6+1, p[2]>>2&15
	ch := p[2]&1<<2 | p[3]>>6
	return parseASC([]byte{object<<3 | f>>1, f<<7 | ch<<3})
}
