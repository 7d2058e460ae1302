package fmp4

import (
	"bytes"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// An esds (ISO/IEC 14496-14, 5.6; 14496-1, 7.2.6) is a full box with descriptors
// in one another, each | tag8 | size, 1 to 4 bytes of 7 bits |:
//
//	ES 3             | id16 | depends1 | URL1 | OCR1 | 5 | (...) |
//	  decoder 4      | object type8 | 4 | 24 | rate32 | rate32 |
//	    specific 5   | AudioSpecificConfig, or the headers of MPEG-4 Visual
const (
	tagES       = 3
	tagDecoder  = 4
	tagSpecific = 5

	decoderFields = 13
)

// esds takes the coding and its configuration out of one.
func (t *track) esds(b []byte) bool {
	t.base.Codec = media.AAC
	if t.base.Kind == media.Video {
		t.base.Codec = media.MPEG4Video
	}
	f := fields{b: b}
	f.full()
	es := fields{b: descriptor(&f, tagES)}
	es.u16()
	flags := es.u8()
	if flags&0x80 != 0 {
		es.u16()
	}
	if flags&0x40 != 0 {
		es.take(int(es.u8()))
	}
	if flags&0x20 != 0 {
		es.u16()
	}
	decoder := fields{b: descriptor(&es, tagDecoder)}
	object := decoder.u8()
	decoder.take(decoderFields - 1)
	if decoder.short {
		return false
	}
	return t.object(object, descriptor(&decoder, tagSpecific))
}

// descriptor returns the content of the first descriptor with a tag.
func descriptor(f *fields, tag byte) []byte {
	for len(f.b) > 0 {
		got, size := f.u8(), 0
		for range 4 {
			c := f.u8()
			size = size<<7 | int(c&0x7f)
			if c&0x80 == 0 {
				break
			}
		}
		body := f.take(size)
		if got == tag {
			return body
		}
	}
	return nil
}

// object takes over a coding by its object type (mp4ra.org, "Object Types").
func (t *track) object(kind byte, config []byte) bool {
	switch kind {
	case 0x20:
		return t.private(media.MPEG4Video, config, 1)
	case 0x40, 0x66, 0x67, 0x68:
		return t.aac(config)
	case 0x60, 0x61, 0x62, 0x63, 0x64, 0x65:
		t.base.Codec = media.MPEG2Video
	case 0x6a:
		t.base.Codec = media.MPEG1Video
	case 0x69, 0x6b:
		t.base.Codec = media.MP3
	case 0x6c:
		t.base.Codec = media.JPEG
	case 0xa5:
		t.base.Codec = media.AC3
	case 0xa6:
		t.base.Codec = media.EAC3
	default:
		t.base.Problem = "its coding is not supported"
		return false
	}
	return true
}

func (t *track) aac(config []byte) bool {
	c, ok := audioframe.ParseASC(bytes.Clone(config))
	if !ok {
		return false
	}
	t.base.Private, t.base.SampleRate = c.Raw, c.Rate
	if c.Channels > 0 {
		t.base.Channels = c.Channels
	}
	if !audioframe.AACPlayable(c.Object) {
		t.base.Problem = "AAC of this kind is not supported"
		return false
	}
	return true
}
