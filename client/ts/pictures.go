package ts

import (
	"bytes"

	"tapedeck/client/media"
	"tapedeck/client/mpegvideo"
	"tapedeck/client/nal"
)

// pictures is a stream of MPEG-1 or MPEG-2 video. A picture is complete where
// the next one begins, or the headers before it. As with video, a PES packet's
// time is that of the first picture that begins in it.
type pictures struct {
	sink   *sink
	stream mpegvideo.Stream

	buf   []byte // from the beginning of a picture's headers on
	gone  int64  // bytes of the stream before buf
	marks []place
	fresh int  // where in buf a PES packet has begun; -1: it was looked at
	whole bool // buf begins where a picture does
	want  int  // bytes that there must be for another look

	header []byte // of the sequence, as it was announced
	last   stamp  // of the picture before
	lost   bool   // bytes are missing, and counted
}

// place is where in the stream a PES packet with a time begins.
type place struct {
	at    int64
	stamp stamp
}

// pictureStart is how many bytes of a picture tell whether it is the other field
// of the one before.
const pictureStart = 6

func newPictures(s *sink) elementary { return &pictures{sink: s, fresh: -1} }

func (v *pictures) known() bool {
	_, ok := v.stream.Sequence()
	return ok
}

func (v *pictures) describe(t *media.Track) {
	if s, ok := v.stream.Sequence(); ok {
		t.Codec, t.Private = s.Codec, s.Header
		t.Width, t.Height, t.FrameRate = s.Width, s.Height, s.FrameRate
	}
}

func (v *pictures) begin(s stamp) {
	v.lost = false
	v.fresh = len(v.buf)
	if !s.told {
		return
	}
	if len(v.marks) == maxMarks {
		v.marks = v.marks[:copy(v.marks, v.marks[1:])]
	}
	v.marks = append(v.marks, place{v.gone + int64(len(v.buf)), s})
}

func (v *pictures) add(p []byte) {
	if len(v.buf)+len(p) > maxVideoUnit {
		v.lose()
	}
	v.buf = append(v.buf, p...)
	if v.fresh >= 0 && len(v.buf)-v.fresh >= pictureStart {
		v.fresh = -1
		v.take(false)
	}
}

// take emits the pictures whose ends are there. Where none is, it looks again
// when there is half as much more, or a stream without pictures would cost the
// square of its length.
func (v *pictures) take(final bool) {
	if !v.whole {
		v.align()
	}
	if !final && len(v.buf) < v.want {
		return
	}
	v.want = 0
	for len(v.buf) > 0 {
		p := v.stream.Picture(v.buf)
		if p.Held || len(p.Rest) == 0 && !final {
			v.want = len(v.buf) + len(v.buf)/2
			return
		}
		rest := len(p.Rest)
		v.emit(p)
		v.skip(len(v.buf) - rest)
	}
}

// skip drops bytes at the front.
func (v *pictures) skip(n int) {
	v.buf = v.buf[:copy(v.buf, v.buf[n:])]
	v.gone += int64(n)
}

// align looks for the first headers.
func (v *pictures) align() {
	for at := range nal.StartCodes(v.buf) {
		switch v.buf[at+3] {
		case mpegvideo.SequenceCode, mpegvideo.GroupCode, mpegvideo.PictureCode:
			v.skip(at)
			v.whole = true
			return
		}
	}
	v.skip(max(0, len(v.buf)-len(nal.StartCode)))
}

// emit gives a picture its time.
func (v *pictures) emit(p mpegvideo.Picture) {
	s, known := v.stream.Sequence()
	step := int64(usualStep)
	if s.FrameRate > 0 {
		step = int64(clockRate / s.FrameRate)
	}
	at := v.last.plus(step)
	n := 0
	for n < len(v.marks) && v.marks[n].at <= v.gone {
		at = v.marks[n].stamp
		n++
	}
	v.marks = v.marks[:copy(v.marks, v.marks[n:])]
	if !known || !at.told || len(p.Data) == 0 {
		return
	}
	if !bytes.Equal(s.Header, v.header) {
		v.header = s.Header
		v.sink.changed()
	}
	v.last = at
	v.sink.emit(span(at.pts), p.Key, p.Data)
}

func (v *pictures) lose() {
	if !v.lost {
		v.sink.damaged()
	}
	v.drop()
	v.lost = true
}

// drop forgets what is partial.
func (v *pictures) drop() {
	v.buf, v.marks, v.fresh, v.whole, v.want = v.buf[:0], v.marks[:0], -1, false, 0
}

func (v *pictures) flush() {
	v.take(true)
	v.drop()
}

func (v *pictures) reset() {
	v.drop()
	v.last, v.lost = stamp{}, false
}
