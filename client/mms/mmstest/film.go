package mmstest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
)

// film is an ASF file taken apart.
type film struct {
	header   []byte // with the data object's head; a broadcast's if it runs live
	size     int    // of a packet
	packets  [][]byte
	sends    []time.Duration // of each packet
	streams  []int
	bitRate  int
	length   time.Duration
	seekable bool

	// pictures and sounds are where a decoder of each stream can start.
	pictures, sounds map[int][]startPoint
	// objects is how many numbers of objects of each stream one run takes.
	objects [128]uint32
}

// startPoint is an object at which a decoder can start.
type startPoint struct {
	packet int
	time   time.Duration // presentation time, without the preroll
}

var errCut = errors.New("the ASF file is cut short")

// takeApart reads a whole ASF file.
func takeApart(b []byte, live bool) (*film, error) {
	h, err := asf.Parse(b)
	if err != nil {
		return nil, err
	}
	if len(b) < 24 {
		return nil, errCut
	}
	data := binary.LittleEndian.Uint64(b[16:]) // the header object's size
	if data > uint64(len(b)-asf.DataHead) || !bytes.Equal(b[data:data+16], guidData) || h.PacketSize < asf.MinPacket {
		return nil, errCut
	}
	body := b[int(data)+asf.DataHead:]
	if size := binary.LittleEndian.Uint64(b[data+16:]); size > asf.DataHead && size-asf.DataHead <= uint64(len(body)) {
		body = body[:size-asf.DataHead]
	}
	f := &film{
		header: bytes.Clone(b[:int(data)+asf.DataHead]), size: h.PacketSize, bitRate: h.MaxBitRate,
		length: h.Duration, seekable: h.Seekable, pictures: make(map[int][]startPoint), sounds: make(map[int][]startPoint),
	}
	for _, s := range h.Streams {
		f.streams = append(f.streams, s.Number)
	}
	for ; len(body) >= f.size; body = body[f.size:] {
		f.packets = append(f.packets, body[:f.size:f.size])
	}
	if err := f.index(h); err != nil {
		return nil, err
	}
	if live {
		f.makeBroadcast()
	}
	return f, nil
}

// index notes the times of all packets, and where decoders can start.
func (f *film) index(h *asf.Header) error {
	var p asf.Packet
	var clock asf.Clock
	var first, last [128]uint32
	var seen [128]bool
	for i, b := range f.packets {
		if err := p.Parse(b, f.size); err != nil {
			return fmt.Errorf("packet %d: %w", i, err)
		}
		f.sends = append(f.sends, clock.Unwrap(p.Send()))
		for pl := (asf.Payload{}); p.Next(&pl); {
			n := pl.Stream & 0x7F
			if !seen[n] {
				seen[n], first[n] = true, pl.Object
			}
			last[n] = pl.Object
			if s := h.Stream(n); s != nil && pl.Offset == 0 {
				f.noteStart(s, pl.Key, startPoint{packet: i, time: time.Duration(pl.Time)*time.Millisecond - h.Preroll})
			}
		}
		if err := p.Err(); err != nil {
			return fmt.Errorf("packet %d: %w", i, err)
		}
	}
	if len(f.packets) == 0 {
		return errCut
	}
	for n := range f.objects {
		f.objects[n] = last[n] - first[n] + 1
	}
	f.length = max(f.length, f.sends[len(f.sends)-1], time.Millisecond)
	return nil
}

func (f *film) noteStart(s *asf.Stream, key bool, at startPoint) {
	switch {
	case s.Kind != media.Video:
		f.sounds[s.Number] = append(f.sounds[s.Number], at)
	case key:
		f.pictures[s.Number] = append(f.pictures[s.Number], at)
	}
}

// makeBroadcast has the header say that there is no end. Its lengths mean
// nothing then, and are 0.
func (f *film) makeBroadcast() {
	const (
		fileSize = 40
		packets  = 56
		play     = 64
		send     = 72
		flags    = 88
		all      = 104

		broadcast, seekable = 1, 2
	)
	if at := bytes.Index(f.header, guidFile); at >= 0 && len(f.header)-at >= all {
		o := f.header[at:]
		for _, field := range []int{fileSize, packets, play, send} {
			clear(o[field : field+8])
		}
		o[flags] = o[flags]&^seekable | broadcast
	}
	data := f.header[len(f.header)-asf.DataHead:]
	binary.LittleEndian.PutUint64(data[16:], asf.DataHead)
	clear(data[40:48])
}

func (f *film) sendTime(packet int) time.Duration {
	if packet >= len(f.sends) {
		return f.length
	}
	return f.sends[packet]
}

// seek is the packet to begin with, for the streams that are on.
func (f *film) seek(from Place, on func(stream int) bool) int {
	switch {
	case from.Time > 0:
		return f.seekTime(from.Time, on)
	case from.Packet > 0:
		return int(min(uint64(from.Packet), uint64(len(f.packets))))
	case from.Offset > 0:
		return min(max(0, int(from.Offset)-len(f.header))/f.size, len(f.packets))
	}
	return 0
}

// seekTime is the last packet before a time at which all streams can be
// started: pictures first, sound only where there are none.
func (f *film) seekTime(t time.Duration, on func(stream int) bool) int {
	for _, streams := range []map[int][]startPoint{f.pictures, f.sounds} {
		packet := -1
		for n, starts := range streams {
			if !on(n) {
				continue
			}
			at := 0
			for _, s := range starts {
				if s.time > t {
					break
				}
				at = s.packet
			}
			if packet < 0 || at < packet {
				packet = at
			}
		}
		if packet >= 0 {
			return packet
		}
	}
	for i, send := range f.sends {
		if send > t {
			return max(0, i-1)
		}
	}
	return len(f.packets) - 1
}
