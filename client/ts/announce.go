package ts

import (
	"fmt"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// open begins an elementary stream.
type open func(*sink) elementary

// streamType is what a type of stream, or a descriptor, stands for.
type streamType struct {
	kind  media.Kind
	codec media.Codec
	open  open   // nil: it is not played, as
	why   string // says; empty: the codec is not supported
}

const protected = "it is protected (SAMPLE-AES)"

// streamTypes is by stream_type (ISO/IEC 13818-1, table 2-34; from 80 on ATSC
// A/53, Blu-ray and Apple's "HLS Sample Encryption").
var streamTypes = map[byte]streamType{
	0x01: {media.Video, media.MPEG1Video, newPictures, ""},
	0x02: {media.Video, media.MPEG2Video, newPictures, ""},
	0x03: {media.Audio, media.MP3, framed(audioframe.MPEGAudio), ""}, // of any layer
	0x04: {media.Audio, media.MP3, framed(audioframe.MPEGAudio), ""},
	0x0f: {media.Audio, media.AAC, framed(audioframe.ADTS), ""},
	0x10: {media.Video, media.MPEG4Video, nil, ""},
	0x11: {media.Audio, media.AAC, newLATM, ""},
	0x15: {media.Data, media.ID3, newTags, ""},
	0x1b: {media.Video, media.H264, newH264, ""},
	0x20: {media.Video, "H.264 MVC", nil, ""},
	0x21: {media.Video, "JPEG 2000", nil, ""},
	0x24: {media.Video, media.H265, newH265, ""},
	0x33: {media.Video, "H.266", nil, ""},
	0x42: {media.Video, "AVS", nil, ""},
	0x80: {media.Audio, "LPCM", nil, ""},
	0x81: {media.Audio, media.AC3, framed(audioframe.AC3), ""},
	0x82: {media.Audio, "DTS", nil, ""},
	0x83: {media.Audio, "TrueHD", nil, ""},
	0x84: {media.Audio, media.EAC3, framed(audioframe.AC3), ""}, // Blu-ray
	0x85: {media.Audio, "DTS-HD", nil, ""},
	0x86: {media.Data, "SCTE-35", nil, ""},
	0x87: {media.Audio, media.EAC3, framed(audioframe.AC3), ""}, // ATSC
	0xc1: {media.Audio, media.AC3, nil, protected},
	0xc2: {media.Audio, media.EAC3, nil, protected},
	0xcf: {media.Audio, media.AAC, nil, protected},
	0xd2: {media.Video, "AVS2", nil, ""},
	0xdb: {media.Video, media.H264, nil, protected},
	0xea: {media.Video, "VC-1", nil, ""},
}

// privateTypes is by descriptor, for streams of private data (ETSI EN 300 468,
// 6.1 and annex D).
var privateTypes = map[byte]streamType{
	0x45: {media.Data, "VBI", nil, ""},
	0x46: {media.Data, "VBI", nil, ""},
	0x56: {media.Data, "teletext", nil, ""},
	0x59: {media.Data, "DVB subtitles", nil, ""},
	0x6a: {media.Audio, media.AC3, framed(audioframe.AC3), ""},
	0x7a: {media.Audio, media.EAC3, framed(audioframe.AC3), ""},
	0x7b: {media.Audio, "DTS", nil, ""},
	0x7c: {media.Audio, media.AAC, nil, ""},
}

// registered is by the identifier of a registration descriptor.
var registered = map[string]streamType{
	"AC-3": {media.Audio, media.AC3, framed(audioframe.AC3), ""},
	"EAC3": {media.Audio, media.EAC3, framed(audioframe.AC3), ""},
	"HEVC": {media.Video, media.H265, newH265, ""},
	"ID3 ": {media.Data, media.ID3, newTags, ""},
	"BSSD": {media.Audio, "SMPTE 302M", nil, ""},
	"DTS1": {media.Audio, "DTS", nil, ""},
	"DTS2": {media.Audio, "DTS", nil, ""},
	"DTS3": {media.Audio, "DTS", nil, ""},
	"AV01": {media.Video, media.AV1, nil, ""},
	"VC-1": {media.Video, "VC-1", nil, ""},
	"drac": {media.Video, "Dirac", nil, ""},
	"KLVA": {media.Data, "KLV", nil, ""},
}

// Tags of descriptors (ISO/IEC 13818-1, 2.6; ETSI EN 300 468, 6.2.16).
const (
	tagRegistration = 0x05
	tagMetadata     = 0x26
	tagExtension    = 0x7f

	typePrivate  = 0x06
	typeMetadata = 0x15
)

// descriptor finds the first descriptor with a tag.
func descriptor(list []byte, tag byte) []byte {
	for len(list) >= 2 {
		size := int(list[1])
		if size > len(list)-2 {
			return nil
		}
		if list[0] == tag {
			return list[2 : 2+size]
		}
		list = list[2+size:]
	}
	return nil
}

// announce describes the stream as the PMT does, and returns what opens it: nil
// where it has a Problem.
func (p *pid) announce(descriptors []byte) open {
	t, ok := streamTypes[p.kind]
	if p.kind == typePrivate {
		t, ok = private(descriptors)
	}
	if p.kind == typeMetadata && !isID3(descriptor(descriptors, tagMetadata)) {
		t, ok = streamType{}, false
	}
	if !ok {
		p.base = media.Track{Kind: media.Data, Problem: fmt.Sprintf("streams of type %#02x are not supported", p.kind)}
		return nil
	}
	p.base = media.Track{Kind: t.kind, Codec: t.codec, Problem: t.why}
	if t.open == nil && t.why == "" {
		p.base.Problem = fmt.Sprintf("%s in MPEG-TS is not supported", t.codec)
	}
	return t.open
}

// private tells what is in a stream of private data.
func private(descriptors []byte) (streamType, bool) {
	if id := descriptor(descriptors, tagRegistration); len(id) >= 4 {
		if string(id[:4]) == "Opus" {
			return opusType(descriptor(descriptors, tagExtension))
		}
		if t, ok := registered[string(id[:4])]; ok {
			return t, true
		}
	}
	for tag, t := range privateTypes {
		if descriptor(descriptors, tag) != nil {
			return t, true
		}
	}
	return streamType{}, false
}

func newH264(s *sink) elementary { return newVideo(s, nal.NewH264()) }
func newH265(s *sink) elementary { return newVideo(s, nal.NewH265()) }
