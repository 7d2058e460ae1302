package rtp

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/rtp"

	"tapedeck/client/audioframe"
	"tapedeck/client/bits"
	"tapedeck/client/media"
)

// aac is mpeg4-generic (RFC 3640) with AAC in it, in the modes AAC-hbr, AAC-lbr
// and generic:
//
//	+---------+-----------+-----------+---------------+----------+------------+
//	| AU-     | AU-header | AU-header | padding to a  | auxiliary| access     |
//	| headers-|   (1)     |   (2)...  | byte          | section  | units      |
//	| length16|           |           |               |          |            |
//	+---------+-----------+-----------+---------------+----------+------------+
//
//	AU-header: | size | index, or delta of it | (CTS flag, delta) |
//	           | (DTS flag, delta) | (RAP flag) | (stream state) |
//
// with widths from the description; what has no width is not there. An access
// unit above the packet's size comes in parts, each with a header that gives
// the size of the whole. Where units are interleaved (3.2.3.2) a delta counts
// the units between that come in other packets. Some cameras put ADTS frames
// where access units should be, with headers or without.
type aac struct {
	format  Format
	layout  aacLayout
	config  audioframe.AACConfig
	known   bool // config is
	guessed bool // it is not from the description
	step    uint32

	sizes  []aacUnit // of the packet in hand
	spread bool      // the sender interleaves
	order  deinterleaver
	part   []byte // of an access unit that comes in parts
	whole  int    // its size, 0 when there is none
	ts     uint32 // its timestamp
}

// aacUnit is one AU-header.
type aacUnit struct {
	size  int
	delta int // of the index, to the unit before
}

// aacLayout holds the widths in bits of the fields of an AU-header.
type aacLayout struct {
	size, index, delta int
	cts, dts           int // of the deltas; each has a flag before it
	random             bool
	state              int
	auxiliary          int // width of the auxiliary section's size
	constant           int // bytes of each access unit, where there is no size
	duration           int // ticks of each access unit, 0 when not told
}

const (
	maxAACUnits  = 512      // access units in one packet
	maxAACDelta  = 16 << 10 // access units of other packets between two
	streamVisual = "4"      // streamType (ISO/IEC 14496-1, table 6); sound is 5
)

func newAAC(f Format) (Depacketizer, error) {
	mode := strings.ToLower(f.Params["mode"])
	if strings.HasPrefix(mode, "celp") {
		return nil, &UnsupportedError{Encoding: "mpeg4-generic/CELP"}
	}
	if f.Params["streamtype"] == streamVisual && !strings.HasPrefix(mode, "aac") {
		return nil, &UnsupportedError{Encoding: "mpeg4-generic with pictures"}
	}
	d := &aac{format: f, layout: newAACLayout(f.Params, mode)}
	d.config, d.known = audioframe.ParseASC(f.config(audioframe.MaxAACConfig))
	if d.known && !audioframe.AACPlayable(d.config.Object) {
		return nil, &UnsupportedError{Encoding: fmt.Sprintf("mpeg4-generic with audio object type %d", d.config.Object)}
	}
	if !d.known {
		d.config, d.known = audioframe.GuessASC(f.ClockRate, f.Channels)
		d.guessed = true
	}
	d.setStep()
	return d, nil
}

func newAACLayout(params map[string]string, mode string) aacLayout {
	width := func(key string, most int) int {
		n, err := strconv.Atoi(params[key])
		if err != nil || n < 0 || n > most {
			return 0
		}
		return n
	}
	l := aacLayout{
		size:      width("sizelength", 32),
		index:     width("indexlength", 32),
		delta:     width("indexdeltalength", 32),
		cts:       width("ctsdeltalength", 32),
		dts:       width("dtsdeltalength", 32),
		random:    width("randomaccessindication", 1) == 1,
		state:     width("streamstateindication", 32),
		auxiliary: width("auxiliarydatasizelength", 32),
		constant:  width("constantsize", maxAudioUnit),
		duration:  width("constantduration", 1<<24),
	}
	_, told := params["sizelength"]
	if !told && l.constant == 0 {
		if l.size, l.index, l.delta = 13, 3, 3; mode == "aac-lbr" {
			l.size, l.index, l.delta = 6, 2, 2
		}
	}
	return l
}

// headers reports whether packets have the section of AU-headers.
func (l *aacLayout) headers() bool {
	return l.size+l.index+l.delta+l.cts+l.dts+l.state > 0 || l.random
}

// aacTrack describes the stream, as well as it is known: a config that is not has
// nothing in it.
func aacTrack(c *audioframe.AACConfig, f Format) media.Track {
	t := f.track(media.Audio, media.AAC)
	t.Private = c.Raw
	t.SampleRate = cmp.Or(c.Rate, t.SampleRate)
	t.Channels = cmp.Or(c.Channels, t.Channels)
	return t
}

// setStep works out how many ticks an access unit lasts. The clock may count
// what comes out of SBR, or be of another rate altogether.
func (d *aac) setStep() {
	switch {
	case d.layout.duration > 0:
		d.step = uint32(d.layout.duration)
	case d.known:
		d.step = uint32(int64(d.config.Samples) * int64(d.format.ClockRate) / int64(d.config.CoreRate))
	default:
		d.step = 1024
	}
}

func (d *aac) Track() (media.Track, bool) { return aacTrack(&d.config, d.format), d.known }

func (d *aac) Reset() {
	d.drop()
	d.order.reset()
}

func (d *aac) drop() { d.part, d.whole = d.part[:0], 0 }

func (d *aac) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if lost || d.whole > 0 && h.Timestamp != d.ts {
		d.drop()
	}
	if audioframe.IsADTS(payload) { // no AU-headers at all
		d.emit(h.Timestamp, payload, emit)
		return nil
	}
	d.order.release(h.Timestamp, emit)
	data, err := d.header(payload)
	if err != nil {
		d.drop()
		return err
	}
	if len(d.sizes) == 1 && (d.sizes[0].size > len(data) || d.whole > 0) {
		return d.fragment(h, data, d.sizes[0].size, emit)
	}
	d.drop()
	ts := h.Timestamp
	for i, u := range d.sizes {
		if i > 0 {
			ts += d.step * uint32(u.delta+1)
			d.spread = d.spread || u.delta > 0
		}
		if u.size > len(data) {
			return ErrMalformed
		}
		if d.spread && u.size > 0 {
			d.order.add(ts, data[:u.size], emit)
		} else {
			d.emit(ts, data[:u.size], emit)
		}
		data = data[u.size:]
	}
	d.order.release(h.Timestamp, emit)
	return nil
}

// fragment adds a part of an access unit of size bytes.
func (d *aac) fragment(h *rtp.Header, data []byte, size int, emit func(Unit)) error {
	if size != d.whole {
		d.drop()
		if size > maxAudioUnit {
			return ErrTooLarge
		}
		d.whole, d.ts = size, h.Timestamp
	}
	d.part = append(d.part, data[:min(len(data), size-len(d.part))]...)
	switch {
	case len(d.part) == size:
		d.emit(d.ts, d.part, emit)
		d.drop()
	case h.Marker: // the last part, and parts are missing
		d.drop()
		return ErrMalformed
	}
	return nil
}

// emit passes an access unit on, without the ADTS headers that it may have.
func (d *aac) emit(ts uint32, unit []byte, emit func(Unit)) {
	if len(unit) == 0 {
		return
	}
	if !audioframe.IsADTS(unit) {
		emit(Unit{Timestamp: ts, Key: true, Data: unit})
		return
	}
	if d.guessed { // now it is known
		if c, ok := audioframe.ADTSConfig(unit); ok {
			d.config, d.known, d.guessed = c, true, false
			d.setStep()
		}
	}
	for len(unit) > 0 {
		f, _ := audioframe.ADTS.Parse(unit)
		emit(Unit{Timestamp: ts, Key: true, Data: unit[f.Header:f.Size]})
		unit, ts = unit[f.Size:], ts+d.step
	}
}

// header reads the AU-headers into d.sizes and returns what follows.
func (d *aac) header(p []byte) ([]byte, error) {
	d.sizes = d.sizes[:0]
	l := &d.layout
	if l.headers() {
		if len(p) < 2 {
			return nil, ErrMalformed
		}
		n := int(binary.BigEndian.Uint16(p))
		size := (n + 7) / 8
		if p = p[2:]; size > len(p) {
			return nil, ErrMalformed
		}
		d.readHeaders(bits.Reader{Data: p[:size]}, n)
		p = p[size:]
	}
	if l.auxiliary > 0 {
		b := bits.Reader{Data: p}
		b.Skip(int(min(b.Read(l.auxiliary), 8*uint32(len(p)))))
		p = p[(b.Pos+7)/8:]
	}
	if len(d.sizes) == 0 { // no headers, or ones without content
		size := len(p)
		if l.constant > 0 {
			size = l.constant
		}
		for rest := len(p); size > 0 && rest >= size && len(d.sizes) < maxAACUnits; rest -= size {
			d.sizes = append(d.sizes, aacUnit{size: size})
		}
	}
	if l.size == 0 && l.constant == 0 && len(d.sizes) == 1 {
		d.sizes[0].size = len(p)
	}
	return p, nil
}

// readHeaders reads the AU-headers in the n bits of b. What is left over and
// too short for another is padding.
func (d *aac) readHeaders(b bits.Reader, n int) {
	l := &d.layout
	for len(d.sizes) < maxAACUnits {
		u, before := aacUnit{size: l.constant}, b.Pos
		if l.size > 0 {
			u.size = int(min(b.Read(l.size), maxAudioUnit+1))
		}
		if len(d.sizes) == 0 {
			b.Read(l.index)
		} else {
			u.delta = int(min(b.Read(l.delta), maxAACDelta))
		}
		if l.cts > 0 && b.Flag() {
			b.Read(l.cts)
		}
		if l.dts > 0 && b.Flag() {
			b.Read(l.dts)
		}
		if l.random {
			b.Read(1)
		}
		b.Read(l.state)
		if b.Short || b.Pos > n || b.Pos == before {
			return
		}
		d.sizes = append(d.sizes, u)
	}
}
