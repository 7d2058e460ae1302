package nal

import "tapedeck/client/bits"

// H264 is the syntax of H.264. A NAL unit begins with a byte (7.3.1):
//
//	+---------------+   type 1-5  a slice of a picture, 5 of an IDR
//	|0|1|2|3|4|5|6|7|        6    SEI
//	+-+-+-+-+-+-+-+-+        7,8  parameter sets: sequence, picture
//	|F|NRI|  type   |        9    delimiter
//	+---------------+        12   filler
type H264 struct {
	sps, pps paramSets
	info     SPS // of the last sequence parameter set
	told     bool
	stale    bool
}

// Types of NAL units (H.264, table 7-1).
const (
	H264IDR    = 5
	H264SEI    = 6
	H264SPS    = 7
	H264PPS    = 8
	H264Filler = 12
	H264Last   = 23 // those above are RTP's

	h264Delimiter = 9

	seiRecoveryPoint = 6 // SEI payload type (H.264, D.1; H.265, D.2)
)

// NewH264 knows no parameter sets yet.
func NewH264() *H264 { return &H264{} }

func (c *H264) HeaderSize() int { return 1 }

func (c *H264) SPS() SPS { return c.info }

func (c *H264) Renew() { c.stale = true }

func (c *H264) Changed() bool {
	changed := !c.told
	c.told = true
	return changed
}

func (c *H264) Picture(nal []byte) bool {
	t := nal[0] & 0x1f
	return t >= 1 && t <= H264IDR
}

// Begins goes by 7.4.1.2.3. The second field of a picture is an access unit of
// its own there; here it stays with the first.
func (c *H264) Begins(nal []byte) bool {
	if c.info.Fields || len(nal) == 0 {
		return false
	}
	switch t := nal[0] & 0x1f; t {
	case 1, 2, H264IDR:
		b := bits.Reader{Data: nal[1:]}
		return b.UE() == 0 && !b.Short
	default:
		return t >= H264SEI && t <= h264Delimiter || t >= 14 && t <= 18
	}
}

func (c *H264) Inspect(nal []byte) Info {
	switch t := nal[0] & 0x1f; t {
	case 1, 2, H264IDR:
		b := bits.Reader{Data: nal[1:]}
		first := b.UE() == 0
		kind := b.UE() % 5 // 2 is I, 4 is SI (7.4.3)
		return Info{Picture: true, First: first, Intra: kind == 2 || kind == 4, Key: t == H264IDR}
	case 3, 4: // the other partitions of a slice follow the first
		return Info{Picture: true, Intra: true}
	case H264SEI:
		return Info{Key: hasRecoveryPoint(nal[1:])}
	case H264SPS:
		c.learnSPS(nal)
		return Info{Sets: true}
	case H264PPS:
		b := bits.Reader{Data: nal[1:]}
		if id := b.UE(); !b.Short && id < 256 && c.pps.put(id, nal) {
			c.told = false
		}
	case 0, H264Filler:
		return Info{Drop: true}
	default:
		return Info{Drop: t > H264Last}
	}
	return Info{}
}

func (c *H264) learnSPS(nal []byte) {
	if len(nal) < 4 || c.sps.has(nal) {
		return
	}
	info, ok := ParseSPS(nal)
	if !ok && len(c.sps.nals) > 0 {
		return
	}
	if c.stale {
		c.sps.clear()
		c.pps.clear()
		c.stale = false
	}
	// One that we cannot read may still be one that a decoder can.
	if c.sps.put(info.ID, nal) {
		c.info, c.told = info, false
	}
}

// hasRecoveryPoint walks the messages of an SEI (H.264, 7.3.2.3.1; H.265 has the
// same) without its header. Encoders that refresh pictures bit by bit have no
// other place to start at.
func hasRecoveryPoint(p []byte) bool {
	for len(p) >= 2 && p[0] != 0x80 {
		var kind, size int
		kind, p = seiNumber(p)
		if size, p = seiNumber(p); size > len(p) {
			return false
		}
		if kind == seiRecoveryPoint {
			return true
		}
		p = p[size:]
	}
	return false
}

func seiNumber(p []byte) (int, []byte) {
	n := 0
	for len(p) > 0 && p[0] == 0xff {
		n, p = n+255, p[1:]
	}
	if len(p) > 0 {
		n, p = n+int(p[0]), p[1:]
	}
	return n, p
}

// Config is the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1), nil
// until both kinds of parameter sets are known:
//
//	|1|profile|compat|level|111111|size-1|111|n SPS|{size16|SPS}|n PPS|{size16|PPS}|
//	|111111|chroma|11111|luma-8|11111|chroma-8|0|    for the high profiles
func (c *H264) Config() []byte {
	if len(c.sps.nals) == 0 || len(c.pps.nals) == 0 {
		return nil
	}
	sps := c.sps.nals[0]
	b := []byte{1, sps[1], sps[2], sps[3], 0xff, 0xe0 | byte(len(c.sps.nals))}
	b = c.sps.appendTo(b)
	b = append(b, byte(len(c.pps.nals)))
	b = c.pps.appendTo(b)
	if i, ok := ParseSPS(sps); ok && highProfile(uint32(sps[1])) {
		b = append(b, 0xfc|i.Chroma, 0xf8|i.LumaDepth, 0xf8|i.ChromaDepth, 0)
	}
	return b
}
