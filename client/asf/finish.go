package asf

import (
	"errors"
	"fmt"
	"io"
	"time"

	"tapedeck/client/media"
)

const (
	// finishLook is how many packets at each end of a file are read for its
	// length. Pictures come in them in the order of decoding, and the streams are
	// not in step.
	finishLook = 256

	maxLastFrame = time.Second // how long the last picture or sound may be

	maxBegin = 500 * time.Millisecond // how late a file may begin as it is
)

// Finish makes a file of size bytes of a stream that was saved in it: it writes
// the counts and lengths into the header, which then is no broadcast's anymore.
// What lies behind the last whole packet is not counted. A file that is finished
// stays as it is.
func Finish(f interface {
	io.ReaderAt
	io.WriterAt
}, size int64) error {
	b := make([]byte, max(0, min(size, MaxHeader+DataHead)))
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("asf: %w", err)
	}
	b = b[:n]
	h, err := Parse(b)
	if err != nil {
		return err
	}
	if h.data == 0 || h.props == 0 {
		return fmt.Errorf("%w: no data object behind the header", ErrFormat)
	}
	data := b[h.data : h.data+DataHead]
	count := (size - int64(h.Size)) / int64(h.PacketSize)
	if old := le.Uint64(data[16:]); !h.Broadcast && old <= uint64(size-int64(h.data)) && old == DataHead+h.Packets*uint64(h.PacketSize) {
		return nil
	}
	begin, content, sending, err := measure(f, h, count)
	if err != nil {
		return err
	}
	// A stream that was joined late does not begin at 0. Players take the preroll
	// off every time, so that it can say when the file begins: no packet has to be
	// written anew.
	preroll := h.Preroll
	if begin > maxBegin {
		preroll += begin
	}
	props := b[h.props:]
	end := int64(h.Size) + count*int64(h.PacketSize)
	le.PutUint64(props[propsSize:], uint64(end))
	le.PutUint64(props[propsPackets:], uint64(count))
	le.PutUint64(props[propsPlay:], uint64((content+preroll)/100))
	le.PutUint64(props[propsSend:], uint64(sending/100))
	le.PutUint64(props[propsPreroll:], uint64(preroll/time.Millisecond))
	le.PutUint32(props[propsFlags:], le.Uint32(props[propsFlags:])&^flagBroadcast|flagSeekable)
	le.PutUint64(data[16:], uint64(end-int64(h.data)))
	le.PutUint64(data[40:], uint64(count))
	if _, err := f.WriteAt(props[:propsRate], int64(h.props)); err != nil {
		return fmt.Errorf("asf: %w", err)
	}
	if _, err := f.WriteAt(data, int64(h.data)); err != nil {
		return fmt.Errorf("asf: %w", err)
	}
	return nil
}

// measure is when the content of a file begins on its clock, how long it plays
// and how long its packets take to be sent.
func measure(f io.ReaderAt, h *Header, count int64) (begin, content, sending time.Duration, err error) {
	var head, tail span
	if err := head.read(f, h, 0, min(count, finishLook)); err != nil {
		return 0, 0, 0, err
	}
	if err := tail.read(f, h, max(0, count-finishLook), count); err != nil {
		return 0, 0, 0, err
	}
	if !head.some || !tail.some {
		return 0, 0, 0, nil
	}
	// The clock may have wrapped between the two ends, but not within one.
	ms := int32(tail.reference - head.reference)
	sent := int32(tail.sent - head.reference)
	content = time.Duration(ms)*time.Millisecond + tail.last() - head.first()
	begin = time.Duration(head.reference)*time.Millisecond + head.first() - h.Preroll
	return begin, max(0, content), max(0, time.Duration(sent)*time.Millisecond), nil
}

// span is what the packets of a part of a file say of times.
type span struct {
	some      bool
	reference uint32 // the send time of the first packet; the others are relative to it
	sent      uint32 // of the last
	streams   [MaxStream + 1]streamSpan
}

// streamSpan is the presentation times of a stream: the first, the last, and
// the one before that.
type streamSpan struct {
	counts              bool // commands do not: they may be of any time
	some                bool
	first, last, before time.Duration
	frame               time.Duration // between two, as the header has it; 0: it does not say
}

func (s *span) read(f io.ReaderAt, h *Header, from, to int64) error {
	for i := range h.Streams {
		st := &h.Streams[i]
		s.streams[st.Number].counts = st.Kind != media.Data
		if st.Kind == media.Video {
			s.streams[st.Number].frame = st.FrameTime
		}
	}
	b := make([]byte, h.PacketSize)
	for n := from; n < to; n++ {
		if _, err := f.ReadAt(b, int64(h.Size)+n*int64(h.PacketSize)); err != nil {
			return fmt.Errorf("asf: %w", err)
		}
		var p Packet
		if p.Parse(b, h.PacketSize) != nil {
			continue
		}
		if !s.some {
			s.some, s.reference = true, p.Send()
		}
		s.sent = p.Send()
		for pl := (Payload{}); p.Next(&pl); {
			if st := &s.streams[pl.Stream]; st.counts && pl.Timed {
				st.at(time.Duration(int32(pl.Time-s.reference)) * time.Millisecond)
			}
		}
	}
	return nil
}

func (s *streamSpan) at(t time.Duration) {
	switch {
	case !s.some:
		s.some, s.first, s.last, s.before = true, t, t, t
	case t > s.last:
		s.last, s.before = t, s.last
	case t > s.before && t < s.last:
		s.before = t
	}
	s.first = min(s.first, t)
}

// first is when the first of the streams begins.
func (s *span) first() (t time.Duration) {
	some := false
	for i := range s.streams {
		if st := &s.streams[i]; st.some && (!some || st.first < t) {
			some, t = true, st.first
		}
	}
	return t
}

// last is when the last of the streams ends.
func (s *span) last() (t time.Duration) {
	some := false
	for i := range s.streams {
		st := &s.streams[i]
		if !st.some {
			continue
		}
		frame := st.frame
		if frame == 0 {
			frame = st.last - st.before
		}
		if end := st.last + min(frame, maxLastFrame); !some || end > t {
			some, t = true, end
		}
	}
	return t
}
