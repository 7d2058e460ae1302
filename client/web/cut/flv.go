package cut

import (
	"bytes"
	"encoding/binary"
	"time"
)

// An FLV stream (Adobe Flash Video File Format 10.1, annex E) is a header and
// then tags, each followed by its size:
//
//	"FLV" version(1) flags(1: 4 sound, 1 picture) offset(4)  0(4)
//	type(1) size(3) time(3) time, high byte(1) 0(3)  data  size + 11 (4)
//
// What decoders need first stands in tags of its own: onMetaData, and the
// sequence headers of H.264 and AAC, which servers send to all who join.
const (
	flvHead   = 13      // bytes: the header and the size of no tag
	flvTag    = 11      // bytes before a tag's data
	flvBack   = 4       // bytes behind it
	flvMaxTag = 4 << 20 // bytes of data: a key picture
	flvSound  = 8
	flvVideo  = 9
	flvScript = 18

	// flvNoPicture is after how much sound a picture that the header promises is
	// no longer waited for. Many encoders promise one that never comes.
	flvNoPicture = 3 * time.Second
)

var onMetaData = []byte("\x02\x00\x0aonMetaData")

type flv struct {
	line timeline
	rest
	head                 [flvHead]byte
	script, video, sound []byte // the tags that stand in the header
	init                 []byte // of head and tags; nil: not put together yet
	changed              bool   // since Init was told
	promised, seen       bool   // a picture
	began                time.Duration
	lost                 bool // after damage: a tag has to be whole, with its size behind it
}

func (f *flv) Origin() time.Duration { return f.line.origin }

func (f *flv) Cut(b []byte) Unit {
	if u, ok := f.goesOn(b, &f.line); ok {
		return u
	}
	switch {
	case len(b) < flvTag:
		return Unit{}
	case string(b[:4]) == "FLV\x01":
		return f.header(b)
	case !flvPlausible(b):
		f.lost = true
		return junk(flvNext(b))
	}
	size := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if f.lost {
		switch whole := flvTag + size + flvBack; {
		case whole > Window:
			return junk(1)
		case len(b) < whole:
			return Unit{}
		case int(binary.BigEndian.Uint32(b[whole-flvBack:])) != whole-flvBack:
			return junk(1)
		}
		f.lost = false
	}
	if len(b) < flvTag+min(size, len(onMetaData)) {
		return Unit{}
	}
	whole := flvTag + size + flvBack
	kept := f.place(b)
	if kept == nil || whole > Window {
		return f.media(b, whole)
	}
	if len(b) < whole {
		return Unit{}
	}
	if !bytes.Equal(b[flvTag:whole], (*kept)[min(len(*kept), flvTag):]) {
		*kept, f.init = bytes.Clone(b[:whole]), nil
		// News of the film alone, as some servers send it every few seconds, is
		// for those who begin later.
		f.changed = f.changed || kept != &f.script
	}
	return Unit{Size: whole, Role: Header}
}

// header takes the header: of the first tags, or of an encoder that begins anew.
func (f *flv) header(b []byte) Unit {
	offset := int(binary.BigEndian.Uint32(b[5:]))
	if offset < 9 || offset > Window-flvBack {
		return junk(4)
	}
	if len(b) < offset+flvBack {
		return Unit{}
	}
	copy(f.head[:], "FLV\x01")
	f.head[4], f.head[8] = b[4], 9
	f.promised, f.seen = b[4]&1 != 0, false
	f.script, f.video, f.sound, f.init = nil, nil, nil, nil
	f.changed, f.began = true, f.line.out
	f.line.restart()
	return Unit{Size: offset + flvBack, Role: Header}
}

// place is where a tag that belongs to the header is kept; nil for media.
//
//	picture: frame kind(4 bits) codec(4)  packet type(1): 0 is a sequence header
//	         or, in Enhanced RTMP, 1 frame kind(3) packet type(4)  FourCC(4)
//	sound:   codec(4 bits) form(4)        packet type(1): 0 is a sequence header
//	         or, in Enhanced RTMP, 9(4 bits) packet type(4)  FourCC(4)
func (f *flv) place(b []byte) *[]byte {
	size, data := int(b[1])<<16|int(b[2])<<8|int(b[3]), b[flvTag:]
	if size < 2 {
		return nil
	}
	switch kind, codec := b[0]&31, data[0]&15; {
	case kind == flvScript && bytes.HasPrefix(data, onMetaData):
		return &f.script
	case kind == flvVideo && data[0]&0x80 != 0 && codec == 0:
		return &f.video
	case kind == flvVideo && data[0]&0x80 == 0 && (codec == 7 || codec == 12) && data[1] == 0: // H.264; 12 is H.265 of Chinese servers
		return &f.video
	case kind == flvSound && data[0]>>4 == 9 && codec == 0:
		return &f.sound
	case kind == flvSound && data[0]>>4 == 10 && data[1] == 0: // AAC
		return &f.sound
	}
	return nil
}

func (f *flv) media(b []byte, whole int) Unit {
	stamp := uint32(b[7])<<24 | uint32(b[4])<<16 | uint32(b[5])<<8 | uint32(b[6])
	u := Unit{Time: f.line.at(time.Duration(stamp) * time.Millisecond), Timed: true}
	switch b[0] & 31 {
	case flvVideo:
		f.seen = true
		u.Key = len(b) > flvTag && b[flvTag]>>4&7 == 1
	case flvSound:
		u.Key = !f.seen && (!f.promised || u.Time-f.began > flvNoPicture)
	}
	if u.Key && (f.changed || f.line.jumped) {
		if f.init == nil {
			f.init = bytes.Join([][]byte{f.head[:], f.script, f.video, f.sound}, nil)
		}
		u.Init = f.init
		f.changed, f.line.jumped = false, false
	}
	u.Size = f.begin(int64(whole), Media, b)
	return u
}

// flvPlausible reports whether a tag may begin at the front of b.
func flvPlausible(b []byte) bool {
	kind := b[0] & 31
	return b[0]&0xc0 == 0 && (kind == flvSound || kind == flvVideo || kind == flvScript) &&
		b[8]|b[9]|b[10] == 0 && int(b[1])<<16 <= flvMaxTag
}

// flvNext is where in b a tag may begin, behind its front.
func flvNext(b []byte) int {
	i := 1
	for i+flvTag <= len(b) && !flvPlausible(b[i:]) && string(b[i:i+4]) != "FLV\x01" {
		i++
	}
	return i
}
