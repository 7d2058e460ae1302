// Package audioframe reads the frame headers of MP3, of AAC in ADTS and LATM and
// of AC-3, the codings that are sent as bare frames one after another, and AAC's
// configuration. That is enough to recognise them, to find a place where a
// decoder can start, and to know how much time a run of bytes holds. It decodes
// nothing.
package audioframe

import (
	"bytes"
	"time"

	"tapedeck/client/media"
)

// Frame is what the header of one frame says.
type Frame struct {
	Size     int // bytes, header included
	Header   int // bytes before what a decoder is given; 0 where it is given all
	Samples  int // per channel
	Rate     int // samples a second
	Channels int // 0 where the header does not say
	BitRate  int // bits a second; 0 where the header does not say
	Codec    media.Codec
	More     bool // it goes with the frame before: AC-3's substreams
}

// Duration is how long the frame sounds.
func (f Frame) Duration() time.Duration {
	return time.Duration(f.Samples) * time.Second / time.Duration(f.Rate)
}

// A Syntax is one way to write frames: MPEGAudio, ADTS, AC3 or LOAS.
type Syntax struct {
	sync   byte // the first of a header
	header int  // bytes that parse needs
	parse  func(b []byte) (Frame, bool)
}

var (
	MPEGAudio = &Syntax{0xff, 4, parseMPEGAudio} // layers I to III, versions 1 to 2.5
	ADTS      = &Syntax{0xff, 7, parseADTS}
	AC3       = &Syntax{0x0b, ac3Header, parseAC3}   // and E-AC-3
	LOAS      = &Syntax{0x56, loasHeader, parseLOAS} // around LATM: the frames alone tell neither rate nor samples
)

// Header is how many bytes Parse needs.
func (s *Syntax) Header() int { return s.header }

// Sync is the first byte of every header.
func (s *Syntax) Sync() byte { return s.sync }

// Parse reads the header at the front of b.
func (s *Syntax) Parse(b []byte) (Frame, bool) { return s.parse(b) }

// Bit rates of MPEG audio in kbit/s (ISO 11172-3, 2.4.2.3; ISO 13818-3,
// 2.4.2.3), by version and layer. Index 0 is "free", which no station uses and
// which has no frame size; index 15 is forbidden.
var mpegBitRates = [2][3][15]int{
	{ // MPEG-1
		{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	},
	{ // MPEG-2 and 2.5
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	},
}

var mpegRates = [3]int{44100, 48000, 32000} // MPEG-1; halved for 2, again for 2.5

// parseMPEGAudio reads the header of an MPEG audio frame, layers I to III.
//
//	1111 1111  111V VLLP  BBBB RRpx  CCxx xxxx
//	sync           |  |    |   | |   channel mode: 3 is mono
//	         version  |    |   | padding
//	              layer  bit rate sample rate
func parseMPEGAudio(b []byte) (Frame, bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return Frame{}, false
	}
	version, layer := b[1]>>3&3, 4-int(b[1]>>1&3)
	index, rate, padding := b[2]>>4, b[2]>>2&3, int(b[2]>>1&1)
	if version == 1 || layer == 4 || index == 0 || index == 15 || rate == 3 {
		return Frame{}, false
	}
	f := Frame{Rate: mpegRates[rate], Channels: 2, Samples: 1152, Codec: media.MP3}
	if b[3]>>6 == 3 {
		f.Channels = 1
	}
	older := 0
	if version != 3 {
		older = 1
		f.Rate /= 2
		if version == 0 {
			f.Rate /= 2
		}
	}
	f.BitRate = mpegBitRates[older][layer-1][index] * 1000
	switch layer {
	case 1:
		f.Samples = 384
		f.Size = (12*f.BitRate/f.Rate + padding) * 4
		f.Codec = media.MP1
		return f, true
	case 2:
		f.Codec = media.MP2
	case 3:
		if older == 1 {
			f.Samples = 576
		}
	}
	f.Size = f.Samples/8*f.BitRate/f.Rate + padding
	return f, true
}

var adtsRates = [13]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// parseADTS reads the header of an AAC frame (ISO 14496-3, 1.A.2.2.1).
//
//	1111 1111  1111 V00P  PPRR RRxC  CCxx xxLL  LLLL LLLL  LLLx xxxx  xxxx xxNN
//	sync                  |  |     |        frame length, 13 bits   blocks - 1
//	                profile rate  channels
func parseADTS(b []byte) (Frame, bool) {
	if len(b) < 7 || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return Frame{}, false
	}
	rate := int(b[2] >> 2 & 15)
	size := int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5])>>5
	header := 7
	if b[1]&1 == 0 { // a CRC follows
		header = 9
	}
	if rate >= len(adtsRates) || size <= header {
		return Frame{}, false
	}
	return Frame{
		Size:     size,
		Header:   header,
		Samples:  1024 * (int(b[6]&3) + 1),
		Rate:     adtsRates[rate],
		Channels: int(b[2]&1)<<2 | int(b[3])>>6,
		Codec:    media.AAC,
	}, true
}

// Find is the offset of the first of two frames in a row that agree on what
// does not change within a stream. at is -1 where there is none; more says
// that this may be for lack of bytes.
func (s *Syntax) Find(b []byte) (f Frame, at int, more bool) {
	for i := 0; i < len(b); i++ {
		j := bytes.IndexByte(b[i:], s.sync)
		if j < 0 {
			break
		}
		i += j
		if len(b)-i < s.header {
			return Frame{}, -1, true
		}
		f, ok := s.parse(b[i:])
		if !ok || f.Size < s.header {
			continue
		}
		if len(b)-i < f.Size+s.header {
			more = true
			continue
		}
		next, ok := s.parse(b[i+f.Size:])
		if ok && next.Rate == f.Rate && next.Codec == f.Codec {
			return f, i, false
		}
	}
	return Frame{}, -1, more
}

// Clock measures the sound that has gone by, from the frames' headers.
type Clock struct {
	syntax  *Syntax
	skip    int // bytes to the next header
	header  [8]byte
	n       int // bytes of it that have come
	rate    int
	samples int64         // at rate
	before  time.Duration // at other rates
}

// NewClock begins before a stream in which the first frame stands at offset
// start.
func NewClock(s *Syntax, start int) *Clock { return &Clock{syntax: s, skip: start} }

// Time is how long all frames sound whose headers have gone by.
func (c *Clock) Time() time.Duration {
	if c.rate == 0 {
		return c.before
	}
	whole, part := c.samples/int64(c.rate), c.samples%int64(c.rate)
	return c.before + time.Duration(whole)*time.Second + time.Duration(part)*time.Second/time.Duration(c.rate)
}

// Advance takes the next bytes of the stream, cut anywhere.
func (c *Clock) Advance(p []byte) {
	for len(p) > 0 {
		if c.skip > 0 {
			k := min(c.skip, len(p))
			c.skip, p = c.skip-k, p[k:]
			continue
		}
		if c.n == 0 {
			i := bytes.IndexByte(p, c.syntax.sync)
			if i < 0 {
				return
			}
			p = p[i:]
		}
		k := copy(c.header[c.n:c.syntax.header], p)
		c.n, p = c.n+k, p[k:]
		if c.n < c.syntax.header {
			return
		}
		if f, ok := c.syntax.parse(c.header[:c.n]); ok && f.Size >= c.n {
			if f.Rate != c.rate {
				c.before, c.samples, c.rate = c.Time(), 0, f.Rate
			}
			c.samples += int64(f.Samples)
			c.skip, c.n = f.Size-c.n, 0
			continue
		}
		// Not a header: look for the next one among its own bytes.
		i := bytes.IndexByte(c.header[1:c.n], c.syntax.sync)
		if i < 0 {
			c.n = 0
			continue
		}
		c.n = copy(c.header[:], c.header[1+i:c.n])
	}
}
