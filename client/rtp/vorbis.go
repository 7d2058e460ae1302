package rtp

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// vorbis is Vorbis (RFC 5215): see xiph for its packets. The clock is the rate
// of the sound. A packet of sound is a block of one of two sizes (Vorbis I
// specification, 4.3.1), and begins with
//
//	| 0 | mode, as many bits as the number of modes takes | ...
//
// and each block overlaps the one before it, so that it yields a quarter of the
// sizes of the two together. Times after the first packet of a payload are
// counted by that.
type vorbis struct {
	format Format
	xiph   xiph

	track  media.Track
	blocks vorbisBlocks
	before int // the size of the block before; 0 when not known
}

// vorbisBlocks tells a block's size.
type vorbisBlocks struct {
	sizes [2]int
	long  [maxVorbisModes]bool // by mode
	bits  int                  // of the mode's number
}

const (
	vorbisIdent   = 1 // first bytes of the headers
	vorbisComment = 3
	vorbisSetup   = 5

	vorbisIdentSize = 30
	maxVorbisModes  = 64
)

func newVorbis(f Format) (Depacketizer, error) {
	d := &vorbis{format: f, track: f.track(media.Audio, media.Vorbis)}
	d.xiph = newXiph(d, f.Params["configuration"], maxAudioUnit)
	return d, nil
}

func (d *vorbis) Track() (media.Track, bool) { return d.track, d.xiph.known }

func (d *vorbis) Reset() {
	d.xiph.reset()
	d.before = 0
}

func (d *vorbis) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if lost {
		d.before = 0
	}
	list, err := d.xiph.packets(payload, lost)
	ts := h.Timestamp
	for i, packet := range list {
		if len(packet) == 0 || packet[0]&1 != 0 { // a header is no sound
			continue
		}
		size := d.blocks.size(packet)
		if i > 0 && d.before > 0 {
			ts += uint32(d.before+size) / 4
		}
		d.before = size
		emit(Unit{Timestamp: ts, Key: true, Data: packet})
	}
	return err
}

// use implements xiphCoding.
func (d *vorbis) use(c *xiphConfig) bool {
	ident, comment, setup := c.header(vorbisIdent), c.header(vorbisComment), c.header(vorbisSetup)
	if len(ident) < vorbisIdentSize || len(setup) < 7 {
		return false
	}
	if comment == nil { // it may be left out
		comment = append([]byte{vorbisComment}, "vorbis\x00\x00\x00\x00\x00\x00\x00\x00\x01"...)
	}
	t := d.format.track(media.Audio, media.Vorbis)
	t.Channels = int(ident[11])
	rate := binary.LittleEndian.Uint32(ident[12:])
	if t.Channels == 0 || rate == 0 || rate > audioframe.MaxSampleRate {
		return false
	}
	t.SampleRate = int(rate)
	if c.laced == nil {
		c.laced = xiphLaced(ident, comment, setup)
	}
	t.Private = c.laced
	d.blocks = newVorbisBlocks(ident, setup)
	d.track, d.before = t, 0
	return true
}

// newVorbisBlocks reads the block sizes out of the identification header
// (Vorbis I, 4.2.2) and the modes, which stand at the end of the setup header
// (4.2.4), backwards from the framing bit:
//
//	| modes less 1: 6 | { long 1 | window 16 | transform 16 | mapping 8 }... | framing 1 |
//
// where window and transform are 0. Bits are counted from the low end of each
// byte. What cannot be read is taken for one mode of short blocks.
func newVorbisBlocks(ident, setup []byte) (v vorbisBlocks) {
	v.sizes = [2]int{1 << (ident[28] & 15), 1 << (ident[28] >> 4)}
	at := func(pos int) int { return int(setup[pos>>3] >> (pos & 7) & 1) }
	number := func(pos, n int) (x int) {
		for i := n - 1; i >= 0; i-- {
			x = x<<1 | at(pos+i)
		}
		return x
	}
	end := len(setup)*8 - 1
	for end > 0 && at(end) == 0 {
		end--
	}
	const mode = 41
	pos, found := end, 0
	for count := 1; count <= maxVorbisModes && pos-mode-6 >= 56; count++ {
		pos -= mode
		if number(pos+1, 16) != 0 || number(pos+17, 16) != 0 || number(pos+33, 8) > 63 {
			break
		}
		if number(pos-6, 6) == count-1 {
			found = count // a longer run that fits as well is the true one
		}
	}
	for i := range found {
		v.long[i] = at(end-(found-i)*mode) == 1
	}
	for 1<<v.bits < found {
		v.bits++
	}
	return v
}

// size is the block size of a packet.
func (v *vorbisBlocks) size(packet []byte) int {
	if v.long[packet[0]>>1&(1<<v.bits-1)] {
		return v.sizes[1]
	}
	return v.sizes[0]
}
