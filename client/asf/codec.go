package asf

import (
	"fmt"
	"strings"

	"tapedeck/client/media"
)

// tagExtensible stands for the GUID behind it.
const tagExtensible = 0xfffe

// audioCodecs are the codings of sound by their tags in WAVEFORMATEX.
var audioCodecs = map[int]media.Codec{
	0x0001: media.PCM, 0x0006: media.PCMA, 0x0007: media.PCMU,
	0x0002: "ADPCM", 0x0011: "IMA ADPCM", 0x0022: "TrueSpeech", 0x0130: "ACELP.net",
	0x000a: media.WMAVoice, 0x0160: media.WMA1, 0x0161: media.WMA2, 0x0162: media.WMAPro, 0x0163: media.WMALossless,
	0x0031: media.GSM, 0x0032: media.GSM, 0x0042: media.G723, 0x0045: media.G726, 0x0064: media.G726,
	0x0050: media.MP2, 0x0055: media.MP3,
	0x00ff: media.AAC, 0x1600: media.AAC, 0x1601: media.AAC, 0x1602: media.AAC, 0x1610: media.AAC, 0x706d: media.AAC,
	0x2000: media.AC3, 0x2001: "DTS", 0xa109: media.Speex, 0xf1ac: media.FLAC,
	0x674f: media.Vorbis, 0x6750: media.Vorbis, 0x6751: media.Vorbis,
}

func audioCodec(tag int) media.Codec {
	if c, ok := audioCodecs[tag]; ok {
		return c
	}
	return media.Codec(fmt.Sprintf("audio 0x%04X", tag))
}

// videoCodecs are the codings of pictures by their FourCC, in capitals.
var videoCodecs = map[string]media.Codec{
	"WMV1": media.WMV7, "WMV2": media.WMV8, "WMV3": media.WMV9, "WMVP": "WMV 9 Image", "WVP2": "WMV 9 Image",
	"WMVA": media.VC1, "WVC1": media.VC1,
	"MSS1": "WM Screen 7", "MSS2": "WM Screen 9",
	"MPG4": media.MSMPEG4v1, "MP41": media.MSMPEG4v1, "DIV1": media.MSMPEG4v1,
	"MP42": media.MSMPEG4v2, "DIV2": media.MSMPEG4v2,
	"MP43": media.MSMPEG4v3, "MPG3": media.MSMPEG4v3, "DIV3": media.MSMPEG4v3, "DIV4": media.MSMPEG4v3, "AP41": media.MSMPEG4v3, "COL1": media.MSMPEG4v3,
	"MP4S": media.MPEG4Video, "M4S2": media.MPEG4Video, "MP4V": media.MPEG4Video, "XVID": media.MPEG4Video, "DIVX": media.MPEG4Video, "DX50": media.MPEG4Video, "FMP4": media.MPEG4Video,
	"H264": media.H264, "X264": media.H264, "AVC1": media.H264, "DAVC": media.H264, "VSSH": media.H264,
	"HEVC": media.H265, "H265": media.H265, "HVC1": media.H265, "HEV1": media.H265,
	"MPG1": media.MPEG1Video, "MPEG": media.MPEG1Video, "MPG2": media.MPEG2Video, "DVR ": media.MPEG2Video,
	"MJPG": media.JPEG, "H263": media.H263, "U263": media.H263, "I263": media.H263, "H261": media.H261,
	"VP80": media.VP8, "VP90": media.VP9, "AV01": media.AV1,
}

// videoCodec names a coding by the FourCC of a BITMAPINFOHEADER; the number 0
// and 3 are pictures that are not coded at all.
func videoCodec(b []byte) media.Codec {
	if len(b) < 4 {
		return "unknown"
	}
	if c, ok := videoCodecs[strings.ToUpper(string(b))]; ok {
		return c
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return media.Codec(fmt.Sprintf("video 0x%08X", le.Uint32(b)))
		}
	}
	return media.Codec(b)
}

// codecEntry is a line of the codec list (section 3.5).
//
//	type(2): 1 video 2 audio | characters(2) name | characters(2) description | length(2): FourCC or tag
type codecEntry struct {
	name, info string
}

// codecList reads the names that the encoder gave to the codings.
//
//	24 id(16) | 40 entries(4) | entries
func (r *reading) codecList(o []byte) {
	f := fields(o, 40)
	for range min(f.number(4), maxCodecs) {
		f.u16()
		name := f.bytes(2 * uint64(f.u16()))
		f.bytes(2 * uint64(f.u16()))
		info := f.bytes(uint64(f.u16()))
		if f.broken || len(r.codecs) >= maxCodecs {
			return
		}
		r.codecs = append(r.codecs, codecEntry{text(name), string(info)})
	}
}

// nameCodec gives a coding that is not known here the name that the encoder
// gave to it.
func (r *reading) nameCodec(s *Stream) {
	for _, e := range r.codecs {
		if e.name == "" {
			continue
		}
		switch {
		case s.Kind == media.Video && len(e.info) == 4 && videoCodec([]byte(e.info)) == s.Codec:
			if _, known := videoCodecs[strings.ToUpper(e.info)]; !known {
				s.Codec = media.Codec(e.name)
				return
			}
		case s.Kind == media.Audio && len(e.info) == 2:
			tag := int(number([]byte(e.info)))
			if _, known := audioCodecs[tag]; !known && audioCodec(tag) == s.Codec {
				s.Codec = media.Codec(e.name)
				return
			}
		}
	}
}
