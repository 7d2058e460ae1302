package ts

import (
	"bytes"
	"time"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// audio is a stream of frames that tell their sizes: ADTS, MPEG audio, AC-3 and
// LATM. PES packets and frames have nothing to do with each other: the time of a
// PES packet is that of the first frame that begins in it, and those after it
// follow by their samples.
//
//	PES      |time 1        |time 2        |
//	frames   | 1  |    |    |   | 2  |    |
type audio struct {
	sink   *sink
	syntax *audioframe.Syntax
	latm   *audioframe.LATM // what is in LOAS's frames; nil: a frame is an access unit

	buf    []byte
	synced bool   // a frame begins at the front
	marks  []mark // where in buf PES packets with times begin

	timed   bool // base is set:
	base    time.Duration
	samples int64 // since then
	frame   audioframe.Frame
	lost    bool // bytes are missing, and counted

	private []byte  // AAC's configuration
	told    [2]byte // what of the header of ADTS it was made of
}

func framed(s *audioframe.Syntax) open {
	return func(to *sink) elementary { return &audio{sink: to, syntax: s} }
}

func newLATM(to *sink) elementary {
	return &audio{sink: to, syntax: audioframe.LOAS, latm: &audioframe.LATM{InBand: true}}
}

func (a *audio) known() bool { return a.frame.Rate > 0 }

func (a *audio) describe(t *media.Track) {
	if a.frame.Codec != "" {
		t.Codec = a.frame.Codec
	}
	t.SampleRate, t.Channels = a.frame.Rate, a.frame.Channels
	t.Private = a.private
}

func (a *audio) begin(s stamp) {
	a.lost = false
	if !s.told {
		return
	}
	if len(a.marks) == maxMarks {
		a.marks = a.marks[:copy(a.marks, a.marks[1:])]
	}
	a.marks = append(a.marks, mark{offset: len(a.buf), stamp: s})
}

func (a *audio) add(p []byte) {
	if len(a.buf)+len(p) > maxAudioHeld {
		a.lose()
	}
	a.buf = append(a.buf, p...)
	a.take(false)
}

// take emits the whole frames at the front of the buffer.
func (a *audio) take(final bool) {
	at := 0
	for at < len(a.buf) {
		if !a.synced && !a.search(&at, final) {
			break
		}
		n, ok := a.next(a.buf[at:], final)
		if !ok {
			a.sink.damaged()
			a.synced = false
			at++
			continue
		}
		if n == 0 {
			break
		}
		a.emit(at, a.buf[at:at+n])
		at += n
	}
	if at > 0 {
		a.buf = a.buf[:copy(a.buf, a.buf[at:])]
		for i := range a.marks {
			a.marks[i].offset -= at
		}
	}
}

// search moves at to the next frame, which another one follows that agrees with
// it. It waits until it can tell for each that may be one in turn: where the
// bytes are cut must not matter. Only the last one of all may stand alone.
func (a *audio) search(at *int, final bool) bool {
	for ; *at < len(a.buf); *at++ {
		i := bytes.IndexByte(a.buf[*at:], a.syntax.Sync())
		if i < 0 {
			*at = len(a.buf)
			return false
		}
		*at += i
		b := a.buf[*at:]
		if len(b) < a.syntax.Header() && !final {
			return false
		}
		f, ok := a.syntax.Parse(b)
		if !ok || f.Size == 0 {
			continue
		}
		if len(b) < f.Size+a.syntax.Header() {
			if !final {
				return false
			}
			if len(b) != f.Size {
				continue
			}
			a.synced = true
			return true
		}
		next, ok := a.syntax.Parse(b[f.Size:])
		if ok && next.Rate == f.Rate && next.Codec == f.Codec {
			a.synced = true
			return true
		}
	}
	return false
}

// next is the size of the access unit at the front of b: 0 where it is not
// complete, not ok where there is none.
func (a *audio) next(b []byte, final bool) (n int, ok bool) {
	for {
		if len(b)-n < a.syntax.Header() {
			if !final || n == 0 {
				return 0, true
			}
			return n, true
		}
		f, ok := a.syntax.Parse(b[n:])
		switch {
		case n > 0 && (!ok || !f.More):
			return n, true
		case !ok || f.Size == 0:
			return 0, false
		case len(b)-n < f.Size:
			return 0, true
		}
		n += f.Size
		if f.Codec != media.EAC3 { // only there others may belong to it
			return n, true
		}
	}
}

// emit passes on the frame that stands at offset at of the buffer.
func (a *audio) emit(at int, b []byte) {
	n := 0
	for n < len(a.marks) && a.marks[n].offset <= at {
		a.timed, a.base, a.samples = true, span(a.marks[n].stamp.pts), 0
		n++
	}
	a.marks = a.marks[:copy(a.marks, a.marks[n:])]
	if a.latm != nil {
		a.element(b)
		return
	}
	f, _ := a.syntax.Parse(b)
	a.learn(f, b)
	a.unit(b[f.Header:], f.Samples)
}

// element passes on what is in a frame of LOAS.
func (a *audio) element(b []byte) {
	f, _ := a.syntax.Parse(b)
	ok := a.latm.Element(b[f.Header:], func(_ int, unit []byte) {
		c, _ := a.latm.Config()
		a.learn(audioframe.Frame{Codec: media.AAC, Rate: c.CoreRate, Channels: c.Channels}, c.Raw)
		a.unit(unit, c.Samples)
	})
	if !ok {
		a.sink.damaged()
	}
}

// unit passes on an access unit that sounds for so many samples.
func (a *audio) unit(data []byte, samples int) {
	if a.timed {
		a.sink.emit(a.now(), true, data)
	}
	a.samples += int64(samples)
}

func (a *audio) now() time.Duration {
	// Seconds apart from the rest: where no time is told for days the product
	// would overflow.
	rate := int64(a.frame.Rate)
	return a.base + time.Duration(a.samples/rate)*time.Second + time.Duration(a.samples%rate)*time.Second/time.Duration(rate)
}

// learn takes over what a frame says of the stream; b is its header, or an
// AudioSpecificConfig.
func (a *audio) learn(f audioframe.Frame, b []byte) {
	switch {
	case a.latm != nil:
		if !bytes.Equal(a.private, b) {
			a.private = bytes.Clone(b)
			a.sink.changed()
		}
	case a.syntax == audioframe.ADTS:
		if told := [2]byte{b[2], b[3] & 0xc0}; a.private == nil || told != a.told {
			c, _ := audioframe.ADTSConfig(b)
			a.told, a.private = told, c.Raw
			a.sink.changed()
		}
	}
	if f.Rate == a.frame.Rate && f.Channels == a.frame.Channels && f.Codec == a.frame.Codec {
		return
	}
	if a.frame.Rate > 0 {
		a.base, a.samples = a.now(), 0
	}
	a.frame = f
	a.sink.changed()
}

func (a *audio) lose() {
	if !a.lost {
		a.sink.damaged()
	}
	a.drop()
	a.lost = true
}

// drop forgets what is partial.
func (a *audio) drop() {
	a.buf, a.synced, a.marks, a.timed = a.buf[:0], false, a.marks[:0], false
}

// flush leaves out what is no whole frame: a segment ends with one.
func (a *audio) flush() {
	a.take(true)
	a.buf, a.synced, a.marks = a.buf[:0], false, a.marks[:0]
}

func (a *audio) reset() {
	a.drop()
	a.lost = false
}
