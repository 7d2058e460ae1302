package fmp4

import (
	"bytes"
	"time"

	"tapedeck/client/media"
)

// An emsg (ISO/IEC 23009-1, 5.10.3.3) is a full box:
//
//	version 0  | scheme, 0 | value, 0 | scale32 | later by32 | lasts32 | id32 | message
//	version 1  | scale32 | time64 | lasts32 | id32 | scheme, 0 | value, 0 | message
//
// The time of version 0 counts from the fragment that follows.
var eventSchemes = []string{
	"https://aomedia.org/emsg/ID3",
	"https://developer.apple.com/streaming/emsg-id3",
}

// maxHeld bounds the events that wait for their fragment, and maxScheme the
// texts in one.
const (
	maxHeld   = 16
	maxScheme = 256
)

// events are ID3 tags in a stream.
type events struct {
	seen bool
	held []event
}

// event waits for the fragment that its time counts from.
type event struct {
	later time.Duration
	data  []byte
}

// event takes an emsg.
func (d *Demuxer) event(b []byte, yield func(media.Packet)) error {
	f := fields{b: b}
	version, _ := f.full()
	var scheme string
	t := track{}
	var ticks uint64
	if version == 0 {
		scheme = f.text()
		f.text()
		t.scale, ticks = f.u32(), uint64(f.u32())
		f.u64() // how long it lasts, its number
	} else {
		t.scale, ticks = f.u32(), f.u64()
		f.u64()
		scheme = f.text()
		f.text()
	}
	if f.short || t.scale == 0 || ticks > 1<<62 {
		return &BoxError{"emsg", ErrMalformed}
	}
	at, ok := t.span(int64(ticks))
	if !ok {
		return &BoxError{"emsg", ErrMalformed}
	}
	if !isID3(scheme) || len(f.b) == 0 || len(d.tracks) == 0 {
		return nil
	}
	if !d.events.seen {
		d.events.seen, d.outdated = true, true
	}
	if version == 0 {
		if len(d.events.held) < maxHeld {
			d.events.held = append(d.events.held, event{at, bytes.Clone(f.b)})
		}
		return nil
	}
	yield(media.Packet{Track: len(d.tracks), Time: at, Key: true, Data: f.b})
	return nil
}

// release passes on the events that waited for a fragment.
func (e *events) release(d *Demuxer, yield func(media.Packet)) {
	if len(e.held) == 0 || len(d.samples.list) == 0 {
		return
	}
	first := d.samples.list[0].time
	for _, s := range d.samples.list {
		first = min(first, s.time)
	}
	for _, v := range e.held {
		yield(media.Packet{Track: len(d.tracks), Time: first + v.later, Key: true, Data: v.data})
	}
	e.held = e.held[:0]
}

func isID3(scheme string) bool {
	for _, s := range eventSchemes {
		if scheme == s {
			return true
		}
	}
	return false
}

// text reads characters up to a zero.
func (f *fields) text() string {
	i := bytes.IndexByte(f.b[:min(len(f.b), maxScheme)], 0)
	if i < 0 {
		f.b, f.short = nil, true
		return ""
	}
	return string(f.take(i + 1)[:i])
}
