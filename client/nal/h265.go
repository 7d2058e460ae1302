package nal

import (
	"encoding/binary"

	"tapedeck/client/bits"
)

// H265 is the syntax of H.265. A NAL unit begins with two bytes (7.3.1.2):
//
//	+---------------+---------------+   type 0-31   a slice of a picture,
//	|0|1|2|3|4|5|6|7|0|1|2|3|4|5|6|7|        16-23  of one to start at
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+        32-34  parameter sets
//	|F|   type    |  layer    | TID |        35     delimiter
//	+-------------+-----------------+        38     filler;  39,40 SEI
type H265 struct {
	vps, sps, pps paramSets
	extra         [h265MaxPPS]uint8 // bits of a slice header before its type, by picture parameter set

	info  SPS // of the last sequence parameter set
	told  bool
	stale bool
}

// Types of NAL units (H.265, table 7-1).
const (
	H265VPS    = 32
	H265SPS    = 33
	H265PPS    = 34
	H265Filler = 38
	H265SEI    = 39 // before its picture
	H265Last   = 47 // those above are RTP's

	h265IRAPFirst = 16 // BLA_W_LP: pictures at which a decoder can start...
	h265IRAPLast  = 23 // ...to the last reserved one
	h265LastVCL   = 31
	h265Delimiter = 35

	h265MaxPPS = 64
	h265SliceI = 2
)

// NewH265 knows no parameter sets yet.
func NewH265() *H265 { return &H265{} }

// H265Type is the type of a NAL unit, which has at least one byte.
func H265Type(nal []byte) byte { return nal[0] >> 1 & 0x3f }

func (c *H265) HeaderSize() int { return 2 }

func (c *H265) SPS() SPS { return c.info }

func (c *H265) Renew() { c.stale = true }

func (c *H265) Changed() bool {
	changed := !c.told
	c.told = true
	return changed
}

// Picture refuses the temporal id 0, which no header has but a start code
// taken for one.
func (c *H265) Picture(nal []byte) bool {
	return len(nal) >= 2 && H265Type(nal) <= h265LastVCL && nal[1]&7 != 0
}

// Begins goes by 7.4.2.4.4.
func (c *H265) Begins(nal []byte) bool {
	if c.Picture(nal) {
		return len(nal) > 2 && nal[2]&0x80 != 0
	}
	if len(nal) < 2 {
		return false
	}
	t := H265Type(nal)
	return t >= H265VPS && t <= h265Delimiter || t == H265SEI || t >= 41 && t <= 44
}

func (c *H265) Inspect(nal []byte) Info {
	t := H265Type(nal)
	if c.Picture(nal) {
		irap := t >= h265IRAPFirst && t <= h265IRAPLast
		first := len(nal) > 2 && nal[2]&0x80 != 0
		return Info{Picture: true, First: first, Intra: irap || first && c.intra(nal), Key: irap}
	}
	switch t {
	case H265VPS:
		if len(nal) > 2 {
			if c.stale && !c.vps.has(nal) {
				c.vps.clear()
				c.sps.clear()
				c.pps.clear()
				c.stale = false
			}
			c.put(&c.vps, uint32(nal[2]>>4), nal)
		}
	case H265SPS:
		c.learnSPS(nal)
		return Info{Sets: true}
	case H265PPS:
		b := bits.Reader{Data: nal[2:]}
		if id := b.UE(); !b.Short && id < h265MaxPPS {
			c.put(&c.pps, id, nal)
			b.UE()    // sequence parameter set
			b.Skip(2) // dependent slices, output flag
			c.extra[id] = uint8(b.Read(3))
		}
	case H265SEI: // gradual refresh: no picture is whole by itself
		return Info{Key: hasRecoveryPoint(nal[2:])}
	case H265Filler:
		return Info{Drop: true}
	default:
		return Info{Drop: t > H265Last}
	}
	return Info{}
}

func (c *H265) put(s *paramSets, id uint32, nal []byte) {
	if s.put(id, nal) {
		c.told = false
	}
}

// intra reports whether the first slice of a picture that is no IRAP refers to
// no other picture (H.265, 7.3.6.1). The slices after it are not looked into:
// they count as referring to others.
func (c *H265) intra(nal []byte) bool {
	b := bits.Reader{Data: nal[2:]}
	b.Skip(1) // first slice
	id := b.UE()
	if id >= h265MaxPPS {
		return false
	}
	b.Skip(int(c.extra[id]))
	return b.UE() == h265SliceI && !b.Short
}

func (c *H265) learnSPS(nal []byte) {
	if c.sps.has(nal) {
		return
	}
	info, ok := ParseSPS265(nal)
	if !ok && len(c.sps.nals) > 0 {
		return
	}
	if c.stale { // the VPS has come already, and is the one that was
		c.sps.clear()
		c.pps.clear()
		c.stale = false
	}
	if c.sps.put(info.ID, nal) {
		c.info, c.told = info, false
	}
}

// Config is the HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1), nil
// until all three kinds of parameter sets are known:
//
//	|1| profile, constraints, level (12 bytes of the SPS) |1111|segmentation12|
//	|111111|parallelism|111111|chroma|11111|luma-8|11111|chroma-8|
//	|frame rate16|rate2|layers3|nested1|size-1|n arrays|
//	{|complete1|0|type6|n16|{size16|NAL}...}...
func (c *H265) Config() []byte {
	if len(c.vps.nals) == 0 || len(c.sps.nals) == 0 || len(c.pps.nals) == 0 {
		return nil
	}
	i := c.info
	b := append([]byte{1}, i.Profile[:]...)
	b = append(b, 0xf0, 0, 0xfc, 0xfc|i.Chroma, 0xf8|i.LumaDepth, 0xf8|i.ChromaDepth,
		0, 0, (i.Layers+1)<<3|i.Nested<<2|3, 3)
	for _, set := range []struct {
		kind byte
		sets *paramSets
	}{{H265VPS, &c.vps}, {H265SPS, &c.sps}, {H265PPS, &c.pps}} {
		// Not marked complete: more of them come in-band.
		b = append(b, set.kind)
		b = binary.BigEndian.AppendUint16(b, uint16(len(set.sets.nals)))
		b = set.sets.appendTo(b)
	}
	return b
}
