package rtp

import (
	"fmt"
	"strconv"

	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// amr is AMR and AMR-WB (RFC 4867): frames of 20 ms, for each channel one,
// behind a table of contents.
//
//	bandwidth-efficient (4.3), without regard to bytes:
//	| CMR4 | { F1 | FT4 | Q1 }... | frame bits ... | padding |
//
//	octet-aligned (4.4):
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  CMR  |0 0 0 0| (ILL | ILP)   |F|  FT   |Q|0 0| ... (CRC) | frame ...
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// F is set on all entries but the last, FT is the frame's type, which tells its
// size, Q is 0 for a damaged frame. With interleaving packet ILP of a group of
// ILL+1 has every ILL+1st frame. What comes out is as in files (5.3): for each
// channel a byte |0|FT4|Q|00| and the frame.
type amr struct {
	track    media.Track
	bits     []int // of a frame, by type; -1: there is none
	step     uint32
	channels int

	aligned    bool
	crc        bool
	sorted     bool // robust sorting
	interleave bool
	order      deinterleaver

	toc  []byte
	data []byte // of the frames, octet-aligned
	unit []byte
}

// amrBits and amrWBBits are the bits of the frames (RFC 4867, 3.6; 3GPP TS
// 26.101, table 1a, and TS 26.201, table 1a). Types 14, lost, and 15, none, have
// no bits.
var (
	amrBits   = []int{95, 103, 118, 134, 148, 159, 204, 244, 39, 43, 38, 37, -1, -1, -1, 0}
	amrWBBits = []int{132, 177, 253, 285, 317, 365, 397, 461, 477, 40, -1, -1, -1, -1, 0, 0}
)

const (
	amrLost        = 14
	amrNone        = 15
	maxAMRChannels = 2   // that decoders know
	maxAMRFrames   = 256 // in a packet
)

func newAMR(f Format) (Depacketizer, error)   { return newSpeech(f, media.AMR, amrBits, 160) }
func newAMRWB(f Format) (Depacketizer, error) { return newSpeech(f, media.AMRWB, amrWBBits, 320) }

func newSpeech(f Format, codec media.Codec, bits []int, samples uint32) (Depacketizer, error) {
	if f.Channels > maxAMRChannels {
		return nil, &UnsupportedError{Encoding: fmt.Sprintf("%s with %d channels", f.Encoding, f.Channels)}
	}
	t := f.track(media.Audio, codec)
	t.Channels = max(t.Channels, 1)
	on := func(key string) bool { // without a value as well
		v, ok := f.Params[key]
		return ok && v != "0"
	}
	groups, _ := strconv.Atoi(f.Params["interleaving"]) // GStreamer says 0 for none
	d := &amr{track: t, bits: bits, step: samples, channels: t.Channels,
		crc: on("crc"), sorted: on("robust-sorting"), interleave: groups > 0}
	// Each of these goes with octets only, whether that is said or not (8.1).
	d.aligned = on("octet-align") || d.crc || d.sorted || d.interleave
	return d, nil
}

func (d *amr) Track() (media.Track, bool) { return d.track, true }
func (d *amr) Reset()                     { d.order.reset() }

func (d *amr) Depacketize(h *rtp.Header, payload []byte, _ bool, emit func(Unit)) error {
	if d.interleave {
		d.order.release(h.Timestamp, emit)
	}
	apart := uint32(1)
	var err error
	if d.aligned {
		apart, err = d.readAligned(payload)
	} else {
		err = d.readPacked(payload)
	}
	if err != nil {
		return err
	}
	ts, data := h.Timestamp, d.data
	for toc := d.toc; len(toc) >= d.channels; toc = toc[d.channels:] {
		d.unit = d.unit[:0]
		sound := false
		for _, c := range toc[:d.channels] {
			size := (d.bits[c>>3&15] + 7) / 8
			sound = sound || c>>3&15 < amrLost
			d.unit = append(append(d.unit, c&0x7c), data[:size]...)
			data = data[size:]
		}
		switch {
		case !sound: // silence is a gap in the timestamps
		case d.interleave:
			d.order.add(ts, d.unit, emit)
		default:
			emit(Unit{Timestamp: ts, Key: true, Data: d.unit})
		}
		ts += d.step * apart
	}
	if d.interleave {
		d.order.release(h.Timestamp, emit)
	}
	return nil
}

// readPacked reads a bandwidth-efficient payload into toc and data.
func (d *amr) readPacked(p []byte) error {
	b := bits.Reader{Data: p}
	b.Skip(4)
	d.toc, d.data = d.toc[:0], d.data[:0]
	for more := true; more; {
		entry := byte(b.Read(6))
		more = entry&0x20 != 0
		if b.Short || len(d.toc) == maxAMRFrames || d.bits[entry>>1&15] < 0 {
			return ErrMalformed
		}
		d.toc = append(d.toc, entry<<2)
	}
	for _, c := range d.toc {
		n := d.bits[c>>3&15]
		if n > b.Left() {
			return ErrMalformed
		}
		d.data = bits.Append(d.data, p, b.Pos, n)
		b.Pos += n
	}
	return nil
}

// readAligned reads an octet-aligned payload into toc and data and returns how
// many frames apart its frames are.
func (d *amr) readAligned(p []byte) (apart uint32, err error) {
	skip := 1
	apart = 1
	if d.interleave {
		skip = 2
	}
	if len(p) < skip {
		return 0, ErrMalformed
	}
	if d.interleave {
		length, index := p[1]>>4, p[1]&15
		if index > length {
			return 0, ErrMalformed
		}
		apart = uint32(length) + 1
	}
	p = p[skip:]
	d.toc, d.data = d.toc[:0], d.data[:0]
	size, sums := 0, 0
	for more := true; more; p = p[1:] {
		if len(p) == 0 || len(d.toc) == maxAMRFrames || d.bits[p[0]>>3&15] < 0 {
			return 0, ErrMalformed
		}
		more = p[0]&0x80 != 0
		d.toc = append(d.toc, p[0])
		size += (d.bits[p[0]>>3&15] + 7) / 8
		if d.crc && p[0]>>3&15 < amrLost {
			sums++
		}
	}
	if len(p) < sums+size {
		return 0, ErrMalformed
	}
	p = p[sums:][:size]
	if d.sorted {
		d.unsort(p)
	} else {
		d.data = append(d.data, p...)
	}
	return apart, nil
}

// unsort undoes robust sorting (4.4.4): p has the first bytes of all frames,
// then the second bytes, and so on.
func (d *amr) unsort(p []byte) {
	d.data = append(d.data, p...)
	for row := 0; len(p) > 0; row++ {
		at := 0
		for _, c := range d.toc {
			size := (d.bits[c>>3&15] + 7) / 8
			if row < size {
				d.data[at+row] = p[0]
				p = p[1:]
			}
			at += size
		}
	}
}
