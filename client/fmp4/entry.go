package fmp4

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// A sample entry (ISO/IEC 14496-12, 8.5.2 and 12) is a box that is named after
// the coding, with boxes behind its fields:
//
//	video  | 6 | index16 | 16 | width16 | height16 | 50 | boxes: avcC ...
//	audio  | 6 | index16 | version16 | 6 | channels16 | bits16 | 4 | rate 16.16 |
//	       | boxes: esds ...             (QuickTime's versions 1 and 2 have more)
const (
	videoFields  = 78
	audioFields  = 28
	audioFields1 = 16 // more in version 1
	audioFields2 = 36 // and in version 2
)

// names are codings that are named but not played.
var names = map[string]media.Codec{
	"alac": "ALAC", "dtsc": "DTS", "dtse": "DTS", "dtsh": "DTS-HD", "dtsl": "DTS-HD", "dtsx": "DTS:X",
	"mha1": "MPEG-H audio", "mhm1": "MPEG-H audio", "ac-4": "AC-4", "twos": "PCM", "sowt": "PCM",
	"vvc1": "H.266", "vvi1": "H.266", "mjp2": "JPEG 2000", "apcn": "ProRes",
	"wvtt": "WebVTT", "stpp": "TTML", "tx3g": "timed text", "c608": "CEA-608", "c708": "CEA-708",
}

// describe reads the first sample entry.
func (t *track) describe(entries []byte) {
	kind, body, _, ok := child(entries)
	if !ok {
		t.base.Problem = "its sample entry is malformed"
		return
	}
	boxes, ok := t.fields(body)
	if !ok {
		t.base.Problem = "its sample entry is malformed"
		return
	}
	name := kind.String()
	if name == "encv" || name == "enca" || name == "enct" || name == "encs" {
		if original := find(boxes, "sinf", "frma"); len(original) >= 4 {
			name = fourCC(original).String()
		}
		t.open(name, boxes)
		t.base.Problem = "it is protected" + scheme(boxes)
		return
	}
	if !t.open(name, boxes) && t.base.Problem == "" {
		t.base.Problem = fmt.Sprintf("its %s configuration is missing or malformed", t.base.Codec)
	}
}

// scheme is how a protected track is encrypted, where it tells.
func scheme(boxes []byte) string {
	schm := find(boxes, "sinf", "schm")
	if len(schm) < fullHead+4 {
		return " (DRM)"
	}
	return " (DRM, " + fourCC(schm[fullHead:]).String() + ")"
}

// fields reads what stands before the boxes of a sample entry.
func (t *track) fields(b []byte) (boxes []byte, ok bool) {
	switch t.base.Kind {
	case media.Video:
		if len(b) < videoFields {
			return nil, false
		}
		t.base.Width, t.base.Height = int(binary.BigEndian.Uint16(b[24:])), int(binary.BigEndian.Uint16(b[26:]))
		return b[videoFields:], true
	case media.Audio:
		if len(b) < audioFields {
			return nil, false
		}
		t.base.Channels, t.base.SampleRate = int(binary.BigEndian.Uint16(b[16:])), int(binary.BigEndian.Uint16(b[24:]))
		size := audioFields
		switch binary.BigEndian.Uint16(b[8:]) {
		case 1:
			size += audioFields1
		case 2:
			size += audioFields2
		}
		if len(b) < size {
			return nil, false
		}
		return b[size:], true
	}
	return nil, true
}

// open takes the decoder's configuration out of the boxes of a sample entry. It
// reports false where that is not there, or where the coding has a Problem.
func (t *track) open(name string, boxes []byte) bool {
	switch name {
	case "avc1", "avc3":
		return t.avc(find(boxes, "avcC"))
	case "hvc1", "hev1", "dvh1", "dvhe":
		return t.hevc(find(boxes, "hvcC"))
	case "av01":
		return t.private(media.AV1, find(boxes, "av1C"), 4)
	case "vp08":
		t.base.Codec = media.VP8
		return true
	case "vp09":
		t.base.Codec = media.VP9
		return true
	case "mp4a", "mp4v":
		esds := find(boxes, "esds")
		if esds == nil { // QuickTime
			esds = find(boxes, "wave", "esds")
		}
		return t.esds(esds)
	case "Opus":
		return t.opus(find(boxes, "dOps"))
	case "fLaC":
		return t.flac(find(boxes, "dfLa"))
	case "ac-3":
		return t.ac3(find(boxes, "dac3"))
	case "ec-3":
		return t.eac3(find(boxes, "dec3"))
	case ".mp3", "mp3 ":
		t.base.Codec = media.MP3
		return true
	case "jpeg", "mjpg":
		t.base.Codec = media.JPEG
		return true
	}
	codec, ok := names[name]
	if !ok {
		t.base.Problem = fmt.Sprintf("the coding %q is not supported", name)
		return false
	}
	t.base.Codec = codec
	t.base.Problem = fmt.Sprintf("%s in MP4 is not supported", codec)
	return false
}

// private keeps a configuration of at least so many bytes as it is.
func (t *track) private(c media.Codec, config []byte, least int) bool {
	t.base.Codec = c
	if len(config) < least {
		return false
	}
	t.base.Private = bytes.Clone(config)
	return true
}

// avc takes an avcC (ISO/IEC 14496-15, 5.3.3.1):
//
//	|1|profile|compat|level|111111|length size-1|111|n SPS|{size16|SPS}|n PPS|{size16|PPS}|...
func (t *track) avc(config []byte) bool {
	const head = 6
	if !t.private(media.H264, config, head+1) {
		return false
	}
	c := nal.NewH264()
	f := fields{b: config[head-1:]}
	for range 2 {
		for n := f.u8() & 0x1f; n > 0; n-- {
			if set := f.take(int(f.u16())); len(set) > 0 {
				c.Inspect(set)
			}
		}
	}
	return !f.short && t.coded(c, config, 4)
}

// hevc takes an hvcC (ISO/IEC 14496-15, 8.3.3.1), as nal.H265 draws it.
func (t *track) hevc(config []byte) bool {
	const head = 23
	if !t.private(media.H265, config, head) {
		return false
	}
	c := nal.NewH265()
	f := fields{b: config[head-1:]}
	for arrays := f.u8(); arrays > 0 && !f.short; arrays-- {
		f.u8() // type
		for n := f.u16(); n > 0 && !f.short; n-- {
			if set := f.take(int(f.u16())); len(set) >= c.HeaderSize() {
				c.Inspect(set)
			}
		}
	}
	return !f.short && t.coded(c, config, head-2)
}

// coded takes over what parameter sets say. Where the configuration has none
// they are in the samples. at is where it keeps the size of lengths, which
// becomes that of media.Packet.
func (t *track) coded(c nal.Coding, config []byte, at int) bool {
	t.lengthSize = int(config[at]&3) + 1
	t.base.Private[at] |= lengthSize - 1
	if c.Config() == nil {
		t.base.Private = nil
		t.learn = c
		return true
	}
	if sps := c.SPS(); sps.Width > 0 {
		t.base.Width, t.base.Height, t.base.FrameRate = sps.Width, sps.Height, sps.FrameRate
	}
	return true
}

// opus makes an OpusHead (RFC 7845, 5.1) of a dOps ("Encapsulation of Opus in
// ISO Base Media File Format", 4.3.2), which has the same fields with their high
// bytes first:
//
//	| version8 0 | channels8 | pre-skip16 | rate32 | gain16 | family8 | mapping ...
func (t *track) opus(config []byte) bool {
	const head = 11
	t.base.Codec = media.Opus
	if len(config) < head {
		return false
	}
	f := fields{b: config}
	f.u8()
	b := append([]byte("OpusHead"), 1, f.u8())
	b = binary.LittleEndian.AppendUint16(b, f.u16())
	b = binary.LittleEndian.AppendUint32(b, f.u32())
	b = binary.LittleEndian.AppendUint16(b, f.u16())
	t.base.Private = append(b, f.b...)
	t.base.Channels, t.base.SampleRate = int(config[1]), audioframe.OpusRate
	return true
}

// flac makes "fLaC" and its blocks of a dfLa ("Encapsulation of FLAC in ISO Base
// Media File Format", 3.3.2):
//
//	| version8 | flags24 | {last1 | type7 | size24 | ...}...
func (t *track) flac(config []byte) bool {
	const streamInfo = 4 + 34
	t.base.Codec = media.FLAC
	if len(config) < fullHead+streamInfo {
		return false
	}
	t.base.Private = append([]byte("fLaC"), config[fullHead:]...)
	// The rate has 20 bits in STREAMINFO, which 16 in front of the point may not.
	info := config[fullHead+4:]
	t.base.SampleRate = int(info[10])<<12 | int(info[11])<<4 | int(info[12])>>4
	t.base.Channels = int(info[12]>>1&7) + 1
	return true
}

// ac3 reads a dac3 (ETSI TS 102 366, F.4), as sample entries tell two channels
// whatever there are:
//
//	| rate2 | version5 | kind3 | mode3 | LFE1 | bit rate5 | 5 |
func (t *track) ac3(config []byte) bool {
	t.base.Codec = media.AC3
	if len(config) >= 3 {
		t.dolby(config[0]>>6, config[1]>>3&7, config[1]>>2&1)
	}
	return true
}

// eac3 reads a dec3 (F.6):
//
//	| bit rate13 | substreams less 1: 3 | rate2 | version5 | 1 | 1 | kind3 | mode3 | LFE1 | ...
func (t *track) eac3(config []byte) bool {
	t.base.Codec = media.EAC3
	if len(config) >= 5 {
		t.dolby(config[2]>>6, config[3]>>1&7, config[3]&1)
	}
	return true
}

func (t *track) dolby(rate, mode, lfe byte) {
	if r := audioframe.AC3Rate(rate); r > 0 {
		t.base.SampleRate = r
	}
	t.base.Channels = audioframe.AC3Channels(mode) + int(lfe)
}
