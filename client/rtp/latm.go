package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// latm is MP4A-LATM (RFC 6416, 6): an AudioMuxElement, as audioframe.LATM shows
// it, whole or in parts, of which the last has the marker. With cpresent=1 its
// configuration is in-band.
type latm struct {
	format Format
	mux    audioframe.LATM

	part []byte // of an element that comes in parts
	ts   uint32
}

func newLATM(f Format) (Depacketizer, error) {
	d := &latm{format: f}
	d.mux.InBand = true
	known := false
	if raw := f.config(audioframe.MaxAACConfig); len(raw) > 0 {
		var supported bool
		if known, supported = d.mux.Configure(raw); !supported {
			return nil, &UnsupportedError{Encoding: "MP4A-LATM of this kind"}
		}
	}
	switch f.Params["cpresent"] {
	case "0":
		d.mux.InBand = false
	case "":
		d.mux.Guess = known
	}
	return d, nil
}

func (d *latm) Track() (media.Track, bool) {
	c, known := d.mux.Config()
	return aacTrack(&c, d.format), known
}

func (d *latm) Reset() { d.part = d.part[:0] }

func (d *latm) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	var err error
	switch {
	case lost:
		d.Reset()
	case len(d.part) > 0 && h.Timestamp != d.ts: // no marker
		err = d.element(d.ts, d.part, emit)
		d.Reset()
	}
	if len(d.part)+len(payload) > maxAudioUnit {
		d.Reset()
		return ErrTooLarge
	}
	if !h.Marker || len(d.part) > 0 {
		d.part, d.ts = append(d.part, payload...), h.Timestamp
		payload = d.part
	}
	if h.Marker {
		if e := d.element(h.Timestamp, payload, emit); e != nil {
			err = e
		}
		d.Reset()
	}
	return err
}

// element emits what is in an AudioMuxElement.
func (d *latm) element(ts uint32, p []byte, emit func(Unit)) error {
	ok := d.mux.Element(p, func(n int, unit []byte) {
		c, _ := d.mux.Config()
		step := uint32(int64(c.Samples) * int64(d.format.ClockRate) / int64(c.CoreRate)) // ticks of a unit
		emit(Unit{Timestamp: ts + uint32(n)*step, Key: true, Data: unit})
	})
	if !ok {
		return ErrMalformed
	}
	return nil
}
